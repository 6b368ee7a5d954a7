#include "relay/media/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "relay/clock.h"

/* What lies ready to be received into (512), what a pass works on, what waits for the codec (512),
 * and what the kernel has been given to send in the last passes. */
#define POOL_PACKETS 2048

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    w->begin_error = io_begin(w->io);
    sem_post(&w->begun);
    if (w->begin_error)
        return NULL;
    w->batch.now_us = clock_now_us();
    while (!atomic_load_explicit(&w->stop, memory_order_acquire))
        worker_run_batch(w);
    return NULL;
}

void worker_wake(struct worker *w)
{
    const uint64_t one = 1;

    (void)!write(w->wake_fd, &one, sizeof(one));
}

static void worker_free(struct worker *w)
{
    io_free(w->io);
    pool_wipe(&w->pool);
    mail_wipe(&w->mail);
    secure_wipe(&w->secure);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    (void)sem_destroy(&w->begun);
    free(w);
}

static int worker_init(struct worker *w, const struct worker_config *cfg)
{
    struct io_config io = {.pool = &w->pool, .count = &w->count};
    int err;

    ring_init(&w->commands);
    ring_init(&w->events);
    wheel_init(&w->wheel, clock_now_us());
    pacing_init(&w->pacing, cfg->gather_us);
    w->event_fd = cfg->event_fd;
    w->random = cfg->seed | 1;
    w->batch.pool = &w->pool;
    w->batch.drops = w->count.drops;
    (void)sem_init(&w->begun, 0, 0); /* fails for values only that this is not */
    w->wake_fd = io.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wake_fd < 0)
        return errno;
    err = pool_init(&w->pool, POOL_PACKETS);
    if (!err)
        err = mail_init(&w->mail);
    if (!err)
        err = secure_init(&w->secure, cfg->srtp);
    return err ? err : io_alloc(&w->io, cfg->io, &io);
}

static int pin(pthread_attr_t *attr, int cpu)
{
    cpu_set_t set;

    if (cpu < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    return pthread_attr_setaffinity_np(attr, sizeof(set), &set);
}

/* Signals are for control: the thread is born with all of them blocked. */
static int create_thread(struct worker *w, int cpu)
{
    sigset_t all, old;
    pthread_attr_t attr;
    int err = pthread_attr_init(&attr);

    if (err)
        return err;
    err = pin(&attr, cpu);
    if (!err) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        err = pthread_create(&w->thread, &attr, worker_main, w);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    pthread_attr_destroy(&attr);
    return err;
}

static int run_thread(struct worker *w, unsigned number, int cpu)
{
    char name[16]; /* what Linux keeps of it */
    int err = create_thread(w, cpu);

    if (err)
        return err;
    (void)snprintf(name, sizeof(name), "worker %u", number);
    (void)pthread_setname_np(w->thread, name); /* for top, perf and strace */
    while (sem_wait(&w->begun) != 0)
        ; /* EINTR */
    if (w->begin_error)
        pthread_join(w->thread, NULL);
    return w->begin_error;
}

int worker_start(struct worker **wp, const struct worker_config *cfg)
{
    struct worker *w = aligned_alloc(CACHE_LINE, sizeof(*w));
    int err;

    if (!w)
        return ENOMEM;
    memset(w, 0, sizeof(*w));
    w->wake_fd = -1;
    err = worker_init(w, cfg);
    if (!err)
        err = run_thread(w, cfg->number, cfg->cpu);
    if (err)
        worker_free(w);
    else
        *wp = w;
    return err;
}

void worker_stop(struct worker *w)
{
    if (!w)
        return;
    atomic_store_explicit(&w->stop, true, memory_order_release);
    worker_wake(w);
    pthread_join(w->thread, NULL);
    worker_free(w);
}
