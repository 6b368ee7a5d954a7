#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/sound/score.h"
#include "bench/sound/wav.h"
#include "codec/codec.h"
#include "codec/mlt_tables.h"
#include "codec/siren_categories.h"
#include "codec/siren_frame.h"
#include "codec/siren_power.h"
#include "codec/siren_vectors.h"
#include "tests/sim/malloc_count.h"
#include "tests/sim/signal.h"

enum { FRAME = 320 };

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static struct codec_spec spec_of(const char *name, unsigned bitrate)
{
    struct codec_spec s = {.clock_hz = 16000, .n_channels = 1};

    snprintf(s.name, sizeof(s.name), "%s", name);
    snprintf(s.fmtp, sizeof(s.fmtp), "bitrate=%u", bitrate);
    return s;
}

/* ---- the transform ---- */

static void tables_of_the_transform_are_sines(void **state)
{
    (void)state;
    for (unsigned n = 0; n < MLT_SIZE; n++)
        assert_true(fabs(mlt_window[n] - sin(M_PI * (2 * n + 1) / 1280)) < 1e-7);
    for (unsigned n = 0; n < MLT_SIZE / 2; n++) {
        assert_true(fabs(mlt_roots[n].re - cos(2 * M_PI * n / 160)) < 1e-7);
        assert_true(fabs(mlt_roots[n].im + sin(2 * M_PI * n / 160)) < 1e-7);
        assert_true(fabs(mlt_twiddles[n].re - cos(M_PI * (8 * n + 1) / 2560)) < 1e-7);
        assert_true(fabs(mlt_twiddles[n].im + sin(M_PI * (8 * n + 1) / 2560)) < 1e-7);
    }
}

/* G.722.1 s.3.1, as it is written there: x(0) to x(319) are the block before. */
static double mlt_by_definition(const double x[2 * MLT_SIZE], unsigned m)
{
    double sum = 0;

    for (unsigned n = 0; n < 160; n++) {
        const double low = sin(M_PI / 640 * (159 - n + 0.5)), high = sin(M_PI / 640 * (n + 160.5));
        const double v0 = low * x[159 - n] + high * x[160 + n];
        const double v1 = sin(M_PI / 640 * (319 - n + 0.5)) * x[320 + n] -
                          sin(M_PI / 640 * (n + 0.5)) * x[639 - n];

        sum += v0 * cos(M_PI / 320 * (n + 0.5) * (m + 0.5));
        sum += v1 * cos(M_PI / 320 * (n + 160.5) * (m + 0.5));
    }
    return sqrt(2.0 / 320) * sum;
}

static void spectrum_is_that_of_the_recommendation(void **state)
{
    double x[2 * MLT_SIZE];
    float block[MLT_SIZE], spectrum[MLT_SIZE];
    struct mlt mlt = {{0}};
    uint32_t seed = 1;

    (void)state;
    for (unsigned b = 0; b < 2; b++) {
        for (unsigned n = 0; n < MLT_SIZE; n++) {
            block[n] = (float)(dice(&seed) % 65536) - 32768;
            x[b * MLT_SIZE + n] = block[n];
        }
        mlt_analyze(&mlt, block, spectrum);
    }
    for (unsigned m = 0; m < MLT_SIZE; m++)
        assert_true(fabs(spectrum[m] - mlt_by_definition(x, m)) < 0.1); /* of 32768 */
}

static void synthesis_gives_the_samples_back_a_block_later(void **state)
{
    struct mlt there = {{0}}, back = {{0}};
    float before[MLT_SIZE] = {0}, block[MLT_SIZE], spectrum[MLT_SIZE], out[MLT_SIZE];
    uint32_t seed = 1;

    (void)state;
    for (unsigned b = 0; b < 5; b++) {
        for (unsigned n = 0; n < MLT_SIZE; n++)
            block[n] = (float)(dice(&seed) % 65536) - 32768;
        mlt_analyze(&there, block, spectrum);
        mlt_synthesize(&back, spectrum, out);
        for (unsigned n = 0; n < MLT_SIZE; n++)
            assert_true(fabsf(out[n] - before[n]) < 0.1f);
        memcpy(before, block, sizeof(before));
    }
}

