#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/tones.h"
#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

enum { ENDS = 3 };
static int16_t pcm[48000 * 4];

/* ---- made and heard ---- */

static void every_digit_that_is_made_is_heard(void **state)
{
    static const uint32_t rates_hz[] = {8000, 16000, 48000};

    (void)state;
    for (size_t r = 0; r < 3; r++) {
        for (uint8_t code = 0; code < TONES_N_CODES; code++) {
            const uint32_t n = rates_hz[r] / 10;
            struct tone_listener *l = NULL;
            struct tone_maker m;

            assert_int_equal(tone_listener_alloc(&l, rates_hz[r]), 0);
            assert_int_equal(tone_start(&m, rates_hz[r], code, 10), 0);
            tone_fill(&m, pcm, n);
            assert_int_equal(tone_listen(l, pcm, n), code);
            memset(pcm, 0, n * sizeof(pcm[0]));
            assert_int_equal(tone_listen(l, pcm, n), -1);
            tone_listener_free(l);
        }
    }
}

static void a_tone_has_its_volume_and_begins_without_a_click(void **state)
{
    struct tone_maker m;

    (void)state;
    for (uint8_t volume = 6; volume <= 20; volume = (uint8_t)(volume + 2)) {
        tone_start(&m, 8000, 5, volume);
        tone_fill(&m, pcm, 8000);
        assert_in_range(tone_volume(pcm + 400, 7600), volume - 1, volume + 1);
        assert_true(abs(pcm[0]) + abs(pcm[1]) < 1000);
    }
    tone_start(&m, 8000, 5, 63); /* too soft for any detector: made audible */
    tone_fill(&m, pcm, 8000);
    assert_in_range(tone_volume(pcm, 8000), 24, 26);
    tone_start(&m, 8000, 5, 0); /* as loud as can be without clipping */
    tone_fill(&m, pcm, 8000);
    assert_in_range((int)signal_rms(pcm, 8000), 15000, 16500);
}

static void what_is_no_tone_is_refused(void **state)
{
    struct tone_listener *l = NULL;
    struct tone_maker m;

    (void)state;
    assert_int_equal(tone_start(&m, 8000, 16, 10), EINVAL); /* flash */
    assert_int_equal(tone_listener_alloc(&l, 4000), EINVAL);
    assert_null(l);
    tone_listener_free(NULL);
}

static void speech_is_no_digit(void **state)
{
    struct tone_listener *l = NULL;

    (void)state;
    assert_int_equal(tone_listener_alloc(&l, 8000), 0);
    signal_speech(pcm, 80000, 8000, 12000);
    for (size_t at = 0; at < 80000; at += 160)
        assert_int_equal(tone_listen(l, pcm + at, 160), -1);
    tone_listener_free(l);
}

/* Wherever its blocks fall, a millisecond at a time. */
static void a_digit_is_sure_within_its_time(void **state)
{
    static const uint32_t rates_hz[] = {8000, 16000, 48000};

    (void)state;
    for (size_t r = 0; r < 3; r++) {
        const uint32_t ms = rates_hz[r] / 1000;

        for (uint32_t before = 0; before < 26 * ms; before += ms * 3 / 2) {
            const uint8_t code = (uint8_t)(before % TONES_N_CODES);
            struct tone_listener *l = NULL;
            struct tone_maker m;
            uint32_t at = 0;

            assert_int_equal(tone_listener_alloc(&l, rates_hz[r]), 0);
            memset(pcm, 0, before * sizeof(pcm[0]));
            assert_int_equal(tone_start(&m, rates_hz[r], code, 10), 0);
            tone_fill(&m, pcm + before, 100 * ms);
            while (tone_listen(l, pcm + at, ms) != code)
                at += ms;
            assert_in_range(at + ms - before, 20 * ms, TONES_SURE_MS * ms);
            tone_listener_free(l);
        }
    }
}

/* ---- in a stream ---- */

static struct transcoder_config tones_out(const char *in, const char *out)
{
    struct transcoder_config cfg = rig_config(in, out, 20);

    cfg.has_event = false;
    cfg.makes_tones = true;
    return cfg;
}

static int heard_digits(const int16_t *samples, size_t n, uint32_t rate_hz, char *digits)
{
    struct tone_listener *l = NULL;
    int last = -1, count = 0;

    assert_int_equal(tone_listener_alloc(&l, rate_hz), 0);
    for (size_t at = 0; at + rate_hz / 100 <= n; at += rate_hz / 100) {
        const int code = tone_listen(l, samples + at, rate_hz / 100);

        if (code >= 0 && code != last)
            digits[count++] = "0123456789*#ABCD"[code];
        last = code;
    }
    digits[count] = '\0';
    tone_listener_free(l);
    return count;
}

