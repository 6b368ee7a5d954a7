#include "relay/control/sdp/sdp.h"

#include <errno.h>
#include <stdlib.h>

#include "relay/control/sdp/sdp_attribute.h"
#include "relay/control/sdp/sdp_scan.h"

/*
 * A document is read twice: the first pass checks its form and counts, the second fills arrays of
 * just that size. Everything lies in one allocation, so that it can be wiped and freed as one.
 */

struct block {
    size_t size; /* of all of it [bytes] */
    struct sdp_doc doc;
};

/** What the first pass has counted, and so the sizes of the arrays. */
struct tally {
    size_t n_lines, n_media, n_formats, n_crypto, n_candidates;
};

/** Where the second pass takes the next elements from. */
struct reader {
    struct sdp_doc *doc;
    struct sdp_media inherited; /* what the session says for all of its media */
    struct sdp_format *formats;
    struct sdp_crypto *crypto;
    struct ice_candidate *candidates;
    char (*names)[CODEC_NAME_MAX]; /* of static payload types, which have no rtpmap to point to */
};

static bool is_line(struct str line)
{
    return line.n >= 2 && line.p[0] >= 'a' && line.p[0] <= 'z' && line.p[1] == '=';
}

static struct str line_value(struct str line)
{
    return (struct str){line.p + 2, line.n - 2};
}

static size_t count_formats(struct str m_value)
{
    size_t n = 0;

    for (unsigned i = 0; i < 3; i++) /* media, port, proto */
        scan_word(&m_value);
    while (n < SDP_FORMATS_MAX && !str_is_empty(scan_word(&m_value)))
        n++;
    return n;
}

static void tally_line(struct tally *t, struct tally *section, struct str line)
{
    struct str value = line_value(line), name;

    t->n_lines++;
    if (line.p[0] == 'm') {
        t->n_media++;
        t->n_formats += count_formats(value);
        *section = (struct tally){0};
    }
    if (line.p[0] != 'a' || t->n_media == 0)
        return;

    name = sdp_attribute_name(value);
    if (str_equal_nocase(name, STR("crypto")) || str_equal_nocase(name, STR("cryptoscale")))
        t->n_crypto += section->n_crypto++ < SDP_CRYPTO_MAX;
    else if (str_equal_nocase(name, STR("candidate")) ||
             str_equal_nocase(name, STR("x-candidate-ipv6")))
        t->n_candidates += section->n_candidates++ < SDP_CANDIDATES_MAX;
}

static int tally_text(struct tally *t, struct str text)
{
    struct tally section = {0};

    if (text.n == 0 || text.n > SDP_TEXT_MAX || memchr(text.p, '\0', text.n))
        return EBADMSG;
    while (text.n > 0) {
        struct str line = scan_line(&text);

        if (line.n == 0)
            continue; /* blank lines at the end are common */
        if (!is_line(line) || (t->n_lines == 0 && line.p[0] != 'v'))
            return EBADMSG;
        tally_line(t, &section, line);
    }
    return t->n_lines > 0 && t->n_media <= SDP_MEDIA_MAX ? 0 : EBADMSG;
}

