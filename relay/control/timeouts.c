#include "relay/control/timeouts.h"

#include "relay/clock.h"
#include "relay/control/transport/ice_news.h"

#define LOOK_MIN_US 250000u
#define LOOK_MAX_US 5000000u

/* Often enough that a timeout is at most a quarter late. */
static uint64_t look_interval_us(const struct config *cfg)
{
    uint64_t shortest_s = cfg->media_timeout_s;

    if (cfg->offer_timeout_s < shortest_s)
        shortest_s = cfg->offer_timeout_s;
    if (cfg->silent_timeout_s < shortest_s)
        shortest_s = cfg->silent_timeout_s;
    if (shortest_s * 250000 < LOOK_MIN_US)
        return LOOK_MIN_US;
    return shortest_s * 250000 > LOOK_MAX_US ? LOOK_MAX_US : shortest_s * 250000;
}

void timeouts_watch(struct call *call, uint64_t now_us)
{
    struct control *c = call->control;

    list_unlink(&call->queue_le);
    call->check_us = now_us + look_interval_us(c->cfg);
    list_append(&c->live, &call->queue_le, call);
}

static bool expires_after(const struct le *le, uint64_t time_us)
{
    return ((const struct call *)le->data)->expire_us > time_us;
}

void timeouts_expire(struct call *call, uint64_t expire_us)
{
    struct control *c = call->control;
    struct le *le = c->ended.tail;

    list_unlink(&call->queue_le);
    call->expire_us = expire_us;
    if (!le || expires_after(c->ended.head, expire_us)) { /* a delay of 0 */
        list_prepend(&c->ended, &call->queue_le, call);
        return;
    }
    while (expires_after(le, expire_us)) /* most have the default delay: the tail is the place */
        le = le->prev;
    list_insert_after(&c->ended, le, &call->queue_le, call);
}

/* The last sign of life on any stream, and whether somebody still should send. */
struct activity {
    uint64_t last_us;
    bool expects_media;
};

static void look_at_leg(struct activity *a, const struct leg *leg)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        const struct stream *s = leg->streams[i];
        struct media_stats stats;

        if (!s->media || !s->is_active)
            continue;
        media_stream_stats(s->media, &stats);
        for (unsigned k = 0; k < MEDIA_COMPONENTS; k++) {
            if (stats.last_in_us[k] > a->last_us)
                a->last_us = stats.last_in_us[k];
        }
        if (leg->doc->media[i].direction & SDP_SENDONLY)
            a->expects_media = true;
    }
}

/* Silence has a cause that ICE may know. */
static enum record_end why_silent(const struct call *call)
{
    if (ice_news_is_lost(call))
        return RECORD_END_CONSENT_LOST;
    return ice_news_has_failed(call) ? RECORD_END_ICE_FAILED : RECORD_END_MEDIA_TIMEOUT;
}

static void look_at_call(struct call *call, uint64_t now_us)
{
    const struct config *cfg = call->control->cfg;
    struct activity a = {.last_us = call->answered_us};
    struct le *le;
    uint64_t limit_s;

    if (!call->answered_us) {
        if (now_us - call->created_us >= cfg->offer_timeout_s * 1000000ull)
            call_end(call, RECORD_END_OFFER_TIMEOUT, 0);
        return;
    }
    for (le = call->legs.head; le; le = le->next)
        look_at_leg(&a, le->data);
    limit_s = a.expects_media ? cfg->media_timeout_s : cfg->silent_timeout_s;
    if (now_us > a.last_us && now_us - a.last_us >= limit_s * 1000000)
        call_end(call, a.expects_media ? why_silent(call) : RECORD_END_SILENT_TIMEOUT, 0);
}

static void look_at_live(struct control *c, uint64_t now_us)
{
    while (c->live.head) {
        struct call *call = c->live.head->data;

        if (call->check_us > now_us)
            return;
        look_at_call(call, now_us);
        if (!call->is_ended)
            timeouts_watch(call, now_us);
    }
}

void timeouts_run(struct control *c, uint64_t now_us)
{
    look_at_live(c, now_us);
    while (c->ended.head) {
        struct call *call = c->ended.head->data;

        if (call->expire_us > now_us)
            return;
        mem_deref(call);
    }
}
