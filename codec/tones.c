#include "codec/tones.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp/telephony.h>
#include <spandsp/logging.h>
#include <spandsp/super_tone_rx.h>
#include <spandsp/dtmf.h>

#include "codec/resample.h"

enum {
    LISTEN_HZ = 8000, /* of spandsp's detector */
    LISTEN_CHUNK = 160,
    VOLUME_SOFTEST = 25, /* [-dBm0] made so loud at least: detectors need about -30 */
    VOLUME_MAX = 63,
};

static const double PI = 3.14159265358979323846;
static const char digits[TONES_N_CODES + 1] = "0123456789*#ABCD";

/* ITU-T Q.23: the row and the column of each code's key. */
static const uint16_t rows_hz[TONES_N_CODES] = {941, 697, 697, 697, 770, 770, 770, 852,
                                                852, 852, 941, 941, 697, 770, 852, 941};
static const uint16_t columns_hz[TONES_N_CODES] = {1336, 1209, 1336, 1477, 1209, 1336, 1477, 1209,
                                                   1336, 1477, 1209, 1477, 1633, 1633, 1633, 1633};

/* ---- made ---- */

int tone_start(struct tone_maker *m, uint32_t rate_hz, uint8_t code, uint8_t volume)
{
    const double softer = volume < VOLUME_SOFTEST ? volume : VOLUME_SOFTEST;

    if (code >= TONES_N_CODES)
        return EINVAL;
    *m = (struct tone_maker){
        .rate_hz = rate_hz,
        .step = {2 * PI * rows_hz[code] / rate_hz, 2 * PI * columns_hz[code] / rate_hz},
        /* A sine of full scale is +3.14 dBm0 (ITU-T G.711 s.4), and each of the two has half of the
         * power; both together stay below full scale. */
        .amplitude = fmin(32767 * pow(10, (-softer - 3.14 - 3.01) / 20), 16000),
    };
    return 0;
}

void tone_fill(struct tone_maker *m, int16_t *samples, uint32_t n)
{
    const uint32_t ramp = m->rate_hz * TONES_RAMP_MS / 1000;

    for (uint32_t i = 0; i < n; i++, m->n_made++) {
        const double v = sin(m->step[0] * m->n_made) + sin(m->step[1] * m->n_made);
        const double part = m->n_made < ramp ? (double)m->n_made / ramp : 1;

        samples[i] = (int16_t)lrint(v * part * m->amplitude);
    }
}

/* ---- heard ---- */

struct tone_listener {
    dtmf_rx_state_t *detector;
    struct resample *resample; /* NULL: it hears 8 kHz as it is */
};

int tone_listener_alloc(struct tone_listener **lp, uint32_t rate_hz)
{
    struct tone_listener *l = calloc(1, sizeof(*l));
    int err = 0;

    if (!l)
        return ENOMEM;
    l->detector = dtmf_rx_init(NULL, NULL, NULL);
    if (!l->detector)
        err = ENOMEM;
    else if (rate_hz != LISTEN_HZ)
        err = resample_alloc(&l->resample, rate_hz, LISTEN_HZ);
    if (err)
        tone_listener_free(l);
    else
        *lp = l;
    return err;
}

void tone_listener_free(struct tone_listener *l)
{
    if (!l)
        return;
    if (l->detector)
        dtmf_rx_free(l->detector);
    resample_free(l->resample);
    free(l);
}

static int code_of(int status)
{
    const char *found = status > 0 ? strchr(digits, status) : NULL;

    return found ? (int)(found - digits) : -1;
}

int tone_listen(struct tone_listener *l, const int16_t *samples, uint32_t n)
{
    int16_t narrow[LISTEN_CHUNK];

    while (n > 0) {
        const uint32_t part = n < LISTEN_CHUNK ? n : LISTEN_CHUNK;
        const int16_t *heard = samples;
        uint32_t n_heard = part;

        if (l->resample) { /* to fewer samples: they fit */
            n_heard = resample_run(l->resample, samples, part, narrow, LISTEN_CHUNK);
            heard = narrow;
        }
        (void)dtmf_rx(l->detector, heard, (int)n_heard);
        samples += part;
        n -= part;
    }
    return code_of(dtmf_rx_status(l->detector));
}

uint8_t tone_volume(const int16_t *samples, uint32_t n)
{
    double power = 1;

    for (uint32_t i = 0; i < n; i++)
        power += (double)samples[i] * samples[i] / n;
    /* the power of a sine of full scale is half of 32767 squared, and +3.14 dBm0 */
    power = -10 * log10(power * 2 / (32767.0 * 32767.0)) - 3.14;
    return (uint8_t)(power < 0 ? 0 : power > VOLUME_MAX ? VOLUME_MAX : lrint(power));
}
