#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "bench/sound/score.h"
#include "bench/sound/wav.h"
#include "codec/codec.h"
#include "codec/siren_frame.h"
#include "tests/sim/signal.h"
#include "tests/siren_peers.h"

/* SIREN, and the core that G.722.1 shares, against implementations that nobody here wrote: each
 * side's bits to the other side's decoder, and the sounds compared. The limits are in decibels of
 * what the other implementation reaches by itself on the same sound. */

enum { FRAME = 320, FRAME_BYTES = 40, FRAMES_MAX = 512 };

struct sample {
    const char *name;
    double noise_db; /* by how much its frames are more than noise without a sign */
    size_t n_frames;
    int16_t pcm[FRAMES_MAX * FRAME];
};

/* The last is for what is taken, not for how it sounds. */
enum { N_SPEECH = 2, N_ORDINARY = 4, N_SAMPLES = 5 };

static struct sample samples[N_SAMPLES];

static int sample_load(struct sample *s, const char *name, const char *path)
{
    struct sound sound = {0};
    const int err = wav_read(&sound, path);

    if (err)
        return err;
    s->name = name;
    s->n_frames = sound.n_samples / FRAME & ~(size_t)1;
    if (sound.rate_hz != 16000 || s->n_frames > FRAMES_MAX)
        return EINVAL;
    memcpy(s->pcm, sound.samples, s->n_frames * FRAME * sizeof(*s->pcm));
    sound_wipe(&sound);
    return 0;
}

static void sample_noise(struct sample *s, const char *name, int peak)
{
    uint32_t seed = 1;

    s->name = name;
    s->n_frames = 100;
    for (size_t i = 0; i < s->n_frames * FRAME; i++) {
        seed = seed * 1664525U + 1013904223U;
        s->pcm[i] = (int16_t)((int32_t)(seed >> 16 & 0x7fff) * 2 * peak / 0x7fff - peak);
    }
}

static void sample_sweep(struct sample *s)
{
    double phase = 0;

    s->name = "sweep";
    s->n_frames = 200;
    for (size_t i = 0; i < s->n_frames * FRAME; i++) {
        const double at = (double)i / (double)(s->n_frames * FRAME);

        phase += 2 * M_PI * (100 + 6000 * at) / 16000;
        s->pcm[i] = (int16_t)(32000 * pow(at, 4) * sin(phase));
    }
}

/* Two voices; a sweep from silence to full scale, which visits every power that 16 bits can have;
 * noise, and noise so loud that there are not enough bits for it: see siren_frame.h on the scale of
 * powers. */
static int load(void **state)
{
    (void)state;
    if (sample_load(&samples[0], "speech a", PICRELAY_VECTORS "/speech_a.wav") ||
        sample_load(&samples[1], "speech b", PICRELAY_VECTORS "/speech_b.wav"))
        return -1;
    sample_sweep(&samples[2]);
    sample_noise(&samples[3], "noise", 2000);
    sample_noise(&samples[4], "loud noise", 32767);
    samples[0].noise_db = samples[1].noise_db = 25;
    samples[2].noise_db = 65;
    samples[3].noise_db = 6;
    return 0;
}

static void our_encode(const struct siren_format *f, const struct sample *s, uint8_t *bytes)
{
    struct mlt mlt = {{0}};

    for (size_t i = 0; i < s->n_frames; i++) {
        float block[FRAME], spectrum[FRAME];

        for (size_t k = 0; k < FRAME; k++)
            block[k] = s->pcm[i * FRAME + k];
        mlt_analyze(&mlt, block, spectrum);
        siren_frame_write(f, spectrum, bytes + i * f->n_bytes);
    }
}

/* @return good frames */
static size_t our_decode(const uint8_t *bytes, size_t n_frames, int16_t *pcm)
{
    const struct codec *c = codec_find_name("SIREN", 5);
    const struct codec_spec spec = {.clock_hz = 16000, .n_channels = 1};
    struct codec_decoder *d;
    size_t good = 0;

    assert_int_equal(c->decoder_alloc(&d, &spec, 0), 0);
    for (size_t i = 0; i < n_frames; i++) {
        struct pcm out = {.samples = pcm + i * FRAME};

        good += c->decode(d, bytes + i * FRAME_BYTES, FRAME_BYTES, &out) == 0;
    }
    c->decoder_free(d);
    return good;
}

