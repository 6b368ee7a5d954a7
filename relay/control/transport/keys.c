#include "relay/control/transport/keys.h"

#include <errno.h>
#include <string.h>

#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/transport/handshake.h"

/* What we offer, best first. AES_CM_128_HMAC_SHA1_80 is what every SDES peer has. */
static const enum srtp_suite_id offered_suites[] = {
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
    SRTP_SUITE_AES_CM_128_HMAC_SHA1_32,
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

int keys_offer(struct stream *s, const struct ng_request *req)
{
    if (s->n_offered_keys)
        return 0;
    if (s->local.keys.suite != SRTP_SUITE_NONE && !handshake_is_used(s)) { /* an answerer that now is offered something */
        s->offered_keys[s->n_offered_keys] = s->local;
        s->offered_keys[s->n_offered_keys++].tag = 1;
        return 0;
    }
    for (unsigned i = 0; i < sizeof(offered_suites) / sizeof(offered_suites[0]); i++) {
        struct sdp_crypto *line = &s->offered_keys[s->n_offered_keys];

        if (!suite_is_wanted(offered_suites[i], req, s->leg->dialect))
            continue;
        if (srtp_keys_random(&line->keys, offered_suites[i]))
            return EIO;
        line->tag = ++s->n_offered_keys;
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
