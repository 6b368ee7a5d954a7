#ifndef PICRELAY_TESTS_SDP_ECHO_H
#define PICRELAY_TESTS_SDP_ECHO_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/control/sdp/lync_sdp.h"

/**
 * A document said again as if it were ours: what sdp_write() is given has the typed content of what
 * sdp_parse() gave. Used by the tests and fuzz targets of the SDP rooms.
 */

#define ECHO_CAP (256 * 1024)

struct sdp_echo {
    struct sdp_out out;
    struct sdp_media_out media[SDP_MEDIA_MAX];
    struct sdp_crypto crypto[SDP_MEDIA_MAX][SDP_CRYPTO_MAX]; /* those that can be written */
};

static inline void echo_crypto(struct sdp_echo *e, unsigned i, const struct sdp_media *m)
{
    struct sdp_media_out *o = &e->media[i];

    o->crypto = e->crypto[i];
    for (unsigned k = 0; k < m->n_crypto; k++) {
        if (!m->crypto[k].is_scale && m->crypto[k].keys.suite != SRTP_SUITE_NONE)
            e->crypto[i][o->n_crypto++] = m->crypto[k];
    }
}

static inline bool is_draft6_dialect(enum config_dialect dialect)
{
    return dialect == DIALECT_OCS2007 || dialect == DIALECT_MSN;
}

static inline void echo_media(struct sdp_echo *e, unsigned i, const struct sdp_media *m)
{
    struct sdp_media_out *o = &e->media[i];

    o->action = m->kind == MEDIA_IM ? SDP_KEEP_LINE : SDP_RELAY;
    o->proto = m->proto;
    o->rtp = addr_is_set(&m->rtp) ? m->rtp : e->out.address;
    addr_set_port(&o->rtp, m->port);
    o->rtcp_port = m->has_rtcp_attribute ? addr_port(&m->rtcp) : 0;
    o->has_rtcp_mux = m->has_rtcp_mux;
    o->formats = m->formats;
    o->n_formats = m->n_formats;
    o->direction = m->direction;
    o->writes_direction = m->has_direction;
    o->ptime_ms = m->ptime_ms;
    echo_crypto(e, i, m);
    o->has_lifetime = true;
    o->has_ice = true; /* whatever there is of it */
    o->ice_ufrag = m->ice_ufrag;
    o->ice_pwd = m->ice_pwd;
    o->candidates = m->candidates;
    /* a leg has candidates of its own generation only */
    o->n_candidates = m->is_draft6 == is_draft6_dialect(e->out.dialect) ? m->n_candidates : 0;
    memcpy(o->remote_candidates, m->remote_candidates, sizeof(o->remote_candidates));
    o->n_remote_candidates = m->n_remote_candidates;
    o->has_end_of_candidates = m->has_end_of_candidates;
    o->fingerprint = m->fingerprint;
    o->setup = m->setup;
    o->mid = m->mid;
    o->ssrc = m->ssrc_low;
}

/** @return to be freed by the caller; borrows from doc */
static inline struct sdp_echo *echo_alloc(const struct sdp_doc *doc, enum config_dialect dialect)
{
    struct sdp_echo *e = calloc(1, sizeof(*e));

    if (!e)
        abort();
    e->out.dialect = dialect;
    e->out.address = doc->conn;
    if (!addr_is_set(&e->out.address))
        addr_parse_host(&e->out.address, "192.0.2.1", strlen("192.0.2.1"));
    e->out.origin_version = -1;
    e->out.media = e->media;
    for (unsigned i = 0; i < doc->n_media; i++)
        echo_media(e, i, &doc->media[i]);
    return e;
}

static inline int echo_write(char *buf, size_t cap, const struct sdp_doc *doc,
                             enum config_dialect dialect)
{
    struct sdp_echo *e = echo_alloc(doc, dialect);
    int n = sdp_write(buf, cap, doc, &e->out);

    free(e);
    return n;
}

/**
 * Said again, a document is read as what it was, and said a third time it is the same text.
 * @return also true where our spelling is longer than a document may be
 */
static inline bool echo_is_stable(const struct sdp_doc *doc, enum config_dialect dialect)
{
    static char first[ECHO_CAP], second[ECHO_CAP];
    struct sdp_doc *again = NULL;
    int n = echo_write(first, sizeof(first), doc, dialect);
    bool is_same;

    if (n < 0 || n > SDP_TEXT_MAX)
        return n > 0;
    if (sdp_parse(&again, (struct str){first, (size_t)n}) != 0)
        return false;
    is_same = again->n_media == doc->n_media &&
              echo_write(second, sizeof(second), again, dialect) == n &&
              memcmp(first, second, (size_t)n) == 0;
    sdp_free(again);
    return is_same;
}

#endif
