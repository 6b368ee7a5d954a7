#include "relay/control/describe.h"

#include <errno.h>
#include <string.h>

#include "relay/control/transport/transport.h"

#include "relay/control/transport/handshake.h"

#define CANDIDATES_MAX 8 /* of ours on one m= line: host candidates of both components */

/* What sdp_write() borrows for one m= line. */
struct line_store {
    struct ice_candidate candidates[CANDIDATES_MAX];
    char mid[8], fingerprint[FINGERPRINT_TEXT_MAX];
};

struct description {
    struct leg *leg;
    const struct ng_request *req;
    bool is_offer;
    struct sdp_media_out *media;
    struct line_store *store;
};

/* Where the leg is told to send to: media-address is for a NAT that the configuration does not
 * know. Candidates are not touched by it. */
static const union addr *told_address(const struct description *d, unsigned interface)
{
    const union addr *own = &d->leg->call->control->cfg->interfaces[interface].advertise;

    return d->req->media_address.sa.sa_family == own->sa.sa_family ? &d->req->media_address : own;
}

static void write_address(const struct description *d, struct sdp_media_out *m,
                          const struct stream *s)
{
    bool is_muxed = d->is_offer ? s->offers_mux : s->is_muxed;

    m->rtp = *told_address(d, s->interface);
    addr_set_port(&m->rtp, s->port);
    m->has_rtcp_mux = is_muxed;
    m->has_rtcp_address = ng_has(d->req, NG_FLAG_FULL_RTCP_ATTRIBUTE);
    if (ng_has(d->req, NG_FLAG_NO_RTCP_ATTRIBUTE) ||
        (is_muxed && (!d->is_offer || s->requires_mux)))
        return;
    m->rtcp_port = (uint16_t)(s->port + 1);
}

static void write_keys(const struct description *d, struct sdp_media_out *m,
                       struct line_store *store, const struct stream *s)
{
    if (!sdp_proto_is_secure(s->proto))
        return;
    if (d->is_offer ? sdp_proto_is_dtls(s->proto) : handshake_is_used(s)) {
        m->setup = handshake_setup(s, d->is_offer);
        m->fingerprint = handshake_fingerprint(store->fingerprint, s, d->req->dtls_fingerprint);
        return;
    }
    m->crypto = d->is_offer ? s->offered_keys : &s->local;
    m->n_crypto = d->is_offer ? s->n_offered_keys : 1;
    m->has_lifetime = (d->req->sdes & NG_SDES_LIFETIME) || d->leg->dialect != DIALECT_RFC ||
                      (!d->is_offer && s->local.has_lifetime);
    m->is_padded = (d->req->sdes & NG_SDES_PAD) || ng_has(d->req, NG_FLAG_PAD_CRYPTO);
}

/* A Microsoft peer that has chosen wants to see the chosen pair alone (final offer/answer). */
static void write_chosen_pair(struct sdp_media_out *m, struct line_store *store,
                              const struct stream *s)
{
    m->n_candidates = 0;
    for (unsigned i = 0; i < MEDIA_COMPONENTS; i++) {
        if (!s->progress[i].is_selected)
            continue;
        store->candidates[m->n_candidates++] = s->progress[i].local;
        m->remote_candidates[m->n_remote_candidates++] = s->progress[i].remote;
    }
}

/* We have all candidates at once; but a peer that trickles has to hear that it may (RFC 8840
 * s.4.1), and that ours were all. */
static bool trickles(const struct description *d)
{
    const bool is_asked = ng_has(d->req, NG_FLAG_TRICKLE_ICE);

    return d->leg->dialect == DIALECT_RFC &&
           (is_asked || (!d->is_offer && d->leg->doc && d->leg->doc->is_trickling));
}

static void write_ice(const struct description *d, struct sdp_media_out *m,
                      struct line_store *store, const struct stream *s)
{
    const struct sdp_doc *theirs = d->leg->doc;
    struct ice_leg *agent = s->ice->agent;
    unsigned n = (unsigned)s->ice_stream;

    m->has_ice = true;
    m->ice_ufrag = str_of(ice_local_ufrag(agent, n));
    m->ice_pwd = str_of(ice_local_pwd(agent, n));
    m->n_candidates = (unsigned)ice_local_candidates(agent, n, store->candidates, CANDIDATES_MAX);
    if (!d->is_offer && theirs && theirs->media[s->index].n_remote_candidates &&
        s->progress[0].is_selected)
        write_chosen_pair(m, store, s);
    if ((d->is_offer && s->requires_mux) || (!d->is_offer && s->is_muxed)) {
        unsigned kept = 0; /* RFC 5761 s.5.1.3: one component is left */

        for (unsigned i = 0; i < m->n_candidates; i++) {
            if (store->candidates[i].component == 1)
                store->candidates[kept++] = store->candidates[i];
        }
        m->n_candidates = kept;
    }
    m->candidates = store->candidates;
    m->has_end_of_candidates = trickles(d);
}