static void to_pcm(int16_t *pcm, const float *in, size_t n, float gain)
{
    for (size_t i = 0; i < n; i++)
        pcm[i] = (int16_t)lrintf(fmaxf(-32768, fminf(32767, in[i] * gain)));
}

/* The gain that brings `in` to the level of the reference. */
static float level(const int16_t *reference, const float *in, size_t n)
{
    double both = 0, own = 0;

    for (size_t i = 0; i < n; i++) {
        both += reference[i] * (double)in[i];
        own += (double)in[i] * in[i];
    }
    return own > 0 ? (float)(both / own) : 0;
}

/* How like the sample its decoded version is, one block later (mlt.h). */
static double snr_db(const struct sample *s, const int16_t *decoded)
{
    return signal_snr_db(s->pcm, decoded + FRAME, (s->n_frames - 1) * FRAME);
}

static double stoi(const struct sample *s, int16_t *decoded)
{
    const struct sound said = {
        .samples = (int16_t *)s->pcm, .n_samples = (uint32_t)s->n_frames * FRAME, .rate_hz = 16000};
    const struct sound heard = {
        .samples = decoded, .n_samples = (uint32_t)s->n_frames * FRAME, .rate_hz = 16000};
    struct score score;

    assert_int_equal(score_compare(&score, &said, &heard), 0);
    return score.stoi;
}

static uint8_t ours[FRAMES_MAX * SIREN_FRAME_MAX], theirs[FRAMES_MAX * FRAME_BYTES];
static int16_t by_us[FRAMES_MAX * FRAME], by_them[FRAMES_MAX * FRAME];
static float floats[FRAMES_MAX * FRAME];

static void our_decoder_takes_every_frame_of_gstreamer(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_SAMPLES; s++) {
        siren_gst_encode(s->pcm, s->n_frames, theirs);
        assert_int_equal(our_decode(theirs, s->n_frames, by_us), s->n_frames);
    }
}

/* It says of no frame that it was bad, but plays silence after the first of them. */
static void gstreamer_mutes_nothing_of_ours(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_SAMPLES; s++) {
        const size_t n = s->n_frames * FRAME;

        our_encode(&siren_16000, s, ours);
        assert_int_equal(siren_gst_decode(ours, s->n_frames, by_them), s->n_frames);
        assert_true(signal_rms(by_them, n) > signal_rms(s->pcm, n) / 4);
    }
}

static void our_decoder_sounds_as_gstreamers_does(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_ORDINARY; s++) {
        siren_gst_encode(s->pcm, s->n_frames, theirs);
        siren_gst_decode(theirs, s->n_frames, by_them);
        our_decode(theirs, s->n_frames, by_us);
        print_message("%s, of their bits: SNR %.2f dB by us, %.2f by them\n", s->name,
                      snr_db(s, by_us), snr_db(s, by_them));
        assert_true(snr_db(s, by_us) > snr_db(s, by_them) - 0.1);
    }
}

static void our_encoder_is_as_good_as_gstreamers(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_ORDINARY; s++) {
        double own, other;

        our_encode(&siren_16000, s, ours);
        siren_gst_encode(s->pcm, s->n_frames, theirs);
        siren_gst_decode(ours, s->n_frames, by_us);
        siren_gst_decode(theirs, s->n_frames, by_them);
        own = snr_db(s, by_us);
        other = snr_db(s, by_them);
        print_message("%s, by their decoder: SNR %.2f dB of our bits, %.2f of theirs\n", s->name,
                      own, other);
        assert_true(own > other - 0.1);
    }
}

static void speech_scores_as_well_both_ways_as_among_themselves(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_SPEECH; s++) {
        double among_them, to_us, from_us;

        siren_gst_encode(s->pcm, s->n_frames, theirs);
        our_encode(&siren_16000, s, ours);
        siren_gst_decode(theirs, s->n_frames, by_them);
        among_them = stoi(s, by_them);
        our_decode(theirs, s->n_frames, by_us);
        to_us = stoi(s, by_us);
        siren_gst_decode(ours, s->n_frames, by_them);
        from_us = stoi(s, by_them);
        print_message("%s: STOI %.4f among them, %.4f to us, %.4f from us\n", s->name, among_them,
                      to_us, from_us);
        assert_true(to_us > among_them - 0.002);
        assert_true(from_us > among_them - 0.002);
    }
}

