#include "bench/load/bencode.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32

void load_put_bytes(struct load_buffer *b, const void *bytes, size_t n)
{
    if (b->is_full || n > b->cap - b->n) {
        b->is_full = true;
        return;
    }
    memcpy(b->at + b->n, bytes, n);
    b->n += n;
}

static void put_string(struct load_buffer *b, const char *s, size_t n)
{
    char length[24];
    int n_length = snprintf(length, sizeof(length), "%zu:", n);

    load_put_bytes(b, length, (size_t)n_length);
    load_put_bytes(b, s, n);
}

void load_put_pair(struct load_buffer *b, const char *key, const char *value, size_t n)
{
    put_string(b, key, strlen(key));
    put_string(b, value, n);
}

/* "LENGTH:BYTES" at *at, which is moved behind it. */
static bool take_string(const char **at, const char *end, struct load_text *s)
{
    const char *p = *at;
    size_t n = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (size_t)(*p - '0');
        if (n > (size_t)(end - p))
            return false;
    }
    if (p == *at || p == end || *p != ':' || n > (size_t)(end - p - 1))
        return false;
    s->at = p + 1;
    s->n = n;
    *at = p + 1 + n;
    return true;
}

/* Moves *at behind a value of any kind; lists and dictionaries are only counted in and out. */
static bool skip_value(const char **at, const char *end)
{
    unsigned depth = 0;
    struct load_text s;

    do {
        if (*at == end)
            return false;
        switch (**at) {
        case 'l':
        case 'd':
            if (++depth > DEPTH_MAX)
                return false;
            ++*at;
            break;
        case 'e':
            if (!depth--)
                return false;
            ++*at;
            break;
        case 'i': {
            const char *e = memchr(*at, 'e', (size_t)(end - *at));
            if (!e)
                return false;
            *at = e + 1;
            break;
        }
        default:
            if (!take_string(at, end, &s))
                return false;
        }
    } while (depth);
    return true;
}

bool load_find(struct load_text *value, const char *bencode, size_t n, const char *key)
{
    const char *at = bencode, *end = bencode + n;
    struct load_text name;

    if (!n || *at++ != 'd')
        return false;
    while (take_string(&at, end, &name)) {
        if (name.n == strlen(key) && memcmp(name.at, key, name.n) == 0)
            return take_string(&at, end, value);
        if (!skip_value(&at, end))
            return false;
    }
    return false;
}
