#include "relay/control/status/journal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/control/status/journal_file.h"
#include "relay/log.h"

#define SYNC_US    1000000u
#define KEEP_BYTES (256u * 1024) /* of a buffer's memory after it was written */
#define NO_REOPEN  SIZE_MAX
#define PAGE_BYTES 4096u

/* Two of them: one is filled while the other is written. */
struct buffer {
    char *bytes;
    size_t n;
    size_t reopen_at; /* lines from here on go to the file opened anew; NO_REOPEN */
};

struct journal {
    const char *name;
    enum config_sync sync;
    size_t cap;
    pthread_t writer;
    bool has_writer;
    int event_fd; /* -1: nobody is told */

    pthread_mutex_t lock;
    pthread_cond_t wanted, emptied;
    struct buffer fill; /* these four under the lock */
    uint64_t end, patient_until_us;
    bool is_stopping;

    atomic_uint_least64_t settled, dropped;
    struct log_limit limit; /* of who appends */

    struct buffer work; /* these two are the writer's */
    struct journal_file file;
};

/* ---- the writer -------------------------------------------------------------------------------
 */

static void write_buffer(struct journal *j, struct buffer *b)
{
    const size_t first = b->reopen_at < b->n ? b->reopen_at : b->n;

    journal_file_write(&j->file, b->bytes, first);
    if (b->reopen_at != NO_REOPEN)
        journal_file_reopen(&j->file);
    journal_file_write(&j->file, b->bytes + first, b->n - first);
    if (j->sync == CONFIG_SYNC_EACH)
        journal_file_sync(&j->file);
    if (b->n > KEEP_BYTES) /* a burst: its memory is given back */
        (void)madvise(b->bytes, j->cap, MADV_DONTNEED);
    b->n = 0;
    b->reopen_at = NO_REOPEN;
}

static struct timespec at_us(uint64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000),
                             .tv_nsec = (long)(us % 1000000) * 1000};
}

/* Waits under the lock. @return false: nothing is left to do, and the end has come */
static bool wait_for_work(struct journal *j)
{
    while (!j->fill.n && j->fill.reopen_at == NO_REOPEN) {
        const struct timespec due = at_us(j->file.synced_us + SYNC_US);

        if (j->is_stopping)
            return false;
        if (j->sync != CONFIG_SYNC_SECOND || !j->file.is_dirty)
            (void)pthread_cond_wait(&j->wanted, &j->lock);
        else if (pthread_cond_timedwait(&j->wanted, &j->lock, &due) == ETIMEDOUT)
            break;
    }
    return true;
}

static void tell_settled(struct journal *j, uint64_t end)
{
    const uint64_t one = 1;

    atomic_store(&j->settled, end);
    if (j->event_fd >= 0)
        (void)!write(j->event_fd, &one, sizeof(one));
}

static void *writer_main(void *arg)
{
    struct journal *j = arg;

    (void)pthread_mutex_lock(&j->lock);
    while (wait_for_work(j)) {
        const struct buffer taken = j->fill;
        const uint64_t end = j->end;

        j->fill = j->work;
        j->work = taken;
        (void)pthread_cond_signal(&j->emptied);
        (void)pthread_mutex_unlock(&j->lock);
        write_buffer(j, &j->work);
        if (j->sync == CONFIG_SYNC_SECOND && clock_now_us() - j->file.synced_us >= SYNC_US)
            journal_file_sync(&j->file);
        tell_settled(j, end);
        (void)pthread_mutex_lock(&j->lock);
    }
    (void)pthread_mutex_unlock(&j->lock);
    if (j->sync != CONFIG_SYNC_NEVER)
        journal_file_sync(&j->file);
    return NULL;
}

/* Signals are for the main thread, whose loop they have to wake. */
static int start_writer(struct journal *j)
{
    sigset_t all, before;
    int err;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&j->writer, NULL, writer_main, j);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    j->has_writer = !err;
    return err;
}

/* ---- who appends ------------------------------------------------------------------------------
 */

/* Under the lock. */
static void wait_for_room(struct journal *j, size_t n)
{
    const struct timespec until = at_us(j->patient_until_us);

    while (j->patient_until_us && j->cap - j->fill.n < n) {
        if (pthread_cond_timedwait(&j->emptied, &j->lock, &until) == ETIMEDOUT)
            j->patient_until_us = 0;
    }
}

static void refuse(struct journal *j, const char *lines, size_t n)
{
    atomic_fetch_add_explicit(&j->dropped, journal_count_lines(lines, n), memory_order_relaxed);
    if (log_limit_pass(&j->limit, j->name, clock_now_us()))
        log_error(NULL, "%s: a line is dropped: %zu bytes wait for whoever takes them already",
                  j->name, j->cap);
}

int journal_append(struct journal *j, const char *lines, size_t n)
{
    bool has_room, was_empty;

    (void)pthread_mutex_lock(&j->lock);
    wait_for_room(j, n);
    has_room = j->cap - j->fill.n >= n;
    was_empty = j->fill.n == 0;
    if (has_room) {
        memcpy(j->fill.bytes + j->fill.n, lines, n);
        j->fill.n += n;
        j->end += n;
    }
    (void)pthread_mutex_unlock(&j->lock);
    if (!has_room)
        refuse(j, lines, n);
    else if (was_empty)
        (void)pthread_cond_signal(&j->wanted);
    return has_room ? 0 : ENOBUFS;
}