/* A line keeps the mid that its leg has given it (RFC 5888 s.6, RFC 8829 s.5.2.2); a leg that was
 * offered none may be offered one of ours. */
static void write_mid(const struct description *d, struct sdp_media_out *m, unsigned i)
{
    const struct sdp_doc *theirs = d->leg->doc;
    struct line_store *store = &d->store[i];
    const bool may_be_bundled = !(d->req->bundle & NG_BUNDLE_REJECT);
    const bool is_asked = d->req->bundle & NG_BUNDLE_OFFER;

    if (theirs && i < theirs->n_media && !str_is_empty(theirs->media[i].mid)) {
        m->mid = theirs->media[i].mid;
        m->is_bundled = may_be_bundled && (d->is_offer || sdp_is_bundled(theirs, m->mid));
        return;
    }
    if (!d->is_offer || !(is_asked || ng_has(d->req, NG_FLAG_GENERATE_MID)))
        return;
    (void)re_snprintf(store->mid, sizeof(store->mid), "%u", i + 1);
    m->mid = str_of(store->mid);
    m->is_bundled = may_be_bundled && (is_asked || sdp_proto_is_dtls(m->proto));
}

static void write_line(const struct description *d, unsigned i, const struct describe_line *line,
                       const struct sdp_media *template)
{
    struct sdp_media_out *m = &d->media[i];
    struct stream *s = i < d->leg->n_streams ? d->leg->streams[i] : NULL;

    if (line->is_kept) {
        m->action = SDP_KEEP_LINE;
        return;
    }
    m->action = line->is_rejected || !s || !s->port ? SDP_REJECT : SDP_RELAY;
    m->proto = s ? s->proto : template->proto;
    if (m->action == SDP_REJECT)
        return;
    write_address(d, m, s);
    m->formats = line->formats;
    m->n_formats = line->n_formats;
    m->direction = template->direction;
    m->writes_direction = !ng_has(d->req, NG_FLAG_ORIGINAL_SENDRECV);
    m->ptime_ms = line->ptime_ms;
    write_mid(d, m, i);
    write_keys(d, m, &d->store[i], s);
    if (d->leg->has_ice && s->ice)
        write_ice(d, m, &d->store[i], s);
    m->ssrc = media_stream_ssrc(s->media);
    s->was_used = true;
}

static int write_doc(char *buf, size_t cap, const struct description *d,
                     const struct sdp_doc *template)
{
    unsigned replace = d->req->replace;
    struct sdp_out out = {.dialect = d->leg->dialect,
                          .address = *told_address(d, d->leg->interface),
                          .replace_origin =
                              (replace & (NG_REPLACE_ORIGIN | NG_REPLACE_ORIGIN_FULL)) != 0,
                          .replace_session_name = (replace & NG_REPLACE_SESSION_NAME) != 0,
                          .replace_username = (replace & NG_REPLACE_USERNAME) != 0,
                          .replace_zero_address = (replace & NG_REPLACE_ZERO_ADDRESS) != 0,
                          .origin_version = -1,
                          .media = d->media};

    out.is_ice_lite = d->leg->has_ice && d->leg->ice && d->leg->ice->is_lite;
    out.is_trickling = d->leg->has_ice && trickles(d);
    if (ng_has(d->req, NG_FLAG_LOOP_PROTECT))
        out.loop_mark = str_of(d->leg->call->control->loop_mark);
    if (d->leg->dialect != DIALECT_RFC ||
        (replace & (NG_REPLACE_SDP_VERSION | NG_REPLACE_FORCE_INCREMENT_SDP_VER)))
        out.origin_version = d->leg->sdp_version++;
    return sdp_write(buf, cap, template, &out);
}

int describe_leg(char *buf, size_t cap, struct leg *leg, const struct sdp_doc *template,
                 const struct describe_line *lines, const struct ng_request *req, bool is_offer)
{
    struct description d = {.leg = leg, .req = req, .is_offer = is_offer};
    int n = -ENOMEM;

    transport_await_candidates(leg);
    d.media = mem_zalloc((template->n_media + 1) * sizeof(*d.media), NULL);
    d.store = mem_zalloc((template->n_media + 1) * sizeof(*d.store), NULL);
    if (d.media && d.store) {
        for (unsigned i = 0; i < template->n_media; i++)
            write_line(&d, i, &lines[i], &template->media[i]);
        n = write_doc(buf, cap, &d, template);
    }
    mem_deref(d.media);
    mem_deref(d.store);
    return n;
}
