#ifndef PICRELAY_TESTS_SIPP_H
#define PICRELAY_TESTS_SIPP_H

#include "tests/interop/folder.h"
#include "tests/interop/proxy.h"

/**
 * SIPp as one side of a call. Its scenario is put together from the steps of sipp_steps.h. A step
 * that sends a body waits until the test gives it one: SIPp reads it from a named pipe, so both
 * go in step without a clock. Thread: the loop's.
 */

#define SIPP_FEEDERS_MAX 8

struct sipp {
    const struct relay *relay;
    struct process *process;
    struct process *feeders[SIPP_FEEDERS_MAX]; /* what was given */
    unsigned n_feeders;
    struct folder folder;
    char address[32]; /* of its SIP port, with the port */
};

struct sipp_config {
    const char *steps;   /* of sipp_steps.h, one behind the other */
    const char *call_id; /* NULL: waits for a call */
    const char *callee;  /* "127.0.0.1:5060": who is called */
};

/** Starts it, as a caller towards the proxy, or as a callee. */
void sipp_start(struct sipp *s, const struct proxy *p, const struct sipp_config *cfg);
/** Puts it away, whatever it does. A zeroed one is allowed. */
void sipp_stop(struct sipp *s);

/** Gives a step the body that it waits for, now or later. */
void sipp_give(struct sipp *s, const char *pipe, const char *body);
/**
 * Waits for the message with this first line ("INVITE ", "SIP/2.0 200") to come.
 * @param body  its body, with a NUL behind it
 */
void sipp_hear(const struct sipp *s, const char *first_line, char *body, size_t cap);
/** Waits until it has come to the scenario's end; everything has to be as expected there. */
void sipp_expect_end(const struct sipp *s);

#endif
