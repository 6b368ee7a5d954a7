#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <portaudio.h>

#include "bench/loopback/cards.h"

/* The door to PortAudio with a library of the test's behind it: sound cards that are missing, busy,
 * deaf, or have one odd rate, as no null sink is. The real library is met in the whole-program
 * test. */

static const PaHostApiInfo host = {.name = "fake"};

static struct {
    PaDeviceInfo devices[4];
    double only_hz[4]; /* 0: any */
    int only_channels[4];
    bool is_busy[4];
    int n_devices;
    PaError init_error;
    PaStreamCallback *h; /* of the last stream */
    void *arg;
    PaStreamParameters parameters;
    int n_streams, is_active;
} fake;

PaError Pa_Initialize(void)
{
    return fake.init_error;
}

PaError Pa_Terminate(void)
{
    return paNoError;
}

const char *Pa_GetErrorText(PaError error)
{
    return error == paDeviceUnavailable ? "Device unavailable" : "an error";
}

PaDeviceIndex Pa_GetDeviceCount(void)
{
    return fake.n_devices;
}

PaDeviceIndex Pa_GetDefaultInputDevice(void)
{
    return fake.n_devices ? 0 : paNoDevice;
}

PaDeviceIndex Pa_GetDefaultOutputDevice(void)
{
    return fake.n_devices > 1 ? 1 : paNoDevice;
}

const PaDeviceInfo *Pa_GetDeviceInfo(PaDeviceIndex device)
{
    return device >= 0 && device < fake.n_devices ? &fake.devices[device] : NULL;
}

const PaHostApiInfo *Pa_GetHostApiInfo(PaHostApiIndex i)
{
    (void)i;
    return &host;
}

const PaHostErrorInfo *Pa_GetLastHostErrorInfo(void)
{
    static const PaHostErrorInfo info = {.errorText = "what the system said"};

    return &info;
}

PaError Pa_IsFormatSupported(const PaStreamParameters *inputParameters,
                             const PaStreamParameters *outputParameters, double sampleRate)
{
    const PaStreamParameters *p = inputParameters ? inputParameters : outputParameters;
    double only_hz = fake.only_hz[p->device];
    int only_channels = fake.only_channels[p->device];

    return (only_hz > 0 && (sampleRate < only_hz || sampleRate > only_hz)) ||
                   (only_channels && p->channelCount != only_channels)
               ? paInvalidSampleRate
               : paFormatIsSupported;
}

PaError Pa_OpenStream(PaStream **stream, const PaStreamParameters *inputParameters,
                      const PaStreamParameters *outputParameters, double sampleRate,
                      unsigned long framesPerBuffer, PaStreamFlags streamFlags,
                      PaStreamCallback *streamCallback, void *userData)
{
    const PaStreamParameters *p = inputParameters ? inputParameters : outputParameters;

    (void)framesPerBuffer;
    (void)streamFlags;
    (void)sampleRate;
    if (fake.is_busy[p->device])
        return paDeviceUnavailable;
    fake.h = streamCallback;
    fake.arg = userData;
    fake.parameters = *p;
    fake.n_streams++;
    *stream = &fake;
    return paNoError;
}

const PaStreamInfo *Pa_GetStreamInfo(PaStream *stream)
{
    static const PaStreamInfo info = {.inputLatency = 0.03, .outputLatency = 0.04};

    (void)stream;
    return &info;
}

PaError Pa_StartStream(PaStream *stream)
{
    (void)stream;
    fake.is_active = 1;
    return paNoError;
}

PaError Pa_AbortStream(PaStream *stream)
{
    (void)stream;
    return paNoError;
}

PaError Pa_CloseStream(PaStream *stream)
{
    (void)stream;
    fake.n_streams--;
    return paNoError;
}

PaError Pa_IsStreamActive(PaStream *stream)
{
    (void)stream;
    return fake.is_active;
}

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fake.n_devices = 3;
    fake.devices[0] =
        (PaDeviceInfo){.name = "USB Headset", .maxInputChannels = 1, .defaultSampleRate = 44100};
    fake.devices[1] =
        (PaDeviceInfo){.name = "Speaker", .maxOutputChannels = 2, .defaultSampleRate = 48000};
    fake.devices[2] = (PaDeviceInfo){.name = "usb headset mono",
                                     .maxInputChannels = 2,
                                     .maxOutputChannels = 2,
                                     .defaultSampleRate = 16000};
    return 0;
}

struct rig {
    struct card card;
    struct card_counts counts;
    struct ring ring;
    char why[CARD_TEXT_MAX];
};

static void rig_open(struct rig *r, enum card_way way)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(ring_alloc(&r->ring, 48000), 0);
    r->card = (struct card){.ring = &r->ring, .counts = &r->counts, .way = way};
}

static void rig_close(struct rig *r)
{
    card_close(&r->card);
    ring_wipe(&r->ring);
}

