#include "bench/peer/sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "bench/peer/sdp_candidate.h"
#include "bench/scan.h"

#define LINE_MAX_BYTES 1024
#define KEY_CHARACTERS 40

struct reader {
    struct peer_description *d;
    char session_address[PEER_ADDRESS_MAX];
    bool is_audio; /* within the audio section */
    bool has_audio;
    bool has_rtcp;
    unsigned n_lines;
};

/* Each is called with the value of its line, and only within the audio section or before it. */
typedef int(attribute_h)(struct reader *r, const char *value);

static int read_ufrag(struct reader *r, const char *value)
{
    snprintf(r->d->ufrag, sizeof(r->d->ufrag), "%s", value);
    return 0;
}

static int read_pwd(struct reader *r, const char *value)
{
    snprintf(r->d->pwd, sizeof(r->d->pwd), "%s", value);
    return 0;
}

static int read_candidate(struct reader *r, const char *value)
{
    if (r->d->n_candidates < PEER_CANDIDATES_MAX &&
        peer_candidate_read(&r->d->candidates[r->d->n_candidates], value))
        r->d->n_candidates++;
    return 0;
}

/* draft-06 names the chosen one by its user name. */
static int read_remote_candidate(struct reader *r, const char *value)
{
    struct peer_candidate c = {.component = 1};

    if (scan_word(&value, c.ufrag, sizeof(c.ufrag), "")) {
        r->d->remote_candidates[0] = c;
        r->d->n_remote_candidates = 1;
    }
    return 0;
}

static int read_remote_candidates(struct reader *r, const char *value)
{
    while (r->d->n_remote_candidates < 2) {
        struct peer_candidate c = {0};
        uint32_t component, port;

        if (!scan_number(&value, 2, &component) ||
            !scan_word(&value, c.address, sizeof(c.address), "") ||
            !scan_number(&value, UINT16_MAX, &port))
            break;
        c.component = (uint8_t)component;
        c.port = (uint16_t)port;
        r->d->remote_candidates[r->d->n_remote_candidates++] = c;
    }
    return 0;
}

/* 40 characters of base64 without padding: 30 bytes. */
static bool key_read(uint8_t key[static PEER_KEY_BYTES], const char *base64)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gint state = 0;
    guint kept = 0;

    return strspn(base64, alphabet) == KEY_CHARACTERS &&
           g_base64_decode_step(base64, KEY_CHARACTERS, key, &state, &kept) == PEER_KEY_BYTES;
}

/* "inline:KEY[|LIFETIME][|MKI:LENGTH]"; the lifetime is taken as it is: RFC 4568 s.6.1. */
static bool inline_read(struct peer_crypto *c, const char *params)
{
    uint32_t mki, n_mki;

    if (!scan_text(&params, "inline:") || !key_read(c->key, params))
        return false;
    const char *last = strrchr(params, '|');
    if (last && scan_text(&last, "|") && scan_number(&last, UINT32_MAX, &mki) &&
        scan_text(&last, ":")) {
        if (!scan_number(&last, 4, &n_mki) || !n_mki)
            return false;
        c->mki = mki;
        c->n_mki = (uint8_t)n_mki;
    }
    return true;
}

static int crypto_read(struct reader *r, const char *value, bool is_scale)
{
    struct peer_crypto c = {.is_scale = is_scale};
    char role[8], params[256];

    if (scan_number(&value, 999999999, &c.tag) &&
        (!is_scale || scan_word(&value, role, sizeof(role), "")) &&
        scan_word(&value, c.suite, sizeof(c.suite), "") &&
        scan_word(&value, params, sizeof(params), "") && r->d->n_cryptos < PEER_CRYPTO_MAX &&
        inline_read(&c, params))
        r->d->cryptos[r->d->n_cryptos++] = c;
    return 0;
}

static int read_crypto(struct reader *r, const char *value)
{
    return crypto_read(r, value, false);
}

static int read_cryptoscale(struct reader *r, const char *value)
{
    return crypto_read(r, value, true);
}

static int read_rtcp(struct reader *r, const char *value)
{
    uint32_t port;

    if (scan_number(&value, UINT16_MAX, &port)) {
        r->d->rtcp_port = (uint16_t)port;
        r->has_rtcp = true;
    }
    return 0;
}

static int read_rtcp_mux(struct reader *r, const char *value)
{
    (void)value;
    r->d->has_rtcp_mux = true;
    return 0;
}

