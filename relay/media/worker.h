#ifndef PICRELAY_WORKER_H
#define PICRELAY_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "relay/media/io.h"
#include "relay/media/mail.h"
#include "relay/media/pacing.h"
#include "relay/media/packet.h"
#include "relay/media/ring.h"
#include "relay/media/secure.h"
#include "relay/media/stats.h"
#include "relay/media/transcode.h"
#include "relay/media/wheel.h"

/**
 * One thread of the data plane, and all that it owns. Control reaches it by the rings, the
 * counters, and the stop flag with what is to be saved, each on cache lines of its own, and by
 * nothing else.
 */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the padding is what keeps them apart */
struct worker {
    struct ring commands; /* commands: control puts */
    struct ring events;   /* the same commands, answered: the worker puts */
    struct mail mail;     /* datagrams for control */
    _Alignas(CACHE_LINE) struct worker_counters count;
    _Alignas(CACHE_LINE) atomic_bool stop;
    _Atomic uint32_t complexity_saving; /* control writes: transcode.saving from the next pass on */
    int wake_fd;                        /* control writes: a command has come */
    int event_fd; /* the worker writes: an answer has come; shared by all workers */
    pthread_t thread;
    sem_t begun;     /* control waits for it once: the thread runs, or has failed to */
    int begin_error; /* why */

    _Alignas(CACHE_LINE) struct batch batch;
    struct pool pool;
    struct io *io;
    struct pacing pacing;
    struct wheel wheel;
    struct transcode transcode;
    struct secure secure;
    uint64_t random; /* state; never 0 */
};

struct worker_config {
    const struct srtp_provider *srtp;
    const struct io_provider *io;
    uint32_t gather_us;
    int event_fd;
    unsigned number; /* in its thread's name */
    int cpu;         /* it runs on; -1: on any */
    uint64_t seed;
};

/** Makes a worker and starts its thread. @return 0; ENOMEM; EMFILE; EAGAIN; EINVAL: it may not run
 *  on that CPU; ENOTSUP: the provider of SRTP cannot run here */
int worker_start(struct worker **wp, const struct worker_config *cfg);
/** Ends the thread after its batch and frees the worker. NULL is allowed. */
void worker_stop(struct worker *w);

/** Lets the worker look at its command ring. Thread: control. */
void worker_wake(struct worker *w);

/* The rest is for the worker's own files. Thread: the worker. */

/** One pass: what has arrived goes through every stage. */
void worker_run_batch(struct worker *w);

/** Runs the commands that control has sent, at most 64 a pass, and sends them back as answers. An
 *  added or removed stream is answered when the kernel is done with its sockets. */
void worker_run_commands(struct worker *w);

/** @return the next of a sequence that is random enough to spread timers, not to make keys */
uint32_t worker_random(struct worker *w);

#endif