void journal_be_patient(struct journal *j)
{
    (void)pthread_mutex_lock(&j->lock);
    j->patient_until_us = clock_now_us() + JOURNAL_CLOSE_MS * 1000ull;
    (void)pthread_mutex_unlock(&j->lock);
}

void journal_reopen(struct journal *j)
{
    (void)pthread_mutex_lock(&j->lock);
    j->fill.reopen_at = j->fill.n;
    (void)pthread_mutex_unlock(&j->lock);
    (void)pthread_cond_signal(&j->wanted);
}

size_t journal_room(struct journal *j)
{
    size_t room;

    (void)pthread_mutex_lock(&j->lock);
    room = j->cap - j->fill.n;
    (void)pthread_mutex_unlock(&j->lock);
    return room;
}

uint64_t journal_end(const struct journal *j)
{
    return j->end; /* written by this thread alone */
}

uint64_t journal_settled(const struct journal *j)
{
    uint64_t n;

    if (j->event_fd >= 0)
        (void)!read(j->event_fd, &n, sizeof(n));
    return atomic_load(&j->settled);
}

int journal_event_fd(const struct journal *j)
{
    return j->event_fd;
}

void journal_stats(const struct journal *j, struct journal_stats *stats)
{
    stats->written = atomic_load_explicit(&j->file.written, memory_order_relaxed);
    stats->dropped = atomic_load_explicit(&j->dropped, memory_order_relaxed);
    stats->failed = atomic_load_explicit(&j->file.failed, memory_order_relaxed);
}

/* ---- start and end ----------------------------------------------------------------------------
 */

/* Whole pages, so that a burst's can be given back. */
static int alloc_buffer(struct buffer *b, size_t cap)
{
    b->reopen_at = NO_REOPEN;
    b->bytes = aligned_alloc(PAGE_BYTES, cap);
    return b->bytes ? 0 : ENOMEM;
}

static int init_locks(struct journal *j)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);

    if (err)
        return err;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&j->lock, NULL); /* these cannot fail on Linux */
    (void)pthread_cond_init(&j->wanted, &attr);
    (void)pthread_cond_init(&j->emptied, &attr);
    (void)pthread_condattr_destroy(&attr);
    return 0;
}

static int open_descriptors(struct journal *j, const struct journal_config *cfg)
{
    j->file.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (j->file.stop_fd < 0)
        return errno;
    if (cfg->sync == CONFIG_SYNC_EACH) {
        j->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (j->event_fd < 0)
            return errno;
    }
    return journal_file_open(&j->file, cfg->path, cfg->fd);
}

int journal_open(struct journal **jp, const struct journal_config *cfg)
{
    struct journal *j = calloc(1, sizeof(*j));
    int err;

    if (!j)
        return ENOMEM;
    j->name = cfg->name;
    j->sync = cfg->sync;
    j->cap = cfg->queue_bytes / PAGE_BYTES * PAGE_BYTES;
    j->event_fd = -1;
    j->file.name = cfg->name;
    j->file.fd = j->file.stop_fd = -1;
    j->file.syncs = cfg->sync != CONFIG_SYNC_NEVER;
    atomic_init(&j->file.close_by_us, JOURNAL_NEVER_US);
    err = init_locks(j);
    if (!err)
        err = alloc_buffer(&j->fill, j->cap);
    if (!err)
        err = alloc_buffer(&j->work, j->cap);
    if (!err)
        err = open_descriptors(j, cfg);
    if (!err)
        err = start_writer(j);
    if (err)
        journal_close(j);
    else
        *jp = j;
    return err;
}

static void stop_writer(struct journal *j)
{
    const uint64_t one = 1;

    atomic_store(&j->file.close_by_us, clock_now_us() + JOURNAL_CLOSE_MS * 1000ull);
    (void)!write(j->file.stop_fd, &one, sizeof(one));
    (void)pthread_mutex_lock(&j->lock);
    j->is_stopping = true;
    (void)pthread_mutex_unlock(&j->lock);
    (void)pthread_cond_signal(&j->wanted);
    (void)pthread_join(j->writer, NULL);
}

static void say_what_is_lost(const struct journal *j)
{
    struct journal_stats s;

    journal_stats(j, &s);
    if (s.dropped || s.failed)
        log_warning(NULL, "%s: %llu lines were dropped, %llu could not be written", j->name,
                    (unsigned long long)s.dropped, (unsigned long long)s.failed);
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->has_writer)
        stop_writer(j);
    say_what_is_lost(j);
    free(j->fill.bytes);
    free(j->work.bytes);
    if (j->file.stop_fd >= 0)
        close(j->file.stop_fd);
    if (j->event_fd >= 0)
        close(j->event_fd);
    journal_file_close(&j->file);
    free(j);
}
