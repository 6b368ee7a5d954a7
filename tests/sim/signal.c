#include "tests/sim/signal.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

void signal_sine(int16_t *out, size_t n, uint32_t rate_hz, double hz, double amplitude)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (int16_t)lrint(amplitude * sin(2 * pi * hz * (double)i / rate_hz));
}

void signal_speech(int16_t *out, size_t n, uint32_t rate_hz, double amplitude)
{
    double phase = 0;

    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate_hz;
        const double pitch = 135 + 25 * sin(2 * pi * 0.7 * t);
        const double syllable = 0.55 - 0.45 * cos(2 * pi * 4 * t);
        double v = 0;

        phase += 2 * pi * pitch / rate_hz;
        for (int h = 1; h * pitch < 3400; h++) /* formants near 500 and 1500 Hz */
            v += sin(h * phase) * (1 / (1 + pow((h * pitch - 500) / 250, 2)) +
                                   0.4 / (1 + pow((h * pitch - 1500) / 300, 2)) + 0.02);
        out[i] = (int16_t)lrint(amplitude * syllable * v / 3.5);
    }
}

double signal_rms(const int16_t *a, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * a[i];
    return n ? sqrt(sum / (double)n) : 0;
}

double signal_snr_db(const int16_t *reference, const int16_t *a, size_t n)
{
    double power = 0, noise = 1e-9;

    for (size_t i = 0; i < n; i++) {
        const double d = (double)a[i] - reference[i];

        power += (double)reference[i] * reference[i];
        noise += d * d;
    }
    return 10 * log10(power / noise);
}

size_t signal_delay(const int16_t *reference, const int16_t *a, size_t n, size_t longest)
{
    double best = -1e300;
    size_t at = 0;

    for (size_t lag = 0; lag <= longest; lag++) {
        double product = 0;

        for (size_t i = 0; i + longest < n; i++)
            product += (double)reference[i] * a[i + lag];
        if (product > best) {
            best = product;
            at = lag;
        }
    }
    return at;
}

double signal_purity_db(const int16_t *a, size_t n, uint32_t rate_hz, double hz)
{
    double re = 0, im = 0, all = 0, tone;

    for (size_t i = 0; i < n; i++) {
        const double w = 2 * pi * hz * (double)i / rate_hz;

        re += a[i] * cos(w);
        im += a[i] * sin(w);
        all += (double)a[i] * a[i];
    }
    tone = 2 * (re * re + im * im) / (double)n;
    return 10 * log10(tone / fmax(all - tone, 1e-9));
}

int signal_largest_step(const int16_t *a, size_t n)
{
    int largest = 0;

    for (size_t i = 1; i < n; i++) {
        const int step = abs(a[i] - a[i - 1]);

        largest = step > largest ? step : largest;
    }
    return largest;
}
