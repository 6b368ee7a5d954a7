#include "ice/leg.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/*
 * The ice thread: one epoll over the descriptors of all contexts, one heap of their timeouts. A
 * context is prepared, queried, checked and dispatched only when one of its descriptors is ready
 * or its timeout is due, so the cost of a packet does not depend on how many agents there are.
 */

#define EVENTS_PER_WAIT 64
#define US_PER_MS       1000

uint64_t ice_now_us(void)
{
    return (uint64_t)g_get_monotonic_time(); /* the clock that GLib's timeouts are on */
}

/* An eventfd refuses a write only when its counter is full, and then it is readable. */
void ice_thread_wake(const struct ice *ice)
{
    (void)!eventfd_write(ice->wake_fd, 1);
}

/* ---- a leg's descriptors and its timeout ---- */

static int watch_add(struct ice_leg *leg, int fd)
{
    for (unsigned i = 0; i < ICE_WATCHES; i++) {
        struct ice_watch *w = &leg->watches[i];
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = w};

        if (w->fd >= 0)
            continue;
        if (epoll_ctl(leg->ice->epoll_fd, EPOLL_CTL_ADD, fd, &ev))
            return errno;
        w->fd = fd;
        return 0;
    }
    return ENOBUFS;
}

static bool is_polled(const GPollFD *polls, gint n, int fd)
{
    for (gint i = 0; i < n; i++)
        if (polls[i].fd == fd)
            return true;
    return false;
}

static bool is_watched(const struct ice_leg *leg, int fd)
{
    for (unsigned i = 0; i < ICE_WATCHES; i++)
        if (leg->watches[i].fd == fd)
            return true;
    return false;
}

/* A descriptor leaves a context only by being closed, and closing takes it out of the epoll set.
 * So it is forgotten here and not deleted from the set: by now its number may be another leg's. */
static int watch_what_is_polled(struct ice_leg *leg)
{
    int err = 0;

    for (unsigned i = 0; i < ICE_WATCHES; i++)
        if (!is_polled(leg->polls, leg->n_polls, leg->watches[i].fd))
            leg->watches[i].fd = -1;

    for (gint i = 0; i < leg->n_polls && !err; i++)
        if (!is_watched(leg, leg->polls[i].fd))
            err = watch_add(leg, leg->polls[i].fd);
    return err;
}

void ice_leg_unwatch(struct ice_leg *leg)
{
    for (unsigned i = 0; i < ICE_WATCHES; i++) {
        struct ice_watch *w = &leg->watches[i];

        if (w->fd >= 0)
            epoll_ctl(leg->ice->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        w->fd = -1;
    }
    leg->n_polls = 0;
}

static void set_deadline(struct ice_leg *leg, uint64_t at_us)
{
    struct ice *ice = leg->ice;

    pthread_mutex_lock(&ice->lock);
    deadline_set(&ice->deadlines, &leg->deadline, at_us);
    if (at_us < ice->next_wake_us) {
        ice->next_wake_us = 0; /* once is enough */
        ice_thread_wake(ice);
    }
    pthread_mutex_unlock(&ice->lock);
}

static bool is_same_set(const GPollFD *a, const GPollFD *b, gint n)
{
    for (gint i = 0; i < n; i++)
        if (a[i].fd != b[i].fd)
            return false;
    return true;
}

/* GLib's own descriptor is for whoever changes a context that another thread sleeps on. Nobody
 * sleeps on ours, and who has changed one asks it again here; but GLib writes into it at each
 * change of its sockets, and the ice thread would wake for that. */
static gint without(GPollFD *polls, gint n, int fd)
{
    gint n_left = 0;

    for (gint i = 0; i < n; i++)
        if (polls[i].fd != fd)
            polls[n_left++] = polls[i];
    return n_left;
}

/* Descriptors of every priority are asked for, so that the set stays the same while something
 * is ready. */
static int arm(struct ice_leg *leg)
{
    GPollFD polls[ICE_WATCHES];
    gint timeout_ms, n;
    int err = 0;

    g_main_context_prepare(leg->context, &leg->priority);
    n = g_main_context_query(leg->context, G_MAXINT, &timeout_ms, polls, ICE_WATCHES);
    if (n > ICE_WATCHES)
        return ENOBUFS;
    n = without(polls, n, leg->wake_fd);

    if (n != leg->n_polls || !is_same_set(polls, leg->polls, n)) {
        memcpy(leg->polls, polls, (size_t)n * sizeof(polls[0]));
        leg->n_polls = n;
        err = watch_what_is_polled(leg);
    }
    leg->nice_due_us =
        timeout_ms >= 0 ? ice_now_us() + (uint64_t)timeout_ms * US_PER_MS : UINT64_MAX;
    set_deadline(leg, MIN(leg->nice_due_us, ice_timers_due_us(leg)));
    return err;
}

/* ---- turns ---- */

static void own_context(struct ice_leg *leg)
{
    const gboolean is_owner = g_main_context_acquire(leg->context);

    assert(is_owner); /* nobody acquires it without leg->lock */
    (void)is_owner;
}

void ice_leg_enter(struct ice_leg *leg)
{
    pthread_mutex_lock(&leg->lock);
    own_context(leg);
}

int ice_leg_leave(struct ice_leg *leg)
{
    const int err = arm(leg);

    g_main_context_release(leg->context);
    pthread_mutex_unlock(&leg->lock);
    return err;
}

static void dispatch(struct ice_leg *leg, int fd)
{
    for (gint i = 0; i < leg->n_polls; i++)
        leg->polls[i].revents = leg->polls[i].fd == fd ? G_IO_IN : 0;
    if (g_main_context_check(leg->context, leg->priority, leg->polls, leg->n_polls))
        g_main_context_dispatch(leg->context);
}

static struct ice_component *component_at(const struct ice_leg *leg, int fd)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++)
            if (s->components[j].socket && g_socket_get_fd(s->components[j].socket) == fd)
                return &s->components[j];
    }
    return NULL;
}