static void devices_are_found_by_number_and_by_name(void **state)
{
    static const struct {
        const char *name;
        enum card_way way;
        int device;
    } rows[] = {
        {NULL, CARD_CAPTURE, 0},       {NULL, CARD_PLAYBACK, 1},
        {"2", CARD_CAPTURE, 2},        {"USB headset", CARD_CAPTURE, 0},
        {"mono", CARD_CAPTURE, 2},     {"headset", CARD_PLAYBACK, 2}, /* the one that can */
        {"speaker", CARD_PLAYBACK, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig r;

        rig_open(&r, rows[i].way);
        assert_int_equal(card_open(&r.card, rows[i].name, 0, r.why), 0);
        assert_int_equal(fake.parameters.device, rows[i].device);
        rig_close(&r);
        assert_int_equal(fake.n_streams, 0);
    }
}

static void what_cannot_be_opened_says_why(void **state)
{
    static const struct {
        const char *name, *why;
        enum card_way way;
        uint32_t rate_hz;
        int err;
    } rows[] = {
        {"radio", "no capture device \"radio\": --list-devices", CARD_CAPTURE, 0, ENODEV},
        {"3", "no playback device \"3\"", CARD_PLAYBACK, 0, ENODEV},
        {"99999999999", "no playback device", CARD_PLAYBACK, 0, ENODEV},
        {"1", "device 1 (Speaker) has no capture", CARD_CAPTURE, 0, EINVAL},
        {"1", "(Speaker) lacks 44100 Hz; it takes 32000", CARD_PLAYBACK, 44100, EINVAL},
        {"0", "another program holds it", CARD_CAPTURE, 0, EBUSY},
        {"2", "none of the customary rates", CARD_PLAYBACK, 0, EINVAL},
    };

    (void)state;
    fake.only_hz[1] = 32000;
    fake.is_busy[0] = true;
    fake.only_hz[2] = 12345;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig r;

        rig_open(&r, rows[i].way);
        int err = card_open(&r.card, rows[i].name, rows[i].rate_hz, r.why);
        if (err != rows[i].err || !strstr(r.why, rows[i].why))
            fail_msg("row %zu: %d, %s", i, err, r.why);
        rig_close(&r);
    }
}

static void without_devices_it_says_what_to_do(void **state)
{
    struct rig r;

    (void)state;
    fake.n_devices = 0;
    rig_open(&r, CARD_CAPTURE);
    assert_int_equal(card_open(&r.card, NULL, 0, r.why), ENODEV);
    assert_non_null(strstr(r.why, "--a-say"));
    fake.init_error = paInternalError;
    assert_int_equal(card_library_open(r.why), EIO);
    rig_close(&r);
}

static void a_rate_that_the_card_has_is_taken(void **state)
{
    struct rig r;

    (void)state;
    fake.only_hz[1] = 32000; /* not its default, and customary */
    rig_open(&r, CARD_PLAYBACK);
    assert_int_equal(card_open(&r.card, NULL, 0, r.why), 0);
    assert_int_equal(r.card.rate_hz, 32000);
    assert_int_equal(r.card.latency_us, 40000);
    rig_close(&r);
}

static void a_card_that_knows_only_stereo_gets_it(void **state)
{
    int16_t in[4] = {1, 2, 3, 4}, out[8] = {0}, stereo[8] = {10, -1, 20, -1, 30, -1, 40, -1};
    struct rig r;

    (void)state;
    fake.only_channels[1] = fake.only_channels[2] = 2;
    rig_open(&r, CARD_PLAYBACK);
    assert_int_equal(card_open(&r.card, NULL, 0, r.why), 0);
    ring_put(&r.ring, in, 4);
    assert_int_equal(fake.h(NULL, out, 4, NULL, 0, fake.arg), paContinue);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(out[2 * i], out[2 * i + 1]);
    rig_close(&r);

    rig_open(&r, CARD_CAPTURE);
    assert_int_equal(card_open(&r.card, "2", 0, r.why), 0);
    assert_int_equal(fake.h(stereo, NULL, 4, NULL, paInputOverflow, fake.arg), paContinue);
    assert_int_equal(ring_get(&r.ring, in, 4), 4);
    assert_int_equal(in[0], 10);
    assert_int_equal(in[3], 40);
    assert_int_equal(r.counts.xruns, 1);
    assert_int_equal(r.counts.samples, 4);
    rig_close(&r);
}

static void a_block_of_any_size_is_taken(void **state)
{
    static int16_t out[20000];
    struct rig r;

    (void)state;
    rig_open(&r, CARD_PLAYBACK);
    fake.only_channels[1] = 2;
    assert_int_equal(card_open(&r.card, NULL, 0, r.why), 0);
    assert_int_equal(fake.h(NULL, out, 10000, NULL, 0, fake.arg), paContinue);
    assert_int_equal(r.counts.samples, 10000);
    rig_close(&r);
}

static void devices_are_listed(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    (void)state;
    assert_int_equal(card_list(f), 3);
    (void)fclose(f);
    assert_non_null(strstr(text, "USB Headset"));
    assert_non_null(strstr(text, "default out"));
    free(text);
}

static void cards_tell_what_failed_and_leave_nothing_open(void **state)
{
    struct cards_config cfg = {.is_used = {true, true}, .name = {NULL, "radio"}};
    char why[CARD_TEXT_MAX];
    struct cards *c;

    (void)state;
    assert_int_equal(cards_open(&c, &cfg, why), ENODEV);
    assert_non_null(strstr(why, "radio"));
    assert_int_equal(fake.n_streams, 0);
    cfg.name[CARD_PLAYBACK] = NULL;
    assert_int_equal(cards_open(&c, &cfg, why), 0);
    assert_int_equal(cards_status(c, CARD_CAPTURE).state, CARD_RUNNING);
    assert_int_equal(cards_status(c, CARD_PLAYBACK).rate_hz, 48000);
    assert_non_null(cards_ring(c, CARD_CAPTURE));
    cards_close(c);
    assert_int_equal(fake.n_streams, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(devices_are_found_by_number_and_by_name, setup),
        cmocka_unit_test_setup(what_cannot_be_opened_says_why, setup),
        cmocka_unit_test_setup(without_devices_it_says_what_to_do, setup),
        cmocka_unit_test_setup(a_rate_that_the_card_has_is_taken, setup),
        cmocka_unit_test_setup(a_card_that_knows_only_stereo_gets_it, setup),
        cmocka_unit_test_setup(a_block_of_any_size_is_taken, setup),
        cmocka_unit_test_setup(devices_are_listed, setup),
        cmocka_unit_test_setup(cards_tell_what_failed_and_leave_nothing_open, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
