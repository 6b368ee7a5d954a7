#include "bench/loopback/session.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Keys and signals: they are noted here, and done between the loop's turns. */

static void keys_h(int fd, void *arg)
{
    struct session *s = arg;

    ssize_t n = read(fd, s->pressed + s->n_pressed, SESSION_KEYS_MAX - s->n_pressed);
    if (n > 0)
        s->n_pressed += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
        s->n_pressed == SESSION_KEYS_MAX) {
        loop_watch_free(s->keys_watch); /* its end, or somebody leans on a key: that was enough */
        s->keys_watch = NULL;
    }
}

void session_keys_read(struct session *s, bool is_on)
{
    if (is_on)
        (void)loop_watch_alloc(&s->keys_watch, s->loop, STDIN_FILENO, keys_h, s);
    else
        loop_watch_free(s->keys_watch);
    if (!is_on)
        s->keys_watch = NULL;
}

static void signals_h(int fd, void *arg)
{
    struct session *s = arg;
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == sizeof(info))
        s->is_interrupted = true;
}

int session_signals_read(struct session *s)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    /* before any thread is made, so that none of them takes one */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return errno;
    s->signals_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->signals_fd < 0)
        return errno;
    return loop_watch_alloc(&s->signals_watch, s->loop, s->signals_fd, signals_h, s);
}
