#ifndef PICRELAY_BENCH_PEER_SDP_CANDIDATE_H
#define PICRELAY_BENCH_PEER_SDP_CANDIDATE_H

#include "bench/peer/sdp.h"

/**
 * One a=candidate line of either generation. [pure] Any thread.
 * Sources: RFC 8839 s.5.1; draft-ietf-mmusic-ice-06, which has no foundation and no type but a
 * user name and a password, and for the priority a number from 0 to 1.
 */

/** Reads what follows "candidate:". @return false: malformed */
bool peer_candidate_read(struct peer_candidate *c, const char *value);
/** Writes it; of draft-06 if it has a user name. @return length without the NUL, as snprintf() */
int peer_candidate_print(char *buf, size_t cap, const struct peer_candidate *c);

#endif
