#include "relay/control/sdp/sdp.h"

#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/sdp/sdp_attribute.h"
#include "relay/control/sdp/sdp_print.h"
#include "relay/control/sdp/sdp_scan.h"

/*
 * The template's document with our transport in it, in the layout that SIP proxies know from other
 * relays: the lines that stay, in their order; then formats, direction, RTCP, keys, ICE.
 */

struct writer {
    struct sdp_printer p;
    const struct sdp_doc *doc;
    const struct sdp_out *out;
    union addr session_address; /* of the session's c=; not set: it has none */
};

/** RFC 2543's hold. With ICE the same address only says "see the candidates" (RFC 8840). */
static bool is_zero_hold(const struct writer *w, const struct sdp_media *m)
{
    return !w->out->replace_zero_address && addr_is_set(&m->rtp) && addr_is_any(&m->rtp) &&
           str_is_empty(m->ice_ufrag);
}

static void put_origin(struct writer *w)
{
    const struct sdp_doc *doc = w->doc;
    const struct sdp_out *out = w->out;
    struct str user = out->replace_username ? STR("-") : doc->origin_user;
    struct str id = str_is_empty(out->origin_id) ? doc->origin_id : out->origin_id;

    if (str_is_empty(doc->origin_rest)) { /* the template's is broken: one that parses */
        user = STR("-");
        id = STR("0");
    }
    sdp_put(&w->p, "o=" STR_FMT " " STR_FMT " ", STR_ARG(user), STR_ARG(id));
    if (out->origin_version >= 0)
        sdp_put(&w->p, "%lld ", (long long)out->origin_version);
    else if (str_is_empty(doc->origin_rest))
        sdp_put(&w->p, "0 ");
    else
        sdp_put(&w->p, STR_FMT " ", STR_ARG(doc->origin_version));
    if (out->replace_origin || str_is_empty(doc->origin_rest)) {
        sdp_put(&w->p, "IN ");
        sdp_put_address(&w->p, &out->address);
        sdp_put(&w->p, "\r\n");
    } else {
        sdp_put(&w->p, STR_FMT "\r\n", STR_ARG(doc->origin_rest));
    }
}

static void put_session_connection(struct writer *w)
{
    const union addr *theirs = &w->doc->conn;
    bool is_hold = !w->out->replace_zero_address && addr_is_set(theirs) && addr_is_any(theirs);

    if (addr_is_set(&w->session_address))
        return; /* one is enough */
    w->session_address = is_hold ? *theirs : w->out->address;
    sdp_put_connection(&w->p, &w->session_address);
}

static void put_session_line(struct writer *w, const struct sdp_line *line)
{
    switch (line->type) {
    case 'o':
        put_origin(w);
        break;
    case 's':
        if (w->out->replace_session_name)
            sdp_put(&w->p, "s=-\r\n");
        else
            sdp_put_line(&w->p, line);
        break;
    case 'c':
        put_session_connection(w);
        break;
    case 'k': /* a key, whatever its method */
        break;
    case 'a':
        if (sdp_attribute_passes(line->value))
            sdp_put_line(&w->p, line);
        break;
    default:
        sdp_put_line(&w->p, line);
    }
}

/** A template's line of a section that we relay: c= and k= never, ptime unless we have our own. */
static bool media_line_stays(const struct sdp_line *line, const struct sdp_media_out *o)
{
    struct str name = sdp_attribute_name(line->value);

    if (line->type == 'c' || line->type == 'k' || line->type == 'i' || line->type == 'm')
        return false;
    if (line->type != 'a')
        return true;
    if (o->ptime_ms != 0 && str_equal_nocase(name, STR("ptime")))
        return false;
    return sdp_attribute_passes(line->value);
}

/** c= of a section: where the template has one, and where the session's does not fit. */
static void put_media_connection(struct writer *w, const struct sdp_media *m,
                                 const union addr *address)
{
    const struct sdp_line *lines = &w->doc->lines[m->first_line];
    bool is_needed = !addr_equal_host(address, &w->session_address);

    for (unsigned i = 0; i < m->n_lines; i++)
        is_needed = is_needed || lines[i].type == 'c';
    if (is_needed)
        sdp_put_connection(&w->p, address);
}

static void put_rtcp(struct writer *w, const struct sdp_media_out *o)
{
    if (o->rtcp_port != 0 && o->has_rtcp_address) {
        sdp_put(&w->p, "a=rtcp:%u IN ", o->rtcp_port);
        sdp_put_address(&w->p, &o->rtp);
        sdp_put(&w->p, "\r\n");
    } else if (o->rtcp_port != 0) {
        sdp_put(&w->p, "a=rtcp:%u\r\n", o->rtcp_port);
    }
    if (o->has_rtcp_mux)
        sdp_put(&w->p, "a=rtcp-mux\r\n");
}

