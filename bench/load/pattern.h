#ifndef PICRELAY_BENCH_LOAD_PATTERN_H
#define PICRELAY_BENCH_LOAD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A payload of G.711 that says which packet it is and can be checked to the last byte. The signs of
 * its first 64 samples are the stream (32 bits) and the number (32 bits); all else is a hash of
 * them. Signs survive the way from A-law to mu-law, so a transcoded packet can be told as well; its
 * samples are compared within the step of quantisation (ITU-T G.711, tables 1a and 2a). [pure]
 */

#define LOAD_PATTERN_BYTES 160 /* 20 ms at 8000 Hz */
#define LOAD_PATTERN_MAX   960 /* of video, where there is no law; a multiple of 8 */

enum load_law { LOAD_ALAW, LOAD_ULAW };

/** @param n  a multiple of 8, from 64 on */
void load_pattern_write(uint8_t *payload, size_t n, uint32_t stream, uint32_t number);
/** Reads what a payload claims to be, whatever its law; it is not checked. */
void load_pattern_read(const uint8_t *payload, uint32_t *stream, uint32_t *number);
/** Is it, byte for byte, what load_pattern_write() makes of this stream and number? */
bool load_pattern_is_same(const uint8_t *payload, size_t n, uint32_t stream, uint32_t number);
/** Does it sound like it? @param sent, heard  the laws of the two payloads */
bool load_pattern_is_like(const uint8_t payload[LOAD_PATTERN_BYTES], uint32_t stream,
                          uint32_t number, enum load_law sent, enum load_law heard);
/** The 16-bit sample of a G.711 byte. */
int load_pattern_sample(uint8_t byte, enum load_law law);

#endif
