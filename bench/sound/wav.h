#ifndef PICRELAY_BENCH_WAV_H
#define PICRELAY_BENCH_WAV_H

#include "bench/sound/sound.h"

/**
 * RIFF WAVE files of 16-bit PCM, mono. Any thread.
 * Source: Microsoft Multimedia Programming Interface and Data Specifications 1.0, "WAVE".
 */

/**
 * Reads a file that is in memory, of any content. [pure]
 * @return 0; EBADMSG: not a WAVE file, or cut short before its data; ENOTSUP: not 16-bit mono PCM;
 *         ENOMEM. A data chunk that is longer than the file ends with the file, as streams do.
 */
int wav_parse(struct sound *s, const uint8_t *buf, size_t n);

/** @return as wav_parse(); ENOENT, EACCES ...: not readable; EFBIG */
int wav_read(struct sound *s, const char *path);

/** Writes the whole file or leaves none. @return 0; EINVAL: too long; or the error of the write */
int wav_write(const char *path, const struct sound *s);

#endif
