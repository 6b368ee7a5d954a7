#ifndef PICRELAY_MLT_TABLES_H
#define PICRELAY_MLT_TABLES_H

#include "codec/mlt.h"

/** A complex number of the transform's FFT. */
struct mlt_complex {
    float re, im;
};

/** sin(pi (2n + 1) / 1280): the window of G.722.1 s.3.1. */
extern const float mlt_window[MLT_SIZE];
/** exp(-pi i (8n + 1) / 2560): what turns an FFT of half the size into a DCT-IV, before and after.
 */
extern const struct mlt_complex mlt_twiddles[MLT_SIZE / 2];
/** exp(-2 pi i n / 160): the roots of the FFT of half the size. */
extern const struct mlt_complex mlt_roots[MLT_SIZE / 2];

#endif
