#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "codec/playout.h"
#include "tests/sim/lossy.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* How long a gap waits whose packet the next one can give back (Opus FEC): not at all on a network
 * that keeps order, and long enough on one that does not. */

enum { TICKS = 960, PTIME_US = 20 * MS };

static struct playout p;

static int setup(void **state)
{
    (void)state;
    playout_init(&p, 0);
    return 0;
}

/* The k-th packet, which repeats the one before it or does not. */
static int put(unsigned k, bool repeats_before, uint64_t now_us)
{
    static const uint8_t byte;
    const struct playout_packet pkt = {.seq = (uint16_t)k,
                                       .ts = k * TICKS,
                                       .ticks = TICKS,
                                       .clock_hz = 48000,
                                       .repeats_before = repeats_before,
                                       .payload = &byte,
                                       .n = 1};

    return playout_put(&p, &pkt, SSRC, now_us);
}

static void takes(enum playout_kind kind, uint16_t seq, uint64_t now_us)
{
    struct playout_event ev;

    assert_int_equal(playout_get(&p, &ev, now_us), 0);
    assert_int_equal(ev.kind, kind);
    assert_int_equal(ev.packet->seq, seq);
}

static void takes_nothing(uint64_t now_us)
{
    struct playout_event ev;

    assert_int_equal(playout_get(&p, &ev, now_us), EAGAIN);
}

static void starts(uint64_t now_us)
{
    assert_int_equal(put(0, false, now_us), 0);
    takes(PLAYOUT_RESTART, 0, now_us);
    takes(PLAYOUT_PACKET, 0, now_us);
}

static void a_loss_that_can_be_given_back_is_not_waited_for(void **state)
{
    (void)state;
    starts(0);
    assert_int_equal(put(2, true, 40 * MS), 0);
    assert_int_equal(playout_deadline_us(&p), 40 * MS);
    takes(PLAYOUT_LOST, 2, 40 * MS);
    takes(PLAYOUT_PACKET, 2, 40 * MS);
    takes_nothing(40 * MS);
}

/* FEC gives back one packet, the last: of the others the real ones are worth waiting for. */
static void several_in_a_row_are_waited_for(void **state)
{
    (void)state;
    starts(0);
    assert_int_equal(put(3, true, 60 * MS), 0);
    takes_nothing(60 * MS);
    assert_int_equal(playout_deadline_us(&p), 100 * MS);
    assert_int_equal(put(1, false, 61 * MS), 0); /* now one is missing, and 1 was overtaken */
    takes(PLAYOUT_PACKET, 1, 61 * MS);
    takes_nothing(61 * MS);
    assert_int_equal(playout_deadline_us(&p), 60 * MS + 2 * 5 * MS);
}

/* @return when a gap that begins with the next odd packet, overtaken at now_us, is given up */
static uint64_t wait_of_gap(unsigned k, uint64_t now_us)
{
    uint64_t deadline_us;

    assert_int_equal(put(k + 1, true, now_us), 0);
    deadline_us = playout_deadline_us(&p);
    takes(PLAYOUT_LOST, (uint16_t)(k + 1), deadline_us);
    takes(PLAYOUT_PACKET, (uint16_t)(k + 1), deadline_us);
    return deadline_us - now_us;
}

static void a_network_that_changes_the_order_is_waited_for(void **state)
{
    uint64_t now_us = 40 * MS;

    (void)state;
    starts(0);
    assert_int_equal(wait_of_gap(1, now_us), 0);
    assert_int_equal(put(1, false, now_us + 12 * MS), ESTALE); /* it was not lost */
    now_us += 40 * MS;
    assert_int_equal(wait_of_gap(3, now_us), 24 * MS);

    now_us += 40 * MS; /* in time, and earlier behind: what was longer counts */
    assert_int_equal(put(6, true, now_us), 0);
    takes_nothing(now_us);
    assert_int_equal(put(5, true, now_us + 7 * MS), 0);
    takes(PLAYOUT_PACKET, 5, now_us + 7 * MS);
    takes(PLAYOUT_PACKET, 6, now_us + 7 * MS);
    now_us += 40 * MS;
    assert_int_equal(wait_of_gap(7, now_us), 24 * MS);

    now_us += 40 * MS; /* never longer than any other gap */
    assert_int_equal(put(10, true, now_us), 0);
    assert_int_equal(put(9, true, now_us + 22 * MS), 0);
    takes(PLAYOUT_PACKET, 9, now_us + 22 * MS);
    takes(PLAYOUT_PACKET, 10, now_us + 22 * MS);
    now_us += 40 * MS;
    assert_int_equal(wait_of_gap(11, now_us), 40 * MS);
}

