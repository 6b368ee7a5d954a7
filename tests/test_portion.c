#include "media_rig.h"

#include "codec/transcoder.h"

/* Long work does not stand in the way: after a portion of transcoding a worker looks at its sockets
 * again. Seen by the numbers that packets are sent with, not by a clock. */

enum { BURST = 120, TRIES = 100, ENOUGH = 5, PCMU = 0, OPUS = 96, RELAYED = 101 };

/* Hundreds of encodes, at their most laborious. */
static void transcode_all(struct rig *rig)
{
    static const struct transcoder_config cfg = {
        .n_in = 1,
        .in[0] = {.pt = PCMU, .spec = {.name = "PCMU", .clock_hz = 8000, .n_channels = 1}},
        .out_pt = OPUS,
        .out = {.name = "opus", .clock_hz = 48000, .n_channels = 2},
    };
    struct media_rules *rules = &rig->a.rules;

    rules->action[PCMU] = MEDIA_TRANSCODE;
    rules->clock_hz[PCMU] = 8000;
    rules->set_transcoder = true;
    assert_int_equal(transcoder_alloc(&rules->transcoder, &cfg), 0);
    rig_leg_set(rig, &rig->a);
}

static uint64_t n_sent(const struct rig *rig)
{
    struct media_stats stats;

    media_stream_stats(rig->b.stream, &stats);
    return stats.out[MEDIA_RTP].packets;
}

static void send_burst(const struct rig *rig, uint16_t *seq)
{
    for (unsigned i = 0; i < BURST; i++)
        rig_send_rtp(&rig->a, PCMU, (*seq)++);
}

/* Two bursts for the codec, the second while the worker has the first in hand, so that it comes to
 * it as a whole. When the first of that comes out, a packet that is only relayed.
 * @return how many of the second burst were sent before that one */
static unsigned overtake(struct rig *rig, uint16_t *seq)
{
    const uint64_t n = n_sent(rig) + 2 * BURST + 1;
    struct rtp_packet first, rtp;
    uint8_t data[2048];

    send_burst(rig, seq);
    first = rig_recv_rtp(&rig->b);
    send_burst(rig, seq);
    do
        rtp = rig_recv_rtp(&rig->b);
    while ((uint16_t)(rtp.seq - first.seq) < BURST);
    rig_send_rtp(&rig->a, RELAYED, *seq);
    do
        rtp = rig_recv_rtp(&rig->b);
    while (rtp.pt != RELAYED);
    while (n_sent(rig) < n) /* the counters follow a turn later: the worker is given turns */
        rig_settle(rig);
    while (recv(rig->b.peer_fd[MEDIA_RTP], data, sizeof(data), MSG_DONTWAIT) >= 0)
        ;
    return (uint16_t)(rtp.seq - first.seq) - BURST;
}

/* Who is kept from running while the worker encodes sees nothing: he tries again. A portion is some
 * ten packets. Were there none, the first packet of a burst would not come out before all of it are
 * done that were there when the one before ended: most (81 to 111 of 120 were seen). */
static void relayed_packet_overtakes_a_burst_that_is_being_transcoded(void **state)
{
    unsigned tries = 0, n_overtaken = 0, n;
    uint16_t seq = 0;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    transcode_all(&rig);
    while (n_overtaken < ENOUGH) {
        assert_true(tries++ < TRIES);
        n = overtake(&rig, &seq);
        n_overtaken += n < BURST / 2;
        print_message("    %u of %u were sent before it\n", n, BURST);
    }
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relayed_packet_overtakes_a_burst_that_is_being_transcoded),
    };

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    return cmocka_run_group_tests_name("portion", tests, NULL, NULL);
}
