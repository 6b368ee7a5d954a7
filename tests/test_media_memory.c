#include "media_rig.h"

#include <errno.h>

#include "codec/transcoder.h"
#include "relay/media/rtcp.h"
#include "tests/sim/malloc_count.h"

/* Where the data plane allocates: on the control thread, at start and for each command. The workers
 * do not, and when memory is short control is told and nothing is lost. */

enum { WARM_UP = 200, MEASURED = 1000 };

/* Sends n packets through the relay, one at a time. @return allocations meanwhile, by any thread */
static uint64_t relay_packets(const struct rig *rig, uint16_t first, unsigned n)
{
    uint64_t before = malloc_count();
    unsigned i;

    for (i = 0; i < n; i++) {
        rig_send_rtp(&rig->a, 0, (uint16_t)(first + i));
        (void)rig_recv_rtp(&rig->b);
    }
    return malloc_count() - before;
}

static void worker_relays_without_allocating(void **state)
{
    uint8_t rr[8] = {0x80, 201, 0, 1, 0x11, 0x11, 0x11, 0x11}, data[256];
    struct rig rig;
    uint64_t before;
    int i;

    (void)state;
    rig_open(&rig);
    (void)relay_packets(&rig, 0, WARM_UP);
    assert_int_equal(relay_packets(&rig, WARM_UP, MEASURED), 0);
    before = malloc_count();
    for (i = 0; i < 100; i++) {
        rig_send(&rig.a, MEDIA_RTCP, rr, sizeof(rr));
        (void)rig_recv(&rig.b, MEDIA_RTCP, data, sizeof(data));
    }
    assert_int_equal(malloc_count() - before, 0);
    rig_close(&rig);
}

static void worker_transcodes_without_allocating(void **state)
{
    struct transcoder_config cfg = {
        .in = {{.pt = 0, .spec = {.name = "PCMU", .clock_hz = 8000, .n_channels = 1}}},
        .n_in = 1,
        .out_pt = 96,
        .out = {.name = "opus", .clock_hz = 48000, .n_channels = 2},
    };
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.a.rules.action[0] = MEDIA_TRANSCODE;
    rig.a.rules.set_transcoder = true;
    assert_int_equal(transcoder_alloc(&rig.a.rules.transcoder, &cfg), 0);
    rig_leg_set(&rig, &rig.a);
    (void)relay_packets(&rig, 0, WARM_UP);
    assert_int_equal(relay_packets(&rig, WARM_UP, MEASURED), 0);
    rig_close(&rig);
}

static struct srtp_session *session(struct srtp_context *c, enum srtp_direction direction)
{
    struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, .key_salt = {1, 2, 3}};
    struct srtp_session *s = NULL;

    assert_int_equal(srtp_session_alloc(&s, c, &keys, direction), 0);
    return s;
}

/* @return allocations of the library itself for sealing n packets */
static uint64_t seal_packets(struct srtp_context *c, struct srtp_session *tx, uint16_t first,
                             unsigned n)
{
    uint64_t before = malloc_count();
    uint8_t data[512];
    unsigned i;

    for (i = 0; i < n; i++) {
        struct srtp_job job = {.session = tx, .data = data, .cap = sizeof(data)};

        job.len = (uint32_t)rig_rtp(data, 0, (uint16_t)(first + i), 1);
        srtp_seal(c, &job, 1);
        assert_int_equal(job.result, SRTP_OK);
    }
    return malloc_count() - before;
}

/* libsrtp2 may allocate for each packet (built on NSS it does): that much, and no more. */
static void worker_seals_without_allocating_beside_libsrtp2(void **state)
{
    struct srtp_session *tx;
    uint64_t library, worker;
    struct rig rig;

    (void)state;
    rig_open_with(&rig, &srtp_provider_libsrtp);
    tx = session(rig.srtp, SRTP_SEND);
    (void)seal_packets(rig.srtp, tx, 0, WARM_UP);
    library = seal_packets(rig.srtp, tx, WARM_UP, MEASURED);
    srtp_session_free(tx);

    rig.b.rules.set_srtp_tx = true;
    rig.b.rules.srtp_tx = session(rig.srtp, SRTP_SEND);
    rig_leg_set(&rig, &rig.b);
    (void)relay_packets(&rig, 0, WARM_UP);
    worker = relay_packets(&rig, WARM_UP, MEASURED);
    print_message("    libsrtp2: %.2f allocations a sealed packet\n", (double)library / MEASURED);
    assert_int_equal(worker, library);
    rig_close(&rig);
}

/* Opens and seals: in one leg with the keys that it goes out with on the other. */
static void worker_opens_and_seals_without_allocating(void **state)
{
    uint8_t data[2048];
    struct srtp_session *tx;
    struct rig rig;
    uint64_t before = 0;

    (void)state;
    if (!srtp_provider_is_available(&srtp_provider_multibuffer))
        skip();
    rig_open_with(&rig, &srtp_provider_multibuffer);
    tx = session(rig.srtp, SRTP_SEND);
    rig.a.rules.set_srtp_rx = rig.b.rules.set_srtp_tx = true;
    rig.a.rules.srtp_rx = session(rig.srtp, SRTP_RECEIVE);
    rig.b.rules.srtp_tx = session(rig.srtp, SRTP_SEND);
    rig_leg_set(&rig, &rig.a);
    rig_leg_set(&rig, &rig.b);
    for (unsigned i = 0; i < WARM_UP + MEASURED; i++) {
        struct srtp_job job = {.session = tx, .data = data, .cap = sizeof(data)};

        if (i == WARM_UP)
            before = malloc_count();
        job.len = (uint32_t)rig_rtp(data, 0, (uint16_t)i, RIG_PEER_A);
        srtp_seal(rig.srtp, &job, 1);
        rig_send(&rig.a, MEDIA_RTP, data, job.len);
        assert_true(rig_recv(&rig.b, MEDIA_RTP, data, sizeof(data)) > 0);
    }
    assert_int_equal(malloc_count() - before, 0);
    srtp_session_free(tx);
    rig_close(&rig);
}

