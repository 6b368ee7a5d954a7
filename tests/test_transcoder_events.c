#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/sim/lossy.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* RFC 4733 events and RFC 3389 comfort noise between two streams. */

/* ---- events ---- */

static void a_digit_takes_its_place_in_the_audio(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    ts = line_ts(&l);
    for (uint32_t k = 1; k <= 5; k++)
        line_event(&l, 4, k == 5, k * 160, ts);
    for (int k = 0; k < 2; k++) {
        line_event(&l, 4, true, 800, ts);
        l.now_us -= 20 * MS;
    }
    l.s.pkt.ts += 5 * 160; /* the audio that was not sent meanwhile */
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    assert_int_equal(l.r.n_event, 4 + 3);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(l.r.events[i].code, 4);
        assert_int_equal(l.r.events[i].is_end, i >= 4);
        assert_int_equal(l.r.event_ts[i], 5 * 960);
        assert_int_equal(l.r.event_marker[i], i == 0);
        assert_int_equal(l.r.events[i].duration, (i < 4 ? i + 1 : 5) * 960);
    }
    assert_int_equal(l.r.end_ts, 15 * 960);
    assert_int_equal(l.r.silence_ticks, 5 * 960);
    assert_int_equal(transcoder_stats(l.t)->events, 1);
    line_close(&l);
}

static void audio_sent_beside_a_digit_is_passed_too(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    ts = line_ts(&l);
    for (uint32_t k = 1; k <= 5; k++) {
        line_event(&l, 4, k == 5, k * 160, ts);
        l.now_us -= 20 * MS;
        line_step(&l, true);
    }
    rig_pass_time(l.t, &l.r, l.now_us + 100 * MS);
    assert_int_equal(l.r.n_audio, 6);
    assert_int_equal(l.r.end_ts, 6 * 160);
    assert_int_equal(l.r.silence_ticks, 0);
    assert_int_equal(l.r.n_event, 4 + 3);
    line_close(&l);
}

static void audio_before_a_digit_leaves_before_it(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 60);
    struct line l;
    uint32_t ts;

    (void)state;
    line_open(&l, &cfg);
    for (int i = 0; i < 4; i++)
        line_step(&l, true); /* 20 ms are left over */
    assert_int_equal(l.r.n_audio, 1);
    ts = line_ts(&l);
    line_event(&l, 4, true, 800, ts);
    assert_int_equal(l.r.n_audio, 2);
    assert_int_equal(l.r.n_event, 1);
    l.s.pkt.ts += 800;
    l.now_us += 80 * MS;
    for (int i = 0; i < 3; i++)
        line_step(&l, true);
    /* the filling is taken off the pause: 80 + 100 ms of input, then audio */
    assert_int_equal(l.r.end_ts, (80 + 100 + 60) * 8);
    line_close(&l);
}

static void digits_survive_a_bad_network_in_order_and_once(void **state)
{
    static struct lossy net;

    (void)state;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        const struct lossy_config bad = {.seed = seed,
                                         .loss = 0.15,
                                         .duplicate = 0.1,
                                         .reorder = 0.1,
                                         .reorder_us = 25 * MS,
                                         .jitter_us = 10 * MS};
        const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
        struct transcoder *t = rig_open(&cfg);
        struct receiver r;
        unsigned n_digits = 0;
        uint16_t seq = 0;

        lossy_init(&net, &bad);
        receiver_open(&r, "PCMA", 0, NULL, 0);
        for (uint64_t now_us = 0; now_us < 8200ULL * MS; now_us += MS) {
            const uint32_t in_digit = (uint32_t)(now_us / MS) % 400; /* 160 ms on, 240 off */
            const uint32_t digit = (uint32_t)(now_us / MS) / 400;
            uint8_t data[8], payload[4];
            struct transcoder_packet pkt = {.pt = PT_EVENT, .payload = payload, .n = 4};

            if (in_digit % 20 == 0 && in_digit <= 200 && digit < 20) {
                const uint32_t length = in_digit < 160 ? in_digit + 20 : 160;
                const struct dtmf_event ev = {.code = (uint8_t)(digit / 2 % 10),
                                              .is_end = in_digit >= 160,
                                              .duration = (uint16_t)(length * 8)};

                dtmf_print(&ev, data);
                memcpy(data + 4, (uint16_t[]){seq++, (uint16_t)digit}, 4);
                lossy_send(&net, data, sizeof(data), now_us);
            }
            rig_pass_time(t, &r, now_us);
            while (lossy_receive(&net, data, sizeof(data), now_us) == sizeof(data)) {
                uint16_t numbers[2];

                memcpy(payload, data, 4);
                memcpy(numbers, data + 4, 4);
                pkt.seq = numbers[0];
                pkt.ts = 1000 + numbers[1] * 3200U;
                transcoder_put(t, &pkt, SSRC, now_us);
                rig_drain(t, &r, now_us);
            }
            for (unsigned i = 0; i < r.n_event; i++) {
                if (!r.event_marker[i])
                    continue;
                assert_int_equal(r.events[i].code, n_digits / 2 % 10); /* each digit twice */
                n_digits++;
            }
            r.n_event = 0;
        }
        assert_int_equal(n_digits, 20);
        receiver_close(&r);
        transcoder_free(t);
    }
}

