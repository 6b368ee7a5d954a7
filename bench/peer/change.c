#include "bench/peer/internal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bench/peer/codecs.h"

/* A call that is up changes: RFC 3264 s.8, RFC 8445 s.9. */

static bool is_up(const struct peer *p)
{
    return p->receiver != NULL;
}

static bool has_same_key(const struct peer_description *a, const struct peer_description *b)
{
    const struct peer_crypto *x = peer_sdp_crypto_choose(a), *y = peer_sdp_crypto_choose(b);

    if (!x || !y)
        return !x && !y;
    return x->tag == y->tag && memcmp(x->key, y->key, sizeof(x->key)) == 0;
}

/* What the other end says now becomes what goes. */
static int change_take(struct peer *p, const struct peer_description *before)
{
    bool is_new_ufrag = strcmp(before->ufrag, p->remote.ufrag) != 0;
    int err = 0;

    if (p->udp)
        err = peer_udp_connect(p->udp, &p->remote);
    else if (is_new_ufrag)
        err = peer_ice_connect(p->ice, &p->remote);
    return err ? err : peer_media_change(p);
}

static void move_to_front(struct peer_description *d, unsigned i)
{
    const struct peer_format f = d->formats[i];

    memmove(d->formats + 1, d->formats, i * sizeof(f));
    d->formats[0] = f;
}

/* The codec alone, beside what is no codec: whatever the other end prefers, it is this one then. */
static int only_offer(struct peer *p, const char *name)
{
    struct peer_description *d = &p->local;
    bool is_there = false;
    unsigned n = 0;

    for (unsigned i = 0; i < p->own.n_formats; i++)
        is_there = is_there || (strcasecmp(p->own.formats[i].spec.name, name) == 0 &&
                                codec_find(&p->own.formats[i].spec));
    if (!is_there)
        return ENOENT;
    for (unsigned i = 0; i < p->own.n_formats; i++) {
        const struct peer_format *f = &p->own.formats[i];

        if (!codec_find(&f->spec) || strcasecmp(f->spec.name, name) == 0)
            d->formats[n++] = *f;
    }
    d->n_formats = n;
    return 0;
}

const char *peer_next_codec(const struct peer *p)
{
    const struct peer_description *own = &p->own;
    unsigned at = 0;

    if (!p->sender)
        return NULL;
    while (at < own->n_formats && !codec_same(&own->formats[at].spec, peer_sender_codec(p->sender)))
        at++;
    for (unsigned i = 1; i < own->n_formats; i++) {
        const struct peer_format *f = &own->formats[(at + i) % own->n_formats];

        if (codec_find(&f->spec))
            return f->spec.name;
    }
    return NULL;
}

/* Who asks for another codec in a call puts it first; we follow, though our own order decided on
 * the first answer. RFC 3264 s.6.1: the same order as in the offer is recommended. */
static void order_follow(struct peer_description *own, const struct peer_description *offer)
{
    const struct peer_format *wanted = peer_codecs_audio(offer, own);

    for (unsigned i = 0; wanted && i < own->n_formats; i++)
        if (codec_same(&own->formats[i].spec, &wanted->spec)) {
            move_to_front(own, i);
            return;
        }
}

int peer_change_answer(struct peer *p, const char *offer, size_t n, char *answer, size_t cap)
{
    const struct peer_description before = p->remote;

    int err = peer_sdp_read(&p->remote, offer, n);
    if (!err)
        order_follow(&p->own, &p->remote);
    if (!err)
        err = peer_codecs_answer(&p->local, &p->own, &p->remote);
    if (!err && !has_same_key(&before, &p->remote))
        err = peer_keys_answer(p);
    /* RFC 8445 s.9: new credentials in an offer are answered with new ones */
    if (!err && p->ice && strcmp(before.ufrag, p->remote.ufrag) != 0)
        err = peer_ice_restart(p->ice);
    if (err)
        return err;
    if (p->ice)
        peer_ice_describe(p->ice, &p->local);
    p->is_offerer = false;
    peer_answer_mirror(p);
    p->local.version++;
    if (peer_sdp_write(answer, cap, &p->local, p->cfg.dialect, NULL) < 0)
        return ENOSPC;
    return change_take(p, &before);
}

int peer_change_take_answer(struct peer *p, const char *answer, size_t n)
{
    const struct peer_description before = p->remote;

    int err = peer_sdp_read(&p->remote, answer, n);
    if (!err && !p->remote.port)
        err = ECONNREFUSED;
    if (!err && !has_same_key(&before, &p->remote))
        err = peer_keys_take(p);
    return err ? err : change_take(p, &before);
}

int peer_reoffer(struct peer *p, const struct peer_change *change, char *sdp, size_t cap)
{
    if (!is_up(p))
        return ENOTCONN;
    int err = change->only ? only_offer(p, change->only) : 0;
    if (!err && change->is_restart && p->ice)
        err = peer_ice_restart(p->ice);
    if (err)
        return err;
    if (p->ice)
        peer_ice_describe(p->ice, &p->local);
    if (change->is_final && p->ice)
        err = peer_ice_describe_chosen(p->ice, &p->local);
    if (err)
        return err;
    p->is_offerer = true;
    p->local.direction = change->direction;
    p->local.n_media = 0;
    p->local.version++;
    return peer_sdp_write(sdp, cap, &p->local, p->cfg.dialect, p->extra_media) < 0 ? ENOSPC : 0;
}
