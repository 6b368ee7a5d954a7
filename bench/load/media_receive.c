#include "bench/load/media_internal.h"

#include "bench/load/bytes.h"
#include "bench/load/clock.h"

/* @return 2 * slot + is_rtcp; NOBODY */
static uint32_t ear_of(const struct load_media *m, const struct load_arrival *a)
{
    uint32_t name, number, at;

    if (m->cfg.is_one_port) { /* a bare forwarder: plain audio, and a call's serial is its place */
        if (a->n != LOAD_RTP_HEADER + LOAD_PATTERN_BYTES)
            return NOBODY;
        load_pattern_read(a->at + LOAD_RTP_HEADER, &name, &number);
        at = 2 * (name / 4) + ((name ^ 1) & 1);
        return at % 2 == a->side && at < m->plan.n_streams ? 2 * at : NOBODY;
    }
    at = m->by_port[a->side][load_address_port(&a->from)];
    if (at == NOBODY || !load_address_is_same_host(&m->slots[at / 2].end->relay, &a->from))
        return NOBODY;
    return at;
}

static void first_media_note(struct load_media *m, uint32_t slot)
{
    struct slot *s = &m->slots[slot];

    if (s->has_heard)
        return;
    s->has_heard = true;
    if (s->offered_ns && m->slots[slot ^ 1].has_heard)
        load_histogram_put(&m->stats->first_media, load_now_ns() - s->offered_ns);
}

static void good_take(struct load_media *m, uint32_t slot, uint64_t number, uint64_t came_ns)
{
    const struct slot *from = &m->slots[slot ^ 1];
    const struct load_stamp *stamp = load_stream_stamp_of(&from->stream, number);
    struct load_media_stats *stats = m->stats;
    enum load_track_verdict v = load_track_put(&m->slots[slot].stream.track, number);

    if (number < from->counted_from)
        return;
    stats->reordered += v == LOAD_TRACK_REORDERED;
    bool is_known = m->slots[slot].stream.check != LOAD_CHECK_CLOCK; /* else told by its number */
    if (is_known && (v == LOAD_TRACK_DUPLICATE || v == LOAD_TRACK_STALE)) {
        stats->duplicates++;
        return;
    }
    stats->received++;
    /* without a stamp it was longer under way than stamps are kept: count the least it was */
    uint64_t sent_ns = stamp ? stamp->ns : came_ns - LOAD_STAMPS * LOAD_MEDIA_INTERVAL_NS;
    uint64_t delay_ns = came_ns > sent_ns ? came_ns - sent_ns : 0;
    load_histogram_put(&stats->delay, delay_ns);
    load_series_received(m->cfg.series, sent_ns, delay_ns);
}

/* For the receiver reports: RFC 3550 A.3, with the little that a load asks of them. */
static void heard_note(struct slot *s, const uint8_t *packet)
{
    uint16_t seq = load_get16(packet + 2);

    if (!s->n_heard++) {
        s->heard_first = s->heard_last = seq;
        s->heard_ssrc = load_get32(packet + 8);
    }
    int16_t ahead = (int16_t)(seq - (uint16_t)s->heard_last);
    if (ahead > 0)
        s->heard_last += (uint16_t)ahead;
}

static void media_take(struct load_media *m, uint32_t slot, const struct load_arrival *a)
{
    struct slot *s = &m->slots[slot];
    struct load_media_stats *stats = m->stats;
    size_t n = a->n;
    uint64_t number;

    enum load_verdict v =
        load_stream_read(&s->stream, &m->slots[slot ^ 1].stream, a->at, &n, &number);
    stats->stray += v == LOAD_STRAY;
    stats->unauthentic += v == LOAD_UNAUTHENTIC;
    stats->corrupted += v == LOAD_CORRUPTED;
    stats->misrouted += v == LOAD_MISROUTED;
    stats->renumbered += v == LOAD_RENUMBERED;
    stats->filled += v == LOAD_FILLED;
    stats->duplicates += v == LOAD_DOUBLED;
    if (v == LOAD_GOOD || v == LOAD_RENUMBERED)
        good_take(m, slot, number, a->ns);
    if (v == LOAD_GOOD || v == LOAD_RENUMBERED || v == LOAD_FILLED) {
        first_media_note(m, slot);
        if (s->ear)
            load_ear_put(s->ear, number, a->at + LOAD_RTP_HEADER, n - LOAD_RTP_HEADER);
    }
    if (m->cfg.has_rtcp && v != LOAD_STRAY && v != LOAD_UNAUTHENTIC)
        heard_note(s, a->at);
}

void media_arrival_h(const struct load_arrival *a, void *arg)
{
    struct load_media *m = arg;
    uint32_t at = a->n ? ear_of(m, a) : NOBODY;

    if (at == NOBODY || m->slots[at / 2].state == SLOT_FREE) {
        m->stats->stray++;
        return;
    }
    /* RFC 7983 s.7, RFC 5761 s.4 */
    if (a->at[0] < 4)
        media_stun_take(m, at / 2, at % 2, a);
    else if (a->n >= 2 && a->at[1] >= 192 && a->at[1] <= 223)
        media_rtcp_take(m, at / 2, a);
    else
        media_take(m, at / 2, a);
}

unsigned media_receive(struct load_media *m)
{
    return m->cfg.wire->receive_h(m->cfg.wire, media_arrival_h, m);
}