/** Adds room for n elements to the block. @return their offset in it */
static size_t reserve(size_t *size, size_t n, size_t element_bytes)
{
    size_t at = (*size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

    *size = at + n * element_bytes;
    return at;
}

static void *at_offset(struct block *b, size_t offset)
{
    return (char *)b + offset;
}

static struct block *block_alloc(struct reader *r, const struct tally *t, struct str text)
{
    size_t size = sizeof(struct block);
    size_t media = reserve(&size, t->n_media, sizeof(struct sdp_media));
    size_t candidates = reserve(&size, t->n_candidates, sizeof(struct ice_candidate));
    size_t crypto = reserve(&size, t->n_crypto, sizeof(struct sdp_crypto));
    size_t formats = reserve(&size, t->n_formats, sizeof(struct sdp_format));
    size_t lines = reserve(&size, t->n_lines, sizeof(struct sdp_line));
    size_t names = reserve(&size, t->n_formats, CODEC_NAME_MAX);
    size_t text_at = reserve(&size, text.n + 1, 1);
    struct block *b = calloc(1, size);

    if (!b)
        return NULL;
    b->size = size;
    b->doc.media = at_offset(b, media);
    b->doc.lines = at_offset(b, lines);
    b->doc.text = at_offset(b, text_at);
    memcpy(b->doc.text, text.p, text.n);
    *r = (struct reader){
        .doc = &b->doc,
        .inherited = {.direction = SDP_SENDRECV},
        .formats = at_offset(b, formats),
        .crypto = at_offset(b, crypto),
        .candidates = at_offset(b, candidates),
        .names = at_offset(b, names),
    };
    return b;
}

static void split_lines(struct sdp_doc *doc, size_t text_bytes)
{
    struct str text = {doc->text, text_bytes};

    while (text.n > 0) {
        struct str line = scan_line(&text);

        if (line.n > 0)
            doc->lines[doc->n_lines++] =
                (struct sdp_line){.type = line.p[0], .value = line_value(line)};
    }
    while (doc->n_session_lines < doc->n_lines && doc->lines[doc->n_session_lines].type != 'm')
        doc->n_session_lines++;
}

static void read_origin(struct sdp_doc *doc, struct str value)
{
    doc->origin_user = scan_word(&value);
    doc->origin_id = scan_word(&value);
    doc->origin_version = scan_word(&value);
    doc->origin_rest = scan_trim(value);
}

static void read_session(struct reader *r)
{
    struct sdp_doc *doc = r->doc;
    struct sdp_section section = {.doc = doc, .media = &r->inherited, .is_session = true};
    bool has_conn = false;

    for (unsigned i = 0; i < doc->n_session_lines; i++) {
        struct str value = doc->lines[i].value;

        switch (doc->lines[i].type) {
        case 'o':
            read_origin(doc, value);
            break;
        case 's':
            doc->session_name = value;
            break;
        case 'c':
            if (!has_conn)
                scan_connection(&doc->conn, value);
            has_conn = true;
            break;
        case 'a':
            sdp_attribute_read(&section, value);
            break;
        default:
            break;
        }
    }
}

static enum media_kind kind_find(struct str text)
{
    static const struct {
        const char *name;
        enum media_kind kind;
    } kinds[] = {
        {"audio", MEDIA_AUDIO},
        {"video", MEDIA_VIDEO},
        {"message", MEDIA_IM},
        {"x-ms-message", MEDIA_IM},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (str_equal_nocase(text, str_of(kinds[i].name)))
            return kinds[i].kind;
    }
    return MEDIA_OTHER;
}

/** "5004" or "5004/2"; further ports of a layered stream (RFC 8866 s.5.14) are not used. */
static bool read_port(uint16_t *port, struct str text)
{
    bool has_count = text.n > 0 && memchr(text.p, '/', text.n);
    uint32_t number, n_ports;

    if (!scan_uint(&number, scan_until(&text, '/'), UINT16_MAX))
        return false;
    if (has_count && !scan_uint(&n_ports, text, UINT16_MAX))
        return false;
    *port = (uint16_t)number;
    return true;
}

/** A format as it is without an rtpmap: what RFC 3551 says of a static payload type. */
static void name_static_format(struct reader *r, struct sdp_format *f)
{
    struct codec_spec spec = {0};

    if (codec_static(&spec, f->pt) != 0)
        return;
    memcpy(*r->names, spec.name, CODEC_NAME_MAX);
    f->name = str_of(*r->names++);
    f->clock_hz = spec.clock_hz;
    f->n_channels = spec.n_channels;
}

static void read_formats(struct reader *r, struct sdp_media *m, struct str rest)
{
    bool is_listed[128] = {false};

    m->formats = r->formats;
    for (unsigned i = 0; i < SDP_FORMATS_MAX; i++) {
        struct str word = scan_word(&rest);
        uint32_t pt;

        if (str_is_empty(word))
            break;
        if (!scan_uint(&pt, word, 127) || is_listed[pt])
            continue;
        is_listed[pt] = true;
        m->formats[m->n_formats] = (struct sdp_format){.pt = (uint8_t)pt};
        name_static_format(r, &m->formats[m->n_formats++]);
    }
    r->formats += m->n_formats;
}

static int read_m_line(struct reader *r, struct sdp_media *m, struct str rest)
{
    struct str port;

    m->kind_text = scan_word(&rest);
    port = scan_word(&rest);
    m->proto_text = scan_word(&rest);
    if (str_is_empty(m->proto_text) || !read_port(&m->port, port))
        return EBADMSG;
    m->kind = kind_find(m->kind_text);
    m->proto = sdp_proto_find(m->proto_text);
    if (sdp_proto_is_rtp(m->proto))
        read_formats(r, m, rest);
    return 0;
}

/** RFC 3605: "PORT" or "PORT IN IP4 ADDRESS" */
static bool read_rtcp_address(struct sdp_media *m, struct str value)
{
    struct str port_text = scan_word(&value);
    union addr a = m->rtp;
    uint32_t port;

    if (!scan_uint(&port, port_text, UINT16_MAX) || port == 0)
        return false;
    if (!str_is_empty(scan_trim(value)) && !scan_connection(&a, value))
        return false;
    if (addr_is_set(&a))
        addr_set_port(&a, (uint16_t)port);
    m->rtcp = a;
    return true;
}

static void resolve_addresses(struct sdp_media *m, const struct sdp_section *s,
                              const union addr *conn)
{
    m->rtp = *conn;
    if (addr_is_set(&m->rtp))
        addr_set_port(&m->rtp, m->port);
    m->has_rtcp_attribute = read_rtcp_address(m, s->rtcp);
    if (m->has_rtcp_attribute || m->port == 0)
        return;
    if (m->has_rtcp_mux) {
        m->rtcp = m->rtp;
    } else if (addr_is_set(&m->rtp) && m->port < UINT16_MAX) {
        m->rtcp = m->rtp;
        addr_set_port(&m->rtcp, (uint16_t)(m->port + 1));
    }
}

static int read_media(struct reader *r, struct sdp_media *m)
{
    struct sdp_doc *doc = r->doc;
    struct sdp_section section = {.doc = doc, .media = m};
    union addr conn = doc->conn;
    bool has_conn = false;
    int err = read_m_line(r, m, doc->lines[m->first_line].value);

    if (err)
        return err;
    m->crypto = r->crypto;
    m->candidates = r->candidates;
    for (unsigned i = m->first_line + 1; i < m->first_line + m->n_lines; i++) {
        const struct sdp_line *line = &doc->lines[i];

        if (line->type == 'c' && !has_conn) {
            conn = (union addr){0}; /* a name here is not made good by the session's address */
            scan_connection(&conn, line->value);
            has_conn = true;
        } else if (line->type == 'a') {
            sdp_attribute_read(&section, line->value);
        }
    }
    r->crypto += m->n_crypto;
    r->candidates += m->n_candidates;
    resolve_addresses(m, &section, &conn);
    return 0;
}

static int read_all_media(struct reader *r)
{
    struct sdp_doc *doc = r->doc;
    unsigned i = doc->n_session_lines;

    while (i < doc->n_lines) {
        struct sdp_media *m = &doc->media[doc->n_media++];
        int err;

        *m = r->inherited;
        m->first_line = i++;
        while (i < doc->n_lines && doc->lines[i].type != 'm')
            i++;
        m->n_lines = i - m->first_line;
        err = read_media(r, m);
        if (err)
            return err;
    }
    return 0;
}

static bool is_active_rtp(const struct sdp_media *m)
{
    return m->port != 0 && sdp_proto_is_rtp(m->proto);
}

/** Without an address there is nowhere to send to, unless candidates say where (RFC 8839 s.4.2). */
static bool has_destination(const struct sdp_media *m)
{
    return addr_is_set(&m->rtp) || m->has_candidates;
}

/** One line without a destination is that line's fault: it is off. All of them: the document's. */
static int turn_lines_without_destination_off(struct sdp_doc *doc)
{
    unsigned n_active = 0, n_off = 0;

    for (unsigned i = 0; i < doc->n_media; i++) {
        struct sdp_media *m = &doc->media[i];

        if (!is_active_rtp(m))
            continue;
        n_active++;
        if (!has_destination(m)) {
            m->port = 0;
            n_off++;
        }
    }
    return n_off > 0 && n_off == n_active ? EBADE : 0;
}

int sdp_parse(struct sdp_doc **docp, struct str text)
{
    struct tally t = {0};
    struct reader r;
    struct block *b;
    int err;

    err = tally_text(&t, text);
    if (err)
        return err;
    b = block_alloc(&r, &t, text);
    if (!b)
        return ENOMEM;

    split_lines(&b->doc, text.n);
    read_session(&r);
    err = read_all_media(&r);
    if (!err)
        err = turn_lines_without_destination_off(&b->doc);
    if (err)
        sdp_free(&b->doc);
    else
        *docp = &b->doc;
    return err;
}

void sdp_free(struct sdp_doc *doc)
{
    struct block *b;

    if (!doc)
        return;
    b = (struct block *)(void *)((char *)doc - offsetof(struct block, doc));
    explicit_bzero(b, b->size);
    free(b);
}
