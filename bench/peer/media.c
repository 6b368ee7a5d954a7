#include "bench/peer/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/peer/codecs.h"
#include "bench/peer/rtp.h"

static uint64_t wall_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static bool is_muxed(const struct peer *p)
{
    return p->local.has_rtcp_mux && p->remote.has_rtcp_mux;
}

int peer_media_send(struct peer *p, unsigned component, const uint8_t *packet, size_t n)
{
    return p->ice ? peer_ice_send(p->ice, component, packet, n)
                  : peer_udp_send(p->udp, component, packet, n);
}

/* @param packet  has room for PEER_SRTP_TRAILER more */
static void packet_send(struct peer *p, bool is_rtcp, uint8_t *packet, size_t n)
{
    unsigned component = is_rtcp && !is_muxed(p) ? 2 : 1;

    if (p->srtp && peer_srtp_protect(p->srtp, is_rtcp, packet, &n) != 0) {
        p->counts.send_errors++;
        return;
    }
    int err = peer_media_send(p, component, packet, n);
    if (err)
        p->counts.send_errors++;
    else if (is_rtcp)
        p->counts.rtcp_sent++;
    else
        p->counts.rtp_sent++;
}

static bool is_sending(const struct peer *p)
{
    return p->local.direction == PEER_SENDRECV || p->local.direction == PEER_SENDONLY;
}

/* Whether this packet is the one that gets lost. rand_r() is random enough for that. */
static bool is_to_be_lost(struct peer *p)
{
    return p->loss_percent && (uint32_t)rand_r(&p->loss_seed) % 100 < p->loss_percent;
}

static void pace_h(uint64_t n, void *arg)
{
    struct peer *p = arg;
    uint8_t packet[PEER_PACKET_MAX + PEER_SRTP_TRAILER];

    p->counts.late_ticks += n - 1;
    /* what the loop was late for goes out now: the sound has its length, whatever the load */
    for (; n; n--) {
        if (!is_sending(p)) {
            peer_sender_skip(p->sender);
            continue;
        }
        size_t length = peer_sender_next(p->sender, packet, PEER_PACKET_MAX, loop_now_us());

        if (length && is_to_be_lost(p))
            p->counts.held_back++;
        else if (length)
            packet_send(p, false, packet, length);
    }
}

static void report_block_fill(struct peer *p, struct peer_rtcp_report *r, uint64_t now_us)
{
    struct peer_receiver_stats rx = peer_receiver_stats(p->receiver);
    const struct peer_format *f = peer_receiver_format(p->receiver);
    uint64_t expected = rx.packets + rx.lost;
    uint64_t newly = expected - p->reported_expected;
    uint64_t newly_lost = rx.lost > p->reported_lost ? rx.lost - p->reported_lost : 0;

    if (!rx.packets)
        return;
    r->has_block = true;
    r->source = rx.ssrc;
    r->lost = (uint32_t)rx.lost;
    r->fraction_lost = (uint8_t)(newly ? newly_lost * 255 / newly : 0);
    r->highest_seq = rx.highest_seq;
    r->jitter = f ? (uint32_t)(rx.jitter_us * f->spec.clock_hz / 1e6) : 0;
    if (p->rtcp.last_sr_us) {
        r->last_sr = p->rtcp.last_sr;
        r->delay_since_sr = (uint32_t)(((now_us - p->rtcp.last_sr_us) << 16) / 1000000);
    }
    p->reported_lost = rx.lost;
    p->reported_expected = expected;
}

static void report_send(struct peer *p, bool is_bye)
{
    const struct peer_sender_stats *tx = peer_sender_stats(p->sender);
    uint8_t packet[PEER_RTCP_MAX + PEER_SRTP_TRAILER];
    struct peer_rtcp_report r = {
        .ssrc = p->ssrc,
        .is_sender = tx->packets > 0,
        .packets = (uint32_t)tx->packets,
        .octets = (uint32_t)tx->payload_bytes,
        .rtp_ts = tx->last_ts,
        .wall_us = wall_now_us(),
        .is_bye = is_bye,
    };

    report_block_fill(p, &r, loop_now_us());
    packet_send(p, true, packet, peer_rtcp_write(packet, PEER_RTCP_MAX, &r));
}

static void report_h(uint64_t n, void *arg)
{
    (void)n;
    report_send(arg, false);
}

