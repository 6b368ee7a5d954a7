#include "relay/control/reload.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/control/policy/policy_date.h"
#include "relay/control/policy/policy_loader.h"
#include "relay/control/revoke.h"
#include "relay/control/status/journal.h"
#include "relay/control/status/routes.h"
#include "relay/log.h"

#define ERR_MAX       512
#define SLICE_CALLS   32   /* decided about in one turn of the main loop: some 100 us */
#define SLICE_BUCKETS 4096 /* looked into */
#define SLICE_MS      1

/* Who is to be told what became of a table. */
struct waiting {
    uint64_t tickets[HTTP_CONNECTIONS_MAX];
    unsigned n;
};

struct reload {
    int fd;                        /* signalfd; -1: none */
    struct policy *policy;         /* that took the place of the one of the start; NULL: none did */
    struct policy_loader *loader;  /* NULL: nothing is being read */
    bool is_wanted_again;          /* since the loader has begun */
    struct waiting waiting, later; /* for what is being read; for what will be then */
    int64_t day;                   /* that calls were last decided about on */
    uint32_t bucket;               /* of the calls' hash, next to be looked into */
    struct tmr slice;
};

/* ---- running calls ----------------------------------------------------------------------------
 */

static unsigned look_into_bucket(struct control *c, uint32_t bucket)
{
    struct le *le = list_head(hash_list(c->calls, bucket));
    unsigned n = 0;

    while (le) {
        struct call *call = le->data;

        le = le->next; /* the call may end */
        if (call->is_ended || call->policy_turn == c->policy_turn)
            continue;
        call->policy_turn = c->policy_turn;
        revoke_call(call);
        n++;
    }
    return n;
}

static void slice_h(void *arg)
{
    struct control *c = arg;
    struct reload *r = c->reload;
    unsigned n_calls = 0;

    for (unsigned i = 0; i < SLICE_BUCKETS && n_calls < SLICE_CALLS; i++) {
        if (r->bucket == hash_bsize(c->calls))
            return;
        n_calls += look_into_bucket(c, r->bucket++);
    }
    tmr_start(&r->slice, SLICE_MS, slice_h, c);
}

/* A change during the turn of another begins a new one: whom the old turn had not reached is
 * decided about by the table that is in force now. */
static void decide_again(struct control *c)
{
    c->policy_turn++;
    c->reload->bucket = 0;
    tmr_start(&c->reload->slice, 0, slice_h, c);
}

static int64_t day_of(int64_t unix_time)
{
    return unix_time / POLICY_DAY_S;
}

void reload_tick(struct control *c, int64_t unix_time)
{
    const int64_t day = day_of(unix_time);

    if (!c->reload || day == c->reload->day)
        return;
    log_notice(NULL, "policy: a new day (UTC): running calls are decided about again");
    c->counters.events[CONTROL_POLICY_DAY]++;
    c->reload->day = day;
    decide_again(c);
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void start_loader(struct control *c);

static void tell(struct control *c, struct waiting *w, char *mistake)
{
    for (unsigned i = 0; i < w->n; i++)
        routes_tell_reload(c, w->tickets[i], mistake);
    w->n = 0;
}

static void refuse(struct control *c, char *mistake)
{
    c->counters.events[CONTROL_POLICY_REFUSED]++;
    log_error(NULL, "policy: %s; the old table stays in force", mistake);
    tell(c, &c->reload->waiting, mistake);
}

static void take(struct control *c, struct policy *fresh)
{
    policy_free(c->reload->policy);
    c->reload->policy = fresh;
    c->policy = fresh;
    c->counters.events[CONTROL_POLICY_READ]++;
    log_notice(NULL, "policy: read anew from %s",
               c->cfg->policy[0] ? c->cfg->policy : "the built-in table");
    decide_again(c);
    tell(c, &c->reload->waiting, NULL);
}

static void loaded_h(int flags, void *arg)
{
    struct control *c = arg;
    struct reload *r = c->reload;
    struct policy_loader *l = r->loader;
    struct policy *fresh = NULL;
    char mistake[ERR_MAX];
    int err;

    (void)flags;
    fd_close(policy_loader_event_fd(l));
    r->loader = NULL;
    err = policy_loader_finish(l, &fresh, mistake, sizeof(mistake));
    if (!err)
        err = policy_check_config(fresh, c->cfg, mistake, sizeof(mistake));
    if (!err) {
        take(c, fresh);
    } else {
        policy_free(fresh);
        refuse(c, mistake);
    }
    if (r->is_wanted_again)
        start_loader(c);
}

static void start_loader(struct control *c)
{
    struct reload *r = c->reload;
    char mistake[ERR_MAX];
    int err;

    r->is_wanted_again = false;
    r->waiting = r->later;
    r->later.n = 0;
    err = policy_loader_start(&r->loader, c->cfg->policy);
    if (!err)
        err = fd_listen(policy_loader_event_fd(r->loader), FD_READ, loaded_h, c);
    if (!err)
        return;
    policy_loader_abandon(r->loader);
    r->loader = NULL;
    (void)re_snprintf(mistake, sizeof(mistake), "the table cannot be read anew: %s", strerror(err));
    refuse(c, mistake);
}

int reload_begin(struct control *c, uint64_t ticket)
{
    struct reload *r = c->reload;

    if (ticket && r->later.n == HTTP_CONNECTIONS_MAX)
        return EBUSY;
    if (ticket)
        r->later.tickets[r->later.n++] = ticket;
    if (c->audit)
        journal_reopen(c->audit);
    if (r->loader)
        r->is_wanted_again = true;
    else
        start_loader(c);
    return 0;
}

/* ---- the signal -------------------------------------------------------------------------------
 */

static void signal_h(int flags, void *arg)
{
    struct control *c = arg;
    struct signalfd_siginfo info;

    (void)flags;
    while (read(c->reload->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        ;
    (void)reload_begin(c, 0);
}

static void destructor(void *data)
{
    struct reload *r = data;

    tmr_cancel(&r->slice);
    if (r->loader)
        fd_close(policy_loader_event_fd(r->loader));
    policy_loader_abandon(r->loader);
    if (r->fd >= 0) {
        fd_close(r->fd);
        close(r->fd);
    }
    policy_free(r->policy);
}

int reload_start(struct control *c)
{
    struct reload *r = mem_zalloc(sizeof(*r), destructor);
    sigset_t hup;
    int err;

    if (!r)
        return ENOMEM;
    tmr_init(&r->slice);
    r->day =
        day_of((int64_t)(clock_wall_us() / 1000000)); /* a call may be up before the first tick */
    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    err = pthread_sigmask(SIG_BLOCK, &hup, NULL);
    r->fd = err ? -1 : signalfd(-1, &hup, SFD_NONBLOCK | SFD_CLOEXEC);
    if (!err && r->fd < 0)
        err = errno;
    if (!err)
        err = fd_listen(r->fd, FD_READ, signal_h, c);
    if (err)
        mem_deref(r);
    else
        c->reload = r;
    return err;
}

void reload_stop(struct control *c)
{
    c->reload = mem_deref(c->reload);
}
