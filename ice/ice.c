#include "ice/leg.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The start and the end of the ice thread. */

static void close_descriptors(struct ice *ice)
{
    if (ice->epoll_fd >= 0)
        close(ice->epoll_fd);
    if (ice->wake_fd >= 0)
        close(ice->wake_fd);
}

static int open_descriptors(struct ice *ice)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};

    ice->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ice->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (ice->epoll_fd < 0 || ice->wake_fd < 0 ||
        epoll_ctl(ice->epoll_fd, EPOLL_CTL_ADD, ice->wake_fd, &ev))
        return errno;
    return 0;
}

static void end_thread(struct ice *ice)
{
    atomic_store_explicit(&ice->is_ending, true, memory_order_release);
    ice_thread_wake(ice);
    pthread_join(ice->thread, NULL);
}

/* Signals of the process are the main thread's. */
static int start_thread(struct ice *ice)
{
    sigset_t all, old;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    err = pthread_create(&ice->thread, NULL, ice_thread_run, ice);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return err;
}

/* libnice writes to stderr what it thinks of its users' ways: that the answer to the end of a TURN
 * allocation was not waited for. stderr is the program's log, whose lines have a form. */
static void drop_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
                         gpointer arg)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)arg;
}

/* On an error what was opened is still open. */
static int open_all(struct ice *ice)
{
    int fd;
    int err = open_descriptors(ice);

    if (!err)
        err = ice_contexts_take(ice, &ice->idle_context, &fd);
    if (!err)
        err = ice_mailbox_init(&ice->mail);
    if (err)
        return err;
    err = start_thread(ice);
    if (err)
        ice_mailbox_wipe(&ice->mail);
    return err;
}

static void close_all(struct ice *ice)
{
    g_log_remove_handler("libnice", ice->log_handler);
    if (ice->idle_context)
        g_main_context_unref(ice->idle_context);
    close_descriptors(ice);
    pthread_mutex_destroy(&ice->lock);
    free(ice);
}

int ice_alloc(struct ice **icep)
{
    struct ice *ice;
    int err;

    /* a program whose names are not looked up before GLib's and libnice's */
    if (!ice_door_is_in_force() || !ice_host_is_in_force())
        return ENOTSUP;
    ice = calloc(1, sizeof(*ice));
    if (!ice)
        return ENOMEM;

    ice_stun_init(&ice->stun);
    ice->log_handler = g_log_set_handler("libnice", G_LOG_LEVEL_WARNING, drop_message, NULL);
    pthread_mutex_init(&ice->lock, NULL);
    err = open_all(ice);
    if (err)
        close_all(ice);
    else
        *icep = ice;
    return err;
}

void ice_free(struct ice *ice)
{
    if (!ice)
        return;

    assert(ice->n_legs == 0);
    end_thread(ice);

    ice_thread_free_the_dead(ice);
    ice_contexts_wipe(ice);
    deadline_wipe(&ice->deadlines);
    ice_mailbox_wipe(&ice->mail);
    close_all(ice);
}

void ice_read_counters(const struct ice *ice, struct ice_counters *counters)
{
    *counters = (struct ice_counters){
        .n_bad = atomic_load_explicit(&ice->n_bad, memory_order_relaxed),
        .n_auth = atomic_load_explicit(&ice->n_auth, memory_order_relaxed),
        .n_unsolicited = atomic_load_explicit(&ice->n_unsolicited, memory_order_relaxed),
        .n_answered = atomic_load_explicit(&ice->n_answered, memory_order_relaxed),
    };
}