/* ---- the codes ---- */

/* What a tree gives for a code; every bit of it must be needed. */
static unsigned leaf_of(const int16_t (*tree)[2], struct siren_code code)
{
    uint8_t bytes[4] = {0};
    struct siren_writer w = {.bytes = bytes, .end = 32};
    struct siren_reader r = {.bytes = bytes, .end = code.n_bits};
    unsigned leaf;

    siren_put(&w, code.code, code.n_bits);
    leaf = siren_get_leaf(&r, tree);
    assert_false(r.is_short);
    assert_int_equal(r.at, code.n_bits);
    return leaf;
}

static unsigned n_vectors_of(unsigned category)
{
    unsigned n = 1;

    for (unsigned i = 0; i < siren_shapes[category].dimension; i++)
        n *= siren_shapes[category].max + 1U;
    return n;
}

static unsigned digit_of(unsigned category, unsigned vector, unsigned i)
{
    for (unsigned k = siren_shapes[category].dimension - 1U; k > i; k--)
        vector /= siren_shapes[category].max + 1U;
    return vector % (siren_shapes[category].max + 1U);
}

static unsigned leaf_digit(unsigned category, unsigned leaf, unsigned i)
{
    return leaf >> siren_shapes[category].n_bits * i & ((1U << siren_shapes[category].n_bits) - 1);
}

/* Some vectors share a code: it decodes to the first of them, which has the same signs to read. */
static void every_vector_decodes_to_itself_or_the_first_that_shares_its_code(void **state)
{
    (void)state;
    for (unsigned c = 0; c < SIREN_NOISE_ONLY; c++) {
        const struct siren_code *codes = siren_vector_codes[c];

        for (unsigned v = 0; v < n_vectors_of(c); v++) {
            const unsigned leaf = leaf_of(siren_vector_trees[c], codes[v]);
            unsigned first = 0;

            while (codes[first].n_bits != codes[v].n_bits || codes[first].code != codes[v].code)
                first++;
            for (unsigned i = 0; i < siren_shapes[c].dimension; i++) {
                assert_int_equal(leaf_digit(c, leaf, i), digit_of(c, first, i));
                assert_int_equal(digit_of(c, first, i) == 0, digit_of(c, v, i) == 0);
            }
        }
    }
}

/* Kraft's sum of a code in which no bit is lost is 1: nothing is without a meaning. */
static void vector_codes_leave_no_bits_unused(void **state)
{
    (void)state;
    for (unsigned c = 0; c < SIREN_NOISE_ONLY; c++) {
        const struct siren_code *codes = siren_vector_codes[c];
        double sum = 0;

        for (unsigned v = 0; v < n_vectors_of(c); v++) {
            bool is_first = true;

            for (unsigned k = 0; k < v && is_first; k++)
                is_first = codes[k].n_bits != codes[v].n_bits || codes[k].code != codes[v].code;
            sum += is_first ? ldexp(1, -codes[v].n_bits) : 0;
        }
        assert_true(sum == 1);
        assert_int_equal(siren_shapes[c].dimension * siren_shapes[c].n_vectors, SIREN_REGION_SIZE);
    }
}

static void every_step_of_power_decodes_to_itself(void **state)
{
    (void)state;
    for (unsigned r = 0; r < SIREN_REGIONS - 1; r++) {
        double sum = 0;

        for (unsigned s = 0; s < SIREN_POWER_STEPS; s++) {
            assert_int_equal(leaf_of(siren_power_trees[r], siren_power_codes[r][s]), s);
            sum += ldexp(1, -siren_power_codes[r][s].n_bits);
        }
        assert_true(sum == 1);
    }
}

/* ---- the envelope ---- */

static void an_index_is_the_power_in_steps_of_3_db(void **state)
{
    (void)state;
    for (int i = 1; i <= SIREN_POWER_MAX; i++) {
        float spectrum[MLT_SIZE] = {0};
        int power[SIREN_REGIONS];

        for (int tenths = -14; tenths < 15; tenths += 7) {
            const double rms = pow(2, (i + 2) / 2.0) * pow(10, tenths / 200.0);

            for (unsigned k = 0; k < SIREN_REGION_SIZE; k++)
                spectrum[k] = (float)(k % 2 ? rms : -rms);
            siren_power_measure(power, spectrum);
            assert_int_equal(power[0], i);
            assert_true(fabs(siren_power_rms(i) / pow(2, (i + 2) / 2.0) - 1) < 1e-6);
        }
    }
    assert_true(fabs(siren_power_rms(SIREN_POWER_LOWEST) / pow(2, -15.5) - 1) < 1e-6);
}