/* Everything that control may ask of the door. @return 0; ENOMEM */
static int use_the_door(struct rig *rig, unsigned *n_removals)
{
    struct media_stream_config cfg = {.fd = {-1, -1}};
    struct media_rules rules = {.set_transcoder = true};
    union addr remote = {0};
    struct media_stream *s;
    int err;

    err = media_stream_add(&s, rig->media, &cfg);
    if (err)
        return err;
    err = media_stream_set(s, &rules);
    if (!err)
        err = media_stream_set_remote(s, MEDIA_RTP, &remote);
    media_stream_remove(s); /* whatever went wrong: this cannot */
    (*n_removals)++;
    return err;
}

static void door_stays_as_it_was_when_memory_is_short(void **state)
{
    struct rig rig;
    unsigned n_removals;
    uint64_t n;
    int err = ENOMEM;

    (void)state;
    rig_open(&rig);
    n_removals = rig.n_removed;
    if (!malloc_fail_nth(0x7fffffff)) {
        rig_close(&rig);
        skip(); /* a sanitizer owns malloc() */
    }
    for (n = 1; err == ENOMEM; n++) {
        assert_true(n < 100);
        (void)malloc_fail_nth(n);
        err = use_the_door(&rig, &n_removals);
        (void)malloc_fail_nth(0);
        rig_settle(&rig);
        n_removals++; /* of a stream of its own */
        rig_await_removed(&rig, n_removals);
        assert_int_equal(rig.n_removed, n_removals);
    }
    assert_int_equal(err, 0);
    assert_true(n > 2); /* something did fail */
    rig_send_rtp(&rig.a, 0, 1);
    (void)rig_recv_rtp(&rig.b);
    rig_close(&rig);
}

/* Mutes, unmutes and mutes again, without memory, before the worker has answered anything. */
static void muting_needs_no_memory_and_the_last_word_counts(void **state)
{
    struct media_stats stats;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig_send_rtp(&rig.a, 0, 10);
    (void)rig_recv_rtp(&rig.b);
    media_stream_mute(rig.a.stream);
    assert_int_equal(media_stream_set(rig.a.stream, &rig.a.rules), 0);
    (void)malloc_fail_nth(1);
    media_stream_mute(rig.a.stream);
    (void)malloc_fail_nth(0);
    rig_settle(&rig); /* the first comes back, and goes again */
    rig_settle(&rig);
    rig_send_rtp(&rig.a, 0, 11);
    do {
        rig_settle(&rig);
        media_stream_stats(rig.a.stream, &stats);
    } while (!stats.drops[DROP_NOT_READY] && stats.in[MEDIA_RTP].packets < 2);
    assert_int_equal(stats.in[MEDIA_RTP].packets, 1);

    media_stream_mute(rig.a.stream);
    media_stream_mute(rig.a.stream);
    rig_leg_set(&rig, &rig.a); /* the later word: it is heard again */
    rig_settle(&rig);
    rig_send_rtp(&rig.a, 0, 12);
    (void)rig_recv_rtp(&rig.b);
    media_stream_mute(rig.a.stream);
    media_stream_mute(rig.a.stream);
    rig_close(&rig); /* removed while letters are out */
}

static void workers_that_cannot_start_leave_nothing_behind(void **state)
{
    struct media_config cfg = {.n_workers = 2, .srtp = &srtp_provider_libsrtp};
    struct media *m = NULL;
    uint64_t n;
    int err = ENOMEM;

    (void)state;
    if (!malloc_fail_nth(0x7fffffff))
        skip();
    for (n = 1; err != 0; n++) {
        assert_true(n < 100);
        (void)malloc_fail_nth(n);
        errno = ENOMEM; /* glibc asserts it of malloc() when it makes a thread's stack */
        err = media_start(&m, &cfg);
        (void)malloc_fail_nth(0);
    }
    assert_true(n > 4);
    media_stop(m);
}

static int setup(void **state)
{
    (void)state;
    return srtp_library_init();
}

static int teardown(void **state)
{
    (void)state;
    srtp_library_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_relays_without_allocating),
        cmocka_unit_test(worker_transcodes_without_allocating),
        cmocka_unit_test(worker_opens_and_seals_without_allocating),
        cmocka_unit_test(worker_seals_without_allocating_beside_libsrtp2),
        cmocka_unit_test(muting_needs_no_memory_and_the_last_word_counts),
        cmocka_unit_test(door_stays_as_it_was_when_memory_is_short),
        cmocka_unit_test(workers_that_cannot_start_leave_nothing_behind),
    };

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    return cmocka_run_group_tests(tests, setup, teardown);
}
