#include "relay/control/sdp/sdp_crypto.h"

#include <errno.h>
#include <stdio.h>

#include "relay/control/sdp/sdp_scan.h"

#define TAG_MAX           999999999 /* RFC 4568 s.9.1: one to nine digits */
#define LIFETIME_EXPONENT 48        /* RFC 3711 s.9.2: no key lives longer than 2^48 packets */
#define MKI_DIGITS_MAX    309       /* 2^1024 in decimal */
#define BASE64_MAX        ((SRTP_KEY_SALT_MAX + 2) / 3 * 4)

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/** Reads exactly n bytes; the padding may be there or not, and nothing may follow it. */
static bool base64_decode(uint8_t *bytes, size_t n, struct str text)
{
    size_t n_pad = 0, n_done = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;

    while (text.n > 0 && text.p[text.n - 1] == '=') {
        text.n--;
        n_pad++;
    }
    if (text.n != (n * 8 + 5) / 6 || (n_pad != 0 && n_pad != (3 - n % 3) % 3))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        int digit = base64_digit(text.p[i]);

        if (digit < 0)
            return false;
        bits = (bits << 6) | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8 && n_done < n) {
            n_bits -= 8;
            bytes[n_done++] = (uint8_t)(bits >> n_bits);
        }
    }
    return n_done == n;
}

/** Writes a NUL-ended text into BASE64_MAX + 1 bytes. */
static void base64_encode(char *text, const uint8_t *bytes, size_t n, bool is_padded)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t n_left = n - i;
        uint32_t bits = (uint32_t)bytes[i] << 16;

        if (n_left > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (n_left > 2)
            bits |= bytes[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= n_left)
                *text++ = base64_alphabet[(bits >> (18 - 6 * k)) & 63];
            else if (is_padded)
                *text++ = '=';
        }
    }
    *text = '\0';
}

/** The lifetime is only checked: our keys change with the call, long before 2^31 packets. */
static bool is_lifetime(struct str s)
{
    uint32_t exponent;

    if (scan_has_prefix(s, STR("2^"))) {
        s.p += 2;
        s.n -= 2;
        return scan_uint(&exponent, s, LIFETIME_EXPONENT);
    }
    if (s.n == 0 || s.n > 15) /* 2^48 has 15 digits */
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return true;
}

/** "VALUE:LENGTH" to LENGTH bytes, most significant first (RFC 4568 s.6.1). */
static bool parse_mki(struct srtp_keys *keys, struct str s)
{
    struct str value = scan_until(&s, ':');
    uint32_t len;

    if (value.n == 0 || value.n > MKI_DIGITS_MAX || !scan_uint(&len, s, SRTP_MKI_MAX) || len == 0)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        unsigned carry;

        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
        carry = (unsigned)(value.p[i] - '0');
        for (uint32_t k = len; k-- > 0;) {
            carry += keys->mki[k] * 10U;
            keys->mki[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) /* the value needs more than LENGTH bytes */
            return false;
    }
    keys->mki_len = (uint8_t)len;
    return true;
}

/** "inline:KEY[|LIFETIME][|MKI:LENGTH]" */
static bool parse_key(struct sdp_crypto *c, struct str param)
{
    struct str key;

    if (!str_equal_nocase(scan_until(&param, ':'), STR("inline")))
        return false;
    key = scan_until(&param, '|');
    if (!base64_decode(c->keys.key_salt, srtp_suite_key_len(c->keys.suite), key))
        return false;

    while (param.n > 0) {
        struct str part = scan_until(&param, '|');

        if (c->keys.mki_len > 0)
            return false;
        if (memchr(part.p, ':', part.n)) {
            if (!parse_mki(&c->keys, part))
                return false;
        } else if (c->has_lifetime || !is_lifetime(part)) {
            return false;
        } else {
            c->has_lifetime = true;
        }
    }
    return true;
}

static bool parse_value(struct sdp_crypto *c, struct str value)
{
    struct str suite, params;

    if (!scan_uint(&c->tag, scan_word(&value), TAG_MAX))
        return false;
    if (c->is_scale) {
        struct str role = scan_word(&value);

        if (!str_equal_nocase(role, STR("client")) && !str_equal_nocase(role, STR("server")))
            return false;
    }
    suite = scan_word(&value);
    params = scan_word(&value);
    c->has_session_params = !str_is_empty(scan_word(&value));
    if (str_is_empty(suite) || str_is_empty(params))
        return false;

    c->keys.suite = srtp_suite_find(suite);
    return c->keys.suite == SRTP_SUITE_NONE || parse_key(c, params);
}

int sdp_crypto_parse(struct sdp_crypto *c, struct str value, bool is_scale)
{
    *c = (struct sdp_crypto){.is_scale = is_scale};
    if (parse_value(c, value))
        return 0;
    explicit_bzero(c, sizeof(*c));
    return EBADMSG;
}

/** The MKI in decimal: long division by ten, the least digit first from the end of the buffer. */
static const char *mki_text(char text[MKI_DIGITS_MAX + 1], const struct srtp_keys *keys)
{
    uint8_t number[SRTP_MKI_MAX];
    char *digit = text + MKI_DIGITS_MAX;
    unsigned rest, any;

    memcpy(number, keys->mki, sizeof(number));
    *digit = '\0';
    do {
        rest = any = 0;
        for (unsigned i = 0; i < keys->mki_len; i++) {
            rest = rest << 8 | number[i];
            number[i] = (uint8_t)(rest / 10);
            any |= number[i];
            rest %= 10;
        }
        *--digit = (char)('0' + rest);
    } while (any != 0);
    return digit;
}

int sdp_crypto_print(char *buf, size_t cap, const struct sdp_crypto *c, bool has_lifetime,
                     bool is_padded)
{
    char key[BASE64_MAX + 1], mki[MKI_DIGITS_MAX + 1];
    bool has_mki = c->keys.mki_len > 0 && c->keys.mki_len <= SRTP_MKI_MAX;
    int n;

    if (c->keys.suite == SRTP_SUITE_NONE || c->is_scale)
        return -EINVAL;
    base64_encode(key, c->keys.key_salt, srtp_suite_key_len(c->keys.suite), is_padded);
    n = snprintf(buf, cap, "%u %s inline:%s%s", c->tag, srtp_suite_sdp_name(c->keys.suite), key,
                 has_lifetime ? "|2^31" : "");
    explicit_bzero(key, sizeof(key));
    if (n >= 0 && (size_t)n < cap && has_mki)
        n += snprintf(buf + n, cap - (size_t)n, "|%s:%u", mki_text(mki, &c->keys), c->keys.mki_len);
    return n >= 0 && (size_t)n < cap ? n : -ENOSPC;
}
