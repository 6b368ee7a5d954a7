#include "relay/control/transport/keys.h"

#include <errno.h>
#include <string.h>

#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/transport/handshake.h"

/* What we offer of ourselves, best first. AES_CM_128_HMAC_SHA1_80 is what every SDES peer has;
 * AES-256 and AES-GCM are for those who ask for them, in the offer or in the request. */
static const enum srtp_suite_id own_suites[] = {
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_32,
};

/** Suites in order of preference, each once. */
struct suites {
    enum srtp_suite_id v[CALL_KEYS_MAX];
    unsigned n;
};

static bool list_has(const struct ng_strings *list, const char *name)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (str_equal_nocase(list->v[i], str_of(name)))
            return true;
    }
    return false;
}

static bool suite_is_wanted(enum srtp_suite_id suite, const struct ng_request *req,
                            enum config_dialect dialect)
{
    const char *name = srtp_suite_sdp_name(suite);

    if (dialect != DIALECT_RFC && dialect != DIALECT_AUTO)
        return suite == SRTP_SUITE_AES_CM_128_HMAC_SHA1_80; /* MS-SDPEXT knows no other */
    if (req->sdes_only.n)
        return list_has(&req->sdes_only, name);
    return !list_has(&req->sdes_no, name);
}

static void add_suite(struct suites *list, enum srtp_suite_id suite, const struct stream *s,
                      const struct ng_request *req)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (list->v[i] == suite)
            return;
    }
    if (suite != SRTP_SUITE_NONE && list->n < CALL_KEYS_MAX &&
        suite_is_wanted(suite, req, s->leg->dialect))
        list->v[list->n++] = suite;
}

static void add_named(struct suites *list, const struct ng_strings *names, const struct stream *s,
                      const struct ng_request *req)
{
    for (unsigned i = 0; i < names->n; i++)
        add_suite(list, srtp_suite_find(names->v[i]), s, req);
}

static bool line_has(const struct sdp_media *m, enum srtp_suite_id suite)
{
    for (unsigned i = 0; i < m->n_crypto; i++) {
        if (!m->crypto[i].is_scale && m->crypto[i].keys.suite == suite)
            return true;
    }
    return false;
}

/* First what the request puts first (order:), then ours, then what else the offerer has, then what
 * the request alone names (only-). With nonew nothing that the offerer has not. */
static void choose_suites(struct suites *list, const struct stream *s,
                          const struct sdp_media *theirs, const struct ng_request *req)
{
    struct suites all = {.n = 0};

    add_named(&all, &req->sdes_order, s, req);
    for (unsigned i = 0; i < sizeof(own_suites) / sizeof(own_suites[0]); i++)
        add_suite(&all, own_suites[i], s, req);
    for (unsigned i = 0; i < theirs->n_crypto; i++) {
        if (!theirs->crypto[i].is_scale)
            add_suite(&all, theirs->crypto[i].keys.suite, s, req);
    }
    add_named(&all, &req->sdes_only, s, req);
    for (unsigned i = 0; i < all.n; i++) {
        if (!(req->sdes & NG_SDES_NONEW) || line_has(theirs, all.v[i]))
            list->v[list->n++] = all.v[i];
    }
}

int keys_offer(struct stream *s, const struct sdp_media *theirs, const struct ng_request *req)
{
    struct suites suites = {.n = 0};

    if (s->n_offered_keys)
        return 0;
    /* an answerer that now is offered something */
    if (s->local.keys.suite != SRTP_SUITE_NONE && !handshake_is_used(s)) {
        s->offered_keys[s->n_offered_keys] = s->local;
        s->offered_keys[s->n_offered_keys++].tag = 1;
        return 0;
    }
    choose_suites(&suites, s, theirs, req);
    for (unsigned i = 0; i < suites.n; i++) {
        if (srtp_keys_random(&s->offered_keys[i].keys, suites.v[i]))
            return EIO;
        s->offered_keys[i].tag = ++s->n_offered_keys;
    }
    return s->n_offered_keys ? 0 : ENOTSUP;
}

int keys_answer(struct stream *s, const struct sdp_media *offer)
{
    int i = lync_choose_crypto(offer);
    const struct sdp_crypto *line = i < 0 ? NULL : &offer->crypto[i];

    if (!line)
        return ENOENT;
    if (s->local.keys.suite != line->keys.suite &&
        srtp_keys_random(&s->local.keys, line->keys.suite))
        return EIO;
    s->local.tag = line->tag;
    s->local.has_lifetime = line->has_lifetime;
    /* an MKI on their line is one that they look for on the wire */
    memcpy(s->local.keys.mki, line->keys.mki, sizeof(line->keys.mki));
    s->local.keys.mki_len = line->keys.mki_len;
    s->remote = line->keys;
    return 0;
}

int keys_accept(struct stream *s, const struct sdp_media *answer)
{
    for (unsigned i = 0; i < answer->n_crypto; i++) {
        const struct sdp_crypto *theirs = &answer->crypto[i];

        for (unsigned k = 0; k < s->n_offered_keys; k++) {
            const struct sdp_crypto *ours = &s->offered_keys[k];

            if (theirs->is_scale || theirs->tag != ours->tag ||
                theirs->keys.suite != ours->keys.suite)
                continue;
            s->local = *ours;
            s->remote = theirs->keys;
            return 0;
        }
    }
    return ENOENT;
}

void keys_none(struct stream *s)
{
    explicit_bzero(&s->remote, sizeof(s->remote));
    explicit_bzero(&s->local, sizeof(s->local));
}
