#ifndef PICRELAY_BENCH_LOAD_FRAMES_H
#define PICRELAY_BENCH_LOAD_FRAMES_H

#include <stddef.h>
#include <stdint.h>

/**
 * Two seconds of a voice-like sound, coded, to be sent over and over where a codec has to work on
 * it: what an encoder costs depends on what it hears. Made once; reading is for any thread.
 */

#define LOAD_FRAME_MAX 320

struct load_frame {
    uint8_t bytes[LOAD_FRAME_MAX];
    size_t n;
};

struct load_frames;

/** @param rtpmap  a codec of codec/, as "opus/48000/2". @return 0; ENOMEM; EINVAL: no such codec */
int load_frames_alloc(struct load_frames **fp, const char *rtpmap);
void load_frames_free(struct load_frames *f); /* NULL is allowed */

/** The frame of 20 ms of packet number. */
const struct load_frame *load_frames_at(const struct load_frames *f, uint64_t number);

#endif
