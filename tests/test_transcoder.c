#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/lossy.h"
#include "tests/sim/malloc_count.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* ---- sound ---- */

enum { SECONDS = 2 };
static int16_t sound_in[48000 * SECONDS], sound_out[48000 * (SECONDS + 1)];

/* Speech through a transcoder, without loss. Both ends listen at rate_hz. */
static void run_speech(const char *in, const char *out, uint32_t rate_hz, uint32_t in_ms,
                       uint32_t out_ms, struct receiver *r)
{
    const struct transcoder_config cfg = rig_config(in, out, out_ms);
    struct transcoder *t = rig_open(&cfg);
    struct sender s;
    uint64_t now_us = 0;

    sender_open(&s, in, rate_hz, in_ms);
    receiver_open(r, out, rate_hz, sound_out, sizeof(sound_out) / sizeof(sound_out[0]));
    memset(sound_out, 0, sizeof(sound_out));
    signal_speech(sound_in, (size_t)rate_hz * SECONDS, rate_hz, 8000);
    for (size_t at = 0; at + s.n_frame <= (size_t)rate_hz * SECONDS; at += s.n_frame) {
        assert_int_equal(transcoder_put(t, sender_next(&s, sound_in + at), SSRC, now_us), 0);
        rig_drain(t, r, now_us);
        now_us += (uint64_t)in_ms * MS;
    }
    assert_int_equal(transcoder_stats(t)->concealed, 0);
    sender_close(&s);
    receiver_close(r);
    transcoder_free(t);
}

static bool is_one_of(const char *in, const char *out, const char *name)
{
    return strcmp(in, name) == 0 || strcmp(out, name) == 0;
}

static void every_codec_reaches_every_codec(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIG_N_CODECS; i++) {
        for (size_t k = 0; k < RIG_N_CODECS; k++) {
            const char *in = rig_formats[i].spec.name, *out = rig_formats[k].spec.name;
            const bool is_parametric = is_one_of(in, out, "opus") || is_one_of(in, out, "GSM");
            const bool is_wide = codec_find(&rig_formats[i].spec)->pcm_rate_hz > 8000 &&
                                 codec_find(&rig_formats[k].spec)->pcm_rate_hz > 8000;
            const uint32_t hz = is_wide ? 16000 : 8000;
            struct receiver r;
            size_t delay;
            double snr_db, level;

            run_speech(in, out, hz, 20, 20, &r);
            assert_int_equal(r.n_audio, 50 * SECONDS);
            assert_int_equal(r.n_marker, 1);
            delay = signal_delay(sound_in, sound_out, hz, hz / 40);
            snr_db = signal_snr_db(sound_in, sound_out + delay, hz);
            level = signal_rms(sound_out + delay, hz) / signal_rms(sound_in, hz);
            if (snr_db < (is_parametric ? 2 : 12) || fabs(20 * log10(level)) > 2)
                fail_msg("%s to %s: %.1f dB, level %.2f, delay %zu", in, out, snr_db, level, delay);
            if (!is_one_of(in, out, "opus") &&
                delay > (i == k ? 48 : 24)) /* the filter banks of G.722 */
                fail_msg("%s to %s is delayed by %zu samples", in, out, delay);
        }
    }
}

static void every_packet_time_becomes_every_other(void **state)
{
    static const uint32_t times_ms[] = {10, 20, 30, 40, 50, 60};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 6; k++) {
            const uint32_t sent_ms = SECONDS * 1000 / times_ms[i] * times_ms[i];
            struct receiver r;

            run_speech("PCMA", "PCMU", 8000, times_ms[i], times_ms[k], &r);
            assert_int_equal(r.n_audio, sent_ms / times_ms[k]);
            assert_int_equal(r.end_ts, r.n_audio * times_ms[k] * 8);
            assert_int_equal(r.silence_ticks, 0);
            assert_int_equal(signal_delay(sound_in, sound_out, 8000, 200), 0);
            assert_true(signal_snr_db(sound_in, sound_out, 8000) > 25);
        }
    }
}

