#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/sound/wav.h"

#define FILE_PATH PICRELAY_BINARY_DIR "/test_wav.wav"

/* Two samples, -2 and 513, at 8 kHz; RFC-less, so byte for byte. */
static const uint8_t two_samples[] = {
    'R', 'I', 'F', 'F', 40,  0,   0,   0,   'W',  'A',  'V', 'E', 'f',  'm',  't', ' ',
    16,  0,   0,   0,   1,   0,   1,   0,   0x40, 0x1f, 0,   0,   0x80, 0x3e, 0,   0,
    2,   0,   16,  0,   'd', 'a', 't', 'a', 4,    0,    0,   0,   0xfe, 0xff, 1,   2,
};

static void wav_reads_the_samples_of_a_file(void **state)
{
    struct sound s;

    (void)state;
    assert_int_equal(wav_parse(&s, two_samples, sizeof(two_samples)), 0);
    assert_int_equal(s.n_samples, 2);
    assert_int_equal(s.rate_hz, 8000);
    assert_int_equal(s.samples[0], -2);
    assert_int_equal(s.samples[1], 513);
    sound_wipe(&s);
}

static void wav_writes_what_it_reads(void **state)
{
    struct sound in, out;

    (void)state;
    assert_int_equal(sound_alloc(&in, 5000, 16000), 0);
    for (uint32_t i = 0; i < in.n_samples; i++)
        in.samples[i] = (int16_t)(i * 7919);
    assert_int_equal(wav_write(FILE_PATH, &in), 0);
    assert_int_equal(wav_read(&out, FILE_PATH), 0);
    assert_int_equal(out.n_samples, in.n_samples);
    assert_int_equal(out.rate_hz, in.rate_hz);
    assert_memory_equal(out.samples, in.samples, in.n_samples * sizeof(*in.samples));
    unlink(FILE_PATH);
    sound_wipe(&in);
    sound_wipe(&out);
}

static void wav_of_a_stream_ends_with_the_file(void **state)
{
    uint8_t file[sizeof(two_samples)];
    struct sound s;

    (void)state;
    memcpy(file, two_samples, sizeof(file));
    memset(file + 40, 0xff, 4); /* as a pipe leaves it */
    assert_int_equal(wav_parse(&s, file, sizeof(file)), 0);
    assert_int_equal(s.n_samples, 2);
    sound_wipe(&s);
}

static void wav_refuses_what_it_cannot_read(void **state)
{
    static const struct {
        const char *why;
        size_t at;
        uint8_t byte;
        int err;
    } rows[] = {
        {"not RIFF", 0, 'X', EBADMSG},
        {"not WAVE", 8, 'X', EBADMSG},
        {"no format before the data", 12, 'X', EBADMSG},
        {"format chunk too short", 16, 8, EBADMSG},
        {"format chunk longer than the file", 18, 1, EBADMSG},
        {"A-law", 20, 6, ENOTSUP},
        {"stereo", 22, 2, ENOTSUP},
        {"1 MHz", 26, 0xff, ENOTSUP},
        {"8 bits", 34, 8, ENOTSUP},
        {"no data", 36, 'X', EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t file[sizeof(two_samples)];
        struct sound s;

        memcpy(file, two_samples, sizeof(file));
        file[rows[i].at] = rows[i].byte;
        if (wav_parse(&s, file, sizeof(file)) != rows[i].err)
            fail_msg("%s: not refused as it should be", rows[i].why);
    }
}

static void wav_refuses_a_file_cut_anywhere_before_its_data(void **state)
{
    (void)state;
    for (size_t n = 0; n < 44; n++) {
        uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read past its end */
        struct sound s;

        assert_non_null(exact);
        memcpy(exact, two_samples, n);
        assert_int_not_equal(wav_parse(&s, exact, n), 0);
        free(exact);
    }
}

static void wav_that_does_not_exist_is_reported(void **state)
{
    struct sound s;

    (void)state;
    assert_int_equal(wav_read(&s, "no/such/file.wav"), ENOENT);
}

static void resampled_sound_keeps_its_times(void **state)
{
    static const uint32_t rates[] = {8000, 10000, 48000};
    struct sound in, out;

    (void)state;
    assert_int_equal(sound_alloc(&in, 16000, 16000), 0);
    for (uint32_t i = 8000; i < 8160; i++)
        in.samples[i] = 10000; /* 10 ms at the half second */
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        uint32_t loudest = 0;

        assert_int_equal(sound_resample(&out, &in, rates[r]), 0);
        assert_int_equal(out.n_samples, rates[r]);
        for (uint32_t i = 0; i < out.n_samples; i++)
            if (out.samples[i] > 5000 && !loudest)
                loudest = i;
        assert_in_range(loudest, rates[r] / 2 - rates[r] / 1000, rates[r] / 2 + rates[r] / 1000);
        sound_wipe(&out);
    }
    sound_wipe(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wav_reads_the_samples_of_a_file),
        cmocka_unit_test(wav_writes_what_it_reads),
        cmocka_unit_test(wav_of_a_stream_ends_with_the_file),
        cmocka_unit_test(wav_refuses_what_it_cannot_read),
        cmocka_unit_test(wav_refuses_a_file_cut_anywhere_before_its_data),
        cmocka_unit_test(wav_that_does_not_exist_is_reported),
        cmocka_unit_test(resampled_sound_keeps_its_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
