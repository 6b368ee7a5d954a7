#include "relay/control/policy/policy_loader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ERR_MAX 512

/* Held by two, the thread and who started it; the last one frees it. */
struct policy_loader {
    atomic_uint n_holders;
    int event_fd;
    char *path; /* NULL: the built-in table */
    int error;  /* these three are the thread's until the event */
    struct policy *policy;
    char err[ERR_MAX];
};

static void let_go(struct policy_loader *l)
{
    if (atomic_fetch_sub(&l->n_holders, 1) > 1)
        return;
    if (l->event_fd >= 0)
        close(l->event_fd);
    policy_free(l->policy);
    free(l->path);
    free(l);
}

static void *load(void *arg)
{
    struct policy_loader *l = arg;
    const uint64_t one = 1;

    l->error = l->path ? policy_load_file(&l->policy, l->path, l->err, sizeof(l->err))
                       : policy_load_builtin(&l->policy);
    (void)!write(l->event_fd, &one, sizeof(one));
    let_go(l);
    return NULL;
}

/* Detached: it is never waited for. Signals are for the main thread, whose loop they wake. */
static int start_thread(struct policy_loader *l)
{
    sigset_t all, before;
    pthread_attr_t attr;
    pthread_t thread;
    int err = pthread_attr_init(&attr);

    if (err)
        return err;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&l->n_holders, 2);
    err = pthread_create(&thread, &attr, load, l);
    if (err)
        atomic_store(&l->n_holders, 1);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return err;
}

int policy_loader_start(struct policy_loader **lp, const char *path)
{
    struct policy_loader *l = calloc(1, sizeof(*l));
    int err = 0;

    if (!l)
        return ENOMEM;
    atomic_init(&l->n_holders, 1);
    (void)snprintf(l->err, sizeof(l->err), "out of memory");
    if (path && *path) {
        l->path = strdup(path);
        err = l->path ? 0 : ENOMEM;
    }
    l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!err && l->event_fd < 0)
        err = errno;
    if (!err)
        err = start_thread(l);
    if (err)
        let_go(l);
    else
        *lp = l;
    return err;
}

int policy_loader_event_fd(const struct policy_loader *l)
{
    return l->event_fd;
}

int policy_loader_finish(struct policy_loader *l, struct policy **pp, char *err, size_t err_cap)
{
    uint64_t n;
    int error;

    (void)!read(l->event_fd, &n, sizeof(n)); /* what the thread wrote before is seen after this */
    error = l->error;
    if (error)
        (void)snprintf(err, err_cap, "%s", l->err);
    else
        *pp = l->policy;
    l->policy = NULL;
    let_go(l);
    return error;
}

void policy_loader_abandon(struct policy_loader *l)
{
    if (l)
        let_go(l);
}
