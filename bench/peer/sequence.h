#ifndef PICRELAY_BENCH_PEER_SEQUENCE_H
#define PICRELAY_BENCH_PEER_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/** Which sequence numbers of one source came. [pure] Source: RFC 3550 A.1. */

enum peer_sequence_verdict {
    PEER_SEQ_FIRST, /* of its source */
    PEER_SEQ_NEXT,  /* right after the highest one */
    PEER_SEQ_AHEAD, /* some are left out */
    PEER_SEQ_LATE,  /* fills a gap */
    PEER_SEQ_AGAIN, /* came before */
};

struct peer_sequence {
    bool has_any;
    int64_t first, highest; /* extended: the cycles above 16 bits */
    uint64_t unique;
    uint8_t seen[65536 / 8]; /* the last 65,536 numbers up to the highest */
};

/** @param extended  the number with its cycles; may be NULL */
enum peer_sequence_verdict peer_sequence_put(struct peer_sequence *s, uint16_t seq,
                                             int64_t *extended);
/** Numbers between the first and the highest that did not come. */
uint64_t peer_sequence_lost(const struct peer_sequence *s);

#endif
