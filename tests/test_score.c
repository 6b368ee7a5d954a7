#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/sound/score.h"
#include "bench/sound/stoi.h"
#include "bench/sound/wav.h"
#include "codec/codec.h"

/* The known-good and known-bad sounds by which the limits in score.h were chosen. */

static struct sound speech_a, speech_b;

static int load(void **state)
{
    (void)state;
    return wav_read(&speech_a, PICRELAY_VECTORS "/speech_a.wav") ||
           wav_read(&speech_b, PICRELAY_VECTORS "/speech_b.wav");
}

static int unload(void **state)
{
    (void)state;
    sound_wipe(&speech_a);
    sound_wipe(&speech_b);
    return 0;
}

static struct sound copy_of(const struct sound *s)
{
    struct sound copy;

    assert_int_equal(sound_resample(&copy, s, s->rate_hz), 0);
    return copy;
}

/* xorshift: the same noise in every run */
static int32_t noise(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (int32_t)(*seed & 0xffff) - 0x8000;
}

static int16_t clip(double v)
{
    return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

static double power_of(const struct sound *s)
{
    double sum = 0;

    for (uint32_t i = 0; i < s->n_samples; i++)
        sum += (double)s->samples[i] * s->samples[i];
    return sum / s->n_samples;
}

/* White noise of a power relative to the speech's. */
static struct sound with_noise(const struct sound *s, double snr_db)
{
    struct sound out = copy_of(s);
    uint32_t seed = 1;
    /* uniform in +-32768: power 32768^2 / 3 */
    double scale = __builtin_sqrt(power_of(s) * 3) / 32768 * __builtin_pow(10, -snr_db / 20);

    for (uint32_t i = 0; i < out.n_samples; i++)
        out.samples[i] = clip(out.samples[i] + scale * noise(&seed));
    return out;
}

/* Every frame of 20 ms is lost with this probability. */
static struct sound with_lost_frames(const struct sound *s, unsigned percent)
{
    struct sound out = copy_of(s);
    uint32_t seed = 7, n = out.rate_hz / 50;

    for (uint32_t at = 0; at + n <= out.n_samples; at += n)
        if ((uint32_t)(noise(&seed) + 0x8000) % 100 < percent)
            memset(out.samples + at, 0, n * sizeof(*out.samples));
    return out;
}

static struct sound with_gain(const struct sound *s, double gain_db)
{
    struct sound out = copy_of(s);

    for (uint32_t i = 0; i < out.n_samples; i++)
        out.samples[i] = clip(out.samples[i] * __builtin_pow(10, gain_db / 20));
    return out;
}

static struct sound cut_to(const struct sound *s, uint32_t first, uint32_t n)
{
    struct sound out = copy_of(s);

    memset(out.samples, 0, first * sizeof(*out.samples));
    memset(out.samples + first + n, 0, (out.n_samples - first - n) * sizeof(*out.samples));
    return out;
}

static struct sound delayed(const struct sound *s, uint32_t n)
{
    struct sound out;

    assert_int_equal(sound_alloc(&out, s->n_samples + n, s->rate_hz), 0);
    memcpy(out.samples + n, s->samples, s->n_samples * sizeof(*s->samples));
    return out;
}

/* Through one codec, frame by frame, as a call without loss would. */
static struct sound through(const struct sound *s, const char *name)
{
    const struct codec *c = codec_find_name(name, strlen(name));
    assert_non_null(c);
    struct codec_spec spec = {.clock_hz = c->clock_hz, .n_channels = c->n_channels};
    uint32_t rate_hz = c->pcm_rate_hz < 16000 ? c->pcm_rate_hz : 16000, n = rate_hz / 50;
    struct codec_options opt = {.pcm_rate_hz = rate_hz, .ptime_ms = 20, .complexity = 0xff};
    struct codec_encoder *e;
    struct codec_decoder *d;
    struct sound in, out;
    static int16_t samples[CODEC_PCM_MAX];
    uint8_t payload[CODEC_PAYLOAD_MAX];

    strncpy(spec.name, name, sizeof(spec.name) - 1);
    assert_int_equal(c->encoder_alloc(&e, &spec, &opt), 0);
    assert_int_equal(c->decoder_alloc(&d, &spec, rate_hz), 0);
    assert_int_equal(sound_resample(&in, s, rate_hz), 0);
    assert_int_equal(sound_alloc(&out, in.n_samples, rate_hz), 0);
    for (uint32_t at = 0; at + n <= in.n_samples; at += n) {
        struct pcm pcm = {in.samples + at, n, rate_hz, 1}, heard = {.samples = samples};
        int bytes = c->encode(e, &pcm, payload, sizeof(payload));

        assert_true(bytes > 0);
        assert_int_equal(c->decode(d, payload, (size_t)bytes, &heard), 0);
        assert_int_equal(heard.n_frames, n);
        memcpy(out.samples + at, samples, n * sizeof(*samples));
    }
    c->encoder_free(e);
    c->decoder_free(d);
    sound_wipe(&in);
    return out;
}

static struct score score_of(const struct sound *said, struct sound heard, const char *what)
{
    struct score s;

    assert_int_equal(score_compare(&s, said, &heard), 0);
    print_message("%-40s STOI %.3f  coverage %.3f  gain %5.1f dB  lag %6.1f ms  %s\n", what, s.stoi,
                  s.coverage, s.gain_db, s.lag_s * 1000, score_meaning(&s));
    sound_wipe(&heard);
    return s;
}

static void same_sound_scores_one(void **state)
{
    (void)state;
    struct score s = score_of(&speech_a, copy_of(&speech_a), "the same");

    assert_true(s.stoi > 0.9999);
    assert_true(s.coverage > 0.9999);
    assert_true(s.lag_s == 0);
    assert_true(s.is_pass);
}

static void codec_chains_pass(void **state)
{
    static const char *const chains[][3] = {
        {"PCMU", NULL, NULL},   {"PCMA", NULL, NULL},   {"G722", NULL, NULL},
        {"opus", NULL, NULL},   {"G722", "opus", NULL}, {"opus", "G722", NULL},
        {"PCMU", "opus", NULL}, {"opus", "PCMA", NULL},
    };
    const struct sound *said[] = {&speech_a, &speech_b};

    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
        for (size_t k = 0; k < 2; k++) {
            struct sound heard = through(said[k], chains[i][0]);
            char what[64];

            if (chains[i][1]) {
                struct sound once = heard;

                heard = through(&once, chains[i][1]);
                sound_wipe(&once);
            }
            snprintf(what, sizeof(what), "speech_%c through %s %s", "ab"[k], chains[i][0],
                     chains[i][1] ? chains[i][1] : "");
            assert_true(score_of(said[k], heard, what).is_pass);
        }
}

static void what_was_not_heard_fails(void **state)
{
    uint32_t n = speech_a.n_samples;
    struct sound silence;

    (void)state;
    assert_int_equal(sound_alloc(&silence, n, 16000), 0);
    assert_false(score_of(&speech_a, silence, "silence").is_pass);
    assert_false(score_of(&speech_a, (struct sound){0}, "nothing").is_pass);
    assert_false(score_of(&speech_a, copy_of(&speech_b), "the other speaker").is_pass);
    assert_false(score_of(&speech_b, copy_of(&speech_a), "the other speaker").is_pass);
    assert_false(score_of(&speech_a, cut_to(&speech_a, 0, n / 2), "first half").is_pass);
    assert_false(score_of(&speech_a, cut_to(&speech_a, n / 2, n / 2), "second half").is_pass);
    assert_false(score_of(&speech_a, with_lost_frames(&speech_a, 30), "30 % lost").is_pass);
    assert_false(score_of(&speech_a, with_noise(&speech_a, 0), "noise at 0 dB").is_pass);
    assert_false(score_of(&speech_a, with_gain(&speech_a, -40), "40 dB too quiet").is_pass);
}

static void a_missing_second_fails(void **state)
{
    (void)state;
    struct sound heard = copy_of(&speech_a);

    memset(heard.samples + 32000, 0, 16000 * sizeof(*heard.samples));
    assert_false(score_of(&speech_a, heard, "one second missing").is_pass);
}

static void noise_alone_fails(void **state)
{
    (void)state;
    assert_false(score_of(&speech_a, with_noise(&speech_a, -30), "noise at -30 dB").is_pass);
}

static void more_noise_scores_lower(void **state)
{
    double last = 1.1;

    (void)state;
    for (int snr_db = 30; snr_db >= -10; snr_db -= 10) {
        struct score s = score_of(&speech_b, with_noise(&speech_b, snr_db), "noise");

        assert_true(s.stoi < last);
        last = s.stoi;
    }
}

static void more_loss_covers_less(void **state)
{
    double last = 1.1;

    (void)state;
    for (unsigned percent = 0; percent <= 60; percent += 15) {
        struct score s = score_of(&speech_b, with_lost_frames(&speech_b, percent), "lost frames");

        assert_true(s.coverage < last);
        last = s.coverage;
    }
}

static void level_of_a_telephone_is_forgiven(void **state)
{
    (void)state;
    assert_true(score_of(&speech_a, with_gain(&speech_a, -8), "8 dB quieter").is_pass);
    assert_true(score_of(&speech_a, with_gain(&speech_a, 3), "3 dB louder").is_pass);
}

static void delay_is_found_to_the_millisecond(void **state)
{
    static const uint32_t delays[] = {16, 320, 1234, 16000};

    (void)state;
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct sound late = delayed(&speech_a, delays[i]);
        struct score s = score_of(&speech_a, through(&late, "PCMU"), "delayed");

        assert_true(__builtin_fabs(s.lag_s - delays[i] / 16000.0) < 0.001);
        assert_true(s.is_pass);
        sound_wipe(&late);
    }
}

