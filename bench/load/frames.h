#ifndef PICRELAY_BENCH_LOAD_FRAMES_H
#define PICRELAY_BENCH_LOAD_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "bench/load/mode.h"
#include "bench/sound/sound.h"

/**
 * Some seconds of sound, coded, to be sent over and over where a codec has to work on it: what an
 * encoder costs depends on what it hears. Made once; reading is for any thread.
 */

#define LOAD_FRAME_MAX 320

struct load_frame {
    uint8_t bytes[LOAD_FRAME_MAX];
    size_t n;
};

struct load_frames;

/**
 * @param speech  what is said; NULL: two seconds of a voice-like sound
 * @return 0; ENOMEM; EINVAL: no such codec in codec/
 */
int load_frames_alloc(struct load_frames **fp, const struct load_format *format,
                      const struct sound *speech);
void load_frames_free(struct load_frames *f); /* NULL is allowed */

/** The frame of 20 ms of turn number. */
const struct load_frame *load_frames_at(const struct load_frames *f, uint64_t number);
/** What turns first.. say, n of them: new samples. @return 0; ENOMEM; EINVAL */
int load_frames_sound(struct sound *said, const struct load_frames *f, uint64_t first, uint32_t n);

/** What an ear heard, decoded; where a frame has no bytes the codec conceals. @return as above */
int load_frames_decode(struct sound *heard, const struct load_format *format,
                       const struct load_frame *frames, uint32_t n);

#endif
