#ifndef PICRELAY_PTIME_H
#define PICRELAY_PTIME_H

#include "codec/codec.h"

/** Packet times that we send [ms]: what every peer of RFC 3551 takes. */
#define PTIME_DEFAULT_MS 20
#define PTIME_MIN_MS     10
#define PTIME_MAX_MS     60

/** For codecs whose unit is a sample: any whole packet time of 10 to 60 ms. @return [ms] */
uint32_t ptime_any(const struct codec_spec *receiver, uint32_t wanted_ms);

#endif