/* Any spectrum, with peaks beside silence: what is written is read again, and no peak is lowered.
 */
static void every_envelope_that_is_measured_can_be_sent(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        float spectrum[MLT_SIZE] = {0};
        uint8_t bytes[40] = {0};
        struct siren_writer w = {.bytes = bytes, .end = 320};
        struct siren_reader r = {.bytes = bytes, .end = 320};
        int power[SIREN_REGIONS], read[SIREN_REGIONS];

        for (unsigned k = 0; k < SIREN_REGIONS; k++)
            spectrum[k * SIREN_REGION_SIZE] = ldexpf(1, (int)(dice(&seed) % 23) - 4);
        siren_power_measure(power, spectrum);
        for (unsigned k = 0; k < SIREN_REGIONS; k++)
            assert_true(siren_power_rms(power[k]) * sqrtf(20) * 1.2f >
                        spectrum[k * SIREN_REGION_SIZE]);
        siren_power_write(&w, power);
        assert_true(siren_power_read(&r, read, SIREN_POWER_MIN));
        assert_memory_equal(power, read, sizeof(power));
        assert_int_equal(r.at, w.at);
        r = (struct siren_reader){.bytes = bytes, .end = w.at - 1};
        assert_false(siren_power_read(&r, read, SIREN_POWER_MIN));
    }
}

/* ---- sharing out the bits ---- */

static const int expected_bits[8] = {52, 47, 43, 37, 29, 22, 16, 0};

static int clip(int x)
{
    return x < 0 ? 0 : x > 7 ? 7 : x;
}

static int floor_half(int x)
{
    return (int)floor(x / 2.0);
}

/* G.722.1 s.3.4 in its own order of words, to be compared with what was made of it. */
static void categorize_by_the_text(const int *power, int bits, int *category, int *balance)
{
    int offset = -32, up[14], down[14], list[32], max_ptr = 16, min_ptr = 16, max, min;

    if (bits > 320)
        bits = (bits - 320) * 5 / 8 + 320;
    for (int delta = 32; delta >= 1; delta /= 2) {
        int sum = 0;

        for (int r = 0; r < 14; r++)
            sum += expected_bits[clip(floor_half(offset + delta - power[r]))];
        if (sum >= bits - 32)
            offset += delta;
    }
    max = 0;
    for (int r = 0; r < 14; r++) {
        up[r] = down[r] = clip(floor_half(offset - power[r]));
        max += expected_bits[up[r]];
    }
    min = max;
    for (int j = 0; j < 15; j++) {
        int best = -1;

        if (max + min <= 2 * bits) {
            for (int r = 13; r >= 0; r--)
                if (up[r] > 0 && (best < 0 || offset - power[r] - 2 * up[r] <=
                                                  offset - power[best] - 2 * up[best]))
                    best = r;
            list[--max_ptr] = best < 0 ? 14 : best;
            if (best >= 0) {
                max += expected_bits[up[best] - 1] - expected_bits[up[best]];
                up[best]--;
            }
        } else {
            for (int r = 0; r < 14; r++)
                if (down[r] < 7 && (best < 0 || offset - power[r] - 2 * down[r] >=
                                                    offset - power[best] - 2 * down[best]))
                    best = r;
            list[min_ptr++] = best < 0 ? 14 : best;
            if (best >= 0) {
                min += expected_bits[down[best] + 1] - expected_bits[down[best]];
                down[best]++;
            }
        }
    }
    memcpy(category, up, sizeof(up));
    memcpy(balance, list + max_ptr, 15 * sizeof(*balance));
}

