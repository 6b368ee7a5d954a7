#include "bench/peer/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib.h>

struct loop_watch {
    GSource *source;
    loop_fd_h *h;
    void *arg;
};

struct loop_timer {
    struct loop_watch *watch;
    int fd;
    loop_timer_h *h;
    void *arg;
};

struct loop {
    GMainContext *context;
    struct loop_timer *deadline;
    bool is_late;
};

static void deadline_h(uint64_t n, void *arg)
{
    struct loop *l = arg;

    (void)n;
    l->is_late = true;
}

int loop_alloc(struct loop **lp)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return ENOMEM;

    l->context = g_main_context_new();
    int err = loop_timer_alloc(&l->deadline, l, deadline_h, l);
    if (err) {
        loop_free(l);
        return err;
    }
    *lp = l;
    return 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    loop_timer_free(l->deadline);
    g_main_context_unref(l->context);
    free(l);
}

void *loop_context(struct loop *l)
{
    return l->context;
}

uint64_t loop_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int loop_run(struct loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline_us)
{
    l->is_late = false;
    loop_timer_start(l->deadline, deadline_us, 0);
    while (!done(arg) && !l->is_late)
        g_main_context_iteration(l->context, TRUE);
    loop_timer_stop(l->deadline);
    return l->is_late && !done(arg) ? ETIMEDOUT : 0;
}

static gboolean watch_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct loop_watch *w = data;

    (void)condition;
    w->h(fd, w->arg);
    return G_SOURCE_CONTINUE;
}

int loop_watch_alloc(struct loop_watch **wp, struct loop *l, int fd, loop_fd_h *h, void *arg)
{
    struct loop_watch *w = calloc(1, sizeof(*w));
    if (!w)
        return ENOMEM;

    w->h = h;
    w->arg = arg;
    w->source = g_unix_fd_source_new(fd, G_IO_IN);
    /* the cast that GLib documents for sources of descriptors; through void (*)(void), as
     * -Wcast-function-type wants */
    g_source_set_callback(w->source, (GSourceFunc)(void (*)(void))watch_ready, w, NULL);
    g_source_attach(w->source, l->context);
    *wp = w;
    return 0;
}

void loop_watch_free(struct loop_watch *w)
{
    if (!w)
        return;
    g_source_destroy(w->source);
    g_source_unref(w->source);
    free(w);
}

static void timer_ready(int fd, void *arg)
{
    struct loop_timer *t = arg;
    uint64_t n;

    if (read(fd, &n, sizeof(n)) == sizeof(n))
        t->h(n, t->arg);
}

int loop_timer_alloc(struct loop_timer **tp, struct loop *l, loop_timer_h *h, void *arg)
{
    struct loop_timer *t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;

    t->h = h;
    t->arg = arg;
    t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int err = t->fd < 0 ? errno : loop_watch_alloc(&t->watch, l, t->fd, timer_ready, t);
    if (err) {
        loop_timer_free(t);
        return err;
    }
    *tp = t;
    return 0;
}

static struct timespec timespec_of(uint64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000),
                             .tv_nsec = (long)(us % 1000000) * 1000};
}

void loop_timer_start(struct loop_timer *t, uint64_t first_us, uint64_t interval_us)
{
    /* an all-zero value would stop the timer */
    struct itimerspec when = {.it_value = timespec_of(first_us ? first_us : 1),
                              .it_interval = timespec_of(interval_us)};

    timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_timer_stop(struct loop_timer *t)
{
    timerfd_settime(t->fd, 0, &(struct itimerspec){0}, NULL);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    loop_watch_free(t->watch);
    if (t->fd >= 0)
        close(t->fd);
    free(t);
}
