#include "codec/playout.h"

#include <errno.h>
#include <string.h>

enum {
    /* RFC 3550 A.1: how far a number may be off and still be of the same sequence */
    DROPOUT_MAX = 3000,
    MISORDER_MAX = 100,
    /* A silence cannot have lasted longer than the time since the packet before it, give or take
     * what a network delays; else the sender's clock jumped. */
    SILENCE_SLACK_US = 2000000,
    /* A restart after a shorter pause is taken as seamless. */
    PAUSE_MIN_US = 200000,
    /* Packets that arrive in the wrong order are often read in one batch, at one time. */
    OVERTAKEN_LEAST_US = 5000,
};

void playout_init(struct playout *p, uint64_t window_us)
{
    memset(p, 0, sizeof(*p));
    p->window_us = window_us ? window_us : PLAYOUT_WINDOW_US;
}

static struct playout_slot *held(struct playout *p, unsigned i)
{
    return &p->slots[p->order[i]];
}

/* How far seq is after the number that is due; negative: before it. */
static int distance(const struct playout *p, uint16_t seq)
{
    return (int16_t)(uint16_t)(seq - p->next_seq);
}

static uint64_t us_of_ticks(uint64_t ticks, uint32_t clock_hz)
{
    return ticks * 1000000 / clock_hz;
}

static uint32_t pause_before_restart(const struct playout *p, uint32_t clock_hz, uint64_t now_us)
{
    const uint64_t elapsed_us = now_us - p->last_us;
    const uint64_t played_us = p->has_clock ? us_of_ticks(p->last_ticks, p->clock_hz) : 0;

    if (!p->is_started || elapsed_us < played_us + PAUSE_MIN_US)
        return 0;
    return (uint32_t)((elapsed_us - played_us) * clock_hz / 1000000);
}

/* What was held of the old source goes: it waits for packets that no longer come. */
static void restart(struct playout *p, const struct playout_packet *pkt, uint32_t ssrc,
                    uint64_t now_us)
{
    p->pause_ticks = pause_before_restart(p, pkt->clock_hz, now_us);
    p->is_restart = true;
    p->is_started = true;
    p->ssrc = ssrc;
    p->next_seq = pkt->seq;
    p->seen = 0;
    p->has_clock = false;
    p->has_resync = false;
    p->silence = 0;
    p->is_gap_done = false;
    p->has_early = false;
    p->n_held = 0;
}

/* @return whether seq continues the sequence, be it with a gap; a number far off counts once the
 * next one confirms it */
static bool is_in_sequence(struct playout *p, const struct playout_packet *pkt)
{
    const int d = distance(p, pkt->seq);

    if (d > -MISORDER_MAX && d < DROPOUT_MAX) {
        p->has_resync = false;
        return true;
    }
    return false;
}

static uint64_t oldest_arrival_us(const struct playout *p)
{
    uint64_t oldest = UINT64_MAX;

    for (unsigned i = 0; i < p->n_held; i++) {
        const uint64_t at = p->slots[p->order[i]].arrival_us;

        oldest = at < oldest ? at : oldest;
    }
    return oldest;
}

/* A packet came so long behind one that should have followed it. For what comes after the window,
 * no wait would have helped. */
static void note_overtaken(struct playout *p, uint64_t behind_us, uint64_t now_us)
{
    const bool is_old = now_us - p->overtaken_at_us > PLAYOUT_MEMORY_US;

    if (behind_us > p->window_us)
        return;
    if (behind_us < OVERTAKEN_LEAST_US)
        behind_us = OVERTAKEN_LEAST_US;
    if (is_old || behind_us > p->overtaken_us)
        p->overtaken_us = behind_us;
    p->overtaken_at_us = now_us;
}

static void note_late(struct playout *p, uint16_t seq, uint64_t now_us)
{
    if (p->has_early && p->early_seq == seq)
        note_overtaken(p, now_us - p->early_us, now_us);
}

static int check_late(const struct playout *p, int d)
{
    const unsigned age = (unsigned)(-d - 1);

    return age < 64 && (p->seen >> age & 1) ? EALREADY : ESTALE;
}

static uint8_t free_slot(const struct playout *p)
{
    uint32_t used = 0;
    uint8_t i = 0;

    for (unsigned k = 0; k < p->n_held; k++)
        used |= 1U << p->order[k];
    while (used >> i & 1)
        i++;
    return i;
}