/* A digit of 160 ms, its audio not sent meanwhile, as RFC 4733 s.2.2 wants it; some are lost. */
static void dial(struct line *l, uint8_t code, bool is_beside_audio, unsigned lost)
{
    const uint32_t ts = line_ts(l);

    for (uint32_t k = 1; k <= 8; k++) {
        if (lost >> k & 1) {
            l->s.pkt.seq++;
            l->now_us += 20 * MS;
        } else {
            line_event(l, code, k == 8, k * 160, ts);
        }
        if (is_beside_audio) {
            l->now_us -= 20 * MS;
            line_step(l, true);
        }
    }
    for (int k = 0; k < 2; k++) {
        line_event(l, code, true, 8 * 160, ts);
        l->now_us -= 20 * MS;
    }
    if (!is_beside_audio)
        l->s.pkt.ts += l->s.ticks * 8;
}

static void events_become_tones_for_a_receiver_without_events(void **state)
{
    static const struct {
        const char *out;
        uint32_t rate_hz;
        bool is_beside_audio;
        unsigned lost;
    } rows[] = {
        {"PCMA", 8000, false, 0}, {"PCMA", 8000, true, 0},     {"G722", 16000, false, 0},
        {"opus", 8000, false, 0}, {"PCMA", 8000, false, 0x24}, {"PCMA", 8000, false, 0x1fe},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct transcoder_config cfg = tones_out("PCMU", rows[i].out);
        char digits[64];
        struct line l;

        line_open(&l, &cfg);
        receiver_close(&l.r);
        memset(pcm, 0, sizeof(pcm));
        receiver_open(&l.r, rows[i].out, rows[i].rate_hz, pcm, sizeof(pcm) / sizeof(pcm[0]));
        for (uint8_t code = 5; code <= 7; code++) {
            for (int k = 0; k < 10; k++)
                line_step(&l, true);
            dial(&l, code, rows[i].is_beside_audio, rows[i].lost);
        }
        for (int k = 0; k < 10; k++)
            line_step(&l, true);
        heard_digits(pcm, l.r.n_pcm, rows[i].rate_hz, digits);
        if (strcmp(digits, "567") != 0)
            fail_msg("row %zu: %s", i, digits);
        assert_int_equal(transcoder_stats(l.t)->events, 3);
        assert_int_equal(l.r.n_event, 0);
        /* what was made of tone is taken off the input: no drift */
        assert_in_range(l.r.end_ts / (l.r.codec->clock_hz / 1000), 1280 - 20, 1280 + 20);
        line_close(&l);
    }
}

static void tones_become_events_for_a_sender_without_events(void **state)
{
    static const char *const codecs[] = {"PCMU", "G722", "opus", "GSM"};
    static const uint8_t dialled[] = {1, 9, 11, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        struct transcoder_config cfg = rig_config(codecs[i], "PCMA", 20);
        unsigned n_digits = 0;
        struct tone_maker m;
        struct line l;

        cfg.hears_tones = true;
        line_open(&l, &cfg);
        for (size_t k = 0; k < 4; k++) {
            unsigned n_ends = 0, n_audio;

            signal_speech(l.sound, l.s.rate_hz, l.s.rate_hz, 3000);
            for (int n = 0; n < 25; n++)
                line_step(&l, true);
            n_audio = l.r.n_audio;
            l.r.n_event = 0;
            tone_start(&m, l.s.rate_hz, dialled[k], 10);
            tone_fill(&m, l.sound, l.s.rate_hz);
            for (int n = 0; n < 10; n++)
                line_step(&l, true);
            memset(l.sound, 0, sizeof(l.sound));
            for (int n = 0; n < 10; n++)
                line_step(&l, true);
            for (unsigned e = 0; e < l.r.n_event; e++) {
                assert_int_equal(l.r.events[e].code, dialled[k]);
                assert_in_range(l.r.events[e].volume, 7, 14);
                n_digits += l.r.event_marker[e];
                n_ends += l.r.events[e].is_end;
            }
            if (n_ends != 3)
                fail_msg("%s: %u ends of %u", codecs[i], n_ends, dialled[k]);
            /* 200 ms of tone go as an event alone; what was held before them, and the rest, is sent
             */
            assert_in_range(l.r.n_audio - n_audio, 9, 14);
            assert_in_range(l.r.events[l.r.n_event - 1].duration, 120 * 8, 220 * 8);
        }
        assert_int_equal(n_digits, 4);
        line_close(&l);
    }
}

