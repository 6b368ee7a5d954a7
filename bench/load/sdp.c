#include "bench/load/sdp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "bench/scan.h"

#define LINE_MAX_BYTES 256

/* RFC 8445 s.5.1.2: type preference of a host, one local address, the component */
#define HOST_PRIORITY(component) ((126u << 24) + (65535u << 8) + 256u - (component))

struct writer {
    char *at;
    size_t n, cap;
    bool is_full;
};

__attribute__((format(printf, 2, 3))) static void add(struct writer *w, const char *format, ...)
{
    va_list args;

    if (w->is_full)
        return;
    va_start(args, format);
    int wrote = vsnprintf(w->at + w->n, w->cap - w->n, format, args);
    va_end(args);
    w->is_full = wrote < 0 || (size_t)wrote >= w->cap - w->n;
    w->n += w->is_full ? 0 : (size_t)wrote;
}

static void crypto_write(struct writer *w, const struct load_crypto *c)
{
    unsigned char base64[LOAD_SRTP_KEY_BYTES / 3 * 4 + 1];

    EVP_EncodeBlock(base64, c->key, sizeof(c->key));
    add(w, "a=crypto:%u %s inline:%s\r\n", c->tag, load_suite_name(c->suite), (const char *)base64);
}

static void ice_write(struct writer *w, const struct load_line *l, const char *host)
{
    unsigned port = load_address_port(&l->rtp);

    add(w, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", l->ice.ufrag, l->ice.pwd);
    for (unsigned component = 1; component <= 2; component++)
        add(w, "a=candidate:1 %u UDP %u %s %u typ host\r\n", component, HOST_PRIORITY(component),
            host, port + component - 1);
}

static void line_write(struct writer *w, const struct load_line *l, enum load_media_kind kind,
                       enum load_direction direction)
{
    static const char *const kinds[] = {"audio", "video"};
    static const char *const directions[] = {"sendrecv", "sendonly", "recvonly"};
    const struct load_format *f = l->format;
    char host[LOAD_ADDRESS_TEXT];

    load_address_print(host, &l->rtp);
    add(w, "m=%s %u RTP/%s %u", kinds[kind], load_address_port(&l->rtp),
        l->n_cryptos ? "SAVP" : "AVP", l->pt);
    if (l->dtmf_pt)
        add(w, " %u", l->dtmf_pt);
    add(w, "\r\na=rtpmap:%u %s\r\n", l->pt, f->rtpmap);
    if (f->fmtp)
        add(w, "a=fmtp:%u %s\r\n", l->pt, f->fmtp);
    if (l->dtmf_pt)
        add(w, "a=rtpmap:%u telephone-event/8000\r\na=fmtp:%u 0-15\r\n", l->dtmf_pt, l->dtmf_pt);
    for (unsigned i = 0; i < l->n_cryptos; i++)
        crypto_write(w, &l->cryptos[i]);
    if (l->ice.ufrag[0])
        ice_write(w, l, host);
    if (kind == LOAD_AUDIO)
        add(w, "a=ptime:20\r\n");
    add(w, "a=%s\r\n", directions[direction]);
}

size_t load_sdp_write(char *buf, size_t cap, const struct load_description *d)
{
    const union load_address *a = &d->lines[LOAD_AUDIO].rtp;
    const char *family = load_address_is_ip6(a) ? "IP6" : "IP4";
    struct writer w = {.at = buf, .cap = cap};
    char host[LOAD_ADDRESS_TEXT];

    load_address_print(host, a);
    add(&w, "v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", family, host, family,
        host);
    for (unsigned i = 0; i < LOAD_MEDIA_MAX; i++)
        if (d->lines[i].is_there)
            line_write(&w, &d->lines[i], (enum load_media_kind)i, d->direction);
    return w.is_full ? 0 : w.n;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

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
    struct load_description *d;
    struct load_line session; /* what comes before the first m= holds for all of them */
    struct load_line *line;   /* NULL: a stream that we do not have */
    struct load_line ignored;
};

static void host_read(struct load_line *l, const char *at)
{
    char family[8], host[LOAD_ADDRESS_TEXT];
    uint16_t rtp_port = load_address_port(&l->rtp), rtcp_port = load_address_port(&l->rtcp);
    union load_address a;

    if (!scan_text(&at, "IN") || !scan_word(&at, family, sizeof(family), "") ||
        !scan_word(&at, host, sizeof(host), "/") || !load_address_parse(&a, host))
        return;
    l->rtp = l->rtcp = a;
    load_address_set_port(&l->rtp, rtp_port);
    load_address_set_port(&l->rtcp, rtcp_port);
}

static void stream_read(struct reading *r, const char *at)
{
    bool is_video = !scan_text(&at, "audio ");
    uint32_t port;

    r->line = &r->ignored;
    if ((is_video && !scan_text(&at, "video ")) || !scan_number(&at, UINT16_MAX, &port))
        return;
    struct load_line *l = &r->d->lines[is_video ? LOAD_VIDEO : LOAD_AUDIO];
    if (l->is_there)
        return; /* a second one of that kind: none of ours */
    *l = r->session;
    l->is_there = true;
    load_address_set_port(&l->rtp, (uint16_t)port);
    load_address_set_port(&l->rtcp, (uint16_t)(port + 1));
    r->line = l;
}

static void rtpmap_read(struct load_line *l, const char *at)
{
    struct load_map *map = &l->maps[l->n_maps];
    uint32_t pt;

    if (l->n_maps == LOAD_SDP_MAPS_MAX || !scan_number(&at, 127, &pt) ||
        !scan_word(&at, map->text, sizeof(map->text), ""))
        return;
    map->pt = (uint8_t)pt;
    l->n_maps++;
    if (strcmp(map->text, "telephone-event/8000") == 0)
        l->dtmf_pt = map->pt;
}

/* What does not fit is longer than any relay's, and left out: there is no ICE then. */
static void ice_read(char to[LOAD_ICE_TEXT], const char *at)
{
    if (!scan_word(&at, to, LOAD_ICE_TEXT, ""))
        to[0] = 0;
}

static void line_read(struct reading *r, const char *line)
{
    struct load_line *l = r->line;
    struct load_crypto crypto;
    uint32_t port;

    if (scan_text(&line, "m=")) {
        stream_read(r, line);
    } else if (scan_text(&line, "c=")) {
        host_read(l, line);
    } else if (scan_text(&line, "a=crypto:")) {
        if (l->n_cryptos < LOAD_SDP_CRYPTOS_MAX && crypto_read(&crypto, line))
            l->cryptos[l->n_cryptos++] = crypto;
    } else if (scan_text(&line, "a=ice-ufrag:")) {
        ice_read(l->ice.ufrag, line);
    } else if (scan_text(&line, "a=ice-pwd:")) {
        ice_read(l->ice.pwd, line);
    } else if (scan_text(&line, "a=rtpmap:")) {
        rtpmap_read(l, line);
    } else if (scan_text(&line, "a=rtcp:") && scan_number(&line, UINT16_MAX, &port)) {
        load_address_set_port(&l->rtcp, (uint16_t)port);
    }
}

int load_sdp_read(struct load_description *d, const char *sdp, size_t n)
{
    const char *end = sdp + n;
    struct reading r = {.d = d};

    *d = (struct load_description){0};
    r.line = &r.session;
    while (sdp < end) {
        const char *newline = memchr(sdp, '\n', (size_t)(end - sdp));
        size_t n_line = (size_t)((newline ? newline : end) - sdp);
        char line[LINE_MAX_BYTES];

        if (n_line && sdp[n_line - 1] == '\r')
            n_line--;
        if (n_line < sizeof(line)) { /* what is longer is none of the lines that count here */
            memcpy(line, sdp, n_line);
            line[n_line] = 0;
            line_read(&r, line);
        }
        sdp = newline ? newline + 1 : end;
    }
    const struct load_line *audio = &d->lines[LOAD_AUDIO];
    return audio->is_there && audio->rtp.sa.sa_family ? 0 : EBADMSG;
}