static int hold(struct playout *p, const struct playout_packet *pkt, uint64_t now_us)
{
    struct playout_slot *slot;
    unsigned at = p->n_held;
    uint8_t i;

    while (at > 0 && distance(p, held(p, at - 1)->packet.seq) >= distance(p, pkt->seq)) {
        if (held(p, at - 1)->packet.seq == pkt->seq)
            return EALREADY;
        at--;
    }
    if (p->n_held == PLAYOUT_SLOTS)
        return ENOBUFS;

    i = free_slot(p);
    memmove(&p->order[at + 1], &p->order[at], p->n_held - at);
    p->order[at] = i;
    p->n_held++;
    slot = &p->slots[i];
    slot->packet = *pkt;
    slot->arrival_us = now_us;
    if (pkt->n)
        memcpy(slot->payload, pkt->payload, pkt->n);
    slot->packet.payload = slot->payload;
    return 0;
}

int playout_put(struct playout *p, const struct playout_packet *pkt, uint32_t ssrc, uint64_t now_us)
{
    bool is_overtaken;
    int err, d;

    if (pkt->n > PLAYOUT_PAYLOAD_MAX)
        return EMSGSIZE;

    if (!p->is_started || ssrc != p->ssrc) {
        restart(p, pkt, ssrc, now_us);
    } else if (!is_in_sequence(p, pkt)) {
        const bool is_confirmed = p->has_resync && p->resync_seq == pkt->seq;

        p->has_resync = true;
        p->resync_seq = (uint16_t)(pkt->seq + 1);
        if (!is_confirmed)
            return ESTALE;
        restart(p, pkt, ssrc, now_us);
    }

    d = distance(p, pkt->seq);
    if (d < 0) {
        note_late(p, pkt->seq, now_us);
        return check_late(p, d);
    }
    /* the packet fills a gap whose loss was reported a moment ago: the report stands */
    if (p->is_gap_done && p->n_held > 0 && d < distance(p, held(p, 0)->packet.seq))
        return ESTALE;
    is_overtaken = p->n_held > 0 && d < distance(p, held(p, 0)->packet.seq);
    if (is_overtaken)
        note_overtaken(p, now_us - oldest_arrival_us(p), now_us);
    err = hold(p, pkt, now_us);
    if (!err)
        p->last_us = now_us;
    return err;
}

/* Twice as long as what was overtaken needed; on a network that keeps order, not at all. */
static uint64_t repairable_wait_us(const struct playout *p, const struct playout_slot *head)
{
    if (p->overtaken_us == 0 || head->arrival_us > p->overtaken_at_us + PLAYOUT_MEMORY_US)
        return 0;
    return 2 * p->overtaken_us;
}

uint64_t playout_deadline_us(const struct playout *p)
{
    const struct playout_slot *head = &p->slots[p->order[0]];
    uint64_t latest_us, early_us;

    if (p->n_held == 0)
        return UINT64_MAX;
    latest_us = oldest_arrival_us(p) + p->window_us;
    if (!head->packet.repeats_before || distance(p, head->packet.seq) != 1)
        return latest_us;
    early_us = head->arrival_us + repairable_wait_us(p, head);
    return early_us < latest_us ? early_us : latest_us;
}

bool playout_is_missing(const struct playout *p, uint32_t ssrc, uint16_t seq)
{
    if (!p->is_started || p->ssrc != ssrc || distance(p, seq) < 0 || p->is_gap_done)
        return false;
    for (unsigned i = 0; i < p->n_held; i++) {
        if (p->slots[p->order[i]].packet.seq == seq)
            return false;
    }
    return true;
}

/* @return from the end of the audio released so far to the arrival of this packet [us] */
static uint64_t us_since_audio(const struct playout *p, const struct playout_slot *s)
{
    const uint64_t played_us = us_of_ticks(p->last_ticks, p->clock_hz);

    return s->arrival_us > p->audio_us + played_us ? s->arrival_us - p->audio_us - played_us : 0;
}

/* Ticks from the end of the audio so far to this packet; 0 where its time stamp says nothing: there
 * is none yet, another clock (RFC 7160), an overlap, or a leap that no silence explains. */