static void bits_are_shared_out_as_the_text_says(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct siren_categories c;
        int power[SIREN_REGIONS], category[SIREN_REGIONS], balance[SIREN_CONTROL_MAX];
        const int n_bits = (int)(dice(&seed) % 700) - 20;

        for (unsigned r = 0; r < SIREN_REGIONS; r++)
            power[r] = (int)(dice(&seed) % 66) - 31;
        siren_categorize(&c, power, n_bits);
        categorize_by_the_text(power, n_bits, category, balance);
        for (unsigned r = 0; r < SIREN_REGIONS; r++)
            assert_int_equal(c.category[r], category[r]);
        for (unsigned i = 0; i < SIREN_CONTROL_MAX; i++)
            assert_int_equal(c.steps[i], balance[i]);
    }
}

/* Worked out by hand from s.3.4: regions of equal power, and 600 bits, which count as 320 and five
 * eighths of 280: 495. At least 463 are to be used up, so the offset is 7: category 3 for all, 518
 * bits; 8 would be category 4, 406 bits. Both ways together may have 990, and each coarser region
 * saves 8, each finer one costs 6:
 *
 *     1036  13 coarser  1028  12  1020  11  1012  10  1004  9  996  8  988
 *      988   0 finer     994   7 coarser  986  1 finer  992  6 coarser  984  2 finer  990
 *      990   3 finer     996   5 coarser  988  4 finer  994  4 coarser
 */
static void five_eighths_of_the_surplus_count_at_high_rates(void **state)
{
    static const uint8_t categories[SIREN_REGIONS] = {2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    static const uint8_t steps[SIREN_CONTROL_MAX] = {4,  3, 2, 1, 0, 13, 12, 11,
                                                     10, 9, 8, 7, 6, 5,  4};
    const int power[SIREN_REGIONS] = {0};
    struct siren_categories c;

    (void)state;
    siren_categorize(&c, power, 600);
    assert_memory_equal(c.category, categories, sizeof(categories));
    assert_memory_equal(c.steps, steps, sizeof(steps));
}

/* ---- frames and payloads ---- */

static const struct {
    const char *name;
    unsigned bitrate;
    const struct siren_format *format;
    double snr_db; /* of speech_a.wav, that this rate reaches at least */
} rates[] = {
    {"SIREN", 16000, &siren_16000, 13.5},
    {"G7221", 24000, &siren_g7221_24000, 17.4},
    {"G7221", 32000, &siren_g7221_32000, 18.2},
};
enum { N_RATES = sizeof(rates) / sizeof(rates[0]), FRAMES = 300 };

static int16_t said[FRAMES * FRAME], heard[FRAMES * FRAME];

static int load(void **state)
{
    struct sound s = {0};

    (void)state;
    if (wav_read(&s, PICRELAY_VECTORS "/speech_a.wav") || s.n_samples < FRAMES * FRAME)
        return -1;
    memcpy(said, s.samples, sizeof(said));
    sound_wipe(&s);
    return 0;
}

struct coder {
    const struct codec *c;
    struct codec_encoder *e;
    struct codec_decoder *d;
};

static struct coder coder_of(unsigned rate)
{
    const struct codec_spec spec = spec_of(rates[rate].name, rates[rate].bitrate);
    const struct codec_options opt = {0};
    struct coder x = {.c = codec_find(&spec)};

    assert_non_null(x.c);
    assert_int_equal(x.c->encoder_alloc(&x.e, &spec, &opt), 0);
    assert_int_equal(x.c->decoder_alloc(&x.d, &spec, 0), 0);
    return x;
}

static void coder_close(struct coder *x)
{
    x->c->encoder_free(x->e);
    x->c->decoder_free(x->d);
}

static size_t encode_speech(struct coder *x, unsigned frame, unsigned n_frames, uint8_t *payload)
{
    const struct pcm in = {.samples = said + frame * FRAME,
                           .n_frames = n_frames * FRAME,
                           .rate_hz = 16000,
                           .n_channels = 1};
    const int n = x->c->encode(x->e, &in, payload, CODEC_PAYLOAD_MAX);

    assert_int_equal(n, n_frames * x->c->bitrate / 400);
    return (size_t)n;
}

/* And nothing is allocated on the way. */
static void speech_is_the_better_the_higher_the_rate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_RATES; i++) {
        struct coder x = coder_of(i);
        const uint64_t allocated = malloc_count();
        double snr_db;

        for (unsigned k = 0; k < FRAMES; k += 3) {
            uint8_t payload[CODEC_PAYLOAD_MAX];
            struct pcm out = {.samples = heard + k * FRAME};
            const size_t n = encode_speech(&x, k, 3, payload);

            assert_int_equal(x.c->payload_ticks(payload, n), 3 * FRAME);
            assert_int_equal(x.c->decode(x.d, payload, n, &out), 0);
            assert_int_equal(out.n_frames, 3 * FRAME);
        }
        assert_int_equal(malloc_count(), allocated);
        snr_db = signal_snr_db(said, heard + FRAME, (FRAMES - 1) * FRAME);
        print_message("%s at %u: SNR %.2f dB\n", rates[i].name, rates[i].bitrate, snr_db);
        assert_true(snr_db > rates[i].snr_db);
        coder_close(&x);
    }
}

