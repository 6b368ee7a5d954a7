#ifndef PICRELAY_SIREN_FRAME_H
#define PICRELAY_SIREN_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/mlt.h"

/**
 * A frame of SIREN or of ITU-T G.722.1: 20 ms as one spectrum, in a fixed number of bits. [pure]
 *
 * What they share: the transform (mlt.h), 14 regions of 20 coefficients up to 7 kHz with their
 * envelope (siren_power.h), the sharing out of bits (siren_categories.h), all tables
 * (siren_codes.h, siren_vectors.h), noise where nothing was coded, ones after the last vector. The
 * bytes go out in order, the most significant bit first.
 *
 * Where they differ:
 *
 *                               SIREN             G.722.1
 *   bit rate [kbit/s]           16                24, 32
 *   frame [bytes]               40                60, 80
 *   in front of the envelope    2 bits: 01        nothing
 *   at the end                  4 bits: parity    nothing
 *   scale of the powers that    index + 2         index - 7
 *     categories are found by
 *   lowest index of a power     -33               -8
 *
 * That scale (G.722.1's source calls the -7 ESF_ADJUSTMENT_TO_RMS_INDEX) would not matter if the
 * search for an offset in categorization were not limited to -32..31: with loud sound it ends there
 * in SIREN, and both ends must end alike. Above 320 bits for the coefficients G.722.1 counts five
 * eighths of the surplus, which SIREN never has.
 *
 * Which SIREN it is. Three things go by the name. RTP's SIREN/16000 of Messenger, Communicator and
 * Lync is the one with the two bits and the parity: GStreamer's sirenenc writes it, its payloader
 * puts those 40 bytes into RTP unchanged, and farstream used it in calls with such clients. FFmpeg
 * calls that `msnsiren`; its `siren` is Vivo's, of wave files: the frame of G.722.1, with neither,
 * at 16 kbit/s.
 *
 * How it is known. SIREN: tests/test_siren_interop.c, against GStreamer (both ways) and FFmpeg's
 * msnsiren. G.722.1: the frame of 40 bytes against FFmpeg's siren there. Of 24 and 32 kbit/s there
 * is no other implementation in Debian; what is left to them alone, the length of the frame and the
 * five eighths, is proven against the published text only (tests/test_siren.c).
 */

#define SIREN_FRAME_MAX 80

struct siren_format {
    uint8_t n_bytes; /* up to SIREN_FRAME_MAX, even */
    uint8_t n_header_bits;
    uint8_t header;
    uint8_t n_parity_bits;
    int8_t power_min;   /* the lowest index of a sound frame */
    int8_t power_scale; /* added to an index to find categories */
};

extern const struct siren_format siren_16000;       /* SIREN/16000 */
extern const struct siren_format siren_g7221_24000; /* G7221/16000, bitrate=24000 */
extern const struct siren_format siren_g7221_32000;

/** @param bytes  n_bytes of them are written */
void siren_frame_write(const struct siren_format *f, const float spectrum[MLT_SIZE],
                       uint8_t *bytes);
/**
 * @param bytes  n_bytes of any content
 * @param seed   of the noise; is written
 *
 * @return whether it was a frame; if not, spectrum is undefined (G.722.1 s.4.6)
 */
bool siren_frame_read(const struct siren_format *f, const uint8_t *bytes, float spectrum[MLT_SIZE],
                      uint32_t *seed);

#endif
