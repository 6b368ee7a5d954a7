#include "bench/load/media_internal.h"

#include <string.h>

#include "bench/load/clock.h"

#define REPLAY_NS      UINT64_C(500000000)
#define SEND_MAX       LOAD_BATCH /* turns in one go */
#define FETCH_AHEAD    4
#define CACHE_LINE     64
#define SLOT_HOT_BYTES (offsetof(struct slot, stream) + offsetof(struct load_stream, out))
#define NO_NUMBER      UINT64_MAX
#define DTMF_JITTER    0.5

void media_flush(struct load_media *m)
{
    if (!m->n_out)
        return;
    m->cfg.wire->send_h(m->cfg.wire, m->out, m->n_out);
    for (unsigned i = 0; i < m->n_out; i++) {
        struct slot *s = &m->slots[m->out_slot[i]];

        if (!m->out[i].ns) {
            m->stats->unsent++;
            continue;
        }
        if (m->out_number[i] == NO_NUMBER)
            continue;
        bool is_first = load_stream_stamp(&s->stream, m->out_number[i], m->out[i].ns);
        if (is_first && m->out_number[i] >= s->counted_from)
            load_series_sent(m->cfg.series, m->out[i].ns);
    }
    m->n_out = 0;
}

/* @return room for one more packet */
static uint8_t *batch_next(struct load_media *m)
{
    if (m->n_out == LOAD_BATCH)
        media_flush(m);
    return m->packets[m->n_out];
}

static void batch_put(struct load_media *m, uint32_t slot, bool is_rtcp, uint64_t number, size_t n)
{
    const struct slot *s = &m->slots[slot];

    m->out_slot[m->n_out] = slot;
    m->out_number[m->n_out] = number;
    m->out[m->n_out] = (struct load_departure){
        .to = is_rtcp ? &s->end->relay_rtcp : &s->end->relay,
        .place = s->place,
        .is_rtcp = is_rtcp,
        .at = m->packets[m->n_out],
        .n = n,
    };
    m->n_out++;
}

void media_send_now(struct load_media *m, uint32_t slot, bool is_rtcp, uint8_t *packet, size_t n)
{
    memcpy(batch_next(m), packet, n);
    batch_put(m, slot, is_rtcp, NO_NUMBER, n);
    media_flush(m);
}

static bool hold_back(struct load_media *m, uint32_t slot, uint64_t number, const uint8_t *packet,
                      size_t n, uint64_t due_ns)
{
    struct load_delayed *d = load_delay_line_put(m->line, due_ns);

    if (!d)
        return false;
    d->slot = slot;
    d->serial = m->slots[slot].serial;
    d->number = number;
    d->n = n;
    memcpy(d->packet, packet, n);
    return true;
}

void media_send_held(struct load_media *m, uint64_t now_ns)
{
    for (struct load_delayed *d; (d = load_delay_line_take(m->line, now_ns));) {
        const struct slot *s = &m->slots[d->slot];

        if (s->state == SLOT_FREE || s->serial != d->serial)
            continue;
        memcpy(batch_next(m), d->packet, d->n);
        batch_put(m, d->slot, false, d->number, d->n);
    }
    media_flush(m);
}

/* What our bad network does to a packet that was made. @return false: it does not leave now */
static bool fate_run(struct load_media *m, uint32_t slot, uint64_t number, const uint8_t *packet,
                     size_t n, uint64_t now_ns)
{
    struct slot *s = &m->slots[slot];
    struct load_impair_fate fate =
        load_impair_next(&s->impair, &m->cfg.impair, LOAD_MEDIA_INTERVAL_NS);
    uint64_t due_ns = now_ns + fate.delay_ns;

    if (fate.is_lost) {
        m->stats->dropped++;
        return false;
    }
    if (fate.is_doubled && hold_back(m, slot, number, packet, n, due_ns + LOAD_MEDIA_TICK_NS))
        m->stats->doubled++;
    if (!fate.delay_ns)
        return true;
    m->stats->delayed++;
    return !hold_back(m, slot, number, packet, n, due_ns);
}

static void key_press(struct load_media *m, uint32_t slot, uint64_t now_ns)
{
    struct slot *s = &m->slots[slot];
    struct load_stream *stream = &s->stream;

    if (slot % 2 == LOAD_B || !stream->dtmf_pt || now_ns < s->next_key_ns)
        return;
    double wait_s = m->cfg.dtmf_every_s * (1 - DTMF_JITTER + load_random(&m->random));
    s->next_key_ns = now_ns + (uint64_t)(wait_s * 1e9);
    load_keypad_press(&stream->keypad,
                      stream->ts + (uint32_t)stream->n_turns * stream->format->ticks);
}

