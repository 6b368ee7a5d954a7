#include "bench/ng/bencode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct writer {
    char *buf;
    size_t cap, n;
    int err;
};

static void put(struct writer *w, const char *bytes, size_t n)
{
    if (w->err)
        return;
    if (n > w->cap - w->n) {
        w->err = ENOSPC;
        return;
    }
    memcpy(w->buf + w->n, bytes, n);
    w->n += n;
}

static void put_string(struct writer *w, const char *s, size_t n)
{
    char length[24];

    put(w, length, (size_t)snprintf(length, sizeof(length), "%zu:", n));
    put(w, s, n);
}

static void put_value(struct writer *w, json_t *value);

static void put_object(struct writer *w, json_t *object)
{
    const char *key;
    json_t *member;

    put(w, "d", 1);
    json_object_foreach(object, key, member)
    {
        put_string(w, key, strlen(key));
        put_value(w, member);
    }
    put(w, "e", 1);
}

static void put_array(struct writer *w, json_t *array)
{
    put(w, "l", 1);
    for (size_t i = 0; i < json_array_size(array); i++)
        put_value(w, json_array_get(array, i));
    put(w, "e", 1);
}

static void put_value(struct writer *w, json_t *value)
{
    char number[32];

    if (json_is_object(value))
        put_object(w, value);
    else if (json_is_array(value))
        put_array(w, value);
    else if (json_is_string(value))
        put_string(w, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        put(w, number,
            (size_t)snprintf(number, sizeof(number), "i%" JSON_INTEGER_FORMAT "e",
                             json_integer_value(value)));
    else
        w->err = EINVAL;
}

long ng_bencode_write(char *buf, size_t cap, json_t *value)
{
    struct writer w = {.buf = buf, .cap = cap};

    put_value(&w, value);
    return w.err ? -(long)w.err : (long)w.n;
}

struct reader {
    const char *at, *end;
    unsigned depth;
};

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* Reads digits up to the end mark; refuses more than fit into 18 digits. */
static bool take_number(struct reader *r, long long *value, char mark)
{
    const char *first = r->at;
    long long v = 0;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - first < 18)
        v = v * 10 + (*r->at++ - '0');
    if (r->at == first || !take(r, mark))
        return false;
    *value = v;
    return true;
}

static bool take_bytes(struct reader *r, const char **s, size_t *n)
{
    long long length;

    if (!take_number(r, &length, ':') || length > r->end - r->at)
        return false;
    *s = r->at;
    *n = (size_t)length;
    r->at += length;
    return true;
}

static json_t *read_value(struct reader *r);

static json_t *read_integer(struct reader *r)
{
    bool is_negative = take(r, '-');
    long long v;

    if (!take_number(r, &v, 'e'))
        return NULL;
    return json_integer(is_negative ? -v : v);
}

static json_t *read_list(struct reader *r)
{
    json_t *list = json_array();

    while (list && !take(r, 'e'))
        if (json_array_append_new(list, read_value(r)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool read_member(struct reader *r, json_t *dict)
{
    char key[256];
    const char *s;
    size_t n;

    if (!take_bytes(r, &s, &n) || n >= sizeof(key) || memchr(s, 0, n))
        return false;
    memcpy(key, s, n);
    key[n] = 0;

    json_t *value = read_value(r);
    if (!value)
        return false;
    if (json_object_get(dict, key)) {
        json_decref(value);
        return true;
    }
    return json_object_set_new_nocheck(dict, key, value) == 0;
}

static json_t *read_dict(struct reader *r)
{
    json_t *dict = json_object();

    while (dict && !take(r, 'e'))
        if (!read_member(r, dict)) {
            json_decref(dict);
            return NULL;
        }
    return dict;
}

static json_t *read_value(struct reader *r)
{
    json_t *value = NULL;
    const char *s;
    size_t n;

    if (r->depth == NG_BENCODE_DEPTH_MAX)
        return NULL;
    r->depth++;
    if (take(r, 'd'))
        value = read_dict(r);
    else if (take(r, 'l'))
        value = read_list(r);
    else if (take(r, 'i'))
        value = read_integer(r);
    else if (take_bytes(r, &s, &n))
        value = json_stringn_nocheck(s, n);
    r->depth--;
    return value;
}

json_t *ng_bencode_read(const char *buf, size_t n)
{
    struct reader r = {.at = buf, .end = buf + n};
    json_t *value = read_value(&r);

    if (value && r.at != r.end) {
        json_decref(value);
        return NULL;
    }
    return value;
}
