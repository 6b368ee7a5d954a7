#ifndef PICRELAY_LOOPBACK_MOUTH_H
#define PICRELAY_LOOPBACK_MOUTH_H

#include "bench/loopback/feed.h"
#include "bench/loopback/level.h"
#include "bench/loopback/timed.h"

/**
 * What one end says: a microphone, a file, a tone, markers or nothing; muted or not; with a marker
 * on request. It is the live source of a peer (mouth_source), and remembers what it said. Thread:
 * the loop's.
 */

enum mouth_kind {
    MOUTH_SILENCE,
    MOUTH_MICROPHONE,
    MOUTH_FILE,
    MOUTH_TONE,    /* -20 dBFS */
    MOUTH_MARKERS, /* a chirp every two seconds */
};

struct mouth_config {
    enum mouth_kind kind;
    const struct sound *file; /* MOUTH_FILE; copied */
    bool is_repeated;         /* the file */
    uint32_t tone_hz;         /* 0: 1000 */
    uint32_t record_s;
};

struct mouth;

/** @return 0; EINVAL: a sound that is not taken; ENOMEM */
int mouth_alloc(struct mouth **mp, const struct mouth_config *cfg);
void mouth_free(struct mouth *m); /* NULL is allowed */

/** Where a microphone's sound comes from. @param feed  borrowed; NULL: no device just now
 *  @param latency_us  of the device, in front of the ring */
void mouth_connect(struct mouth *m, struct feed *feed, uint64_t latency_us);

/** A peer_source_h; arg is the mouth. */
void mouth_source(int16_t *samples, uint32_t n, uint32_t rate_hz, void *arg);

/** A file starts with the next packet; before, it is silence. Others speak at once. */
void mouth_begin(struct mouth *m);
/** A file has been said to its end; never true for others. */
bool mouth_is_done(const struct mouth *m);
void mouth_mute(struct mouth *m, bool is_muted);
bool mouth_is_muted(const struct mouth *m);
/** Puts one marker over whatever is said. */
void mouth_mark(struct mouth *m);

enum mouth_kind mouth_kind(const struct mouth *m);
const struct level *mouth_level(const struct mouth *m);
const struct timed *mouth_record(const struct mouth *m);

#endif
