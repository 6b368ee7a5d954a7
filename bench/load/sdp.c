#include "bench/load/sdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "bench/scan.h"

#define LINE_MAX_BYTES 256

__attribute__((format(printf, 4, 5))) static bool add(char *buf, size_t cap, size_t *n,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int wrote = vsnprintf(buf + *n, cap - *n, format, args);
    va_end(args);
    if (wrote < 0 || (size_t)wrote >= cap - *n)
        return false;
    *n += (size_t)wrote;
    return true;
}

static bool crypto_write(char *buf, size_t cap, size_t *n, const struct load_crypto *c)
{
    unsigned char base64[LOAD_SRTP_KEY_BYTES / 3 * 4 + 1];

    EVP_EncodeBlock(base64, c->key, sizeof(c->key));
    return add(buf, cap, n, "a=crypto:%u %s inline:%s\r\n", c->tag, load_suite_name(c->suite),
               (const char *)base64);
}

size_t load_sdp_write(char *buf, size_t cap, const struct load_description *d,
                      const struct load_format *format)
{
    char host[INET_ADDRSTRLEN];
    size_t n = 0;

    inet_ntop(AF_INET, &d->address.sin_addr, host, sizeof(host));
    bool is_whole = add(buf, cap, &n,
                        "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                        "m=audio %u RTP/%s %u\r\na=rtpmap:%u %s\r\n",
                        host, host, ntohs(d->address.sin_port), d->n_cryptos ? "SAVP" : "AVP",
                        format->pt, format->pt, format->rtpmap);
    if (is_whole && format->fmtp)
        is_whole = add(buf, cap, &n, "a=fmtp:%u %s\r\n", format->pt, format->fmtp);
    for (unsigned i = 0; i < d->n_cryptos && is_whole; i++)
        is_whole = crypto_write(buf, cap, &n, &d->cryptos[i]);
    if (is_whole)
        is_whole = add(buf, cap, &n, "a=ptime:20\r\n");
    return is_whole ? n : 0;
}

static bool key_read(uint8_t key[LOAD_SRTP_KEY_BYTES], const char *base64)
{
    uint8_t bytes[LOAD_SRTP_KEY_BYTES + 3];

    if (strlen(base64) != LOAD_SRTP_KEY_BYTES / 3 * 4 ||
        EVP_DecodeBlock(bytes, (const unsigned char *)base64, LOAD_SRTP_KEY_BYTES / 3 * 4) !=
            LOAD_SRTP_KEY_BYTES)
        return false;
    memcpy(key, bytes, LOAD_SRTP_KEY_BYTES);
    return true;
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:KEY", without lifetime, MKI or session parameters */
static bool crypto_read(struct load_crypto *c, const char *at)
{
    char suite[32], base64[64];

    if (!scan_number(&at, 999999999, &c->tag) || !scan_word(&at, suite, sizeof(suite), "") ||
        !scan_text(&at, " inline:") || !scan_word(&at, base64, sizeof(base64), "") || *at)
        return false;
    for (c->suite = LOAD_SUITE_SHA1_80; c->suite <= LOAD_SUITE_SHA1_32; c->suite++)
        if (strcmp(suite, load_suite_name(c->suite)) == 0)
            return key_read(c->key, base64);
    return false;
}

struct reading {
    bool has_address, has_stream;
};

static void line_read(struct load_description *d, struct reading *r, const char *line)
{
    struct load_crypto crypto;
    uint32_t port;

    if (scan_text(&line, "c=IN IP4 ")) {
        r->has_address = inet_pton(AF_INET, line, &d->address.sin_addr) == 1;
    } else if (scan_text(&line, "m=audio ")) {
        r->has_stream = scan_number(&line, UINT16_MAX, &port);
        d->address.sin_port = r->has_stream ? htons((uint16_t)port) : 0;
    } else if (scan_text(&line, "a=crypto:") && d->n_cryptos < LOAD_SDP_CRYPTOS_MAX &&
               crypto_read(&crypto, line)) {
        d->cryptos[d->n_cryptos++] = crypto;
    }
}

int load_sdp_read(struct load_description *d, const char *sdp, size_t n)
{
    const char *end = sdp + n;
    struct reading r = {0};

    *d = (struct load_description){.address.sin_family = AF_INET};
    while (sdp < end) {
        const char *newline = memchr(sdp, '\n', (size_t)(end - sdp));
        size_t n_line = (size_t)((newline ? newline : end) - sdp);
        char line[LINE_MAX_BYTES];

        if (n_line && sdp[n_line - 1] == '\r')
            n_line--;
        if (n_line < sizeof(line)) { /* what is longer is none of the lines that count here */
            memcpy(line, sdp, n_line);
            line[n_line] = 0;
            line_read(d, &r, line);
        }
        sdp = newline ? newline + 1 : end;
    }
    return r.has_address && r.has_stream ? 0 : EBADMSG;
}
