#ifndef PICRELAY_TESTS_WIRE_H
#define PICRELAY_TESTS_WIRE_H

#include "tests/program/relay.h"

/**
 * A UDP socket that says to the NG port what no client would. It blocks, for at most
 * RELAY_PATIENCE_US. [any thread]
 */

#define WIRE_MAX 65507

struct wire {
    int fd;
    char reply[WIRE_MAX + 1]; /* the last one, with a NUL behind it */
    size_t n;
};

/** @param from  its address; NULL: 127.0.0.1 */
void wire_open(struct wire *w, const struct relay *r, const char *from);
void wire_close(struct wire *w);

void wire_send(const struct wire *w, const void *message, size_t n);
/** Waits for the next reply. */
void wire_receive(struct wire *w);
/** Sends a message and takes the reply. */
const char *wire_ask(struct wire *w, const void *message, size_t n);
/** Whether a reply has come that was not waited for. */
bool wire_has_more(const struct wire *w);

#endif