static void put_text_attribute(struct writer *w, const char *name, struct str value)
{
    if (!str_is_empty(value))
        sdp_put(&w->p, "a=%s:" STR_FMT "\r\n", name, STR_ARG(value));
}

static void put_ice(struct writer *w, const struct sdp_media_out *o)
{
    char value[512];

    put_text_attribute(w, "ice-ufrag", o->ice_ufrag);
    put_text_attribute(w, "ice-pwd", o->ice_pwd);
    for (unsigned i = 0; i < o->n_candidates; i++) {
        if (ice_candidate_print(value, sizeof(value), &o->candidates[i]) > 0)
            sdp_put(&w->p, "a=candidate:%s\r\n", value);
    }
    sdp_put_remote_candidates(&w->p, o);
}

static void put_our_attributes(struct writer *w, const struct sdp_media *m,
                               const struct sdp_media_out *o)
{
    sdp_put_formats(&w->p, o);
    if (o->writes_direction || m->has_direction || o->direction != SDP_SENDRECV)
        sdp_put_direction(&w->p, o->direction);
    put_rtcp(w, o);
    put_text_attribute(w, "mid", o->mid);
    sdp_put_crypto(&w->p, o);
    put_text_attribute(w, "setup", o->setup);
    put_text_attribute(w, "fingerprint", o->fingerprint);
    if (o->has_ice)
        put_ice(w, o);
    if (o->ptime_ms != 0)
        sdp_put(&w->p, "a=ptime:%u\r\n", o->ptime_ms);
    if (o->has_ice && o->has_end_of_candidates)
        sdp_put(&w->p, "a=end-of-candidates\r\n");
}

static void relay_section(struct writer *w, const struct sdp_media *m,
                          const struct sdp_media_out *o)
{
    const struct sdp_line *lines = &w->doc->lines[m->first_line];

    sdp_put_m_line(&w->p, w->doc, m, o, addr_port(&o->rtp));
    for (unsigned i = 1; i < m->n_lines; i++) { /* RFC 8866 s.5: i= stands before c= */
        if (lines[i].type == 'i')
            sdp_put_line(&w->p, &lines[i]);
    }
    put_media_connection(w, m, is_zero_hold(w, m) ? &m->rtp : &o->rtp);
    for (unsigned i = 1; i < m->n_lines; i++) {
        if (media_line_stays(&lines[i], o))
            sdp_put_line(&w->p, &lines[i]);
    }
    put_our_attributes(w, m, o);
}

static void put_section(struct writer *w, const struct sdp_media *m, const struct sdp_media_out *o)
{
    switch (o->action) {
    case SDP_KEEP_LINE:
        sdp_put_section(&w->p, w->doc, m);
        break;
    case SDP_REJECT: /* RFC 3264 s.6: of a line with port 0 nothing but the m= counts */
        sdp_put_m_line(&w->p, w->doc, m, o, 0);
        if (!addr_is_set(&w->session_address))
            sdp_put_connection(&w->p, &w->out->address);
        break;
    case SDP_RELAY:
        relay_section(w, m, o);
        break;
    case SDP_REMOVE:
        break;
    }
}

/* One transport a line is what we have, so a group has one line (RFC 9143 s.7.3.3 lets the others
 * out): the first that may be in it. */
static void put_group(struct writer *w)
{
    for (unsigned i = 0; i < w->doc->n_media; i++) {
        const struct sdp_media_out *o = &w->out->media[i];

        if (o->action != SDP_RELAY || !o->is_bundled || str_is_empty(o->mid))
            continue;
        sdp_put(&w->p, "a=group:BUNDLE " STR_FMT "\r\n", STR_ARG(o->mid));
        return;
    }
}

static int write_rfc(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out)
{
    struct writer w = {.p = {.buf = buf, .cap = cap}, .doc = doc, .out = out};

    if (sdp_is_untouched(doc, out)) {
        sdp_put_document(&w.p, doc);
        return sdp_printed(&w.p);
    }
    for (unsigned i = 0; i < doc->n_session_lines; i++)
        put_session_line(&w, &doc->lines[i]);
    if (out->is_ice_lite)
        sdp_put(&w.p, "a=ice-lite\r\n");
    if (out->is_trickling)
        sdp_put(&w.p, "a=ice-options:trickle\r\n");
    if (!str_is_empty(out->loop_mark))
        sdp_put(&w.p, "a=" STR_FMT "\r\n", STR_ARG(out->loop_mark));
    put_group(&w);
    for (unsigned i = 0; i < doc->n_media; i++)
        put_section(&w, &doc->media[i], &out->media[i]);
    return sdp_printed(&w.p);
}

int sdp_write(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out)
{
    switch (out->dialect) {
    case DIALECT_LYNC:
    case DIALECT_OCS2007:
    case DIALECT_WLM2009:
    case DIALECT_MSN:
        return lync_write(buf, cap, doc, out);
    case DIALECT_AUTO:
    case DIALECT_RFC:
        break;
    }
    return write_rfc(buf, cap, doc, out);
}