/* The parity of SIREN covers every bit; G.722.1 has none, but then every frame is some sound. */
static void a_flipped_bit_never_passes_in_siren(void **state)
{
    struct coder x = coder_of(0);
    uint8_t payload[CODEC_PAYLOAD_MAX];

    (void)state;
    for (unsigned k = 10; k < 20; k++) {
        int16_t samples[FRAME];
        struct pcm out = {.samples = samples};
        const size_t n = encode_speech(&x, k, 1, payload);

        for (unsigned bit = 0; bit < n * 8; bit++) {
            payload[bit / 8] = (uint8_t)(payload[bit / 8] ^ 0x80 >> bit % 8);
            assert_int_equal(x.c->decode(x.d, payload, n, &out), EBADMSG);
            assert_int_equal(out.n_frames, 0);
            payload[bit / 8] = (uint8_t)(payload[bit / 8] ^ 0x80 >> bit % 8);
        }
        assert_int_equal(x.c->decode(x.d, payload, n, &out), 0);
    }
    coder_close(&x);
}

static void payloads_that_are_not_whole_frames_are_refused(void **state)
{
    static const struct {
        const char *why;
        size_t n;
        unsigned rate;
        uint32_t ticks;
    } rows[] = {
        {"one frame", 40, 0, 320},
        {"two frames", 80, 0, 640},
        {"a byte short", 39, 0, 0},
        {"a byte too long", 41, 0, 0},
        {"nothing", 0, 0, 0},
        {"a frame of G.722.1 in SIREN", 60, 0, 0},
        {"24 kbit/s", 60, 1, 320},
        {"a frame of 32 kbit/s in 24", 80, 1, 0},
        {"what might be four frames or three, as four", 240, 1, 1280},
        {"and as three", 240, 2, 960},
        {"as many as there is room for", 36 * 40, 0, 36 * 320},
        {"one more", 37 * 40, 0, 0},
    };
    static int16_t samples[CODEC_PCM_MAX];
    static const uint8_t zeros[37 * 40];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coder x = coder_of(rows[i].rate);
        struct pcm out = {.samples = samples, .n_frames = 7};

        if (x.c->payload_ticks(zeros, rows[i].n) != rows[i].ticks)
            fail_msg("%s", rows[i].why);
        if (!rows[i].ticks) {
            assert_int_equal(x.c->decode(x.d, zeros, rows[i].n, &out), EBADMSG);
            assert_int_equal(out.n_frames, 0);
        }
        coder_close(&x);
    }
}

static void a_bad_frame_among_good_ones_is_made_up(void **state)
{
    (void)state;
    for (unsigned bad = 0; bad < 3; bad++) {
        struct coder x = coder_of(0);
        uint8_t payload[CODEC_PAYLOAD_MAX];
        int16_t samples[3 * FRAME];
        struct pcm out = {.samples = samples};
        size_t n = encode_speech(&x, 50, 3, payload);

        assert_int_equal(x.c->decode(x.d, payload, n, &out), 0);
        n = encode_speech(&x, 53, 3, payload);
        payload[bad * 40 + 7] ^= 1;
        assert_int_equal(x.c->decode(x.d, payload, n, &out), 0);
        assert_int_equal(out.n_frames, 3 * FRAME);
        for (unsigned k = 0; k < 3; k++)
            assert_true(signal_rms(samples + k * FRAME, FRAME) > 100);
        for (unsigned k = 0; k < 3; k++)
            payload[k * 40 + 8] ^= 1;
        payload[bad * 40 + 7] ^= 1;
        assert_int_equal(x.c->decode(x.d, payload, n, &out), EBADMSG);
        coder_close(&x);
    }
}