/* How like FFmpeg's output is to the mirror image of what we read from the same frames. They differ
 * by the signs of the noise, at which each throws its own dice. */
static double likeness_db(const struct siren_format *f, const uint8_t *bytes, size_t n_frames,
                          const char *name)
{
    const size_t n = n_frames * FRAME;
    struct mlt mlt = {{0}};
    uint32_t seed = 1;

    siren_av_decode(name, bytes, f->n_bytes, n_frames, floats);
    memset(by_us, 0, sizeof(by_us));
    for (size_t i = n_frames; i-- > 1;) {
        float spectrum[FRAME] = {0}, block[FRAME];

        siren_frame_read(f, bytes + i * f->n_bytes, spectrum, &seed);
        for (size_t k = 1; k < FRAME; k += 2)
            spectrum[k] = -spectrum[k];
        mlt_synthesize(&mlt, spectrum, block);
        for (size_t k = 0; k < FRAME && i + 1 < n_frames; k++)
            by_us[(i + 2) * FRAME - 1 - k] = (int16_t)(block[k] / 2);
    }
    to_pcm(by_them, floats, n, level(by_us, floats, n));
    return signal_snr_db(by_us + 2 * FRAME, by_them + 2 * FRAME, n - 2 * FRAME);
}

/* With its check of the parity on. */
static void ffmpeg_reads_from_our_frames_what_we_do(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s < samples + N_ORDINARY; s++) {
        double likeness;

        our_encode(&siren_16000, s, ours);
        likeness = likeness_db(&siren_16000, ours, s->n_frames, "msnsiren");
        print_message("%s, by msnsiren: %.1f dB alike\n", s->name, likeness);
        assert_true(likeness > s->noise_db);
        assert_int_equal(siren_av_decode("msnsiren", ours, FRAME_BYTES, s->n_frames, floats),
                         s->n_frames);
    }
}

/* Which of FFmpeg's two is the one of RTP: what GStreamer would send is one of them only. */
static void what_gstreamer_sends_is_msnsiren_and_not_siren(void **state)
{
    const struct sample *s = &samples[0];

    (void)state;
    siren_gst_encode(s->pcm, s->n_frames, theirs);
    assert_true(likeness_db(&siren_16000, theirs, s->n_frames, "msnsiren") > s->noise_db);
    assert_true(likeness_db(&siren_16000, theirs, s->n_frames, "siren") < 1);
}

/* G.722.1's frame, scale of powers and bit order, at the one rate at which another decoder has it.
 */
static void ffmpeg_reads_g7221_at_16000_as_siren(void **state)
{
    struct siren_format at_16000 = siren_g7221_24000;

    (void)state;
    at_16000.n_bytes = FRAME_BYTES;
    for (const struct sample *s = samples; s < samples + N_ORDINARY; s++) {
        double likeness;

        our_encode(&at_16000, s, ours);
        likeness = likeness_db(&at_16000, ours, s->n_frames, "siren");
        print_message("%s, by siren: %.1f dB alike\n", s->name, likeness);
        assert_true(likeness > s->noise_db);
        assert_int_equal(siren_av_decode("siren", ours, FRAME_BYTES, s->n_frames, floats),
                         s->n_frames);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_decoder_takes_every_frame_of_gstreamer),
        cmocka_unit_test(gstreamer_mutes_nothing_of_ours),
        cmocka_unit_test(our_decoder_sounds_as_gstreamers_does),
        cmocka_unit_test(our_encoder_is_as_good_as_gstreamers),
        cmocka_unit_test(speech_scores_as_well_both_ways_as_among_themselves),
        cmocka_unit_test(ffmpeg_reads_from_our_frames_what_we_do),
        cmocka_unit_test(what_gstreamer_sends_is_msnsiren_and_not_siren),
        cmocka_unit_test(ffmpeg_reads_g7221_at_16000_as_siren),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