static int read_lite(struct reader *r, const char *value)
{
    (void)value;
    r->d->is_lite = true;
    return 0;
}

static struct peer_format *format_of(struct peer_description *d, unsigned pt)
{
    for (unsigned i = 0; i < d->n_formats; i++)
        if (d->formats[i].pt == pt)
            return &d->formats[i];
    return NULL;
}

static int read_rtpmap(struct reader *r, const char *value)
{
    struct codec_spec spec = {.n_channels = 1};
    uint32_t pt, n_channels;

    if (!scan_number(&value, 127, &pt) || !scan_word(&value, spec.name, sizeof(spec.name), "/") ||
        !scan_text(&value, "/") || !scan_number(&value, UINT32_MAX, &spec.clock_hz))
        return 0;
    if (scan_text(&value, "/") && scan_number(&value, 255, &n_channels))
        spec.n_channels = (uint8_t)n_channels;
    struct peer_format *f = format_of(r->d, pt);
    if (!f)
        return 0;
    memcpy(spec.fmtp, f->spec.fmtp, sizeof(spec.fmtp));
    f->spec = spec;
    return 0;
}

static int read_fmtp(struct reader *r, const char *value)
{
    uint32_t pt;

    if (!scan_number(&value, 127, &pt))
        return 0;
    struct peer_format *f = format_of(r->d, pt);
    if (f)
        snprintf(f->spec.fmtp, sizeof(f->spec.fmtp), "%s", value + strspn(value, " "));
    return 0;
}

static int read_ptime(struct reader *r, const char *value)
{
    (void)scan_number(&value, 1000, &r->d->ptime_ms); /* what is no number says nothing */
    return 0;
}

static int read_ssrc_range(struct reader *r, const char *value)
{
    r->d->has_ssrc_range = scan_number(&value, UINT32_MAX, &r->d->ssrc_low) &&
                           scan_text(&value, "-") &&
                           scan_number(&value, UINT32_MAX, &r->d->ssrc_high);
    return 0;
}

static int read_sendrecv(struct reader *r, const char *value)
{
    (void)value;
    r->d->direction = PEER_SENDRECV;
    return 0;
}

static int read_sendonly(struct reader *r, const char *value)
{
    (void)value;
    r->d->direction = PEER_SENDONLY;
    return 0;
}

static int read_recvonly(struct reader *r, const char *value)
{
    (void)value;
    r->d->direction = PEER_RECVONLY;
    return 0;
}

static int read_inactive(struct reader *r, const char *value)
{
    (void)value;
    r->d->direction = PEER_INACTIVE;
    return 0;
}

static int read_fingerprint(struct reader *r, const char *value)
{
    snprintf(r->d->fingerprint, sizeof(r->d->fingerprint), "%s", value);
    return 0;
}

static int read_setup(struct reader *r, const char *value)
{
    (void)scan_word(&value, r->d->setup, sizeof(r->d->setup), "");
    return 0;
}

static int read_mid(struct reader *r, const char *value)
{
    (void)scan_word(&value, r->d->mid, sizeof(r->d->mid), "");
    return 0;
}

static int read_group(struct reader *r, const char *value)
{
    if (scan_text(&value, "BUNDLE "))
        snprintf(r->d->bundle, sizeof(r->d->bundle), "%s", value);
    return 0;
}

static const struct {
    const char *name;
    attribute_h *h;
} attributes[] = {
    {"candidate", read_candidate},
    {"crypto", read_crypto},
    {"cryptoscale", read_cryptoscale},
    {"fingerprint", read_fingerprint},
    {"fmtp", read_fmtp},
    {"group", read_group},
    {"ice-lite", read_lite},
    {"ice-pwd", read_pwd},
    {"ice-ufrag", read_ufrag},
    {"inactive", read_inactive},
    {"mid", read_mid},
    {"ptime", read_ptime},
    {"recvonly", read_recvonly},
    {"remote-candidate", read_remote_candidate},
    {"remote-candidates", read_remote_candidates},
    {"rtcp", read_rtcp},
    {"rtcp-mux", read_rtcp_mux},
    {"rtpmap", read_rtpmap},
    {"sendonly", read_sendonly},
    {"sendrecv", read_sendrecv},
    {"setup", read_setup},
    {"x-ssrc-range", read_ssrc_range},
};

