#ifndef PICRELAY_BENCH_LOAD_EAR_H
#define PICRELAY_BENCH_LOAD_EAR_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/frames.h"

/**
 * Sampled endpoints that keep what they hear, to be decoded and compared with what was said when
 * the run is over: the audio score of a load.
 */

#define LOAD_EARS_MAX   48
#define LOAD_EARS_MODE  2   /* of calls of the same mode */
#define LOAD_EAR_FRAMES 400 /* 8 s */
#define LOAD_EAR_SKIP   50  /* what is heard first may be before the relay knew the sender */

struct load_ear {
    const struct load_format *format; /* NULL: free */
    const struct load_frames *said;
    const char *mode;
    uint64_t first; /* turn */
    bool has_begun;
    uint32_t n_heard;
    struct load_frame frames[LOAD_EAR_FRAMES]; /* n 0: nothing came */
};

struct load_ears {
    unsigned n, max;
    struct load_ear at[LOAD_EARS_MAX];
};

/** @return an ear for a new call; NULL: all are taken */
struct load_ear *load_ears_take(struct load_ears *e, const char *mode,
                                const struct load_format *format, const struct load_frames *said);
/** Hears the payload of a turn. */
void load_ear_put(struct load_ear *ear, uint64_t number, const uint8_t *payload, size_t n);

struct load_ear_score {
    const char *mode;
    double stoi, coverage;
    double heard; /* share of the turns */
};

/** @return 0; EINVAL: it has heard less than two seconds; ENOMEM */
int load_ear_score(struct load_ear_score *score, const struct load_ear *ear);

#endif
