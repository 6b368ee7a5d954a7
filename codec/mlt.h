#ifndef PICRELAY_MLT_H
#define PICRELAY_MLT_H

/**
 * The modulated lapped transform of ITU-T G.722.1 (s.3.1 and s.4.7): 320 samples of 16 kHz to 320
 * coefficients of 25 Hz each, and back. A block overlaps with the one before it, so what comes out
 * of mlt_synthesize() is one block behind what went into it. Orthonormal: the energy of the
 * coefficients is that of the samples. [pure]
 *
 * Thread: one at a time. Nothing is allocated; lives by value in a coder. A zeroed struct is one
 * that has heard silence.
 */

#define MLT_SIZE 320

struct mlt {
    float folded[MLT_SIZE / 2]; /* the half of the last block's transform that the next one needs */
};

/** Transforms the next block. */
void mlt_analyze(struct mlt *m, const float samples[MLT_SIZE], float spectrum[MLT_SIZE]);
/** Takes the next block's coefficients. @param samples  those of the block before it */
void mlt_synthesize(struct mlt *m, const float spectrum[MLT_SIZE], float samples[MLT_SIZE]);

#endif