/* ---- losses ---- */

static struct score score_of(int16_t *sound)
{
    const struct sound a = {said, FRAMES * FRAME, 16000}, b = {sound, FRAMES * FRAME, 16000};
    struct score score;

    assert_int_equal(score_compare(&score, &a, &b), 0);
    return score;
}

static void a_loss_goes_on_as_the_sound_was_and_fades(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_RATES; i++) {
        struct coder x = coder_of(i);
        static int16_t samples[7 * FRAME];
        struct pcm out = {.samples = samples};
        uint8_t payload[CODEC_PAYLOAD_MAX];
        double before;
        int step;

        signal_sine(heard, 20 * FRAME, 16000, 440, 8000);
        for (unsigned k = 0; k < 20; k++) {
            const struct pcm in = {heard + k * FRAME, FRAME, 16000, 1};

            x.c->encode(x.e, &in, payload, sizeof(payload));
            x.c->decode(x.d, payload, rates[i].format->n_bytes, &out);
        }
        before = signal_rms(samples, FRAME);
        step = signal_largest_step(samples, FRAME);
        for (unsigned k = 0; k < 7; k++) {
            out.samples = samples + k * FRAME;
            assert_int_equal(x.c->conceal(x.d, NULL, 0, FRAME, &out), 0);
        }
        assert_true(signal_largest_step(samples, 7 * FRAME) < 2 * step);
        assert_true(signal_rms(samples, FRAME) > before / 2);
        for (unsigned k = 1; k < 7; k++)
            assert_true(signal_rms(samples + k * FRAME, FRAME) <
                        1.1 * signal_rms(samples + (k - 1) * FRAME, FRAME));
        assert_true(signal_rms(samples + 6 * FRAME, FRAME) < 0.1 * before);
        coder_close(&x);
    }
}

static void a_repair_is_as_long_as_was_asked(void **state)
{
    struct coder x = coder_of(0);
    static int16_t samples[CODEC_PCM_MAX];
    struct pcm out = {.samples = samples};

    (void)state;
    for (uint32_t n = 0; n <= 1920; n += 160) {
        assert_int_equal(x.c->conceal(x.d, NULL, 0, n, &out), 0);
        assert_int_equal(out.n_frames, n);
    }
    assert_int_equal(x.c->conceal(x.d, NULL, 0, 1921, &out), EINVAL);
    coder_close(&x);
}

/* By an ear's measure: of the waveform, a guess is further off than silence. */
static void repaired_speech_is_better_understood_than_with_gaps(void **state)
{
    static int16_t gaps[FRAMES * FRAME];

    (void)state;
    for (unsigned i = 0; i < N_RATES; i++) {
        struct coder x = coder_of(i);
        uint32_t seed = 3;
        struct score repaired, gapped;

        for (unsigned k = 0; k < FRAMES; k++) {
            uint8_t payload[CODEC_PAYLOAD_MAX];
            struct pcm out = {.samples = heard + k * FRAME};
            const size_t n = encode_speech(&x, k, 1, payload);
            const bool is_lost = dice(&seed) % 10 == 0;

            if (is_lost)
                x.c->conceal(x.d, NULL, 0, FRAME, &out);
            else
                x.c->decode(x.d, payload, n, &out);
            memset(gaps + k * FRAME, 0, FRAME * sizeof(*gaps));
            if (!is_lost)
                memcpy(gaps + k * FRAME, out.samples, FRAME * sizeof(*gaps));
        }
        repaired = score_of(heard);
        gapped = score_of(gaps);
        print_message("%s at %u, 10 %% lost: STOI %.3f repaired, %.3f with gaps\n", rates[i].name,
                      rates[i].bitrate, repaired.stoi, gapped.stoi);
        assert_true(repaired.stoi > gapped.stoi + 0.01);
        assert_true(repaired.coverage > gapped.coverage + 0.02);
        coder_close(&x);
    }
}

