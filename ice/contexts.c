#include "ice/leg.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The legs' GMainContexts. Making one costs an eventfd and a walk along the list of all others; one
 * that a leg has left is as good as new, so some are kept for the next. Thread: control */

#define FDS_PER_CONTEXT 1 /* its eventfd */
#define FDS_SPARE       8 /* for what other threads may open meanwhile */
#define FDS_CHECKED     (FDS_PER_CONTEXT + FDS_SPARE)

/* GLib ends the process when it cannot have an eventfd. So before it is asked for one, some
 * descriptors are taken and given back. */
static int check_fds_left(const struct ice *ice)
{
    int fds[FDS_CHECKED];
    unsigned i = 0;
    int err = 0;

    while (i < FDS_CHECKED && !err) {
        fds[i] = fcntl(ice->wake_fd, F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0)
            err = errno;
        else
            i++;
    }
    while (i > 0)
        close(fds[--i]);
    return err;
}

/* A context to which nothing is attached polls one descriptor: its own. @return it; -1: there are
 * more */
static int own_descriptor(GMainContext *context)
{
    GPollFD polls[2];
    gint timeout_ms;
    const gint n = g_main_context_query(context, G_MAXINT, &timeout_ms, polls, 2);

    return n == 1 ? polls[0].fd : -1;
}

int ice_contexts_take(struct ice *ice, GMainContext **contextp, int *wake_fd)
{
    GMainContext *context;
    int err;

    if (ice->n_spare > 0) {
        context = ice->spare[--ice->n_spare];
    } else {
        err = check_fds_left(ice);
        if (err)
            return err;
        context = g_main_context_new();
    }
    *contextp = context;
    *wake_fd = own_descriptor(context);
    return 0;
}

void ice_contexts_give(struct ice *ice, GMainContext *context)
{
    if (ice->n_spare < ICE_CONTEXTS_SPARE && own_descriptor(context) >= 0)
        ice->spare[ice->n_spare++] = context;
    else
        g_main_context_unref(context);
}

void ice_contexts_wipe(struct ice *ice)
{
    while (ice->n_spare > 0)
        g_main_context_unref(ice->spare[--ice->n_spare]);
}
