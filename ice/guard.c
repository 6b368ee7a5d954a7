#include "ice/leg.h"

#include <linux/filter.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/*
 * libnice reads a socket until it is empty. Under a flood that comes in faster than it is read it
 * never is, and the ice thread would work for one port alone and hold that leg's lock. So a second
 * thread is woken by a timer on the ice thread's own CPU time (it sleeps while that one does): a
 * turn that has been on at two firings in a row is ended by muting its socket, which then runs
 * empty. After a pause the socket hears again: checks that were lost are sent again by the peer.
 */

#define TURN_CPU_MS 10
#define MUTE_MS     100
#define US_PER_MS   1000
#define NS_PER_MS   1000000
#define SIGNAL      SIGRTMIN /* to the guard's thread alone, which waits for it */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static const struct sock_filter drop_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

/* A turn ends under ice->lock, and only afterwards may its socket be closed: so while this holds
 * the lock and the turn is on, the descriptor is what it was. */
static uint64_t look(struct ice *ice, uint64_t last_turn)
{
    const struct sock_fprog prog = {.len = 1, .filter = (struct sock_filter *)drop_all};
    struct ice_turn *turn = &ice->turn;
    uint64_t n;

    pthread_mutex_lock(&ice->lock);
    n = turn->is_on ? turn->n : 0;
    if (n && n == last_turn && turn->fd >= 0 && !turn->is_muted)
        turn->is_muted =
            setsockopt(turn->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0;
    pthread_mutex_unlock(&ice->lock);
    return n;
}

static int start_timer(const struct ice *ice, timer_t *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL};
    const struct timespec period = {.tv_nsec = TURN_CPU_MS * NS_PER_MS};
    const struct itimerspec spec = {.it_interval = period, .it_value = period};
    clockid_t clock;

    event.sigev_notify_thread_id = gettid();
    if (pthread_getcpuclockid(ice->thread, &clock) || timer_create(clock, &event, timer))
        return -1;
    return timer_settime(*timer, 0, &spec, NULL);
}

/* Without a timer (RLIMIT_SIGPENDING) there is no guard, and all else goes on. */
void *ice_guard_run(void *arg)
{
    struct ice *ice = arg;
    uint64_t turn = 0;
    sigset_t set;
    timer_t timer;
    int sig;

    prctl(PR_SET_NAME, "ice-guard");
    if (start_timer(ice, &timer))
        return NULL;
    sigemptyset(&set);
    sigaddset(&set, SIGNAL);
    while (!sigwait(&set, &sig) && !atomic_load_explicit(&ice->is_ending, memory_order_acquire))
        turn = look(ice, turn);
    timer_delete(timer);
    return NULL;
}

void ice_guard_stop(struct ice *ice)
{
    pthread_kill(ice->guard, SIGNAL);
    pthread_join(ice->guard, NULL);
}

void ice_guard_begin(struct ice_leg *leg, int fd)
{
    struct ice *ice = leg->ice;

    pthread_mutex_lock(&ice->lock);
    ice->turn.n++;
    ice->turn.is_on = true;
    ice->turn.is_muted = false;
    ice->turn.fd = fd;
    pthread_mutex_unlock(&ice->lock);
}

void ice_guard_end(struct ice_leg *leg, uint64_t now_us)
{
    struct ice *ice = leg->ice;

    pthread_mutex_lock(&ice->lock);
    ice->turn.is_on = false;
    if (ice->turn.is_muted) {
        ice->n_floods++;
        leg->muted_fd = ice->turn.fd;
        leg->muted_until_us = now_us + (uint64_t)MUTE_MS * US_PER_MS;
    }
    pthread_mutex_unlock(&ice->lock);
}

void ice_guard_unmute(struct ice_leg *leg)
{
    const int none = 0;

    if (leg->muted_fd >= 0)
        setsockopt(leg->muted_fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
    leg->muted_fd = -1;
    leg->muted_until_us = UINT64_MAX;
}

uint64_t ice_n_floods(struct ice *ice)
{
    uint64_t n;

    pthread_mutex_lock(&ice->lock);
    n = ice->n_floods;
    pthread_mutex_unlock(&ice->lock);
    return n;
}