/* Silence, then a digit of 200 ms that begins `late` samples into a packet, then silence again. */
static void dial_in_band(struct line *l, uint8_t code, uint32_t late)
{
    static int16_t silence[960];
    struct tone_maker m;

    assert_true(l->s.n_frame <= 960);
    tone_start(&m, l->s.rate_hz, code, 10);
    memset(l->sound, 0, sizeof(l->sound));
    tone_fill(&m, l->sound + 20 * l->s.n_frame + late, l->s.rate_hz / 5);
    for (uint32_t n = 0; n < 50; n++) {
        int16_t *frame = n < 40 ? l->sound + n * l->s.n_frame : silence;

        transcoder_put(l->t, sender_next(&l->s, frame), SSRC, l->now_us);
        rig_drain(l->t, &l->r, l->now_us);
        l->now_us += 20 * MS;
    }
}

static int loudest(const int16_t *samples, size_t n)
{
    int most = 0;

    for (size_t i = 0; i < n; i++)
        most = abs(samples[i]) > most ? abs(samples[i]) : most;
    return most;
}

/* It leaves as an event or not at all: no part of it is heard as well, wherever in a packet it
 * begins. What is left in some codecs is how they ring on after it. */
static void nothing_is_heard_of_a_tone_that_is_taken_out(void **state)
{
    static const struct {
        const char *codec;
        int ringing; /* of the 10000 that the tone has */
    } rows[] = {{"PCMU", 16}, {"G722", 100}, {"SIREN", 1000}, {"opus", 2500}, {"GSM", 2500}};

    (void)state;
    for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const char *codec = rows[i / 2].codec;
        struct transcoder_config cfg = rig_config(codec, "PCMA", 20);

        cfg.hears_tones = i % 2 == 0;
        cfg.mutes_tones = i % 2 == 1;
        for (uint32_t late = 0; late < 160; late += 13) {
            const uint8_t code = (uint8_t)(late % TONES_N_CODES);
            struct line l;
            int most;

            line_open(&l, &cfg);
            l.r.pcm = pcm;
            l.r.cap = sizeof(pcm) / sizeof(pcm[0]);
            memset(pcm, 0, sizeof(pcm));
            dial_in_band(&l, code, late * l.s.rate_hz / 8000);
            most = loudest(pcm, l.r.n_pcm);
            if (most > rows[i / 2].ringing)
                fail_msg("%s, %u samples late: %d of %u is heard", codec, late, most, code);
            assert_int_equal(l.r.n_event > 0, cfg.hears_tones);
            for (unsigned e = 0; e < l.r.n_event; e++)
                assert_int_equal(l.r.events[e].code, code);
            assert_in_range(l.r.end_ts, 48 * 160 - 160, 50 * 160);
            line_close(&l);
        }
    }
}

static void blocked_tones_are_neither_heard_nor_sent(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.hears_tones = true;
    line_open(&l, &cfg);
    transcoder_block_events(l.t, true);
    l.r.pcm = pcm;
    l.r.cap = sizeof(pcm) / sizeof(pcm[0]);
    dial_in_band(&l, 7, 0);
    assert_int_equal(l.r.n_event, 0);
    assert_true(loudest(pcm, l.r.n_pcm) < 600);
    transcoder_block_events(l.t, false);
    dial_in_band(&l, 7, 0);
    assert_true(l.r.n_event > ENDS);
    line_close(&l);
}

/* The price: sound is later by the time that it takes to be sure, on these streams alone. */
static void sound_that_is_listened_to_is_40_ms_late(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    cfg.hears_tones = true;
    line_open(&l, &cfg);
    for (unsigned n = 0; n < 50; n++) {
        assert_int_equal(l.r.n_audio, n > 2 ? n - 2 : 0);
        line_step(&l, true);
    }
    assert_int_equal(l.r.end_ts, 48 * 160);
    rig_pass_time(l.t, &l.r, l.now_us + 300 * MS); /* the sender has stopped */
    assert_int_equal(l.r.n_audio, 50);
    assert_int_equal(transcoder_deadline_us(l.t), UINT64_MAX);
    line_close(&l);
}

static void a_digit_of_ours_is_sent_as_an_event(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    for (int k = 0; k < 5; k++)
        line_step(&l, true);
    assert_int_equal(transcoder_play_digit(l.t, &(struct digit){5, 8, 100, 100}, l.now_us), 0);
    assert_int_equal(transcoder_play_digit(l.t, &(struct digit){5, 8, 100, 100}, l.now_us), 0);
    for (int k = 0; k < 30; k++)
        line_step(&l, true);
    assert_int_equal(l.r.n_event, 2 * (4 + 3));
    for (unsigned i = 0; i < 14; i++) {
        assert_int_equal(l.r.events[i].code, 5);
        assert_int_equal(l.r.event_marker[i], i % 7 == 0);
        assert_int_equal(l.r.events[i].is_end, i % 7 >= 4);
    }
    assert_int_equal(l.r.events[13].duration, 800);
    assert_true(l.r.event_ts[7] - l.r.event_ts[0] >= 1600);
    assert_int_equal(l.r.n_audio, 35); /* the call goes on */
    line_close(&l);
}

