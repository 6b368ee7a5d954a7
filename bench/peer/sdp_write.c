#include "bench/peer/sdp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "bench/peer/sdp_candidate.h"

/* A text that remembers that it did not fit, so that its writers need not look. */
struct text {
    char *buf;
    size_t cap, n;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list args;
    size_t room = t->n < t->cap ? t->cap - t->n : 0;

    va_start(args, format);
    int n = vsnprintf(room ? t->buf + t->n : NULL, room, format, args);
    va_end(args);
    if (n > 0)
        t->n += (size_t)n;
}

static const char *family_of(const char *address)
{
    return strchr(address, ':') ? "IP6" : "IP4";
}

static void put_remote_candidates(struct text *t, const struct peer_description *d)
{
    if (!d->n_remote_candidates)
        return;
    if (*d->remote_candidates[0].ufrag) {
        put(t, "a=remote-candidate:%s\r\n", d->remote_candidates[0].ufrag);
        return;
    }
    put(t, "a=remote-candidates:");
    for (unsigned i = 0; i < d->n_remote_candidates; i++)
        put(t, "%s%u %s %u", i ? " " : "", d->remote_candidates[i].component,
            d->remote_candidates[i].address, d->remote_candidates[i].port);
    put(t, "\r\n");
}

/* Lync ends its candidate lines with a blank, and hides IPv6 ones: MS-SDPEXT */
static void put_candidates(struct text *t, const struct peer_description *d, bool is_lync)
{
    char line[512];

    for (unsigned i = 0; i < d->n_candidates; i++) {
        const struct peer_candidate *c = &d->candidates[i];

        (void)peer_candidate_print(line, sizeof(line), c);
        put(t, "a=%s:%s%s\r\n",
            is_lync && strchr(c->address, ':') ? "x-candidate-ipv6" : "candidate", line,
            is_lync ? " " : "");
    }
    put_remote_candidates(t, d);
}

static void put_cryptos(struct text *t, const struct peer_description *d)
{
    for (unsigned i = 0; i < d->n_cryptos; i++) {
        const struct peer_crypto *c = &d->cryptos[i];
        char *base64 = g_base64_encode(c->key, PEER_KEY_BYTES);

        put(t, "a=%s:%u %s%s inline:%s|2^31", c->is_scale ? "cryptoscale" : "crypto", c->tag,
            c->is_scale ? "client " : "", c->suite, base64);
        g_free(base64);
        if (c->n_mki)
            put(t, "|%u:%u", c->mki, c->n_mki);
        put(t, "\r\n");
    }
}

static void put_formats(struct text *t, const struct peer_description *d)
{
    for (unsigned i = 0; i < d->n_formats; i++) {
        const struct peer_format *f = &d->formats[i];

        put(t, "a=rtpmap:%u %s/%u", f->pt, f->spec.name, f->spec.clock_hz);
        if (f->spec.n_channels > 1)
            put(t, "/%u", f->spec.n_channels);
        put(t, "\r\n");
        if (*f->spec.fmtp)
            put(t, "a=fmtp:%u %s\r\n", f->pt, f->spec.fmtp);
    }
}

static void put_media_line(struct text *t, const struct peer_description *d)
{
    put(t, "m=audio %u %s", d->port, d->profile);
    for (unsigned i = 0; i < d->n_formats; i++)
        put(t, " %u", d->formats[i].pt);
    put(t, "\r\n");
}

static void put_direction(struct text *t, const struct peer_description *d, bool is_always)
{
    static const char *const names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

    if (is_always || d->direction != PEER_SENDRECV)
        put(t, "a=%s\r\n", names[d->direction]);
}

