#ifndef PICRELAY_TESTS_PROXY_H
#define PICRELAY_TESTS_PROXY_H

#include "tests/program/relay.h"

/**
 * Kamailio beside the relay, with kamailio.cfg as the README shows it. Thread: the loop's.
 */

struct proxy {
    const struct relay *relay;
    struct process *process;
    char address[32]; /* of its SIP port, with the port */
};

/**
 * Starts it and waits until it has reached the relay.
 * @param offer, answer  flags for the module, instead of those of kamailio.cfg; NULL: as there
 */
void proxy_start(struct proxy *p, const struct relay *r, const char *offer, const char *answer);
/** Ends it. A zeroed one is allowed. */
void proxy_stop(struct proxy *p);

/** Waits until its log has a text. */
void proxy_wait_log(const struct proxy *p, const char *text);

#endif
