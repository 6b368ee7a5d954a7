#ifndef PICRELAY_LOOPBACK_EXCHANGE_H
#define PICRELAY_LOOPBACK_EXCHANGE_H

#include "bench/loopback/quiet.h"
#include "bench/peer/peer.h"
#include "bench/peer/signalling.h"

/**
 * Offers and answers of one end whose other end is elsewhere: its SDP goes out and comes in by hand
 * or by files, and through the relay in between if we are the ones who tell it. Either end may make
 * further offers; one of the other end is noticed where a pipe brings it. Thread: the loop's, which
 * runs meanwhile.
 */

/** An SDP that is coming. */
struct exchange_reader {
    struct loop_watch *watch;
    int fd; /* -1: closed */
    char text[PEER_SDP_MAX];
    size_t n;
    long length; /* -1: not all of it is there yet */
    int err;
};

struct exchange {
    struct loop *loop;
    const struct quiet *quiet;
    struct signalling *signalling; /* ng NULL: somebody else tells the relay */
    unsigned side;                 /* ours: 0: offers first */
    const char *in, *out;          /* files; NULL: stdin, stdout */
    const char *offer_flags[2];    /* by the side that offers; NULL: none */
    const char *answer_flags;      /* NULL: none */
    bool (*is_stopped)(void *arg); /* asked after each event */
    void *arg;
    int out_fd; /* -1 before; kept open, for a pipe keeps what is not read yet only so long */
    struct exchange_reader reader;
    char problem[256];
};

/** A line that has only this ends an SDP that is pasted. */
#define EXCHANGE_END "."

/** The first offer and its answer; side 0 offers. @return 0; ECANCELED: is_stopped; EBADMSG, E2BIG:
 *  what came is no SDP; errors of files, peers and signalling. problem tells */
int exchange_run(struct exchange *x, struct peer *p);
/** A further offer of ours. @return likewise; ENOTSUP: nothing can bring an answer */
int exchange_offer(struct exchange *x, struct peer *p, const struct peer_change *change);
/** Has the other end made a further offer? */
bool exchange_has_come(const struct exchange *x);
/** It is answered. @return as exchange_run() */
int exchange_answer(struct exchange *x, struct peer *p);
void exchange_close(struct exchange *x);

/** How many bytes of a text that is coming are the SDP. @return -1: its end is not there yet */
long exchange_length(const char *text, size_t n, bool is_at_end);

#endif
