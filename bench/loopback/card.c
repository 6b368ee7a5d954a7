#include "bench/loopback/card.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <portaudio.h>

#include "bench/loopback/quiet.h"
#include "bench/scan.h"

#define FADE    240 /* samples from silence to full level, and back: 5 ms at 48 kHz */
#define BLOCK_S 0.01
#define BLOCK   2048

/* ---- the library ------------------------------------------------------------------ */

int card_library_open(char why[static CARD_TEXT_MAX])
{
    struct quiet quiet;

    quiet_begin(&quiet);
    PaError error = Pa_Initialize();
    quiet_end(&quiet);
    if (error == paNoError)
        return 0;
    snprintf(why, CARD_TEXT_MAX, "the sound system cannot be used: %s", Pa_GetErrorText(error));
    return EIO;
}

void card_library_close(void)
{
    struct quiet quiet;

    quiet_begin(&quiet);
    Pa_Terminate();
    quiet_end(&quiet);
}

static const char *host_of(const PaDeviceInfo *d)
{
    const PaHostApiInfo *host = Pa_GetHostApiInfo(d->hostApi);

    return host ? host->name : "?";
}

int card_list(FILE *f)
{
    int n = Pa_GetDeviceCount();

    for (int i = 0; i < n; i++) {
        const PaDeviceInfo *d = Pa_GetDeviceInfo(i);

        fprintf(f, "%3d  %-40s %s, %d in, %d out, %.0f Hz%s%s\n", i, d->name, host_of(d),
                d->maxInputChannels, d->maxOutputChannels, d->defaultSampleRate,
                i == Pa_GetDefaultInputDevice() ? ", default in" : "",
                i == Pa_GetDefaultOutputDevice() ? ", default out" : "");
    }
    return n > 0 ? n : 0;
}

/* ---- which device ----------------------------------------------------------------- */

static int channels_of(const PaDeviceInfo *d, enum card_way way)
{
    return way == CARD_CAPTURE ? d->maxInputChannels : d->maxOutputChannels;
}

static const char *way_name(enum card_way way)
{
    return way == CARD_CAPTURE ? "capture" : "playback";
}

/* The exact name, else the first that has it in its own. */
static int device_by_name(enum card_way way, const char *name)
{
    int found = paNoDevice;

    for (int i = 0; i < Pa_GetDeviceCount(); i++) {
        const PaDeviceInfo *d = Pa_GetDeviceInfo(i);

        if (channels_of(d, way) < 1)
            continue;
        if (strcasecmp(d->name, name) == 0)
            return i;
        if (found == paNoDevice && strcasestr(d->name, name))
            found = i;
    }
    return found;
}

static int device_find(int *found, enum card_way way, const char *name,
                       char why[static CARD_TEXT_MAX])
{
    if (!name) {
        *found = way == CARD_CAPTURE ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
        if (*found != paNoDevice)
            return 0;
        snprintf(why, CARD_TEXT_MAX,
                 "there is no %s device: connect one, or take a file or a tone instead "
                 "(--a-say, --b-hear none)",
                 way_name(way));
        return ENODEV;
    }
    const char *end = name;
    uint32_t number;
    bool is_number = scan_number(&end, INT16_MAX, &number) && !*end;
    *found = is_number ? (int)number : device_by_name(way, name);
    if (*found < 0 || *found >= Pa_GetDeviceCount()) {
        snprintf(why, CARD_TEXT_MAX,
                 "there is no %s device \"%s\": --list-devices shows what there is", way_name(way),
                 name);
        return ENODEV;
    }
    if (channels_of(Pa_GetDeviceInfo(*found), way) > 0)
        return 0;
    snprintf(why, CARD_TEXT_MAX, "device %d (%s) has no %s", *found, Pa_GetDeviceInfo(*found)->name,
             way_name(way));
    return EINVAL;
}

/* ---- which rate ------------------------------------------------------------------- */

static PaStreamParameters parameters_of(const struct card *c, int device, int n_channels)
{
    const PaDeviceInfo *d = Pa_GetDeviceInfo(device);
    double low = c->way == CARD_CAPTURE ? d->defaultLowInputLatency : d->defaultLowOutputLatency;

    return (PaStreamParameters){.device = device,
                                .channelCount = n_channels,
                                .sampleFormat = paInt16,
                                /* PulseAudio's plugin claims less than it keeps */
                                .suggestedLatency = low > 2 * BLOCK_S ? low : 2 * BLOCK_S};
}

