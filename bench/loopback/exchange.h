#ifndef PICRELAY_LOOPBACK_EXCHANGE_H
#define PICRELAY_LOOPBACK_EXCHANGE_H

#include "bench/loopback/quiet.h"
#include "bench/peer/peer.h"
#include "bench/peer/signalling.h"

/**
 * Offer and answer of one end whose other end is elsewhere: its SDP goes out and comes in by hand
 * or by files, and through the relay in between if we are the ones who tell it. Thread: the loop's,
 * which runs meanwhile.
 */

struct exchange {
    struct loop *loop;
    const struct quiet *quiet;
    struct signalling *signalling;          /* ng NULL: somebody else tells the relay */
    const char *in, *out;                   /* files; NULL: stdin, stdout */
    const char *offer_flags, *answer_flags; /* NULL: none */
    bool (*is_stopped)(void *arg);          /* asked after each event */
    void *arg;
    int out_fd; /* -1 before; kept open, for a pipe keeps what is not read yet only so long */
    char problem[256];
};

/** A line that has only this ends an SDP that is pasted. */
#define EXCHANGE_END "."

/** @param side  0: p offers; 1: p answers. @return 0; ECANCELED: is_stopped; EBADMSG, E2BIG: what
 *  came is no SDP; errors of files, peers and signalling. problem tells */
int exchange_run(struct exchange *x, struct peer *p, unsigned side);
void exchange_close(struct exchange *x);

/** How many bytes of a text that is coming are the SDP. @return -1: its end is not there yet */
long exchange_length(const char *text, size_t n, bool is_at_end);

#endif