static void events_that_nobody_wants_are_dropped(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.has_event = false;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_event(&l, 4, true, 800, line_ts(&l));
    line_step(&l, true);
    assert_int_equal(l.r.n_event, 0);
    assert_int_equal(l.r.n_audio, 2);
    line_close(&l);
}

/* ---- comfort noise ---- */

static void comfort_noise_is_passed_where_the_receiver_takes_it(void **state)
{
    static const uint8_t sid[] = {60, 1, 2, 3};
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.has_cn = true;
    line_open(&l, &cfg);
    line_step(&l, true);
    line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
    assert_int_equal(l.r.n_cn, 1);
    assert_int_equal(l.r.last.ts, 160);
    assert_int_equal(l.r.last.n, 4); /* the same clock: coefficients hold */
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    l.now_us += 200 * MS;
    l.s.pkt.ts += 1600;
    line_step(&l, true);
    assert_true(l.r.last.marker);
    assert_int_equal(l.r.last.ts, 160 + 1600);
    line_close(&l);
}

static void comfort_noise_is_made_where_the_receiver_takes_none(void **state)
{
    static const uint8_t sid[] = {40};
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    static int16_t pcm[16000];
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    l.r.pcm = pcm;
    l.r.cap = 16000;
    for (int i = 0; i < 5; i++)
        line_step(&l, true);
    for (int i = 0; i < 10; i++) { /* one in 100 ms, for a second */
        line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
        l.now_us += 100 * MS;
        l.s.pkt.ts += 800;
    }
    rig_pass_time(l.t, &l.r, l.now_us - 1);
    assert_int_equal(l.r.n_audio, 55);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 56);
    assert_int_equal(l.r.end_ts, 56 * 160);
    assert_int_equal(l.r.n_marker, 1);
    assert_int_equal(l.r.silence_ticks, 0);
    /* -40 dBov: an rms of 328 */
    assert_in_range((int)signal_rms(pcm + 1000, 7000), 295, 360);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX); /* it stops with the speech */
    line_close(&l);
}

/* Speech and noise by turns, the arrival of each shaken by up to 15 ms: what the noise was ahead in
 * one pause is taken off the next. */
static void comfort_noise_never_drifts_from_the_input(void **state)
{
    static const uint8_t sid[] = {60};
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;
    uint64_t input_ms = 0;

    (void)state;
    line_open(&l, &cfg);
    for (unsigned turn = 0; turn < 300; turn++) {
        for (int i = 0; i < 10; i++, input_ms += 20) {
            l.now_us = input_ms * MS + turn * 7 % 15 * MS;
            assert_int_equal(line_step(&l, true), 0);
        }
        l.now_us = input_ms * MS + turn * 11 % 15 * MS;
        line_put(&l, PT_CN, line_ts(&l), sid, sizeof(sid));
        l.s.pkt.ts += 330 * 8;
        input_ms += 330;
        assert_in_range(l.r.end_ts, (input_ms - 350) * 8, (input_ms - 330 + 60) * 8);
    }
    line_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_takes_its_place_in_the_audio),
        cmocka_unit_test(audio_sent_beside_a_digit_is_passed_too),
        cmocka_unit_test(audio_before_a_digit_leaves_before_it),
        cmocka_unit_test(digits_survive_a_bad_network_in_order_and_once),
        cmocka_unit_test(events_that_nobody_wants_are_dropped),
        cmocka_unit_test(comfort_noise_is_passed_where_the_receiver_takes_it),
        cmocka_unit_test(comfort_noise_is_made_where_the_receiver_takes_none),
        cmocka_unit_test(comfort_noise_never_drifts_from_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
