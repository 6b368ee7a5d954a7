#ifndef PICRELAY_RED_H
#define PICRELAY_RED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * RFC 2198 redundant audio: a packet that repeats an earlier one. [pure]
 * Source: RFC 2198 s.3; the limits are those of Lync peers: one redundant block, of the same codec
 * as the primary one, up to three packets earlier, never an event.
 *
 * Thread: one at a time. Nothing is allocated; a sender lives by value in its owner.
 */

#define RED_BLOCKS_MAX   4 /* headers that are read; a payload with more is refused */
#define RED_DISTANCE_MAX 3 /* packets between a block and its repetition */
#define RED_REPEATED_MAX 1023
#define RED_OFFSET_MAX   16383 /* [ticks] */
#define RED_OVERHEAD     5     /* of a packet with one redundant block [bytes] */

struct red_block {
    uint8_t pt;
    uint32_t ts_offset; /* how much earlier than the packet's ts; primary: 0 [ticks] */
    const uint8_t *payload;
    size_t n; /* bytes */
};

/** Takes a payload apart. The last block is the primary one; the payloads are borrowed.
 *  @return how many blocks; 0: malformed */
unsigned red_parse(struct red_block blocks[RED_BLOCKS_MAX], const uint8_t *payload, size_t n);

/**
 * Takes redundant blocks out of a payload, in place.
 * @param blocks   of red_parse(); they borrow from the same payload, and are void after this
 * @param removed  bit i: block i goes; the primary one, the last, stays
 * @return bytes that are left
 */
size_t red_remove(uint8_t *payload, const struct red_block *blocks, unsigned n_blocks,
                  uint32_t removed);

/** What was sent last, to be repeated. */
struct red_sender {
    uint32_t ts;
    size_t n; /* 0: nothing to repeat */
    uint8_t payload[RED_REPEATED_MAX];
};

void red_init(struct red_sender *r);

/**
 * Wraps a primary payload, in place, together with the one before it.
 * @param ticks  of a packet: the distance is counted in these
 * @param buf    the payload, n bytes; then the RED payload
 * @return bytes of the RED payload; 0: it does not fit into cap, and buf is as it was
 */
size_t red_wrap(struct red_sender *r, uint8_t pt, uint32_t ts, uint32_t ticks, uint8_t *buf,
                size_t n, size_t cap);
/** Takes note of a payload that is sent by itself, so that the next one may repeat it. */
void red_note(struct red_sender *r, uint32_t ts, const uint8_t *payload, size_t n);

#endif
