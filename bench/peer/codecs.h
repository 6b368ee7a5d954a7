#ifndef PICRELAY_BENCH_PEER_CODECS_H
#define PICRELAY_BENCH_PEER_CODECS_H

#include "bench/peer/sdp.h"

/** The payload formats of a peer, from names to SDP. [pure] */

/**
 * Fills the formats of an offer from "opus,G722,CN,telephone-event". Static numbers of RFC 3551
 * are kept; telephone-event, CN, SIREN and G7221 have the numbers of Lync, and opus 111; what has
 * no number, or finds its number taken, counts up from 96. "G7221/32000" is the one at 32 kbit/s,
 * "CN/16000" the comfort noise beside codecs with that clock.
 * @return 0; EINVAL: a name that is not known; E2BIG
 */
int peer_codecs_read(struct peer_description *d, const char *names);

/**
 * The formats of an answer: those of own that the offer has too, in own order, with the offer's
 * numbers. @return 0; ENOTSUP: no codec among them
 */
int peer_codecs_answer(struct peer_description *answer, const struct peer_description *own,
                       const struct peer_description *offer);

/** The first format of the other end that we list and can encode. @return NULL: none */
const struct peer_format *peer_codecs_audio(const struct peer_description *remote,
                                            const struct peer_description *local);
/** telephone-event, with the audio's clock if there is a choice. @return NULL: none */
const struct peer_format *peer_codecs_event(const struct peer_description *remote,
                                            const struct peer_description *local,
                                            uint32_t audio_clock_hz);

#endif
