#ifndef PICRELAY_TESTS_CROWD_H
#define PICRELAY_TESTS_CROWD_H

#include "tests/program/relay.h"

/**
 * Plain calls without media, as many as one likes, set up and ended some at a time; and that
 * nothing of them stays. Thread: the loop's.
 */

/** One command ("offer", "answer", "delete") for the calls 0 to n - 1: each has to be ok. */
void crowd_do(struct relay *r, const char *command, unsigned n);
/** Offer and answer. */
void crowd_come(struct relay *r, unsigned n);

/** The workers have let go of the last stream, and so many ports of the enterprise are free. */
void crowd_await_end(const struct relay *r, double free_ports);
/** At most so many descriptors are open. The connection of whoever last asked for metrics may still
 *  be closing; at the start one more may have been open for a moment. */
void crowd_await_descriptors(const struct relay *r, unsigned n);

#endif
