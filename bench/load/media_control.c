#include "bench/load/media_internal.h"

#include "bench/load/clock.h"

#define RTCP_INTERVAL_S 5.0 /* RFC 3550 s.6.2: at least that, times 0.5 to 1.5 */

/* ---- ICE --------------------------------------------------------------------------------------
 */

static void slot_fail(struct load_media *m, uint32_t slot)
{
    m->stats->ice_failed++;
    for (unsigned i = 0; i < 2; i++) {
        struct slot *s = &m->slots[(slot & ~UINT32_C(1)) + i];

        if (s->state == SLOT_CHECKING)
            m->n_checking--;
        s->state = SLOT_CLOSED;
        s->has_failed = true;
    }
}

static void slots_connect(struct load_media *m, uint32_t slot, uint64_t now_ns)
{
    struct slot *s = &m->slots[slot], *other = &m->slots[slot ^ 1];

    if (other->state != SLOT_CHECKING || !load_ice_is_done(&s->ice) ||
        !load_ice_is_done(&other->ice))
        return;
    s->state = other->state = SLOT_OPEN;
    m->n_checking -= 2;
    load_histogram_put(&m->stats->ice, now_ns - s->opened_ns);
}

void media_ice_run(struct load_media *m, uint64_t now_ns)
{
    uint8_t packet[LOAD_STUN_MAX];

    for (uint32_t i = 0; i < m->plan.n_streams; i++) {
        struct slot *s = &m->slots[i];

        if (s->state != SLOT_CHECKING)
            continue;
        for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++) {
            size_t n = load_ice_next(&s->ice, c, now_ns, packet);

            if (n)
                media_send_now(m, i, c == 1, packet, n);
        }
        if (load_ice_has_failed(&s->ice))
            slot_fail(m, i);
        else
            slots_connect(m, i, now_ns);
    }
}

void media_stun_take(struct load_media *m, uint32_t slot, bool is_rtcp,
                     const struct load_arrival *a)
{
    struct slot *s = &m->slots[slot];
    uint8_t answer[LOAD_STUN_MAX];

    if (!s->mode->has_ice) {
        m->stats->stray++;
        return;
    }
    size_t n = load_ice_take(&s->ice, is_rtcp, &a->from, a->at, a->n, answer);
    if (n)
        media_send_now(m, slot, is_rtcp, answer, n);
    if (s->state == SLOT_CHECKING)
        slots_connect(m, slot, load_now_ns());
}

/* ---- RTCP -------------------------------------------------------------------------------------
 */

static void report_make(const struct slot *s, struct peer_rtcp_report *r)
{
    uint32_t expected = s->heard_last - s->heard_first + 1;

    *r = (struct peer_rtcp_report){
        .ssrc = s->stream.ssrc,
        .is_sender = s->stream.n_sent > 0,
        .packets = (uint32_t)s->stream.n_sent,
        .octets = (uint32_t)s->stream.octets,
        .rtp_ts = s->stream.ts + (uint32_t)s->stream.n_turns * s->stream.format->ticks,
        .wall_us = load_wall_ns() / 1000,
        .has_block = s->n_heard > 0,
        .source = s->heard_ssrc,
        .lost = expected > s->n_heard ? expected - s->n_heard : 0,
        .highest_seq = s->heard_last,
    };
    if (s->rtcp.last_sr_us) {
        r->last_sr = s->rtcp.last_sr;
        r->delay_since_sr =
            (uint32_t)((load_now_ns() / 1000 - s->rtcp.last_sr_us) * 65536 / 1000000);
    }
}

void media_rtcp_run(struct load_media *m, uint64_t now_ns)
{
    uint8_t packet[PEER_RTCP_MAX + LOAD_SRTCP_GROWTH];
    struct peer_rtcp_report report;

    for (uint32_t i = 0; i < m->plan.n_streams; i++) {
        struct slot *s = &m->slots[i];

        if (s->state != SLOT_OPEN || now_ns < s->next_rtcp_ns)
            continue;
        double wait_s = RTCP_INTERVAL_S * (0.5 + load_random(&m->random));
        s->next_rtcp_ns = now_ns + (uint64_t)(wait_s * 1e9);
        report_make(s, &report);
        size_t n = peer_rtcp_write(packet, PEER_RTCP_MAX, &report);
        if (n && s->rtcp_out.keyed.aes)
            n = load_srtcp_protect(&s->rtcp_out, packet, n);
        if (n)
            media_send_now(m, i, true, packet, n);
        m->stats->rtcp_sent += n > 0;
    }
}

void media_rtcp_take(struct load_media *m, uint32_t slot, const struct load_arrival *a)
{
    struct slot *s = &m->slots[slot];
    size_t n = a->n;

    if (!m->cfg.has_rtcp) {
        m->stats->stray++;
        return;
    }
    if (s->rtcp_in.keyed.aes)
        n = load_srtcp_unprotect(&s->rtcp_in, a->at, n);
    if (!n) {
        m->stats->rtcp_bad++;
        return;
    }
    uint64_t n_bad = s->rtcp.bad;
    peer_rtcp_put(&s->rtcp, a->at, n, s->stream.ssrc, load_now_ns() / 1000, a->ns / 1000);
    m->stats->rtcp_bad += s->rtcp.bad - n_bad;
    m->stats->rtcp_received++;
}

void media_slot_count(struct load_media *m, uint32_t slot)
{
    const struct slot *s = &m->slots[slot];
    struct load_media_stats *stats = m->stats;

    stats->ice_checks += s->ice.n_checks;
    stats->ice_lost += load_ice_lost(&s->ice);
    stats->ice_conflicts += s->ice.n_conflicts;
    stats->ice_bad += s->ice.n_bad;
    stats->keys_pressed += s->stream.keypad.n_pressed;
    stats->keys_heard += s->stream.key_ear.n_heard;
    stats->keys_wrong += s->stream.key_ear.n_wrong;
}