static bool takes_rate(const struct card *c, int device, int n_channels, double rate_hz)
{
    PaStreamParameters p = parameters_of(c, device, n_channels);

    return Pa_IsFormatSupported(c->way == CARD_CAPTURE ? &p : NULL,
                                c->way == CARD_CAPTURE ? NULL : &p, rate_hz) == paFormatIsSupported;
}

static const uint32_t customary_hz[] = {48000, 44100, 32000, 16000, 8000, 96000};
#define CUSTOMARY (sizeof(customary_hz) / sizeof(customary_hz[0]))

static void rates_print(char *text, size_t cap, const struct card *c, int device)
{
    size_t n = 0;

    *text = 0;
    for (size_t i = 0; i < CUSTOMARY && n < cap; i++)
        if (takes_rate(c, device, 1, customary_hz[i]) || takes_rate(c, device, 2, customary_hz[i]))
            n += (size_t)snprintf(text + n, cap - n, "%s%u", n ? ", " : "", customary_hz[i]);
    if (!n)
        snprintf(text, cap, "none of the customary rates: is it in use by another program?");
}

/* The rate that is wanted, else the device's own, else a customary one; mono, else stereo. */
static int rate_find(struct card *c, int device, uint32_t wanted_hz, char why[static CARD_TEXT_MAX])
{
    const PaDeviceInfo *d = Pa_GetDeviceInfo(device);
    uint32_t own_hz = d->defaultSampleRate >= 8000 ? (uint32_t)d->defaultSampleRate : 48000;
    char rates[120];

    for (size_t i = 0; i <= CUSTOMARY; i++) {
        uint32_t rate_hz = wanted_hz ? wanted_hz : i ? customary_hz[i - 1] : own_hz;

        for (int n = 1; n <= 2 && n <= channels_of(d, c->way); n++)
            if (takes_rate(c, device, n, rate_hz)) {
                c->rate_hz = rate_hz;
                c->n_channels = n;
                return 0;
            }
        if (wanted_hz)
            break;
    }
    rates_print(rates, sizeof(rates), c, device);
    if (wanted_hz)
        snprintf(why, CARD_TEXT_MAX, "device %d (%s) lacks %u Hz; it takes %s", device, d->name,
                 wanted_hz, rates);
    else
        snprintf(why, CARD_TEXT_MAX, "device %d (%s) takes %s", device, d->name, rates);
    return EINVAL;
}

/* ---- the callback ----------------------------------------------------------------- */

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* What the ring has, faded in after a gap; where it has nothing, the last sample faded out: a gap
 * is heard as a gap, never as a click. */
void card_play_block(struct card *c, int16_t *out, uint32_t n)
{
    uint32_t got = ring_get(c->ring, out, n);
    bool was_playing = c->fade > 0 || got;

    for (uint32_t i = 0; i < got && c->fade < FADE; i++)
        out[i] = (int16_t)(out[i] * (int)++c->fade / FADE);
    if (got)
        c->last = out[got - 1];
    for (uint32_t i = got; i < n; i++) {
        c->fade -= c->fade > 0;
        out[i] = (int16_t)(c->last * (int)c->fade / FADE);
    }
    if (got == n || !was_playing)
        return; /* silence before the first sample, and after the last, is no gap */
    count(&c->counts->gaps, 1);
    count(&c->counts->missing, n - got);
}

void card_capture_block(struct card *c, const int16_t *in, uint32_t n)
{
    uint32_t put = ring_put(c->ring, in, n);

    if (put == n)
        return;
    count(&c->counts->gaps, 1);
    count(&c->counts->missing, n - put);
}

