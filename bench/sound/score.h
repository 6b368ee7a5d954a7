#ifndef PICRELAY_BENCH_SCORE_H
#define PICRELAY_BENCH_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/sound/sound.h"

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
 * The least STOI that passes. Measured with tests/vectors/speech_*.wav: one codec, or two in a row
 * (G.711, G.722, Opus at 16 kHz) without loss are at 0.990 or more; 15 % of frames lost and not
 * concealed at 0.88, white noise as strong as the speech at 0.85 to 0.86, one second of six missing
 * at 0.80, half of the sentence at 0.43 to 0.57, the other speaker's sentence at 0.11 to 0.17.
 */
#define SCORE_STOI_MIN 0.90
/** The least coverage that passes: codec chains are at 1.00, 15 % lost frames at 0.85, one second
 *  of six missing at 0.80, the other speaker's sentence at 0.55 to 0.62. */
#define SCORE_COVERAGE_MIN 0.90

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
