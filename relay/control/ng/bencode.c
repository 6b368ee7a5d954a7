#include "relay/control/ng/bencode.h"

#include <errno.h>

enum token_kind { TOKEN_STRING, TOKEN_INTEGER, TOKEN_LIST, TOKEN_DICT, TOKEN_END };

struct token {
    enum token_kind kind;
    struct str string;
    int64_t integer;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/**
 * Reads digits up to `end_mark`. A leading zero stands alone: every number has one spelling.
 * @return 0, *at behind the mark; EAGAIN: the input ends before it; EBADMSG
 */
static int read_digits(uint64_t *value, struct str in, size_t *at, char end_mark, uint64_t max)
{
    size_t first = *at, i = first;
    uint64_t v = 0;

    for (; i < in.n && is_digit(in.p[i]); i++) {
        unsigned digit = (unsigned)(in.p[i] - '0');

        if (i > first && v == 0)
            return EBADMSG;
        if (v > (max - digit) / 10)
            return EBADMSG;
        v = v * 10 + digit;
    }
    if (i == in.n)
        return EAGAIN;
    if (i == first || in.p[i] != end_mark)
        return EBADMSG;

    *value = v;
    *at = i + 1;
    return 0;
}

static int read_string(struct token *t, struct str in, size_t *at)
{
    uint64_t len;
    size_t i = *at;
    int err = read_digits(&len, in, &i, ':', BENCODE_MAX);

    if (err)
        return err;
    if (len > in.n - i)
        return EAGAIN;

    t->kind = TOKEN_STRING;
    t->string = (struct str){in.p + i, (size_t)len};
    *at = i + (size_t)len;
    return 0;
}

static int read_integer(struct token *t, struct str in, size_t *at)
{
    size_t i = *at + 1; /* behind the i */
    bool is_negative = i < in.n && in.p[i] == '-';
    uint64_t v;
    int err;

    i += is_negative;
    err = read_digits(&v, in, &i, 'e', (uint64_t)INT64_MAX + is_negative);
    if (err)
        return err;
    if (is_negative && v == 0)
        return EBADMSG;

    t->kind = TOKEN_INTEGER;
    t->integer = is_negative ? -(int64_t)(v - 1) - 1 : (int64_t)v; /* INT64_MIN has no positive */
    *at = i;
    return 0;
}

static int read_token(struct token *t, struct str in, size_t *at)
{
    if (*at == in.n)
        return EAGAIN;

    switch (in.p[*at]) {
    case 'i':
        return read_integer(t, in, at);
    case 'l':
        t->kind = TOKEN_LIST;
        break;
    case 'd':
        t->kind = TOKEN_DICT;
        break;
    case 'e':
        t->kind = TOKEN_END;
        break;
    default:
        return read_string(t, in, at);
    }
    ++*at;
    return 0;
}

static int add_token(struct tree *tree, const struct token *t)
{
    switch (t->kind) {
    case TOKEN_STRING:
        return tree_add_string(tree, t->string);
    case TOKEN_INTEGER:
        return tree_add_integer(tree, t->integer);
    case TOKEN_LIST:
        return tree_open(tree, TREE_LIST);
    case TOKEN_DICT:
        return tree_open(tree, TREE_DICT);
    case TOKEN_END:
        break;
    }
    return tree_close(tree);
}

/** A message typed by hand into netcat ends with a line end; nothing else may follow. */
static bool is_blank_from(struct str in, size_t at)
{
    while (at < in.n && (in.p[at] == ' ' || in.p[at] == '\r' || in.p[at] == '\n'))
        at++;
    return at == in.n;
}

int bencode_decode(struct tree *t, struct str in)
{
    size_t at = 0;

    do {
        struct token token;
        int err = read_token(&token, in, &at);

        if (err == EAGAIN)
            err = EBADMSG;
        if (!err)
            err = add_token(t, &token);
        if (err)
            return err;
    } while (t->depth > 0);

    return is_blank_from(in, at) ? 0 : EBADMSG;
}

static int scan_token(struct bencode_scan *s, const struct token *t)
{
    switch (t->kind) {
    case TOKEN_LIST:
    case TOKEN_DICT:
        if (s->depth == TREE_DEPTH_MAX)
            return E2BIG;
        s->depth++;
        return 0;
    case TOKEN_END:
        if (s->depth == 0)
            return EBADMSG;
        s->depth--;
        return 0;
    default:
        return 0;
    }
}

int bencode_scan(struct bencode_scan *s, struct str in)
{
    do {
        struct token token;
        int err = read_token(&token, in, &s->at);

        if (!err)
            err = scan_token(s, &token);
        if (err)
            return err;
    } while (s->depth > 0);

    return 0;
}