static struct ice_component *bridge_at(const struct ice_leg *leg, int fd)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++)
            if (s->components[j].bridge_fd == fd)
                return &s->components[j];
    }
    return NULL;
}

/* @return whether libnice has something to do: its context is dispatched then */
static bool is_for_nice(struct ice_leg *leg, const struct ice_watch *ready, uint64_t now)
{
    struct ice_component *c = ready ? component_at(leg, ready->fd) : NULL;

    if (c)
        return ice_door_read(c, now);
    c = ready ? bridge_at(leg, ready->fd) : NULL;
    if (c)
        ice_bridge_read(c); /* sending may make libnice set a timeout: it is asked again */
    return ready || leg->nice_due_us <= now;
}

/* @param ready  whose descriptor is ready; NULL: the timeout is due */
static void take_turn(struct ice_leg *leg, const struct ice_watch *ready)
{
    const uint64_t now = ice_now_us();

    pthread_mutex_lock(&leg->lock);
    if (leg->is_closed) {
        pthread_mutex_unlock(&leg->lock);
        return;
    }

    if (is_for_nice(leg, ready, now)) {
        own_context(leg);
        dispatch(leg, ready ? ready->fd : -1);
        ice_door_forget(leg);
        ice_timers_run(leg, now);
        (void)ice_leg_leave(leg); /* libnice opens no descriptors of its own accord */
        return;
    }
    ice_timers_run(leg, now);
    set_deadline(leg, MIN(leg->nice_due_us, ice_timers_due_us(leg)));
    pthread_mutex_unlock(&leg->lock);
}

/* ---- the loop ---- */

static int sleep_ms(struct ice *ice)
{
    const struct deadline *first;
    uint64_t now;
    int ms = -1;

    pthread_mutex_lock(&ice->lock);
    first = deadline_first(&ice->deadlines);
    ice->next_wake_us = first ? first->at_us : UINT64_MAX;
    if (first) {
        now = ice_now_us();
        ms = first->at_us <= now ? 0 : (int)((first->at_us - now + US_PER_MS - 1) / US_PER_MS);
    }
    pthread_mutex_unlock(&ice->lock);
    return ms;
}

static struct ice_leg *leg_of(struct deadline *d)
{
    return (struct ice_leg *)((char *)d - offsetof(struct ice_leg, deadline));
}

/* @return a leg whose timeout was due at now, taken out of the heap; NULL: no more */
static struct ice_leg *next_due(struct ice *ice, uint64_t now)
{
    struct deadline *first;

    pthread_mutex_lock(&ice->lock);
    ice->next_wake_us = 0;
    first = deadline_first(&ice->deadlines);
    if (first && first->at_us > now)
        first = NULL;
    if (first)
        deadline_set(&ice->deadlines, first, UINT64_MAX);
    pthread_mutex_unlock(&ice->lock);
    return first ? leg_of(first) : NULL;
}

static void take_due_turns(struct ice *ice)
{
    const uint64_t now = ice_now_us();
    struct ice_leg *leg;

    while ((leg = next_due(ice, now)))
        take_turn(leg, NULL);
}

static void take_ready_turns(const struct ice *ice, const struct epoll_event *ev, int n)
{
    eventfd_t count;

    for (int i = 0; i < n; i++) {
        const struct ice_watch *w = ev[i].data.ptr;

        if (w)
            take_turn(w->leg, w);
        else
            (void)!eventfd_read(ice->wake_fd, &count);
    }
}

/* Between two waits the thread holds no pointer to a leg, and the descriptors of a dead one were
 * out of the epoll set before it was buried. */
void ice_thread_free_the_dead(struct ice *ice)
{
    struct ice_leg *leg;

    pthread_mutex_lock(&ice->lock);
    leg = ice->dead;
    ice->dead = NULL;
    pthread_mutex_unlock(&ice->lock);

    while (leg) {
        struct ice_leg *next = leg->next_dead;

        pthread_cond_destroy(&leg->gathered);
        pthread_mutex_destroy(&leg->lock);
        free(leg);
        leg = next;
    }
}

void *ice_thread_run(void *arg)
{
    struct ice *ice = arg;
    struct epoll_event ev[EVENTS_PER_WAIT];

    prctl(PR_SET_NAME, "ice");
    while (!atomic_load_explicit(&ice->is_ending, memory_order_acquire)) {
        int n;

        ice_thread_free_the_dead(ice);
        n = epoll_wait(ice->epoll_fd, ev, EVENTS_PER_WAIT, sleep_ms(ice));
        take_ready_turns(ice, ev, n);
        take_due_turns(ice);
    }
    return NULL;
}

/* ---- called by control ---- */

int ice_leg_count_in(struct ice_leg *leg)
{
    struct ice *ice = leg->ice;
    int err;

    pthread_mutex_lock(&ice->lock);
    err = deadline_reserve(&ice->deadlines, ice->n_legs + 1);
    if (!err)
        ice->n_legs++;
    pthread_mutex_unlock(&ice->lock);
    return err;
}

void ice_leg_bury(struct ice_leg *leg)
{
    struct ice *ice = leg->ice;

    pthread_mutex_lock(&ice->lock);
    deadline_set(&ice->deadlines, &leg->deadline, UINT64_MAX);
    ice->n_legs--;
    leg->next_dead = ice->dead;
    ice->dead = leg;
    pthread_mutex_unlock(&ice->lock);
}
