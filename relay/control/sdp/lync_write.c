#include "relay/control/sdp/lync_sdp.h"

#include "relay/control/sdp/sdp_print.h"
#include "relay/control/sdp/sdp_scan.h"

/*
 * A body of our own for Microsoft peers. Of the template only the order and kind of the m= lines
 * and what the caller has put into sdp_media_out come through: Lync reads an unknown line as an
 * offer of a feature. Lines stand in the order seen in captures of clients of that generation.
 */

#define SSRC_MAX  0xFFFFFF00U      /* MS-SDPEXT: the highest SSRC of a=x-ssrc-range */
#define PTIME_MS  20               /* the one packet time that all of them take */
#define BANDWIDTH "b=CT:99980\r\n" /* [kbit/s], their word for "no limit" */

/** What the generations differ in. */
struct layout {
    bool has_draft6_candidates; /* with credentials in each candidate, none for the m= line */
    bool has_names;             /* a=x-ssrc-range, a=label, a=x-candidate-ipv6 */
    bool has_media_connection;  /* c= under each m= */
    bool has_padding;           /* base64 of draft-06 with its "=" */
    bool says_rejected;         /* a=encryption:rejected on a line without SRTP */
};

static const struct layout *layout_of(enum config_dialect dialect)
{
    static const struct layout lync = {.has_names = true};
    static const struct layout ocs2007 = {.has_draft6_candidates = true};
    static const struct layout wlm2009 = {.has_media_connection = true, .says_rejected = true};
    static const struct layout msn = {.has_draft6_candidates = true,
                                      .has_media_connection = true,
                                      .has_padding = true,
                                      .says_rejected = true};

    switch (dialect) {
    case DIALECT_OCS2007:
        return &ocs2007;
    case DIALECT_WLM2009:
        return &wlm2009;
    case DIALECT_MSN:
        return &msn;
    default:
        return &lync;
    }
}

/** Feedback profiles are not known to these peers: the same line without the F. */
static enum sdp_proto plain_proto(enum sdp_proto proto)
{
    if (proto == SDP_RTP_AVPF)
        return SDP_RTP_AVP;
    if (proto == SDP_RTP_SAVPF)
        return SDP_RTP_SAVP;
    return proto;
}

static void put_session(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_out *out)
{
    uint32_t version = 0;

    scan_uint(&version, doc->origin_version, UINT32_MAX);
    sdp_put(p, "v=0\r\no=- 0 %lld IN ",
            out->origin_version >= 0 ? (long long)out->origin_version : (long long)version);
    sdp_put_address(p, &out->address);
    sdp_put(p, "\r\ns=session\r\n");
    sdp_put_connection(p, &out->address);
    sdp_put(p, BANDWIDTH "t=0 0\r\n");
}

static void put_names(struct sdp_printer *p, const struct sdp_media *m,
                      const struct sdp_media_out *o)
{
    if (o->ssrc != 0 && o->ssrc <= SSRC_MAX)
        sdp_put(p, "a=x-ssrc-range:%u-%u\r\n", o->ssrc, o->ssrc);
    if (m->kind == MEDIA_AUDIO)
        sdp_put(p, "a=label:main-audio\r\n");
    else if (m->kind == MEDIA_VIDEO)
        sdp_put(p, "a=label:main-video\r\n");
}

/**
 * IPv6 stands under a name of its own, which only those peers read that can do IPv6. A candidate of
 * the other generation has not what this one's line says first, and is left out.
 */
static void put_candidate(struct sdp_printer *p, const struct layout *l,
                          const struct ice_candidate *c)
{
    char value[512];
    bool is_ipv6 = c->addr.ss_family == AF_INET6;
    const char *name = l->has_draft6_candidates ? c->ufrag : c->foundation;
    int n;

    if ((is_ipv6 && !l->has_names) || name[0] == '\0')
        return;
    n = l->has_draft6_candidates ? ice_candidate_print_draft6(value, sizeof(value), c)
                                 : ice_candidate_print(value, sizeof(value), c);
    if (n > 0)
        sdp_put(p, "a=%s:%s\r\n", is_ipv6 ? "x-candidate-ipv6" : "candidate", value);
}

/* OCS writes its base64 without padding, Messenger with it; it is a name that they look for. */
static void put_remote_candidate(struct sdp_printer *p, const struct layout *l, const char *ufrag)
{
    const size_t n = l->has_padding ? strlen(ufrag) : strcspn(ufrag, "=");

    if (n > 0)
        sdp_put(p, "a=remote-candidate:%.*s\r\n", (int)n, ufrag);
}

static void put_ice(struct sdp_printer *p, const struct layout *l, const struct sdp_media_out *o)
{
    if (!l->has_draft6_candidates && !str_is_empty(o->ice_ufrag))
        sdp_put(p, "a=ice-ufrag:" STR_FMT "\r\na=ice-pwd:" STR_FMT "\r\n", STR_ARG(o->ice_ufrag),
                STR_ARG(o->ice_pwd));
    for (unsigned i = 0; i < o->n_candidates; i++)
        put_candidate(p, l, &o->candidates[i]);
    if (!l->has_draft6_candidates)
        sdp_put_remote_candidates(p, o);
    else if (o->n_remote_candidates > 0)
        put_remote_candidate(p, l, o->remote_candidates[0].ufrag);
}

static void relay_section(struct sdp_printer *p, const struct layout *l, const struct sdp_doc *doc,
                          const struct sdp_media *m, const struct sdp_media_out *o)
{
    sdp_put_m_line(p, doc, m, o, addr_port(&o->rtp));
    if (l->has_media_connection)
        sdp_put_connection(p, &o->rtp);
    if (l->has_names)
        put_names(p, m, o);
    if (o->has_ice)
        put_ice(p, l, o);
    sdp_put_crypto(p, o);
    if (o->rtcp_port != 0)
        sdp_put(p, "a=rtcp:%u\r\n", o->rtcp_port);
    if (o->direction != SDP_SENDRECV || o->writes_direction)
        sdp_put_direction(p, o->direction);
    sdp_put_formats(p, o);
    if (o->has_rtcp_mux)
        sdp_put(p, "a=rtcp-mux\r\n");
    if (l->says_rejected && !sdp_proto_is_secure(o->proto))
        sdp_put(p, "a=encryption:rejected\r\n");
    if (m->kind == MEDIA_AUDIO)
        sdp_put(p, "a=ptime:%u\r\n", o->ptime_ms != 0 ? o->ptime_ms : PTIME_MS);
}

static void put_section(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_out *out,
                        unsigned i)
{
    const struct sdp_media *m = &doc->media[i];
    struct sdp_media_out o = out->media[i];

    o.proto = plain_proto(o.proto);
    switch (o.action) {
    case SDP_KEEP_LINE:
        sdp_put_section(p, doc, m);
        break;
    case SDP_REJECT:
        sdp_put_m_line(p, doc, m, &o, 0);
        break;
    case SDP_RELAY:
        relay_section(p, layout_of(out->dialect), doc, m, &o);
        break;
    case SDP_REMOVE:
        break;
    }
}

int lync_write(char *buf, size_t cap, const struct sdp_doc *doc, const struct sdp_out *out)
{
    struct sdp_printer p = {.buf = buf, .cap = cap};

    if (sdp_is_untouched(doc, out)) {
        sdp_put_document(&p, doc);
        return sdp_printed(&p);
    }
    put_session(&p, doc, out);
    for (unsigned i = 0; i < doc->n_media; i++)
        put_section(&p, doc, out, i);
    return sdp_printed(&p);
}