void peer_media_packet(unsigned component, const uint8_t *packet, size_t n, void *arg)
{
    struct peer *p = arg;
    uint8_t plain[PEER_PACKET_MAX];
    bool is_rtcp = component == 2 || peer_rtp_is_rtcp(packet, n);

    if (p->dtls && n && packet[0] >= 20 && packet[0] <= 63) {
        peer_dtls_put(p->dtls, packet, n);
        return;
    }
    /* RFC 7983 s.7. In OC2007R2 mode, libnice 0.1.21 hands out as data now and then the Binding
     * requests that came with the legacy FINGERPRINT: each check is sent twice there. */
    if (n > sizeof(plain) || !n || packet[0] >> 6 != 2) {
        p->counts.foreign++;
        return;
    }
    if (!p->receiver || (p->dtls && !p->srtp)) {
        p->counts.early++;
        return;
    }
    memcpy(plain, packet, n);
    int err = p->srtp ? peer_srtp_unprotect(p->srtp, is_rtcp, plain, &n) : 0;
    if (err) {
        p->counts.auth_failures += err == EACCES;
        p->counts.replays += err == EALREADY;
        p->counts.bad_srtp += err == EBADMSG;
        return;
    }
    if (is_rtcp) {
        p->counts.rtcp_received++;
        peer_rtcp_put(&p->rtcp, plain, n, p->ssrc, loop_now_us(), wall_now_us());
    } else {
        p->counts.rtp_received++;
        peer_receiver_put(p->receiver, plain, n, loop_now_us());
    }
}

/* The answer's order decides on both ends, its numbers are those of both: RFC 3264 s.6.1.
 * @param event  NULL in it: none. @return 0; ENOTSUP: nothing in common */
static int formats_choose(const struct peer *p, const struct peer_format **audio,
                          const struct peer_format **event)
{
    const struct peer_description *answer = p->is_offerer ? &p->remote : &p->local;
    const struct peer_description *offer = p->is_offerer ? &p->local : &p->remote;

    *audio = peer_codecs_audio(answer, offer);
    *event = *audio ? peer_codecs_event(answer, offer, (*audio)->spec.clock_hz) : NULL;
    return *audio ? 0 : ENOTSUP;
}

int peer_media_change(struct peer *p)
{
    const struct peer_format *audio, *event;

    int err = formats_choose(p, &audio, &event);
    if (!err)
        err = peer_sender_change(p->sender, audio, event);
    if (!err)
        peer_receiver_change(p->receiver, &p->local);
    return err;
}

static int sender_open(struct peer *p)
{
    const struct peer_format *audio, *event;

    int err = formats_choose(p, &audio, &event);
    if (err)
        return err;
    struct peer_sender_config cfg = {
        .audio = *audio,
        .ssrc = p->ssrc,
        .ptime_ms = p->cfg.ptime_ms,
        .says = p->says.n_samples ? &p->says : NULL,
        .source_h = p->cfg.source_h,
        .arg = p->cfg.arg,
        .log_packets = p->cfg.record_s * 1000 / p->cfg.ptime_ms,
    };
    if (event)
        cfg.event = *event;
    return peer_sender_alloc(&p->sender, &cfg);
}

int peer_media_open(struct peer *p)
{
    struct peer_receiver_config cfg = {
        .local = &p->local,
        .has_ssrc_range = p->remote.has_ssrc_range,
        .ssrc_low = p->remote.ssrc_low,
        .ssrc_high = p->remote.ssrc_high,
        .heard_s = p->cfg.record_s,
        .log_packets = p->cfg.record_s * 100,
        .packet_h = p->cfg.packet_h,
        .arg = p->cfg.arg,
    };

    int err = sender_open(p);
    if (!err)
        err = peer_receiver_alloc(&p->receiver, &cfg);
    if (!err)
        err = loop_timer_alloc(&p->pace, p->cfg.loop, pace_h, p);
    if (!err)
        err = loop_timer_alloc(&p->report, p->cfg.loop, report_h, p);
    return err;
}

void peer_media_close(struct peer *p)
{
    loop_timer_free(p->pace);
    loop_timer_free(p->report);
    peer_sender_free(p->sender);
    peer_receiver_free(p->receiver);
}

void peer_media_start(struct peer *p)
{
    uint64_t now_us = loop_now_us();

    loop_timer_start(p->pace, now_us, p->cfg.ptime_ms * 1000U);
    loop_timer_start(p->report, now_us + p->cfg.rtcp_interval_ms * 1000U,
                     p->cfg.rtcp_interval_ms * 1000U);
}

void peer_media_stop(struct peer *p)
{
    loop_timer_stop(p->pace);
    loop_timer_stop(p->report);
    report_send(p, true);
}
