#ifndef PICRELAY_MLT_TABLES_H
#define PICRELAY_MLT_TABLES_H

#include "codec/mlt.h"

/** A complex number of the transform's FFT. */
struct mlt_complex {
    float re, im;
};

/** sin(pi (2n + 1) / 1280): the window of G.722.1 s.3.1, and the twiddles of its DCT-IV. */
extern const float mlt_window[MLT_SIZE];
/** exp(-2 pi i n / 160): the roots of the FFT of half the size. */
extern const struct mlt_complex mlt_roots[MLT_SIZE / 2];

#endif
