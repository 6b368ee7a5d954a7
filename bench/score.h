#ifndef PICRELAY_BENCH_SCORE_H
#define PICRELAY_BENCH_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/sound.h"

/**
 * Says whether what one end heard is what the other end said. Two measures, both must hold:
 *
 * - STOI (stoi.h), the intelligibility of what is there. It ignores level and is lenient with
 *   short gaps, so it is not enough alone.
 * - coverage: the part of the reference's active 20 ms frames that were heard at a plausible
 *   level. Silence, truncation and lost frames show here, whatever the rest sounds like.
 *
 * What is heard is aligned by cross-correlation first, which gives the delay as well.
 * tests/test_score.c holds the known-good and known-bad sounds by which the limits were chosen.
 */

/**
 * The least STOI that passes. Measured with tests/vectors/speech_*.wav: codec chains without loss
 * are at 0.93 or more (G.722, G.711 and Opus in any order); the other speaker's voice is below
 * 0.4, half of the sentence at about 0.5, speech in white noise of the same power at about 0.8.
 */
#define SCORE_STOI_MIN 0.85
/** The least coverage that passes: codec chains are at 0.97 or more, 30 % lost frames at 0.7. */
#define SCORE_COVERAGE_MIN 0.9

/** A frame of the reference counts as active down to this far below its loudest frame [dB]. */
#define SCORE_ACTIVE_DB 30
/** A frame is heard if its level is this near to what the rest leads one to expect [dB]. */
#define SCORE_LEVEL_BELOW_DB 15
#define SCORE_LEVEL_ABOVE_DB 15

struct score {
    double stoi;     /* 0..1; 0 if nothing was heard */
    double coverage; /* 0..1 */
    double gain_db;  /* median level of what was heard, relative to the reference */
    double lag_s;    /* where in the heard sound the reference begins; negative: front missing */
    bool is_pass;
};

/**
 * @param said   the reference
 * @param heard  at any rate; its silence before and after is allowed
 *
 * @return 0, also if nothing was heard (scores of 0); EINVAL: the reference is empty, silent or
 *         shorter than half a second; ENOMEM
 */
int score_compare(struct score *s, const struct sound *said, const struct sound *heard);

/** @return what an STOI means, in words: "clear", "degraded", "hardly understood" ... */
const char *score_meaning(const struct score *s);

#endif
