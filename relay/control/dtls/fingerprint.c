#include "relay/control/dtls/fingerprint.h"

#include <errno.h>
#include <string.h>

static const struct {
    struct str name;
    uint8_t len; /* [bytes] */
} hashes[FINGERPRINT_HASHES] = {
    [FINGERPRINT_SHA_256] = {STR_INIT("sha-256"), 32},
    [FINGERPRINT_SHA_384] = {STR_INIT("sha-384"), 48},
    [FINGERPRINT_SHA_512] = {STR_INIT("sha-512"), 64},
};

size_t fingerprint_len(enum fingerprint_hash hash)
{
    return hashes[hash].len;
}

int fingerprint_find_hash(enum fingerprint_hash *hash, struct str name)
{
    for (unsigned i = 0; i < FINGERPRINT_HASHES; i++) {
        if (str_equal_nocase(hashes[i].name, name)) {
            *hash = (enum fingerprint_hash)i;
            return 0;
        }
    }
    return ENOTSUP;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits a byte, a colon between them and nothing behind the last. */
static bool read_bytes(uint8_t *bytes, size_t n, struct str text)
{
    if (text.n != 3 * n - 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *at = text.p + 3 * i;
        const int high = hex_digit(at[0]), low = hex_digit(at[1]);

        if (high < 0 || low < 0 || (i + 1 < n && at[2] != ':'))
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static struct str take_word(struct str *text)
{
    struct str word = *text;
    size_t n = 0;

    while (n < text->n && text->p[n] != ' ')
        n++;
    word.n = n;
    while (n < text->n && text->p[n] == ' ')
        n++;
    *text = (struct str){text->p + n, text->n - n};
    return word;
}

int fingerprint_parse(struct fingerprint *f, struct str value)
{
    struct fingerprint read = {.hash = FINGERPRINT_SHA_256};
    int err;

    if (str_is_empty(value))
        return EINVAL;
    err = fingerprint_find_hash(&read.hash, take_word(&value));
    if (err)
        return err;
    if (!read_bytes(read.bytes, fingerprint_len(read.hash), value))
        return EINVAL;
    *f = read;
    return 0;
}

int fingerprint_print(char *buf, size_t cap, const struct fingerprint *f)
{
    static const char digits[] = "0123456789ABCDEF";
    const struct str name = hashes[f->hash].name;
    const size_t len = fingerprint_len(f->hash), n = name.n + 3 * len;
    char *at = buf + name.n;

    if (cap <= n)
        return -ENOSPC;
    memcpy(buf, name.p, name.n);
    for (size_t i = 0; i < len; i++) {
        *at++ = i == 0 ? ' ' : ':';
        *at++ = digits[f->bytes[i] >> 4];
        *at++ = digits[f->bytes[i] & 15];
    }
    *at = '\0';
    return (int)n;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
    unsigned differs = a->hash != b->hash;

    for (size_t i = 0; i < FINGERPRINT_BYTES_MAX; i++)
        differs |= (unsigned)(a->bytes[i] ^ b->bytes[i]);
    return differs == 0;
}
