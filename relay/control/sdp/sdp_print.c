#include "relay/control/sdp/sdp_print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "relay/control/sdp/sdp_crypto.h"
#include "relay/control/sdp/sdp_feedback.h"
#include "relay/control/sdp/sdp_scan.h"

void sdp_put(struct sdp_printer *p, const char *format, ...)
{
    size_t room = p->cap - p->len;
    va_list args;
    int n;

    if (p->is_full)
        return;
    va_start(args, format);
    n = vsnprintf(p->buf + p->len, room, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < room)
        p->len += (size_t)n;
    else
        p->is_full = true;
}

int sdp_printed(const struct sdp_printer *p)
{
    return p->is_full ? -ENOSPC : (int)p->len;
}

/* Most of a body is lines that stay: they are copied, not formatted. */
void sdp_put_line(struct sdp_printer *p, const struct sdp_line *line)
{
    char *to = p->buf + p->len;

    if (p->is_full || p->cap - p->len < line->value.n + 5) { /* "x=", CRLF, NUL */
        p->is_full = true;
        return;
    }
    *to++ = line->type;
    *to++ = '=';
    if (line->value.n)
        memcpy(to, line->value.p, line->value.n);
    memcpy(to + line->value.n, "\r\n", 3);
    p->len += line->value.n + 4;
}

void sdp_put_address(struct sdp_printer *p, const union addr *a)
{
    char host[ADDR_TEXT_MAX];

    if (addr_is_set(a))
        sdp_put(p, "%s %s", a->sa.sa_family == AF_INET6 ? "IP6" : "IP4", addr_print_host(host, a));
    else
        sdp_put(p, "IP4 0.0.0.0");
}

void sdp_put_connection(struct sdp_printer *p, const union addr *a)
{
    sdp_put(p, "c=IN ");
    sdp_put_address(p, a);
    sdp_put(p, "\r\n");
}

/** What stands after the proto of an m= line. */
static struct str template_formats(const struct sdp_doc *doc, const struct sdp_media *m)
{
    struct str rest = doc->lines[m->first_line].value;

    for (unsigned i = 0; i < 3; i++) /* media, port, proto */
        scan_word(&rest);
    return scan_trim(rest);
}

void sdp_put_m_line(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_media *m,
                    const struct sdp_media_out *out, uint16_t port)
{
    struct str formats = template_formats(doc, m);

    sdp_put(p, "m=" STR_FMT " %u ", STR_ARG(m->kind_text), port);
    if (out->proto == SDP_PROTO_OTHER)
        sdp_put(p, STR_FMT, STR_ARG(m->proto_text));
    else
        sdp_put(p, "%s", sdp_proto_name(out->proto));
    for (unsigned i = 0; i < out->n_formats; i++)
        sdp_put(p, " %u", out->formats[i].pt);
    if (out->n_formats == 0 && !str_is_empty(formats))
        sdp_put(p, " " STR_FMT, STR_ARG(formats));
    sdp_put(p, "\r\n");
}

void sdp_put_formats(struct sdp_printer *p, const struct sdp_media_out *out)
{
    for (unsigned i = 0; i < out->n_formats; i++) {
        const struct sdp_format *f = &out->formats[i];

        if (!str_is_empty(f->name)) {
            sdp_put(p, "a=rtpmap:%u " STR_FMT "/%u", f->pt, STR_ARG(f->name), f->clock_hz);
            if (f->n_channels > 1)
                sdp_put(p, "/%u", f->n_channels);
            sdp_put(p, "\r\n");
        }
        if (!str_is_empty(f->fmtp))
            sdp_put(p, "a=fmtp:%u " STR_FMT "\r\n", f->pt, STR_ARG(f->fmtp));
        if (sdp_proto_has_feedback(out->proto))
            sdp_feedback_put(p, f);
    }
}

void sdp_put_crypto(struct sdp_printer *p, const struct sdp_media_out *out)
{
    char value[SDP_CRYPTO_TEXT_MAX];

    for (unsigned i = 0; i < out->n_crypto; i++) {
        int n = sdp_crypto_print(value, sizeof(value), &out->crypto[i], out->has_lifetime,
                                 out->is_padded);

        if (n > 0)
            sdp_put(p, "a=crypto:%s\r\n", value);
    }
    explicit_bzero(value, sizeof(value));
}

void sdp_put_remote_candidates(struct sdp_printer *p, const struct sdp_media_out *out)
{
    unsigned n_put = 0;

    for (unsigned i = 0; i < out->n_remote_candidates; i++) {
        const struct ice_candidate *c = &out->remote_candidates[i];
        char host[ADDR_TEXT_MAX];
        union addr a;

        memcpy(&a, &c->addr, sizeof(a));
        if (!addr_is_set(&a)) /* chosen by its name, as draft-06 does */
            continue;
        sdp_put(p, "%s%u %s %u", n_put++ == 0 ? "a=remote-candidates:" : " ", c->component,
                addr_print_host(host, &a), addr_port(&a));
    }
    if (n_put > 0)
        sdp_put(p, "\r\n");
}

void sdp_put_direction(struct sdp_printer *p, enum sdp_direction direction)
{
    static const char *const names[] = {
        [SDP_INACTIVE] = "inactive",
        [SDP_SENDONLY] = "sendonly",
        [SDP_RECVONLY] = "recvonly",
        [SDP_SENDRECV] = "sendrecv",
    };

    sdp_put(p, "a=%s\r\n", names[direction & 3]);
}

static void put_lines(struct sdp_printer *p, const struct sdp_line *lines, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        sdp_put_line(p, &lines[i]);
}

void sdp_put_section(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_media *m)
{
    put_lines(p, &doc->lines[m->first_line], m->n_lines);
}

void sdp_put_document(struct sdp_printer *p, const struct sdp_doc *doc)
{
    put_lines(p, doc->lines, doc->n_lines);
}

bool sdp_is_untouched(const struct sdp_doc *doc, const struct sdp_out *out)
{
    for (unsigned i = 0; i < doc->n_media; i++) {
        if (out->media[i].action != SDP_KEEP_LINE)
            return false;
    }
    return doc->n_media > 0;
}
