#include "bench/loopback/session.h"

/* The devices of a session: which are used, and by whom. */

static bool uses(const struct session *s, enum card_way way)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct plan_end *e = &s->plan->end[i];

        if (plan_has(s->plan, i) &&
            (way == CARD_CAPTURE ? e->mouth.kind == MOUTH_MICROPHONE : e->has_speaker))
            return true;
    }
    return false;
}

static void feed_connect(struct session *s, enum card_way way, uint64_t latency_us)
{
    struct feed *feed = s->has_feed[way] ? &s->feed[way] : NULL;

    for (unsigned i = 0; i < 2; i++) {
        if (s->end[i].mouth && way == CARD_CAPTURE)
            mouth_connect(s->end[i].mouth, feed, latency_us);
        if (s->end[i].ear && way == CARD_PLAYBACK && s->plan->end[i].has_speaker)
            ear_connect(s->end[i].ear, feed, latency_us);
    }
}

static void presence_tell(struct session *s, enum card_way way, const struct card_status *status)
{
    if (s->state_told[way] == status->state)
        return;
    if (status->state == CARD_GONE)
        session_tell(s, "%s is gone: %s", status->name, status->why);
    else if (s->state_told[way] == CARD_GONE)
        session_tell(s, "%s is back", status->name);
    s->state_told[way] = status->state;
}

/* Follows a device that came, at whatever rate it came. Counters go on. */
static void card_follow(struct session *s, enum card_way way)
{
    struct card_status status = cards_status(s->cards, way);
    struct feed *f = &s->feed[way];
    struct feed_counts counts = f->counts;

    if (status.state == CARD_RUNNING && (!s->has_feed[way] || f->device_hz != status.rate_hz)) {
        feed_close(f);
        int err = way == CARD_CAPTURE
                      ? feed_open_capture(f, cards_ring(s->cards, way), status.rate_hz)
                      : feed_open_playback(f, cards_ring(s->cards, way), status.rate_hz);
        s->has_feed[way] = !err;
        f->counts = counts;
    }
    feed_connect(s, way, status.latency_us);
    if (way == CARD_PLAYBACK && s->has_feed[way] && status.gaps > s->gaps_seen[way])
        feed_deepen(f);
    s->gaps_seen[way] = status.gaps;
    presence_tell(s, way, &status);
}

int session_devices_open(struct session *s)
{
    struct cards_config cfg = {
        .is_used = {uses(s, CARD_CAPTURE), uses(s, CARD_PLAYBACK)},
        .name = {s->o->device_in, s->o->device_out},
        .rate_hz = {s->o->rate_in, s->o->rate_out},
    };

    s->at = STEP_DEVICES;
    if (!cfg.is_used[CARD_CAPTURE] && !cfg.is_used[CARD_PLAYBACK])
        return 0;
    quiet_begin(&s->quiet);
    return cards_open(&s->cards, &cfg, s->problem);
}

void session_devices_begin(struct session *s)
{
    for (unsigned way = 0; way < 2 && s->cards; way++) {
        if (!uses(s, way))
            continue;
        if (way == CARD_CAPTURE) /* what was captured before there was a call */
            (void)ring_skip(cards_ring(s->cards, way), ring_fill(cards_ring(s->cards, way)));
        s->gaps_before[way] = s->gaps_seen[way] = cards_status(s->cards, way).gaps;
        card_follow(s, way);
    }
}

void session_devices_follow(struct session *s)
{
    for (unsigned way = 0; way < 2 && s->cards; way++)
        if (uses(s, way))
            card_follow(s, way);
}