static void a_digit_of_ours_is_a_tone_where_there_are_no_events(void **state)
{
    const struct transcoder_config cfg = tones_out("PCMU", "PCMA");
    char digits[8];
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    l.r.pcm = pcm;
    l.r.cap = sizeof(pcm) / sizeof(pcm[0]);
    for (int k = 0; k < 5; k++)
        line_step(&l, true);
    assert_int_equal(transcoder_play_digit(l.t, &(struct digit){11, 8, 200, 100}, l.now_us), 0);
    for (int k = 0; k < 30; k++)
        line_step(&l, true);
    assert_int_equal(heard_digits(pcm, l.r.n_pcm, 8000, digits), 1);
    assert_string_equal(digits, "#");
    assert_in_range(l.r.end_ts, 35 * 160, 36 * 160);
    line_close(&l);
}

static void digits_that_cannot_be_sent_are_refused(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct transcoder *t = rig_open(&cfg);

    (void)state;
    assert_int_equal(transcoder_play_digit(t, &(struct digit){16, 8, 100, 100}, 0), EINVAL);
    for (int i = 0; i < 8; i++)
        assert_int_equal(transcoder_play_digit(t, &(struct digit){1, 8, 100, 100}, 0), 0);
    assert_int_equal(transcoder_play_digit(t, &(struct digit){1, 8, 100, 100}, 0), ENOBUFS);
    transcoder_free(t);
    cfg.has_event = false;
    t = rig_open(&cfg);
    assert_int_equal(transcoder_play_digit(t, &(struct digit){1, 8, 100, 100}, 0), EINVAL);
    transcoder_free(t);
}

static void blocked_events_go_no_further(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    transcoder_block_events(l.t, true);
    dial(&l, 5, false, 0);
    assert_int_equal(l.r.n_event, 0);
    line_step(&l, true);
    assert_int_equal(l.r.n_audio, 2);
    transcoder_block_events(l.t, false);
    dial(&l, 6, false, 0);
    rig_pass_time(l.t, &l.r, l.now_us + 100 * MS);
    assert_int_equal(l.r.n_event, 7 + 3);
    assert_int_equal(transcoder_stats(l.t)->lost, 0);
    line_close(&l);
}

static void packed_events_are_all_read(void **state)
{
    static const uint8_t packed[] = {1, 0x8a, 800 >> 8, 800 & 0xff, 2, 0x8a, 800 >> 8, 800 & 0xff,
                                     3, 0x8a, 800 >> 8, 800 & 0xff};
    const struct transcoder_config cfg = rig_config("PCMU", "PCMA", 20);
    unsigned n_digits = 0;
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    line_step(&l, true);
    for (int k = 0; k < 3; k++)
        line_put(&l, PT_EVENT, line_ts(&l), packed, sizeof(packed));
    rig_pass_time(l.t, &l.r, l.now_us + 100 * MS);
    for (unsigned i = 0; i < l.r.n_event; i++) {
        if (!l.r.event_marker[i])
            continue;
        n_digits++;
        assert_int_equal(l.r.events[i].code, n_digits);
        assert_int_equal(l.r.event_ts[i], 160 + (n_digits - 1) * 800);
    }
    assert_int_equal(n_digits, 3);
    line_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_digit_that_is_made_is_heard),
        cmocka_unit_test(a_tone_has_its_volume_and_begins_without_a_click),
        cmocka_unit_test(what_is_no_tone_is_refused),
        cmocka_unit_test(speech_is_no_digit),
        cmocka_unit_test(a_digit_is_sure_within_its_time),
        cmocka_unit_test(events_become_tones_for_a_receiver_without_events),
        cmocka_unit_test(tones_become_events_for_a_sender_without_events),
        cmocka_unit_test(nothing_is_heard_of_a_tone_that_is_taken_out),
        cmocka_unit_test(blocked_tones_are_neither_heard_nor_sent),
        cmocka_unit_test(sound_that_is_listened_to_is_40_ms_late),
        cmocka_unit_test(a_digit_of_ours_is_sent_as_an_event),
        cmocka_unit_test(a_digit_of_ours_is_a_tone_where_there_are_no_events),
        cmocka_unit_test(digits_that_cannot_be_sent_are_refused),
        cmocka_unit_test(blocked_events_go_no_further),
        cmocka_unit_test(packed_events_are_all_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
