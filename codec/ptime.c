#include "codec/ptime.h"

uint32_t ptime_any(const struct codec_spec *receiver, uint32_t wanted_ms)
{
    (void)receiver;
    if (wanted_ms == 0)
        return PTIME_DEFAULT_MS;
    if (wanted_ms < PTIME_MIN_MS)
        return PTIME_MIN_MS;
    return wanted_ms > PTIME_MAX_MS ? PTIME_MAX_MS : wanted_ms;
}
