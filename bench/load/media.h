#ifndef PICRELAY_BENCH_LOAD_MEDIA_H
#define PICRELAY_BENCH_LOAD_MEDIA_H

#include "bench/load/histogram.h"
#include "bench/load/mode.h"
#include "bench/load/sockets.h"

/**
 * The packets of a load: sent when the plan says, whatever comes back; each one that comes back is
 * checked. One thread, which does not sleep while a packet is due within LOAD_MEDIA_SPIN_NS: it
 * wants a core of its own.
 *
 * The delay of a packet is the time from just before its send() to its arrival in the kernel at our
 * socket. How late the generator itself was is told apart from it (late): where that is large, the
 * figures are the generator's and not the relay's.
 */

#define LOAD_MEDIA_INTERVAL_NS UINT64_C(20000000)
#define LOAD_MEDIA_SPIN_NS     UINT64_C(150000)

enum load_mark { LOAD_MARK_BEGIN, LOAD_MARK_END };

/** Called where the measured packets begin and end. */
typedef void(load_mark_h)(enum load_mark mark, void *arg);

struct load_media_config {
    const struct load_mode *mode;
    const struct load_sockets *sockets;
    const struct load_end *ends; /* 2 * call + side */
    unsigned n_calls;
    unsigned warm_rounds, rounds; /* packets of each stream before the measured ones, and those */
    bool is_one_port;             /* all comes from the same port: streams are known by payload */
    load_mark_h *h;
    void *arg;
};

/** What became of the measured packets. */
struct load_media_stats {
    uint64_t sent, unsent; /* unsent: refused by our own kernel */
    uint64_t received;     /* checked and new; sent - received are lost */
    uint64_t reordered, duplicates;

    /* of all packets, those of the warm-up too */
    uint64_t stray;       /* from nobody that we know, or of another length or payload type */
    uint64_t unauthentic; /* SRTP tag */
    uint64_t corrupted;   /* payload */
    uint64_t misrouted;   /* whole, but of another call */
    uint64_t renumbered;  /* the sequence numbers jumped against those that were sent */
    uint64_t duration_ns; /* of the measured packets */
    struct load_histogram delay, late;
    bool is_stopped; /* by a signal, before its end */
};

struct load_media;

/** @param cfg  copied; what it points to is borrowed. @return 0; ENOMEM; EMFILE; EIO */
int load_media_alloc(struct load_media **mp, const struct load_media_config *cfg);
void load_media_free(struct load_media *m); /* NULL is allowed */

/** Runs the load to its end, and waits for the last packets. @param stats  zeroed by the caller */
void load_media_run(struct load_media *m, struct load_media_stats *stats);

#endif
