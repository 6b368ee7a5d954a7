#ifndef PICRELAY_TESTS_SIREN_PEERS_H
#define PICRELAY_TESTS_SIREN_PEERS_H

#include <stddef.h>
#include <stdint.h>

/** SIREN by implementations that nobody here wrote. Each call is a coder of its own, from silence:
 *  n_frames frames of 320 samples, or of 40 bytes; an even number, for sirendec gives two at a
 * time. They fail the test if the library does. */

/** GStreamer's sirenenc. */
void siren_gst_encode(const int16_t *samples, size_t n_frames, uint8_t *bytes);
/** GStreamer's sirendec. @return how many frames it took for good; the others are silence */
size_t siren_gst_decode(const uint8_t *bytes, size_t n_frames, int16_t *samples);
/**
 * libavcodec.
 * @param name     "msnsiren" or "siren"
 * @param n_bytes  of a frame
 * @param samples  of any scale, and not the sound: the inverse transform of FFmpeg 5.1 is not the
 * one of G.722.1, but its mirror image. What was sent is what one gets from the same spectra with
 * every other coefficient negated, put together from the last to the first, and then played
 * backwards
 * @return how many frames it took for good
 */
size_t siren_av_decode(const char *name, const uint8_t *bytes, size_t n_bytes, size_t n_frames,
                       float *samples);

#endif
