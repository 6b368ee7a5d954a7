#ifndef PICRELAY_BENCH_LOAD_MEDIA_H
#define PICRELAY_BENCH_LOAD_MEDIA_H

#include "bench/load/ear.h"
#include "bench/load/histogram.h"
#include "bench/load/impair.h"
#include "bench/load/mode.h"
#include "bench/load/sdp.h"
#include "bench/load/series.h"
#include "bench/load/wire.h"

/**
 * The packets of a load: sent when the plan says, whatever comes back; each one that comes back is
 * checked. One thread, which does not sleep while a packet is due within LOAD_MEDIA_SPIN_NS: it
 * wants a core of its own. Calls have a place each in the plan and may come and go while it runs.
 *
 * The delay of a packet is the time from just before its send() to its arrival in the kernel at our
 * socket. How late the generator itself was is told apart from it (late): where that is large, the
 * figures are the generator's and not the relay's.
 */

#define LOAD_MEDIA_INTERVAL_NS UINT64_C(20000000)
#define LOAD_MEDIA_SPIN_NS     UINT64_C(150000)
#define LOAD_MEDIA_TICK_NS     UINT64_C(1000000)

enum load_mark { LOAD_MARK_BEGIN, LOAD_MARK_END };

/** Called where the measured packets begin and end. */
typedef void(load_mark_h)(enum load_mark mark, void *arg);
/** Called about every LOAD_MEDIA_TICK_NS; what it takes, the packets wait. */
typedef void(load_tick_h)(uint64_t now_ns, void *arg);

struct load_media_config {
    struct load_wire *wire;
    unsigned n_calls, n_media;    /* n_media: 2 if any of them has video */
    unsigned warm_rounds, rounds; /* turns of 20 ms before the measured ones, and those */
    bool is_one_port;             /* all comes from the same port: streams are known by payload */
    bool has_rtcp, has_talk;
    bool is_churning;    /* calls come and go: the plan has more places than calls */
    double dtmf_every_s; /* each A side presses a key; 0: none do */
    struct load_impair impair;
    const struct sound *speech; /* NULL: a voice-like sound, where a codec has to work on one */
    struct load_ears *ears;     /* NULL: nothing is listened to */
    struct load_series *series;
    load_mark_h *mark_h;
    load_tick_h *tick_h;
    void *arg;
};

/** What became of the measured packets. */
struct load_media_stats {
    uint64_t sent, unsent; /* unsent: refused by our own kernel */
    uint64_t received;     /* checked and new; sent - received are lost */
    uint64_t reordered, duplicates;
    uint64_t dropped, doubled, delayed, replayed; /* by our own bad network and attacks */

    /* of all packets, those of the warm-up too */
    uint64_t stray;       /* from nobody that we know, or of another length or payload type */
    uint64_t unauthentic; /* SRTP tag */
    uint64_t corrupted;   /* payload */
    uint64_t misrouted;   /* whole, but of another call */
    uint64_t renumbered;  /* the sequence numbers jumped against those that were sent */
    uint64_t filled;      /* made by the relay where nothing had reached it */
    uint64_t silent_ends; /* endpoints that heard nothing at all, of calls longer than a second */
    uint64_t keys_pressed, keys_heard, keys_wrong;
    uint64_t rtcp_sent, rtcp_received, rtcp_bad;
    uint64_t ice_checks, ice_lost, ice_failed, ice_conflicts, ice_bad;
    uint64_t duration_ns; /* of the measured packets */
    uint64_t busy_ns;     /* of that, the time in which we had something to do ourselves */
    struct load_histogram delay, late;
    struct load_histogram ice;         /* from the descriptions to both ends connected */
    struct load_histogram first_media; /* from the offer to media at both ends */
    bool is_stopped;                   /* by a signal or load_media_stop(), before its end */
};

struct load_media;

/** @param cfg  copied; what it points to is borrowed. @return 0; ENOMEM */
int load_media_alloc(struct load_media **mp, const struct load_media_config *cfg,
                     struct load_media_stats *stats);
void load_media_free(struct load_media *m); /* NULL is allowed */

/** Makes what calls of a mode send, before there is one. @return 0; ENOMEM; EINVAL: no codec */
int load_media_prepare(struct load_media *m, const struct load_mode *mode);

struct load_media_call {
    const struct load_mode *mode;
    const struct load_end (*ends)[2]; /* by kind and side; borrowed until load_media_forget() */
    uint32_t serial;                  /* of the call: no two of a run have the same */
    uint64_t offered_ns;              /* on load_now_ns(); 0: time to first media is not measured */
};

/** A call begins in a free place: at once, or when ICE has connected both ends. @return 0; ENOMEM
 */
int load_media_open(struct load_media *m, unsigned i, const struct load_media_call *call);
/** One side of it stops sending, or goes on. */
void load_media_mute(struct load_media *m, unsigned i, enum load_side side, bool is_muted);
/** Nothing more is sent; what comes is still heard. */
void load_media_close(struct load_media *m, unsigned i);
/** The place is free. */
void load_media_forget(struct load_media *m, unsigned i);
/** Has ICE given up on this call? */
bool load_media_has_failed(const struct load_media *m, unsigned i);

/** This share of the packets is sent a second time, half a second later. */
void load_media_replay(struct load_media *m, double share);
/** Ends load_media_run() soon. */
void load_media_stop(struct load_media *m);

/** Runs the load to its end, and waits for the last packets. */
void load_media_run(struct load_media *m);

#endif