static void a_packet_in_order_leaves_in_the_same_moment(void **state)
{
    static const char *const outs[] = {"PCMA", "G722", "opus"};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const struct transcoder_config cfg = rig_config("PCMU", outs[k], 20);
        struct transcoder *t = rig_open(&cfg);
        struct sender s;
        struct receiver r;

        sender_open(&s, "PCMU", 0, 20);
        receiver_open(&r, outs[k], 0, NULL, 0);
        signal_speech(sound_in, 8000, 8000, 8000);
        for (unsigned i = 0; i < 50; i++) {
            transcoder_put(t, sender_next(&s, sound_in + i * s.n_frame), SSRC, i * 20 * MS);
            assert_int_equal(rig_drain(t, &r, i * 20 * MS), 1);
            assert_int_equal(transcoder_deadline_us(t), UINT64_MAX);
        }
        sender_close(&s);
        receiver_close(&r);
        transcoder_free(t);
    }
}

/* A wide and a narrow codec into one output: the narrow one comes through a resampler. */
static void a_sender_may_change_its_codec_in_mid_stream(void **state)
{
    struct transcoder_config cfg = rig_config("G722", "opus", 20);
    struct transcoder *t;
    struct sender wide, narrow;
    struct receiver r;
    size_t at = 0;

    (void)state;
    cfg.in[cfg.n_in++] = *rig_format("PCMU");
    t = rig_open(&cfg);
    sender_open(&wide, "G722", 0, 20);
    sender_open(&narrow, "PCMU", 0, 20);
    receiver_open(&r, "opus", 16000, sound_out, sizeof(sound_out) / sizeof(sound_out[0]));
    for (unsigned i = 0; i < 100; i++) {
        struct sender *s = i / 25 % 2 ? &narrow : &wide, *other = i / 25 % 2 ? &wide : &narrow;

        signal_sine(sound_in, s->n_frame, s->rate_hz, 500, 8000); /* whole periods */
        assert_int_equal(transcoder_put(t, sender_next(s, sound_in), SSRC, i * 20 * MS), 0);
        rig_drain(t, &r, i * 20 * MS);
        other->pkt.seq = s->pkt.seq;
        other->pkt.ts = s->pkt.ts;
    }
    assert_int_equal(r.n_audio, 100);
    assert_int_equal(r.end_ts, 100 * 960);
    assert_int_equal(r.silence_ticks, 0);
    for (at = 4000; at < 30000; at += 8000) /* the middle of each stretch */
        assert_true(signal_purity_db(sound_out + at, 3200, 16000, 500) > 10);
    sender_close(&wide);
    sender_close(&narrow);
    receiver_close(&r);
    transcoder_free(t);
}

/* ---- repair ---- */

