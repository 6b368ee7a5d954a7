#ifndef PICRELAY_SIREN_CODEC_H
#define PICRELAY_SIREN_CODEC_H

#include "codec/codec.h"
#include "codec/siren_frame.h"

/**
 * What the rows of SIREN and G7221 share: coders over any number of frames in a payload, at 16 kHz,
 * each of one format of siren_frame.h. Inside codec/ only; the functions are those of struct codec.
 */

#define SIREN_RATE_HZ  16000
#define SIREN_FRAME_MS 20

int siren_encoder_open(struct codec_encoder **ep, const struct codec_options *opt,
                       const struct siren_format *format);
int siren_decoder_open(struct codec_decoder **dp, uint32_t pcm_rate_hz,
                       const struct siren_format *format);
void siren_encoder_free(struct codec_encoder *e);
void siren_decoder_free(struct codec_decoder *d);

int siren_encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap);
/** A payload of which only some frames are good is decoded, and the others are made up. */
int siren_decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out);
/** Repeats the last spectrum (G.722.1 s.4.6), fading: silent after 120 ms. */
int siren_conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                  struct pcm *out);
void siren_decoder_reset(struct codec_decoder *d);
/** @return of a payload of n bytes; 0: not whole frames, or none, or too many */
uint32_t siren_ticks(const struct siren_format *format, size_t n);
/** Whole frames, up to longest_ms. */
uint32_t siren_ptime_ms(uint32_t wanted_ms, uint32_t longest_ms);

#endif
