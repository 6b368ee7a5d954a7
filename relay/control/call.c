#include "relay/control/call.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/apply.h"
#include "relay/control/status/report.h"
#include "relay/control/transport/socket.h"
#include "relay/control/timeouts.h"
#include "relay/control/transport/handshake.h"

static char *dup_str(struct str s)
{
    char *copy = mem_zalloc(s.n + 1, NULL);

    if (copy && s.n)
        memcpy(copy, s.p, s.n);
    return copy;
}

/* ---- stream -----------------------------------------------------------------------------------
 */

static void stream_destructor(void *data)
{
    struct stream *s = data;

    mem_deref(s->early_hello);
    mem_deref(s->offered);
    mem_deref(s->progress);
    mem_deref(s->transcoder_config);
    explicit_bzero(s->offered_keys, sizeof(s->offered_keys));
    explicit_bzero(&s->local, sizeof(s->local));
    explicit_bzero(&s->remote, sizeof(s->remote));
    mem_deref(s->ice);
}

static int stream_alloc(struct stream **sp, struct leg *leg, unsigned index)
{
    struct stream *s = mem_zalloc(sizeof(*s), stream_destructor);

    if (!s)
        return ENOMEM;
    s->control = leg->call->control;
    s->leg = leg;
    s->index = index;
    s->interface = leg->interface;
    s->fd[MEDIA_RTP] = s->fd[MEDIA_RTCP] = -1;
    s->ice_stream = -1;
    *sp = s;
    return 0;
}

/* A port that nobody was told about need not rest. */
static void stream_release_ports(struct stream *s)
{
    struct port_pool *pool = s->control->pools[s->interface];

    if (s->was_used)
        port_pool_release(pool, s->port, clock_now_us());
    else
        port_pool_forget(pool, s->port);
    s->port = 0;
}

void stream_released(struct stream *s)
{
    struct control *c = s->control;

    media_stream_free(s->media);
    s->media = NULL;
    if (s->ice) {
        ice_leg_remove_stream(s->ice->agent, (unsigned)s->ice_stream);
    } else {
        socket_close(&s->fd[MEDIA_RTP]);
        socket_close(&s->fd[MEDIA_RTCP]);
    }
    if (s->port)
        stream_release_ports(s);
    c->n_releasing--;
    mem_deref(s);
}

void stream_close(struct stream *s)
{
    struct control *c = s->control;
    struct media_stats stats;

    handshake_end(s);
    s->leg = NULL;
    if (s->ice && s->ice_stream < ICE_STREAMS_MAX)
        s->ice->streams[s->ice_stream] = NULL;
    if (s->transcodes)
        c->n_transcoders--;
    if (!s->media) {
        mem_deref(s);
        return;
    }
    media_stream_stats(s->media, &stats);
    totals_add_stream(&c->totals, s->interface, &stats);
    c->n_streams--;
    c->n_releasing++;
    if (s->was_used && c->cfg->port_rest_s) /* the socket will be closed long before it is free */
        stream_release_ports(s);
    media_stream_remove(s->media);
}

struct stream *stream_peer(const struct stream *s)
{
    const struct leg *peer = s->leg ? s->leg->peer : NULL;

    return peer && s->index < peer->n_streams ? peer->streams[s->index] : NULL;
}

/* ---- leg --------------------------------------------------------------------------------------
 */

static void leg_destructor(void *data)
{
    struct leg *leg = data;

    list_unlink(&leg->le);
    for (unsigned i = 0; i < leg->n_streams; i++)
        mem_deref(leg->streams[i]);
    mem_deref(leg->streams);
    sdp_free(leg->doc);
    mem_deref(leg->ice);
    mem_deref(leg->tag);
    mem_deref(leg->alias);
    mem_deref(leg->via_branch);
    mem_deref(leg->remote_ufrag);
    mem_deref(leg->certificate);
}

int leg_alloc(struct leg **legp, struct call *call, struct str tag, struct str via_branch,
              unsigned interface)
{
    struct leg *leg = mem_zalloc(sizeof(*leg), leg_destructor);

    if (!leg)
        return ENOMEM;
    leg->call = call;
    leg->interface = interface;
    leg->dialect_why = "not known yet";
    leg->certificate = mem_ref(call->control->certificate); /* a new one is for new legs */
    if (!str_is_empty(tag))
        leg->tag = dup_str(tag);
    if (!str_is_empty(via_branch))
        leg->via_branch = dup_str(via_branch);
    if ((!str_is_empty(tag) && !leg->tag) || (!str_is_empty(via_branch) && !leg->via_branch)) {
        mem_deref(leg);
        return ENOMEM;
    }
    list_append(&call->legs, &leg->le, leg);
    *legp = leg;
    return 0;
}

static void leg_close_streams(struct leg *leg)
{
    leg_set_doc(leg, NULL); /* it tells of streams that there are no more */
    for (unsigned i = 0; i < leg->n_streams; i++)
        stream_close(leg->streams[i]);
    leg->n_streams = 0;
    leg->streams = mem_deref(leg->streams);
    leg->ice = mem_deref(leg->ice);
    leg->has_ice = false;
    leg->remote_ufrag = mem_deref(leg->remote_ufrag);
}