static void silence_moves_the_time_stamps_and_sets_the_marker(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_true(l.r.last.marker);
    line_step(&l, true);
    assert_false(l.r.last.marker);
    l.s.pkt.ts += 8000; /* a second without packets */
    l.now_us += 1000 * MS;
    line_step(&l, true);
    assert_true(l.r.last.marker);
    assert_int_equal(l.r.last.ts, 2 * 960 + 48000);
    assert_int_equal(transcoder_stats(l.t)->silence, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_lost_packet_is_made_up_after_the_window(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.reorder_window_us = 30 * MS;
    line_open(&l, &cfg);
    for (int i = 0; i < 10; i++)
        line_step(&l, true);
    line_step(&l, false);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 10); /* waits */
    assert_int_equal(transcoder_deadline_us(l.t), 220 * MS + 30 * MS);
    rig_pass_time(l.t, &l.r, 249 * MS);
    assert_int_equal(l.r.n_audio, 10);
    rig_pass_time(l.t, &l.r, 250 * MS);
    assert_int_equal(l.r.n_audio, 12);
    assert_int_equal(l.r.end_ts, 12 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 1);
    assert_int_equal(transcoder_stats(l.t)->concealed, 1);
    line_close(&l);
}

static void a_long_loss_is_made_up_for_100_ms_and_silent_after(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    for (int i = 0; i < 50; i++)
        line_step(&l, false);
    line_step(&l, true);
    rig_pass_time(l.t, &l.r, l.now_us + 40 * MS);
    assert_int_equal(l.r.n_audio, 2 + 5);
    assert_int_equal(l.r.end_ts, 52 * 160);
    assert_int_equal(l.r.silence_ticks, 45 * 160);
    line_close(&l);
}

static void a_packet_that_was_overtaken_is_not_a_loss(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct transcoder_packet held;
    uint8_t payload[CODEC_PAYLOAD_MAX];
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_step(&l, false);
    held = l.s.pkt;
    memcpy(payload, held.payload, held.n);
    held.payload = payload;
    line_step(&l, true);
    assert_int_equal(transcoder_put(l.t, &held, SSRC, l.now_us), 0);
    assert_int_equal(rig_drain(l.t, &l.r, l.now_us), 2);
    assert_int_equal(transcoder_put(l.t, &held, SSRC, l.now_us), EALREADY);
    assert_int_equal(transcoder_stats(l.t)->reordered, 1);
    assert_int_equal(transcoder_stats(l.t)->duplicate, 1);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_payload_that_cannot_be_read_is_made_up(void **state)
{
    static const uint8_t bad[] = {0x03, 0x00}; /* Opus: no frames */
    static const uint8_t huge[1601];
    const struct transcoder_config cfg = rig_config("opus", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), bad, sizeof(bad)), EBADMSG);
    l.s.pkt.ts += 960;
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), huge, sizeof(huge)), EBADMSG);
    l.s.pkt.ts += 960;
    assert_int_equal(line_put(&l, PT_OPUS, line_ts(&l), NULL, 0), EBADMSG);
    l.s.pkt.ts += 960;
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 5);
    assert_int_equal(l.r.end_ts, 5 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(transcoder_stats(l.t)->bad_payload, 3);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void a_payload_type_that_is_not_listed_is_refused_and_is_no_loss(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    assert_int_equal(line_put(&l, 77, line_ts(&l), "x", 1), ENOENT);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 2);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void another_source_goes_on_in_the_same_timeline(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;
    struct transcoder_packet pkt;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    pkt = *sender_next(&l.s, sound_in);
    pkt.seq = 5;
    pkt.ts = 99;
    assert_int_equal(transcoder_put(l.t, &pkt, SSRC + 1, 20 * MS), 0);
    assert_int_equal(rig_drain(l.t, &l.r, 20 * MS), 1);
    assert_int_equal(l.r.end_ts, 320);
    assert_int_equal(l.r.silence_ticks, 0);
    line_close(&l);
}

static void fec_gives_a_lost_packet_back(void **state)
{
    const struct transcoder_config cfg = rig_config("opus", "G722", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    sender_close(&l.s);
    sender_open(&l.s, "opus", 16000, 20);
    signal_speech(l.sound, 16000, 16000, 8000);
    for (int i = 0; i < 100; i++)
        line_step(&l, i % 10 != 9);
    rig_pass_time(l.t, &l.r, l.now_us + 20 * MS); /* not yet the noise of an Opus sender's DTX */
    assert_int_equal(transcoder_stats(l.t)->lost, 9); /* the tenth is the last packet */
    assert_true(transcoder_stats(l.t)->fec_repaired > 5);
    assert_int_equal(transcoder_stats(l.t)->fec_repaired + transcoder_stats(l.t)->concealed, 9);
    assert_int_equal(l.r.n_audio, 99);
    line_close(&l);
}

/* ---- time ---- */

/* An hour through a network that loses 3 %, in bursts. What goes out covers exactly what was sent.
 */
static void an_hour_of_loss_does_not_drift(void **state)
{
    static struct lossy net;
    const struct lossy_config bad = {.seed = 11,
                                     .loss = 0.03,
                                     .burst = 2,
                                     .duplicate = 0.01,
                                     .reorder = 0.02,
                                     .reorder_us = 30 * MS,
                                     .jitter_us = 10 * MS};
    const struct transcoder_config cfg = rig_config("PCMU", "G722", 20);
    struct transcoder *t = rig_open(&cfg);
    struct receiver r;
    const uint32_t n_packets = 3600 * 50;
    uint8_t payload[160] = {0};
    uint32_t first = UINT32_MAX, k;

    (void)state;
    lossy_init(&net, &bad);
    receiver_open(&r, "G722", 0, NULL, 0);
    for (uint32_t i = 0; i <= n_packets; i++) {
        const uint64_t now_us = i * 20ULL * MS;

        if (i < n_packets)
            assert_int_equal(lossy_send(&net, &i, sizeof(i), now_us), 0);
        for (uint64_t at_us; (at_us = lossy_deadline_us(&net)) < now_us + 20 * MS;) {
            struct transcoder_packet pkt = {.pt = PT_PCMU, .payload = payload, .n = 160};

            rig_pass_time(t, &r, at_us);
            assert_int_equal(lossy_receive(&net, &k, sizeof(k), at_us), sizeof(k));
            first = first == UINT32_MAX ? k : first; /* what it overtook is late */
            pkt.seq = (uint16_t)k;
            pkt.ts = k * 160;
            transcoder_put(t, &pkt, SSRC, at_us);
            rig_drain(t, &r, at_us);
        }
    }
    rig_pass_time(t, &r, (n_packets + 10) * 20ULL * MS);
    assert_true(net.lost > 3000);
    assert_int_equal(k, n_packets - 1); /* the last one came */
    assert_int_equal(r.end_ts, (n_packets - first) * 160);
    assert_int_equal((uint64_t)r.n_audio * 160 + r.silence_ticks, r.end_ts);
    receiver_close(&r);
    transcoder_free(t);
}

static void an_hour_through_a_resampler_does_not_drift(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "G722", 20);
    struct transcoder *t;
    struct receiver r;
    uint8_t payload[160] = {0};

    (void)state;
    cfg.in[cfg.n_in++] = *rig_format("G722"); /* makes the encoder wide */
    t = rig_open(&cfg);
    receiver_open(&r, "G722", 0, NULL, 0);
    for (uint32_t i = 0; i < 3600 * 50; i++) {
        const struct transcoder_packet pkt = {
            .pt = PT_PCMU, .seq = (uint16_t)i, .ts = i * 160, .payload = payload, .n = 160};

        transcoder_put(t, &pkt, SSRC, i * 20ULL * MS);
        assert_int_equal(rig_drain(t, &r, i * 20ULL * MS), 1);
    }
    assert_int_equal(r.end_ts, 3600 * 8000);
    receiver_close(&r);
    transcoder_free(t);
}

/* ---- memory, and what peers may do ---- */

static void nothing_is_allocated_while_media_flows(void **state)
{
    static const uint8_t sid[] = {60};

    (void)state;
    for (size_t i = 0; i < RIG_N_CODECS; i++) {
        for (size_t k = 0; k < RIG_N_CODECS; k++) {
            struct transcoder_config cfg =
                rig_config(rig_formats[i].spec.name, rig_formats[k].spec.name, k % 2 ? 40 : 20);
            struct line l;
            uint64_t before;

            cfg.in[cfg.n_in++] = *rig_format(i == 0 ? "G722" : "PCMU"); /* with a resampler */
            line_open(&l, &cfg);
            before = malloc_count();
            for (int n = 0; n < 100; n++) {
                line_step(&l, n % 9 != 8);
                if (n % 30 == 10)
                    line_event(&l, 5, true, 800, line_ts(&l));
                if (n % 30 == 20)
                    line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
            }
            assert_true(transcoder_stats(l.t)->lost > 5);
            assert_int_equal(malloc_count() - before, 0);
            line_close(&l);
        }
    }
    free(malloc(1)); /* the count counts */
    assert_true(malloc_count() > 0);
}

static void an_allocation_that_fails_leaves_nothing_behind(void **state)
{
    struct transcoder_config cfg = rig_config("opus", "G722", 20);
    struct transcoder *t = NULL;
    uint64_t n = 0;
    int err;

    (void)state;
    if (!malloc_fail_nth(1))
        skip();
    cfg.in[cfg.n_in++] = *rig_format("PCMU");
    do {
        malloc_fail_nth(++n);
        err = transcoder_alloc(&t, &cfg);
        malloc_fail_nth(0);
        assert_true(err == 0 || (err == ENOMEM && !t));
    } while (err);
    assert_true(n > 8);
    transcoder_free(t);
}

static void formats_without_a_codec_are_refused(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct transcoder *t = NULL;

    (void)state;
    cfg.in[1].spec = (struct codec_spec){"SPEEX", 8000, 1, ""};
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = rig_config("PCMU", "PCMA", 20);
    cfg.out = (struct codec_spec){"H264", 90000, 1, ""};
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = rig_config("PCMU", "PCMA", 20);
    cfg.in[2].spec.clock_hz = 0;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = rig_config("PCMU", "PCMA", 20);
    cfg.event_clock_hz = 0;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    cfg = rig_config("PCMU", "PCMA", 20);
    cfg.n_in = TRANSCODER_FORMATS_MAX + 1;
    assert_int_equal(transcoder_alloc(&t, &cfg), EINVAL);
    assert_null(t);
}

/* Any bytes in any order: what comes out is still a stream that receive() accepts. */
static void noise_on_the_wire_becomes_an_orderly_stream(void **state)
{
    static const uint8_t pts[] = {PT_PCMU, PT_OPUS, PT_EVENT, PT_CN, 77};
    struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct transcoder *t;
    struct receiver r;
    uint64_t x = 88172645463325252ULL;
    uint8_t payload[1500];

    (void)state;
    cfg.in[cfg.n_in++] = *rig_format("opus");
    t = rig_open(&cfg);
    receiver_open(&r, "opus", 0, NULL, 0);
    for (uint64_t i = 0; i < 5000; i++) {
        struct transcoder_packet pkt = {.payload = payload};

        for (size_t k = 0; k < sizeof(payload); k += 8) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            memcpy(payload + k, &x, k + 8 <= sizeof(payload) ? 8 : sizeof(payload) - k);
        }
        pkt.pt = pts[x % 5];
        pkt.n = x >> 8 & 1 ? x >> 16 & 7 : x >> 16 & 1023;
        pkt.seq = (uint16_t)(i + (x >> 32 & 3));
        pkt.ts = x >> 40 & 1 ? (uint32_t)i * 160 : (uint32_t)(x >> 41);
        transcoder_put(t, &pkt, SSRC + (uint32_t)((x >> 50) % 50 / 49), i * 20 * MS);
        rig_drain(t, &r, i * 20 * MS);
        r.n_event = 0;
    }
    assert_true(r.n_audio > 100);
    receiver_close(&r);
    transcoder_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_reaches_every_codec),
        cmocka_unit_test(every_packet_time_becomes_every_other),
        cmocka_unit_test(a_packet_in_order_leaves_in_the_same_moment),
        cmocka_unit_test(a_sender_may_change_its_codec_in_mid_stream),
        cmocka_unit_test(silence_moves_the_time_stamps_and_sets_the_marker),
        cmocka_unit_test(a_lost_packet_is_made_up_after_the_window),
        cmocka_unit_test(a_long_loss_is_made_up_for_100_ms_and_silent_after),
        cmocka_unit_test(a_packet_that_was_overtaken_is_not_a_loss),
        cmocka_unit_test(a_payload_that_cannot_be_read_is_made_up),
        cmocka_unit_test(a_payload_type_that_is_not_listed_is_refused_and_is_no_loss),
        cmocka_unit_test(another_source_goes_on_in_the_same_timeline),
        cmocka_unit_test(fec_gives_a_lost_packet_back),
        cmocka_unit_test(an_hour_of_loss_does_not_drift),
        cmocka_unit_test(an_hour_through_a_resampler_does_not_drift),
        cmocka_unit_test(nothing_is_allocated_while_media_flows),
        cmocka_unit_test(an_allocation_that_fails_leaves_nothing_behind),
        cmocka_unit_test(formats_without_a_codec_are_refused),
        cmocka_unit_test(noise_on_the_wire_becomes_an_orderly_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