static void missing_front_is_a_negative_lag(void **state)
{
    (void)state;
    struct sound late = {speech_a.samples + 8000, speech_a.n_samples - 8000, 16000};
    struct score s = score_of(&speech_a, copy_of(&late), "first half second missing");

    assert_true(__builtin_fabs(s.lag_s + 0.5) < 0.001);
    assert_true(s.coverage < 1);
}

static void reference_that_says_nothing_is_refused(void **state)
{
    struct sound silence, brief = {speech_a.samples, 4000, 16000};
    struct score s;

    (void)state;
    assert_int_equal(sound_alloc(&silence, 16000, 16000), 0);
    assert_int_not_equal(score_compare(&s, &silence, &speech_a), 0);
    assert_int_not_equal(score_compare(&s, &(struct sound){.rate_hz = 16000}, &speech_a), 0);
    assert_int_not_equal(score_compare(&s, &brief, &speech_a), 0);
    sound_wipe(&silence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_sound_scores_one),
        cmocka_unit_test(codec_chains_pass),
        cmocka_unit_test(what_was_not_heard_fails),
        cmocka_unit_test(a_missing_second_fails),
        cmocka_unit_test(noise_alone_fails),
        cmocka_unit_test(more_noise_scores_lower),
        cmocka_unit_test(more_loss_covers_less),
        cmocka_unit_test(level_of_a_telephone_is_forgiven),
        cmocka_unit_test(delay_is_found_to_the_millisecond),
        cmocka_unit_test(missing_front_is_a_negative_lag),
        cmocka_unit_test(reference_that_says_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