/* ---- the rows ---- */

static void an_fmtp_says_which_codec_it_is(void **state)
{
    static const struct {
        const char *why, *name, *fmtp;
        uint32_t clock_hz;
        uint32_t bitrate; /* 0: none of ours */
    } rows[] = {
        {"as Lync lists it", "SIREN", "bitrate=16000", 16000, 16000},
        {"without an fmtp", "siren", "", 16000, 16000},
        {"a rate that it does not have", "SIREN", "bitrate=24000", 16000, 0},
        {"another clock", "SIREN", "bitrate=16000", 8000, 0},
        {"24 kbit/s", "G7221", "bitrate=24000", 16000, 24000},
        {"32 kbit/s", "G7221", "bitrate=32000", 16000, 32000},
        {"without an fmtp the lower", "G7221", "", 16000, 24000},
        {"48 kbit/s is of annex C", "G7221", "bitrate=48000", 16000, 0},
        {"annex C", "G7221", "bitrate=24000", 32000, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct codec_spec s = {.clock_hz = rows[i].clock_hz, .n_channels = 1};
        const struct codec *c;

        snprintf(s.name, sizeof(s.name), "%s", rows[i].name);
        snprintf(s.fmtp, sizeof(s.fmtp), "%s", rows[i].fmtp);
        c = codec_find(&s);
        if ((c ? c->bitrate : 0) != rows[i].bitrate)
            fail_msg("%s: %u", rows[i].why, c ? (unsigned)c->bitrate : 0);
    }
}

static void two_bit_rates_are_two_formats(void **state)
{
    const struct codec_spec a = spec_of("G7221", 24000), b = spec_of("G7221", 32000);
    struct codec_spec none = a;

    (void)state;
    none.fmtp[0] = '\0';
    assert_true(codec_same(&a, &none));
    assert_false(codec_same(&a, &b));
    assert_false(codec_same(&b, &none));
}

static void packets_are_of_whole_frames_and_two_at_the_most_in_siren(void **state)
{
    static const uint32_t rows[][3] = {{0, 20, 20},  {10, 20, 20}, {20, 20, 20}, {30, 20, 20},
                                       {40, 40, 40}, {50, 40, 40}, {60, 40, 60}, {200, 40, 60}};
    const struct codec_spec siren = spec_of("SIREN", 16000), g7221 = spec_of("G7221", 24000);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(codec_find(&siren)->ptime_ms(&siren, rows[i][0]), rows[i][1]);
        assert_int_equal(codec_find(&g7221)->ptime_ms(&g7221, rows[i][0]), rows[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_the_transform_are_sines),
        cmocka_unit_test(spectrum_is_that_of_the_recommendation),
        cmocka_unit_test(synthesis_gives_the_samples_back_a_block_later),
        cmocka_unit_test(every_vector_decodes_to_itself_or_the_first_that_shares_its_code),
        cmocka_unit_test(vector_codes_leave_no_bits_unused),
        cmocka_unit_test(every_step_of_power_decodes_to_itself),
        cmocka_unit_test(an_index_is_the_power_in_steps_of_3_db),
        cmocka_unit_test(every_envelope_that_is_measured_can_be_sent),
        cmocka_unit_test(bits_are_shared_out_as_the_text_says),
        cmocka_unit_test(five_eighths_of_the_surplus_count_at_high_rates),
        cmocka_unit_test(speech_is_the_better_the_higher_the_rate),
        cmocka_unit_test(a_flipped_bit_never_passes_in_siren),
        cmocka_unit_test(payloads_that_are_not_whole_frames_are_refused),
        cmocka_unit_test(a_bad_frame_among_good_ones_is_made_up),
        cmocka_unit_test(a_loss_goes_on_as_the_sound_was_and_fades),
        cmocka_unit_test(a_repair_is_as_long_as_was_asked),
        cmocka_unit_test(repaired_speech_is_better_understood_than_with_gaps),
        cmocka_unit_test(an_fmtp_says_which_codec_it_is),
        cmocka_unit_test(two_bit_rates_are_two_formats),
        cmocka_unit_test(packets_are_of_whole_frames_and_two_at_the_most_in_siren),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
