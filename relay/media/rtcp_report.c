#include "relay/media/rtcp_report.h"

#define DLSR_HZ 65536 /* LSR and DLSR count in 1/65536 s */

uint64_t report_interval_us(uint32_t random, bool is_needed)
{
    /* x 1.5 is the most: two thirds, and a twentieth for the turns of a worker */
    const uint64_t mean_us =
        is_needed ? REPORT_SILENCE_MAX_US * 2 / 3 * 19 / 20 : REPORT_INTERVAL_US;

    /* Not divided by e - 3/2 as RFC 3550 s.6.3.1 does for its reconsideration: with two members,
     * known from the start, there is nothing to reconsider. */
    return mean_us / 2 + ((uint64_t)random * mean_us >> 32);
}

static uint32_t ntp_mid(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* Round trip = now - LSR - DLSR, on our monotonic clock. Only for our last SR: nothing the peer
 * writes into LSR can make it long. */
static void take_round_trip(const struct report_state *st, struct report_of_peer *of_peer,
                            const struct rtcp_block *block, uint64_t now_us)
{
    uint64_t dlsr_us = (uint64_t)block->dlsr * 1000000 / DLSR_HZ;

    if (st->sent_sr_us == 0 || block->lsr != st->sent_sr_mid)
        return;
    if (now_us < st->sent_sr_us + dlsr_us)
        return;
    of_peer->has_round_trip = true;
    of_peer->round_trip_us = (uint32_t)(now_us - st->sent_sr_us - dlsr_us);
}

void report_take(struct report_state *st, struct report_of_peer *of_peer, struct rtcp_reader reader,
                 uint32_t our_ssrc, uint64_t now_us)
{
    struct rtcp_sender_info si;
    struct rtcp_block block;
    struct rtcp_part part;

    *of_peer = (struct report_of_peer){0};
    while (rtcp_next(&reader, &part)) {
        if (rtcp_read_sender_info(&si, &part) == 0 && rtcp_sender_ssrc(&part, &st->peer_ssrc)) {
            st->has_peer_sr = true;
            st->peer_sr_mid = ntp_mid(si.ntp);
            st->peer_sr_us = now_us;
        }
        if (rtcp_find_block(&block, &part, our_ssrc) == 0) {
            of_peer->has_block = true;
            of_peer->loss_permille = block.fraction_lost * 1000u / 256;
            of_peer->jitter_ts = block.jitter_ts;
            take_round_trip(st, of_peer, &block, now_us);
        }
    }
}

static void fill_block(struct rtcp_block *block, const struct report_state *st,
                       struct reception *reception, uint64_t now_us)
{
    struct reception_report r;

    reception_take_report(reception, &r);
    *block = (struct rtcp_block){
        .ssrc = r.ssrc,
        .fraction_lost = r.fraction_lost,
        .lost = r.lost,
        .ext_seq = r.ext_seq,
        .jitter_ts = r.jitter_ts,
    };
    if (st->has_peer_sr && st->peer_ssrc == r.ssrc) {
        block->lsr = st->peer_sr_mid;
        block->dlsr = (uint32_t)((now_us - st->peer_sr_us) * DLSR_HZ / 1000000);
    }
}

size_t report_write(struct report_state *st, uint8_t *data, size_t cap, const struct route *route,
                    struct reception *reception, struct str cname, uint64_t ntp, uint64_t now_us)
{
    struct rtcp_writer w = {.data = data, .cap = cap};
    struct rtcp_sender_info si = {
        .ntp = ntp,
        .ts = route_ts_at(route, now_us),
        .n_packets = route->n_packets,
        .n_bytes = route->n_bytes,
    };
    bool is_sender = route->n_packets != st->n_packets_prior;
    struct rtcp_block block;

    if (reception->is_known)
        fill_block(&block, st, reception, now_us);
    rtcp_write_report(&w, route->ssrc, is_sender ? &si : NULL, reception->is_known ? &block : NULL);
    rtcp_write_cname(&w, route->ssrc, cname);
    if (is_sender) {
        st->sent_sr_mid = ntp_mid(ntp);
        st->sent_sr_us = now_us;
    }
    st->n_packets_prior = route->n_packets;
    return w.n;
}

size_t report_write_empty(uint8_t *data, size_t cap, const struct route *route, struct str cname)
{
    struct rtcp_writer w = {.data = data, .cap = cap};

    rtcp_write_report(&w, route->ssrc, NULL, NULL);
    rtcp_write_cname(&w, route->ssrc, cname);
    return w.n;
}