static int attribute_read(struct reader *r, const char *line)
{
    size_t n_name = strcspn(line, ":");
    const char *value = line[n_name] ? line + n_name + 1 : "";

    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (strlen(attributes[i].name) == n_name && memcmp(attributes[i].name, line, n_name) == 0)
            return attributes[i].h(r, value);
    return 0;
}

static void formats_read(struct peer_description *d, const char *list)
{
    uint32_t pt;

    while (d->n_formats < PEER_FORMATS_MAX && scan_number(&list, 127, &pt)) {
        if (format_of(d, pt))
            continue;
        struct peer_format *f = &d->formats[d->n_formats++];

        *f = (struct peer_format){.pt = (uint8_t)pt};
        (void)codec_static(&f->spec, f->pt); /* ENOENT: the rtpmap tells */
    }
}

static int media_read(struct reader *r, const char *line)
{
    struct peer_description *d = r->d;
    struct peer_media m = {0};
    uint32_t port, n_ports;

    if (d->n_media == PEER_MEDIA_MAX)
        return E2BIG;
    if (!scan_word(&line, m.kind, sizeof(m.kind), "") || !scan_number(&line, UINT16_MAX, &port) ||
        (scan_text(&line, "/") && !scan_number(&line, UINT16_MAX, &n_ports)) ||
        !scan_word(&line, m.profile, sizeof(m.profile), ""))
        return EBADMSG;
    m.port = (uint16_t)port;
    snprintf(m.formats, sizeof(m.formats), "%s", line + strspn(line, " "));

    r->is_audio = !r->has_audio && strcmp(m.kind, "audio") == 0;
    if (r->is_audio) {
        r->has_audio = true;
        d->audio = d->n_media;
        d->port = m.port;
        memcpy(d->profile, m.profile, sizeof(d->profile));
        formats_read(d, m.formats);
    }
    d->media[d->n_media++] = m;
    return 0;
}

static void origin_read(struct peer_description *d, const char *line)
{
    char user[128], session[32];

    if (scan_word(&line, user, sizeof(user), "") && scan_word(&line, session, sizeof(session), ""))
        (void)scan_number(&line, UINT32_MAX, &d->version);
}

static void connection_read(char address[static PEER_ADDRESS_MAX], const char *line)
{
    char network[8], family[8];

    if (scan_word(&line, network, sizeof(network), "") &&
        scan_word(&line, family, sizeof(family), ""))
        (void)scan_word(&line, address, PEER_ADDRESS_MAX, "/");
}

static int line_read(struct reader *r, const char *line)
{
    bool is_session = r->d->n_media == 0;

    if (!r->n_lines++)
        return strcmp(line, "v=0") == 0 ? 0 : EBADMSG;
    if (strncmp(line, "m=", 2) == 0)
        return media_read(r, line + 2);
    if (!is_session && !r->is_audio)
        return 0;
    if (strncmp(line, "o=", 2) == 0)
        origin_read(r->d, line + 2);
    else if (strncmp(line, "c=", 2) == 0)
        connection_read(is_session ? r->session_address : r->d->address, line + 2);
    else if (strncmp(line, "a=", 2) == 0)
        return attribute_read(r, line + 2);
    return 0;
}

static int description_check(struct reader *r)
{
    struct peer_description *d = r->d;

    if (!r->has_audio)
        return ENOENT;
    if (!*d->address)
        memcpy(d->address, r->session_address, sizeof(d->address));
    if (!*d->address)
        return EBADMSG;
    if (!r->has_rtcp) /* RFC 3605 s.2.1: else the next higher port */
        d->rtcp_port = d->has_rtcp_mux ? d->port : (uint16_t)(d->port + 1);
    return 0;
}

int peer_sdp_read(struct peer_description *d, const char *sdp, size_t n)
{
    struct reader r = {.d = d};
    char line[LINE_MAX_BYTES];

    memset(d, 0, sizeof(*d));
    if (n > PEER_SDP_MAX)
        return E2BIG;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(sdp + at, '\n', n - at);
        size_t length = end ? (size_t)(end - sdp) - at : n - at;
        size_t kept = length < sizeof(line) ? length : sizeof(line) - 1;

        memcpy(line, sdp + at, kept);
        line[kept] = 0;
        line[strcspn(line, "\r")] = 0;
        int err = line_read(&r, line);
        if (err)
            return err;
        at += length + 1;
    }
    return description_check(&r);
}