void leg_end(struct leg *leg)
{
    struct le *le;

    for (le = leg->call->legs.head; le; le = le->next) {
        struct leg *other = le->data;

        if (other->peer == leg)
            other->peer = NULL;
    }
    leg_unplug(leg, NULL); /* nothing may point to what goes away */
    apply_mute(leg);
    leg_close_streams(leg);
    mem_deref(leg);
}

bool leg_has_tag(const struct leg *leg, struct str tag)
{
    return (leg->tag && str_equal(str_of(leg->tag), tag)) ||
           (leg->alias && str_equal(str_of(leg->alias), tag));
}

void leg_follow_doc(struct leg *leg, const struct leg *offered)
{
    struct le *le;

    /* what the others were offered borrows from the old document */
    for (le = leg->call->legs.head; le; le = le->next) {
        struct leg *other = le->data;

        for (unsigned i = 0; other != leg && other != offered && i < other->n_streams; i++)
            other->streams[i]->n_offered = 0;
    }
    for (unsigned i = leg->doc ? leg->doc->n_media : 0; i < leg->n_streams; i++) {
        if (leg->streams[i]->is_active) /* an active stream has its m= line */
            apply_mute_stream(leg->streams[i]);
    }
}

void leg_set_doc(struct leg *leg, struct sdp_doc *doc)
{
    struct sdp_doc *former = leg->doc;

    leg->doc = doc;
    leg_follow_doc(leg, NULL);
    sdp_free(former);
}

/* An offer makes its sender the peer of whom it is for, while their former partners are still
 * heard: `peer` does not tell who sends to whom. */
void leg_unplug(struct leg *leg, const struct leg *but)
{
    struct le *le;

    for (le = leg->call->legs.head; le; le = le->next) {
        struct leg *other = le->data;

        for (unsigned i = 0; other != but && i < other->n_streams; i++) {
            struct stream *s = other->streams[i];

            if (!s->sink || s->sink->leg != leg)
                continue;
            s->sink = NULL;
            apply_mute_stream(s);
        }
    }
}

void leg_set_source(struct leg *leg, const struct ng_request *req)
{
    leg->received_from = req->received_from;
    leg->trusts_source = ng_has(req, NG_FLAG_SIP_SOURCE_ADDRESS);
    leg->is_strict = ng_has(req, NG_FLAG_STRICT_SOURCE);
}

int leg_grow(struct leg *leg, unsigned n)
{
    struct stream **grown;

    if (n <= leg->n_streams)
        return 0;
    grown = mem_reallocarray(leg->streams, n, sizeof(struct stream *), NULL);
    if (!grown)
        return ENOMEM;
    leg->streams = grown;
    while (leg->n_streams < n) {
        int err = stream_alloc(&grown[leg->n_streams], leg, leg->n_streams);

        if (err)
            return err;
        leg->n_streams++;
    }
    return 0;
}

/* ---- call -------------------------------------------------------------------------------------
 */

static void call_destructor(void *data)
{
    struct call *call = data;

    list_flush(&call->legs);
    list_flush(&call->fragments);
    hash_unlink(&call->hash_le);
    list_unlink(&call->queue_le);
    mem_deref(call->id);
    mem_deref(call->metadata);
    mem_deref(call->who.peer_fqdn);
    mem_deref(call->who.remote_user);
    mem_deref(call->who.enterprise_user);
}

static bool has_id(struct le *le, void *arg)
{
    const struct call *call = le->data;

    return str_equal(str_of(call->id), *(const struct str *)arg);
}

static uint32_t id_hash(const struct control *c, struct str id)
{
    return (uint32_t)siphash(&c->calls_key, id.p, id.n);
}

struct call *call_find(const struct control *c, struct str id)
{
    struct le *le = hash_lookup(c->calls, id_hash(c, id), has_id, &id);

    return le ? le->data : NULL;
}

int call_alloc(struct call **callp, struct control *c, struct str id, uint64_t now_us)
{
    struct call *call = mem_zalloc(sizeof(*call), call_destructor);

    if (!call)
        return ENOMEM;
    call->control = c;
    call->id = dup_str(id);
    if (!call->id) {
        mem_deref(call);
        return ENOMEM;
    }
    call->worker = media_pick_worker(c->media);
    call->tos = c->cfg->tos;
    call->created_us = now_us;
    call->created_wall_us = call->last_signal_wall_us = clock_wall_us();
    hash_append(c->calls, id_hash(c, id), &call->hash_le, call);
    timeouts_watch(call, now_us);
    c->n_live++;
    *callp = call;
    return 0;
}

void call_end(struct call *call, enum record_end end, unsigned delay_s)
{
    struct control *c = call->control;
    struct le *le;

    if (call->is_ended)
        return;
    call->is_ended = true;
    call->end = end;
    call->ended_us = clock_now_us();
    report_call_ended(call);

    /* first nothing points to a stream any more, then the streams go */
    for (le = call->legs.head; le; le = le->next)
        apply_mute(le->data);
    for (le = call->legs.head; le; le = le->next) {
        struct leg *leg = le->data;

        leg->peer = NULL;
        leg_close_streams(leg);
    }
    c->n_live--;
    timeouts_expire(call, call->ended_us + delay_s * 1000000ull);
}

void call_revive(struct call *call, uint64_t now_us)
{
    call->is_ended = false;
    call->answered_us = 0;
    call->created_us = now_us;
    call->worker = media_pick_worker(call->control->media);
    call->control->n_live++;
    timeouts_watch(call, now_us);
}