/* Packets are counted once the measured time has begun; those of a call that came later, once the
 * other end has heard something: until then it is being set up, which is measured apart. */
static void count_sent(struct load_media *m, struct slot *s, uint32_t slot, uint64_t number,
                       uint64_t k)
{
    if (k < m->begin || (s->offered_ns && !m->slots[slot ^ 1].has_heard))
        return;
    if (s->counted_from == UINT64_MAX)
        s->counted_from = number;
    m->stats->sent++;
}

static void packet_send(struct load_media *m, uint32_t slot, uint64_t k, uint64_t now_ns)
{
    struct slot *s = &m->slots[slot];
    uint64_t number = s->stream.n_turns;
    uint8_t *packet = batch_next(m);
    size_t n =
        load_stream_write(&s->stream, packet, s->frames ? load_frames_at(s->frames, number) : NULL);
    bool is_event = load_stream_stamp_of(&s->stream, number)->state == LOAD_TURN_SILENT;

    if (is_event)
        number = NO_NUMBER;
    if (m->is_impaired && !is_event) {
        uint64_t n_dropped = m->stats->dropped;
        bool is_now = fate_run(m, slot, number, packet, n, now_ns);

        if (m->stats->dropped != n_dropped)
            return;
        count_sent(m, s, slot, number, k);
        if (is_now)
            batch_put(m, slot, false, number, n);
        return;
    }
    if (!is_event)
        count_sent(m, s, slot, number, k);
    if (m->replay > 0 && load_random(&m->random) < m->replay &&
        hold_back(m, slot, number, packet, n, now_ns + REPLAY_NS))
        m->stats->replayed++;
    batch_put(m, slot, false, number, n);
}

static void turn_run(struct load_media *m, uint32_t slot, uint64_t k, uint64_t now_ns)
{
    struct slot *s = &m->slots[slot];
    unsigned n = 1;

    if (s->state != SLOT_OPEN)
        return;
    if (m->is_impaired)
        n = load_impair_turn(&s->impair, &m->cfg.impair, LOAD_MEDIA_INTERVAL_NS);
    if (m->cfg.dtmf_every_s > 0)
        key_press(m, slot, now_ns);
    for (unsigned i = 0; i < n; i++) {
        bool is_first = false, is_talking = true;

        if (m->cfg.has_talk)
            is_talking = load_talk_turn(&s->talk, &is_first);
        s->stream.is_marked |= is_first;
        if ((is_talking || s->stream.keypad.n_left) && !s->is_muted)
            packet_send(m, slot, k, now_ns);
        else
            load_stream_skip(&s->stream);
    }
    uint64_t late_ns = now_ns - load_plan_due_ns(&m->plan, k);
    if (k < m->begin)
        return;
    load_histogram_put(&m->stats->late, late_ns);
    load_series_late(m->cfg.series, late_ns);
}

/* The slots of the turns to come are asked for before they are needed. */
static void slot_fetch(const struct load_media *m, uint64_t k)
{
    const uint8_t *at = (const uint8_t *)&m->slots[load_plan_stream(&m->plan, k)];

    for (size_t i = 0; i < SLOT_HOT_BYTES; i += CACHE_LINE)
        __builtin_prefetch(at + i);
}

/* Notes where the measured packets begin, if that is among these. */
static void begin_mark(struct load_media *m, unsigned n, uint64_t now_ns)
{
    if (m->n_turns > m->begin || m->begin >= m->n_turns + n)
        return;
    m->begin_ns = now_ns;
    m->cfg.mark_h(LOAD_MARK_BEGIN, m->cfg.arg);
}

bool media_send_due(struct load_media *m)
{
    uint64_t now_ns = load_now_ns(), due = load_plan_due(&m->plan, now_ns), first = m->n_turns;

    media_send_held(m, now_ns);
    if (due > m->end)
        due = m->end;
    unsigned n = due - first < SEND_MAX ? (unsigned)(due - first) : SEND_MAX;
    if (!n)
        return false;
    begin_mark(m, n, now_ns);
    for (unsigned i = 0; i < n; i++) {
        slot_fetch(m, first + i + FETCH_AHEAD);
        turn_run(m, load_plan_stream(&m->plan, first + i), first + i, now_ns);
    }
    m->n_turns += n;
    media_flush(m);
    return true;
}
