#include "relay/control/ng/ng.h"

#include <assert.h>
#include <stdio.h>

/** Appends all of it or nothing; after the first that did not fit, nothing more. */
static void put(struct ng_reply *w, struct str s)
{
    if (w->is_full || s.n > w->cap - w->n) {
        w->is_full = true;
        return;
    }
    if (s.n)
        memcpy(w->buf + w->n, s.p, s.n);
    w->n += s.n;
}

/* A reply is mostly numbers: each string has its length, so they are not left to printf(). */
static void put_number(struct ng_reply *w, const char *before, int64_t number, const char *behind)
{
    char text[24];
    char *end = text + sizeof(text), *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--at = '-';
    put(w, str_of(before));
    put(w, (struct str){at, (size_t)(end - at)});
    put(w, str_of(behind));
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/**
 * @return length of the character at the beginning of s [bytes]; 0: not UTF-8 there.
 * Overlong forms, surrogates and what lies beyond U+10FFFF are not: RFC 3629 s.4.
 */
static size_t utf8_length(struct str s)
{
    const unsigned char *c = (const unsigned char *)s.p;

    if (c[0] < 0x80)
        return 1;
    if (c[0] >= 0xc2 && c[0] <= 0xdf)
        return s.n >= 2 && is_continuation(c[1]) ? 2 : 0;
    if (c[0] >= 0xe0 && c[0] <= 0xef) {
        unsigned char min = c[0] == 0xe0 ? 0xa0 : 0x80, max = c[0] == 0xed ? 0x9f : 0xbf;

        return s.n >= 3 && c[1] >= min && c[1] <= max && is_continuation(c[2]) ? 3 : 0;
    }
    if (c[0] >= 0xf0 && c[0] <= 0xf4) {
        unsigned char min = c[0] == 0xf0 ? 0x90 : 0x80, max = c[0] == 0xf4 ? 0x8f : 0xbf;

        return s.n >= 4 && c[1] >= min && c[1] <= max && is_continuation(c[2]) &&
                       is_continuation(c[3])
                   ? 4
                   : 0;
    }
    return 0;
}

/** Writes the character at the beginning of s as JSON has it. @return bytes of s it took */
static size_t put_json_char(struct ng_reply *w, struct str s)
{
    static const char two[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    unsigned char c = (unsigned char)s.p[0];
    const char *short_form = c ? strchr(two, c) : NULL;
    size_t n = utf8_length(s);
    char text[8];

    if (short_form) {
        put(w, (struct str){(char[]){'\\', letters[short_form - two]}, 2});
    } else if (c < 0x20) {
        snprintf(text, sizeof(text), "\\u%04x", c);
        put(w, str_of(text));
    } else if (n == 0) {
        put(w, STR("\xef\xbf\xbd")); /* U+FFFD, for one byte */
        return 1;
    } else {
        put(w, (struct str){s.p, n});
    }
    return n;
}

/** Bytes that mean themselves in a JSON string, from the beginning of s. */
static size_t plain_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

static void put_json_string(struct ng_reply *w, struct str s)
{
    put(w, STR("\""));
    while (s.n && !w->is_full) {
        size_t n = plain_length(s);

        if (n)
            put(w, (struct str){s.p, n});
        else
            n = put_json_char(w, s);
        s = (struct str){s.p + n, s.n - n};
    }
    put(w, STR("\""));
}

static void put_string(struct ng_reply *w, struct str s)
{
    if (w->encoding == NG_JSON) {
        put_json_string(w, s);
        return;
    }
    put_number(w, "", (int64_t)s.n, ":");
    put(w, s);
}

static uint64_t level(const struct ng_reply *w)
{
    return UINT64_C(1) << w->depth;
}

/** What stands in front of a value: the comma and the key. */
static void begin_member(struct ng_reply *w, struct str key)
{
    if (w->encoding == NG_JSON && (w->has_member & level(w)))
        put(w, STR(","));
    w->has_member |= level(w);
    if (w->is_list & level(w))
        return;

    put_string(w, key);
    if (w->encoding == NG_JSON)
        put(w, STR(":"));
}

static void open_level(struct ng_reply *w, bool is_list)
{
    assert(w->depth < NG_NESTING_MAX);
    w->depth++;
    w->has_member &= ~level(w);
    w->is_list = is_list ? w->is_list | level(w) : w->is_list & ~level(w);
    if (w->encoding == NG_JSON)
        put(w, is_list ? STR("[") : STR("{"));
    else
        put(w, is_list ? STR("l") : STR("d"));
}

void ng_reply_begin(struct ng_reply *w, char *buf, size_t cap, enum ng_encoding encoding,
                    struct str cookie)
{
    *w = (struct ng_reply){.buf = buf, .cap = cap, .encoding = encoding};
    put(w, cookie);
    put(w, STR(" "));
    open_level(w, false);
}

void ng_reply_str(struct ng_reply *w, struct str key, struct str value)
{
    begin_member(w, key);
    put_string(w, value);
}

void ng_reply_int(struct ng_reply *w, struct str key, int64_t value)
{
    begin_member(w, key);
    if (w->encoding == NG_JSON)
        put_number(w, "", value, "");
    else
        put_number(w, "i", value, "e");
}

void ng_reply_open_dict(struct ng_reply *w, struct str key)
{
    begin_member(w, key);
    open_level(w, false);
}

void ng_reply_open_list(struct ng_reply *w, struct str key)
{
    begin_member(w, key);
    open_level(w, true);
}

void ng_reply_close(struct ng_reply *w)
{
    assert(w->depth > 0);
    if (w->encoding == NG_BENCODE)
        put(w, STR("e"));
    else
        put(w, (w->is_list & level(w)) ? STR("]") : STR("}"));
    w->depth--;
}

static size_t finish(struct ng_reply *w)
{
    assert(w->depth == 1);
    ng_reply_close(w);
    return w->is_full ? 0 : w->n;
}

size_t ng_reply_end(struct ng_reply *w, const char *result)
{
    ng_reply_str(w, STR("result"), str_of(result));
    return finish(w);
}

/** A refusal says its result first. */
static size_t refuse(char *buf, size_t cap, enum ng_encoding encoding, struct str cookie,
                     struct str result, struct str key, struct str text)
{
    struct ng_reply w;

    ng_reply_begin(&w, buf, cap, encoding, cookie);
    ng_reply_str(&w, STR("result"), result);
    ng_reply_str(&w, key, text);
    return finish(&w);
}

size_t ng_reply_error(char *buf, size_t cap, enum ng_encoding encoding, struct str cookie,
                      struct str reason)
{
    return refuse(buf, cap, encoding, cookie, STR("error"), STR("error-reason"), reason);
}

size_t ng_reply_load_limit(char *buf, size_t cap, enum ng_encoding encoding, struct str cookie,
                           struct str message)
{
    return refuse(buf, cap, encoding, cookie, STR("load limit"), STR("message"), message);
}