static void a_network_that_has_kept_order_for_long_is_trusted_again(void **state)
{
    const uint64_t later_us = 52 * MS + PLAYOUT_MEMORY_US;

    (void)state;
    starts(0);
    assert_int_equal(wait_of_gap(1, 40 * MS), 0);
    assert_int_equal(put(1, false, 52 * MS), ESTALE);
    assert_int_equal(wait_of_gap(3, later_us), 24 * MS);
    assert_int_equal(wait_of_gap(5, later_us + 1), 0);
}

/* A packet that comes after the whole window would not have been waited for either. */
static void what_comes_after_the_window_teaches_nothing(void **state)
{
    (void)state;
    starts(0);
    assert_int_equal(wait_of_gap(1, 40 * MS), 0);
    assert_int_equal(put(1, false, 81 * MS), ESTALE);
    assert_int_equal(wait_of_gap(3, 120 * MS), 0);
}

/* ---- on simulated links ---- */

struct tally {
    unsigned n_held; /* packets that came and did not leave at once */
    uint64_t lost, fec, late, concealed;
};

static struct line l;

static void arrive(struct lossy *net, uint64_t at_us, struct tally *sum)
{
    struct {
        uint32_t seq, ts, n;
        uint8_t payload[400];
    } wire;
    unsigned before;

    rig_pass_time(l.t, &l.r, at_us);
    assert_int_equal(lossy_receive(net, &wire, sizeof(wire), at_us), sizeof(wire));
    before = l.r.n_audio;
    if (transcoder_put(l.t,
                       &(struct transcoder_packet){.pt = PT_OPUS,
                                                   .seq = (uint16_t)wire.seq,
                                                   .ts = wire.ts,
                                                   .payload = wire.payload,
                                                   .n = wire.n},
                       SSRC, at_us) == 0) {
        rig_drain(l.t, &l.r, at_us);
        sum->n_held += l.r.n_audio == before;
    }
}

/* A minute of speech from an Opus sender with FEC. */
static struct tally relay_minute(const struct lossy_config *network)
{
    static struct lossy net;
    const struct transcoder_config cfg = rig_config("opus", "G722", 20);
    struct tally sum = {0};

    line_open(&l, &cfg);
    sender_close(&l.s);
    sender_open(&l.s, "opus", 16000, 20);
    signal_speech(l.sound, 16000, 16000, 8000);
    lossy_init(&net, network);
    for (unsigned n = 0; n < 3000; n++) {
        const struct transcoder_packet *pkt = sender_next(&l.s, l.sound + (size_t)(n % 50) * 320);
        struct {
            uint32_t seq, ts, n;
            uint8_t payload[400];
        } wire = {.seq = pkt->seq, .ts = pkt->ts, .n = (uint32_t)pkt->n};

        memcpy(wire.payload, pkt->payload, pkt->n);
        assert_int_equal(lossy_send(&net, &wire, sizeof(wire), l.now_us), 0);
        l.now_us += PTIME_US;
        while (lossy_deadline_us(&net) < l.now_us)
            arrive(&net, lossy_deadline_us(&net), &sum);
    }
    sum.lost = transcoder_stats(l.t)->lost;
    sum.fec = transcoder_stats(l.t)->fec_repaired;
    sum.late = transcoder_stats(l.t)->late;
    sum.concealed = transcoder_stats(l.t)->concealed;
    line_close(&l);
    return sum;
}

/* All that is repaired by FEC goes on at once; what has none waits as before. */
static void on_a_link_that_loses_what_is_repaired_is_not_held(void **state)
{
    const struct tally sum = relay_minute(&(struct lossy_config){.seed = 5, .loss = 0.05});

    (void)state;
    assert_in_range(sum.lost, 100, 200);
    assert_true(sum.fec * 10 > sum.lost * 6);
    assert_int_equal(sum.late, 0);
    /* a gap without FEC, or of several packets, holds two that come behind it */
    assert_in_range(sum.n_held, 0, 2 * sum.concealed);
}

/* One packet is the price of finding out; of a hundred and fifty that are overtaken. */
static void on_a_link_that_changes_the_order_nothing_is_lost_for_it(void **state)
{
    const struct lossy_config network = {.seed = 6, .reorder = 0.05, .reorder_us = 30 * MS};
    const struct tally sum = relay_minute(&network);

    (void)state;
    assert_in_range(sum.n_held, 100, 200);
    assert_in_range(sum.late, 0, 1);
    assert_int_equal(sum.lost, sum.late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_loss_that_can_be_given_back_is_not_waited_for, setup),
        cmocka_unit_test_setup(several_in_a_row_are_waited_for, setup),
        cmocka_unit_test_setup(a_network_that_changes_the_order_is_waited_for, setup),
        cmocka_unit_test_setup(a_network_that_has_kept_order_for_long_is_trusted_again, setup),
        cmocka_unit_test_setup(what_comes_after_the_window_teaches_nothing, setup),
        cmocka_unit_test(on_a_link_that_loses_what_is_repaired_is_not_held),
        cmocka_unit_test(on_a_link_that_changes_the_order_nothing_is_lost_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