static uint32_t ticks_before(const struct playout *p, const struct playout_slot *s)
{
    const struct playout_packet *pkt = &s->packet;
    const uint32_t jump = pkt->ts - p->next_ts;

    if (!p->has_clock || pkt->clock_hz != p->clock_hz || jump > INT32_MAX)
        return 0;
    if (us_of_ticks(jump, pkt->clock_hz) > us_since_audio(p, s) + SILENCE_SLACK_US)
        return 0;
    return jump;
}

/* The same for a timeless packet. Its clock may differ from that of the audio (Lync keeps events at
 * 8000 beside audio at 16000), which makes the time stamps incomparable: then by arrival. */
static uint32_t ticks_before_timeless(const struct playout *p, const struct playout_slot *s)
{
    const uint32_t clock_hz = s->packet.clock_hz;

    if (!p->has_clock || clock_hz == p->clock_hz)
        return ticks_before(p, s);
    return (uint32_t)(us_since_audio(p, s) * clock_hz / 1000000);
}

/* How much of `jump` the lost packets played: as much each as the last one did. Where the time
 * stamp says nothing the guess stands alone. */
static uint32_t ticks_lost(const struct playout *p, const struct playout_packet *pkt,
                           uint32_t n_lost, uint32_t jump)
{
    const uint64_t guess = (uint64_t)n_lost * p->last_ticks;

    if (pkt->clock_hz != p->clock_hz || p->is_after_event)
        return 0;
    return guess < jump ? (uint32_t)guess : jump;
}

static void event_write(const struct playout *p, struct playout_event *ev, enum playout_kind kind,
                        uint32_t ticks)
{
    const struct playout_packet *pkt = &p->slots[p->order[0]].packet;

    *ev = (struct playout_event){
        .kind = kind, .ticks = ticks, .clock_hz = pkt->clock_hz, .packet = pkt};
}

/* Decides once what lies before the head packet. @return whether there is loss to report */
static bool report_gap(struct playout *p, struct playout_event *ev)
{
    struct playout_slot *head = held(p, 0);
    const uint32_t n_lost = (uint32_t)distance(p, head->packet.seq);
    const uint32_t jump = head->packet.is_timeless ? 0 : ticks_before(p, head);
    const uint32_t lost = n_lost ? ticks_lost(p, &head->packet, n_lost, jump) : 0;

    p->is_gap_done = true;
    p->silence = jump - lost;
    if (n_lost == 0)
        return false;
    p->has_early = head->packet.repeats_before;
    p->early_seq = (uint16_t)(head->packet.seq - 1);
    p->early_us = head->arrival_us;
    event_write(p, ev, PLAYOUT_LOST, lost);
    ev->n_lost = n_lost;
    if (p->silence > 0)
        ev->packet = NULL;
    return true;
}

static void release_head(struct playout *p, struct playout_event *ev)
{
    struct playout_slot *head = held(p, 0);
    const struct playout_packet *pkt = &head->packet;
    const unsigned step = (unsigned)distance(p, pkt->seq) + 1;

    event_write(p, ev, PLAYOUT_PACKET,
                pkt->is_timeless ? ticks_before_timeless(p, head) : pkt->ticks);
    p->seen = (step < 64 ? p->seen << step : 0) | 1;
    p->next_seq = (uint16_t)(pkt->seq + 1);
    p->is_after_event = pkt->is_timeless;
    if (!pkt->is_timeless) {
        p->has_clock = true;
        p->clock_hz = pkt->clock_hz;
        p->next_ts = pkt->ts + pkt->ticks;
        p->last_ticks = pkt->ticks;
        p->audio_us = head->arrival_us;
    }
    p->is_gap_done = false;
    p->n_held--;
    memmove(&p->order[0], &p->order[1], p->n_held);
}

int playout_get(struct playout *p, struct playout_event *ev, uint64_t now_us)
{
    if (p->n_held == 0)
        return EAGAIN;
    if (p->is_restart) {
        p->is_restart = false;
        event_write(p, ev, PLAYOUT_RESTART, p->pause_ticks);
        return 0;
    }
    if (!p->is_gap_done) {
        const bool is_due = distance(p, held(p, 0)->packet.seq) == 0 ||
                            p->n_held == PLAYOUT_SLOTS || now_us >= playout_deadline_us(p);

        if (!is_due)
            return EAGAIN;
        if (report_gap(p, ev))
            return 0;
    }
    if (p->silence > 0) {
        event_write(p, ev, PLAYOUT_SILENCE, p->silence);
        p->silence = 0;
        return 0;
    }
    release_head(p, ev);
    return 0;
}