/* The order of lines is that of a Lync 2013 client's offer. */
static void put_lync(struct text *t, const struct peer_description *d)
{
    put_media_line(t, d);
    if (d->has_ssrc_range)
        put(t, "a=x-ssrc-range:%u-%u\r\n", d->ssrc_low, d->ssrc_high);
    put(t, "a=rtcp-fb:* x-message app send:dsh recv:dsh\r\na=rtcp-rsize\r\n");
    put(t, "a=label:main-audio\r\na=x-source:main-audio\r\n");
    put(t, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", d->ufrag, d->pwd);
    put_candidates(t, d, true);
    put_cryptos(t, d);
    put(t, "a=maxptime:200\r\na=rtcp:%u\r\n", d->rtcp_port);
    put_formats(t, d);
    if (d->has_rtcp_mux)
        put(t, "a=rtcp-mux\r\n");
    put_direction(t, d, false);
    put(t, "a=ptime:20\r\n");
}

/* As an OCS 2007 client's: credentials are in the candidates. */
static void put_ocs2007(struct text *t, const struct peer_description *d)
{
    put_media_line(t, d);
    put_candidates(t, d, true);
    put_cryptos(t, d);
    put(t, "a=maxptime:200\r\na=rtcp:%u\r\n", d->rtcp_port);
    put_formats(t, d);
    put_direction(t, d, false);
    put(t, "a=ptime:20\r\n");
}

/* As Messenger's, of both generations: RFC 3551's numbers, and never encrypted. */
static void put_messenger(struct text *t, const struct peer_description *d)
{
    put_media_line(t, d);
    put(t, "c=IN %s %s\r\n", family_of(d->address), d->address);
    if (*d->ufrag)
        put(t, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", d->ufrag, d->pwd);
    put_candidates(t, d, false);
    put(t, "a=rtcp:%u\r\n", d->rtcp_port);
    put_formats(t, d);
    put_direction(t, d, false);
    put(t, "a=encryption:rejected\r\n");
}

static void put_standard(struct text *t, const struct peer_description *d)
{
    put_media_line(t, d);
    put(t, "c=IN %s %s\r\n", family_of(d->address), d->address);
    put_formats(t, d);
    if (*d->ufrag)
        put(t, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", d->ufrag, d->pwd);
    put_candidates(t, d, false);
    if (d->n_candidates)
        put(t, "a=end-of-candidates\r\n");
    put_cryptos(t, d);
    if (*d->fingerprint)
        put(t, "a=setup:%s\r\na=fingerprint:%s\r\n", d->setup, d->fingerprint);
    if (*d->mid)
        put(t, "a=mid:%s\r\n", d->mid);
    if (d->rtcp_port)
        put(t, "a=rtcp:%u\r\n", d->rtcp_port);
    if (d->has_rtcp_mux)
        put(t, "a=rtcp-mux\r\n");
    put(t, "a=ptime:20\r\n");
    put_direction(t, d, true);
}

static void put_session(struct text *t, const struct peer_description *d, enum peer_dialect dialect)
{
    const char *family = family_of(d->address);

    if (!peer_dialect_is_microsoft(dialect)) {
        put(t, "v=0\r\no=peer 1 %u IN %s %s\r\ns=-\r\nt=0 0\r\n", d->version, family, d->address);
        if (*d->bundle)
            put(t, "a=group:BUNDLE %s\r\n", d->bundle);
        return;
    }
    put(t, "v=0\r\no=- 0 %u IN %s %s\r\ns=session\r\n", d->version, family, d->address);
    put(t, "c=IN %s %s\r\nb=CT:99980\r\nt=0 0\r\n", family, d->address);
    if (dialect == PEER_LYNC)
        put(t, "a=x-devicecaps:audio:send,recv\r\n");
}

int peer_sdp_write(char *buf, size_t cap, const struct peer_description *d,
                   enum peer_dialect dialect, const char *extra)
{
    static void (*const put_audio[])(struct text * t, const struct peer_description *d) = {
        [PEER_LYNC] = put_lync,       [PEER_RFC] = put_standard,      [PEER_PLAIN] = put_standard,
        [PEER_OCS2007] = put_ocs2007, [PEER_WLM2009] = put_messenger, [PEER_MSN] = put_messenger,
    };
    struct text t = {.buf = buf, .cap = cap};
    unsigned n_media = d->n_media ? d->n_media : 1;

    put_session(&t, d, dialect);
    for (unsigned i = 0; i < n_media; i++) {
        const struct peer_media *m = &d->media[i];

        /* RFC 3264 s.6: the answer has as many m= lines, refused ones with port 0 */
        if (i != d->audio)
            put(&t, "m=%s 0 %s %s\r\n", m->kind, m->profile, m->formats);
        else
            put_audio[dialect](&t, d);
    }
    if (extra)
        put(&t, "%s", extra);
    return t.n < cap ? (int)t.n : -ENOSPC;
}