static void captured_take(struct card *c, const int16_t *in, uint32_t n)
{
    if (c->n_channels == 1) {
        card_capture_block(c, in, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        c->block[i] = in[2 * i];
    card_capture_block(c, c->block, n);
}

static void played_give(struct card *c, int16_t *out, uint32_t n)
{
    if (c->n_channels == 1) {
        card_play_block(c, out, n);
        return;
    }
    card_play_block(c, c->block, n);
    for (uint32_t i = 0; i < n; i++)
        out[2 * i] = out[2 * i + 1] = c->block[i];
}

/* On PortAudio's thread: rings and counters, nothing that waits. */
static int stream_h(const void *input, void *output, unsigned long n_frames,
                    const PaStreamCallbackTimeInfo *when, PaStreamCallbackFlags flags, void *arg)
{
    struct card *c = arg;
    const int16_t *in = input;
    int16_t *out = output;

    (void)when;
    for (unsigned long done = 0, n; done < n_frames; done += n) {
        n = n_frames - done < BLOCK ? n_frames - done : BLOCK;
        if (in)
            captured_take(c, in + done * (unsigned)c->n_channels, (uint32_t)n);
        if (out)
            played_give(c, out + done * (unsigned)c->n_channels, (uint32_t)n);
    }
    count(&c->counts->callbacks, 1);
    count(&c->counts->samples, n_frames);
    if (flags & (paInputUnderflow | paInputOverflow | paOutputUnderflow | paOutputOverflow))
        count(&c->counts->xruns, 1);
    return paContinue;
}

/* ---- open and close --------------------------------------------------------------- */

static int error_tell(const struct card *c, PaError error, char why[static CARD_TEXT_MAX])
{
    const PaHostErrorInfo *host = Pa_GetLastHostErrorInfo();

    if (error == paDeviceUnavailable || error == paInternalError ||
        error == paUnanticipatedHostError) {
        snprintf(why, CARD_TEXT_MAX,
                 "device %s cannot be opened for %s: another program holds it, or it was removed "
                 "(%s%s%s)",
                 c->name, way_name(c->way), Pa_GetErrorText(error),
                 error == paUnanticipatedHostError && host ? ": " : "",
                 error == paUnanticipatedHostError && host ? host->errorText : "");
        return EBUSY;
    }
    snprintf(why, CARD_TEXT_MAX, "device %s cannot be opened for %s: %s", c->name, way_name(c->way),
             Pa_GetErrorText(error));
    return EIO;
}

static int stream_start(struct card *c, int device, char why[static CARD_TEXT_MAX])
{
    PaStreamParameters p = parameters_of(c, device, c->n_channels);
    bool is_capture = c->way == CARD_CAPTURE;
    PaStream *stream = NULL;

    PaError error =
        Pa_OpenStream(&stream, is_capture ? &p : NULL, is_capture ? NULL : &p, c->rate_hz,
                      (unsigned long)(c->rate_hz * BLOCK_S), paNoFlag, stream_h, c);
    if (error != paNoError)
        return error_tell(c, error, why);
    const PaStreamInfo *info = Pa_GetStreamInfo(stream);
    double latency_s = is_capture ? info->inputLatency : info->outputLatency;
    c->latency_us = latency_s > 0 && latency_s < 2 ? (uint32_t)(latency_s * 1e6) : 0;
    if (!is_capture) /* what was left over from before is old */
        (void)ring_skip(c->ring, ring_fill(c->ring));
    c->fade = 0;
    error = Pa_StartStream(stream);
    if (error != paNoError) {
        Pa_CloseStream(stream);
        return error_tell(c, error, why);
    }
    c->stream = stream;
    return 0;
}

int card_open(struct card *c, const char *name, uint32_t rate_hz, char why[static CARD_TEXT_MAX])
{
    struct quiet quiet;
    int device;

    quiet_begin(&quiet);
    int err = device_find(&device, c->way, name, why);
    if (!err) {
        snprintf(c->name, sizeof(c->name), "%s", Pa_GetDeviceInfo(device)->name);
        err = rate_find(c, device, rate_hz, why);
    }
    if (!err)
        err = stream_start(c, device, why);
    quiet_end(&quiet);
    return err;
}

void card_close(struct card *c)
{
    struct quiet quiet;

    if (!c->stream)
        return;
    quiet_begin(&quiet);
    Pa_AbortStream(c->stream);
    Pa_CloseStream(c->stream);
    quiet_end(&quiet);
    c->stream = NULL;
}

bool card_is_running(const struct card *c)
{
    return c->stream && Pa_IsStreamActive(c->stream) == 1;
}
