#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <opus.h>

#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* Opus as others send it, made by libopus itself: in stereo, in frames of 2.5 ms to 60 ms, of any
 * mode. It all becomes the same stream. */

enum { RATE_HZ = 48000, SECONDS = 2, PACKET_MAX_BYTES = 1275, LONGEST_MS = 60 };

struct sent {
    uint32_t frame_us;
    int n_channels, application;
    int bitrate;
};

static int16_t said[RATE_HZ / 1000 * LONGEST_MS * 2];
static int16_t heard[16000 * (SECONDS + 1)];

/* A second channel that is in phase: what both say is what a mono listener hears. */
static void fill(int16_t *samples, uint32_t at, uint32_t n_frames, int n_channels)
{
    static int16_t sine[RATE_HZ];

    if (at == 0)
        signal_sine(sine, RATE_HZ, RATE_HZ, 500, 8000);
    for (uint32_t i = 0; i < n_frames * (uint32_t)n_channels; i++)
        samples[i] = sine[(at + i / (uint32_t)n_channels) % RATE_HZ];
}

/* @return packets of 20 ms that came of it */
static unsigned pass(const struct sent *s, const char *out)
{
    const struct transcoder_config cfg = rig_config("opus", out, 20);
    const uint32_t n_frames = RATE_HZ / 1000 * s->frame_us / 1000;
    OpusEncoder *e = opus_encoder_create(RATE_HZ, s->n_channels, s->application, &(int){0});
    struct transcoder *t = rig_open(&cfg);
    uint8_t payload[PACKET_MAX_BYTES];
    struct receiver r;
    uint64_t now_us = 0;

    assert_non_null(e);
    opus_encoder_ctl(e, OPUS_SET_BITRATE(s->bitrate));
    memset(heard, 0, sizeof(heard));
    receiver_open(&r, out, 8000, heard, sizeof(heard) / sizeof(heard[0]));
    for (uint16_t seq = 0; now_us < SECONDS * 1000 * MS; seq++, now_us += s->frame_us) {
        struct transcoder_packet pkt = {.pt = PT_OPUS, .seq = seq, .ts = seq * n_frames};
        int n;

        fill(said, pkt.ts, n_frames, s->n_channels);
        n = opus_encode(e, said, (int)n_frames, payload, sizeof(payload));
        assert_true(n > 0);
        pkt.payload = payload;
        pkt.n = (size_t)n;
        assert_int_equal(transcoder_put(t, &pkt, SSRC, now_us), 0);
        rig_drain(t, &r, now_us);
    }
    assert_int_equal(transcoder_stats(t)->bad_payload + transcoder_stats(t)->concealed, 0);
    assert_int_equal(r.silence_ticks, 0);
    opus_encoder_destroy(e);
    receiver_close(&r);
    transcoder_free(t);
    return r.n_audio;
}

static void every_frame_of_every_mode_is_taken(void **state)
{
    static const uint32_t frames_us[] = {2500, 5000, 10000, 20000, 40000, 60000};
    static const int applications[] = {OPUS_APPLICATION_VOIP, OPUS_APPLICATION_AUDIO,
                                       OPUS_APPLICATION_RESTRICTED_LOWDELAY};

    (void)state;
    for (unsigned i = 0; i < 6 * 3 * 2; i++) {
        const struct sent s = {.frame_us = frames_us[i % 6],
                               .application = applications[i / 6 % 3],
                               .n_channels = 1 + (int)(i / 18),
                               .bitrate = 64000};
        const unsigned n = pass(&s, i % 2 ? "PCMU" : "PCMA");
        double level, purity_db;

        if (n < SECONDS * 50 - 3 || n > SECONDS * 50 + 3)
            fail_msg("%u us, %d channels: %u packets", s.frame_us, s.n_channels, n);
        level = signal_rms(heard + 8000, 4000);
        purity_db = signal_purity_db(heard + 8000, 4000, 8000, 500);
        if (level < 4500 || level > 6500 || purity_db < 10) /* a sine of 8000 has 5657 */
            fail_msg("%u us, %d channels, mode %d: level %.0f, purity %.1f dB", s.frame_us,
                     s.n_channels, s.application, level, purity_db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_of_every_mode_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
