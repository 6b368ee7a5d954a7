#include "bench/peer/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The a=crypto lines of a peer and what follows from them: RFC 4568, MS-SDPEXT; or its DTLS. */

/* ---- DTLS -------------------------------------------------------------------------------------
 */

static void dtls_send_h(const uint8_t *datagram, size_t n, void *arg)
{
    (void)peer_media_send(arg, 1, datagram, n); /* what is lost is sent again */
}

static void dtls_up_h(struct peer_srtp *srtp, void *arg)
{
    struct peer *p = arg;

    peer_srtp_free(p->srtp);
    p->srtp = srtp;
    peer_talk_start(p);
}

int peer_keys_open_dtls(struct peer *p)
{
    struct peer_dtls_config cfg = {
        .loop = p->cfg.loop,
        .profiles = p->cfg.dtls_profiles,
        .is_forged = p->cfg.is_forged,
        .send_h = dtls_send_h,
        .up_h = dtls_up_h,
        .arg = p,
    };

    return peer_dtls_alloc(&p->dtls, &cfg);
}

static int dtls_offer(struct peer *p)
{
    struct peer_description *d = &p->local;

    snprintf(d->fingerprint, sizeof(d->fingerprint), "%s", peer_dtls_fingerprint(p->dtls));
    snprintf(d->setup, sizeof(d->setup), "%s", *p->setup ? p->setup : "actpass");
    snprintf(d->mid, sizeof(d->mid), "0");
    snprintf(d->bundle, sizeof(d->bundle), "0");
    return 0;
}

static int dtls_answer(struct peer *p)
{
    struct peer_description *d = &p->local;
    const bool may_choose = strcmp(p->remote.setup, "actpass") == 0;
    const char *setup = may_choose && *p->setup                  ? p->setup
                        : strcmp(p->remote.setup, "active") == 0 ? "passive"
                                                                 : "active";

    if (!peer_sdp_is_dtls(&p->remote) || !*p->remote.fingerprint)
        return EPERM;
    snprintf(d->fingerprint, sizeof(d->fingerprint), "%s", peer_dtls_fingerprint(p->dtls));
    snprintf(d->setup, sizeof(d->setup), "%s", setup);
    memcpy(d->profile, p->remote.profile, sizeof(d->profile));
    memcpy(d->mid, p->remote.mid, sizeof(d->mid));
    memcpy(d->bundle, p->remote.bundle, sizeof(d->bundle));
    peer_dtls_set_remote(p->dtls, strcmp(setup, "passive") == 0, p->remote.fingerprint);
    return 0;
}

static int dtls_take(struct peer *p)
{
    if (!peer_sdp_is_dtls(&p->remote) || !*p->remote.fingerprint)
        return EPERM;
    peer_dtls_set_remote(p->dtls, strcmp(p->remote.setup, "passive") != 0, p->remote.fingerprint);
    return 0;
}

/* ---- SDES -------------------------------------------------------------------------------------
 */

int peer_keys_offer(struct peer *p)
{
    struct peer_description *d = &p->local;
    bool is_triple = p->cfg.keys == PEER_KEYS_TRIPLE;
    int err = 0;

    if (p->cfg.keys == PEER_KEYS_NONE)
        return 0;
    if (p->dtls)
        return dtls_offer(p);
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

    if (p->dtls)
        return dtls_answer(p);
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

    if (p->dtls)
        return dtls_take(p);
    if (!peer_sdp_is_secure(&p->remote))
        return peer_sdp_is_secure(&p->local) ? EPERM : 0;
    const struct peer_crypto *ours = theirs ? crypto_by_tag(&p->local, theirs->tag) : NULL;
    if (!ours || (ours->n_mki > 0) != (theirs->n_mki > 0))
        return EPERM;
    peer_srtp_free(p->srtp);
    p->srtp = NULL;
    return peer_srtp_alloc(&p->srtp, ours, theirs);
}
