#include "bench/peer/internal.h"

#include <errno.h>
#include <stdio.h>

/* The a=crypto lines of a peer and what follows from them: RFC 4568, MS-SDPEXT. */

int peer_keys_offer(struct peer *p)
{
    struct peer_description *d = &p->local;
    bool is_triple = p->cfg.keys == PEER_KEYS_TRIPLE;
    int err = 0;

    if (p->cfg.keys == PEER_KEYS_NONE)
        return 0;
    if (p->cfg.keys == PEER_KEYS_ONE || p->cfg.keys == PEER_KEYS_MKI) {
        d->n_cryptos = 1;
        return peer_crypto_make(&d->cryptos[0], 1, p->cfg.keys == PEER_KEYS_MKI);
    }
    for (uint32_t i = 0; i < 3 && is_triple && !err; i++)
        err = peer_crypto_make(&d->cryptos[i], i + 1, i < 2);
    d->cryptos[0].is_scale = true;
    d->n_cryptos = 3;
    return err;
}

static const struct peer_crypto *crypto_by_tag(const struct peer_description *d, uint32_t tag)
{
    for (unsigned i = 0; i < d->n_cryptos; i++)
        if (!d->cryptos[i].is_scale && d->cryptos[i].tag == tag)
            return &d->cryptos[i];
    return NULL;
}

/* RFC 4568 s.5.1.2: the answer repeats the tag that it chose and brings a key of its own. */
int peer_keys_answer(struct peer *p)
{
    const struct peer_crypto *theirs = peer_sdp_crypto_choose(&p->remote);
    bool must = peer_sdp_is_secure(&p->remote);

    p->local.n_cryptos = 0;
    peer_srtp_free(p->srtp);
    p->srtp = NULL;
    if (p->cfg.keys == PEER_KEYS_NONE || !theirs) {
        snprintf(p->local.profile, sizeof(p->local.profile), "RTP/AVP");
        return must ? EPERM : 0;
    }
    int err = peer_crypto_make(&p->local.cryptos[0], theirs->tag, theirs->n_mki);
    if (err)
        return err;
    p->local.n_cryptos = 1;
    p->local.cryptos[0].mki = theirs->mki;
    /* RTP/AVP with keys asks for encryption if we can: accepted by RTP/SAVP, MS-SDPEXT */
    snprintf(p->local.profile, sizeof(p->local.profile), "%s",
             must ? p->remote.profile : "RTP/SAVP");
    return peer_srtp_alloc(&p->srtp, &p->local.cryptos[0], theirs);
}

/* The keys that the answer chose among ours. */
int peer_keys_take(struct peer *p)
{
    const struct peer_crypto *theirs = peer_sdp_crypto_choose(&p->remote);

    if (!peer_sdp_is_secure(&p->remote))
        return peer_sdp_is_secure(&p->local) ? EPERM : 0;
    const struct peer_crypto *ours = theirs ? crypto_by_tag(&p->local, theirs->tag) : NULL;
    if (!ours || (ours->n_mki > 0) != (theirs->n_mki > 0))
        return EPERM;
    peer_srtp_free(p->srtp);
    p->srtp = NULL;
    return peer_srtp_alloc(&p->srtp, ours, theirs);
}
