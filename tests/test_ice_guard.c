#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "ice/leg.h"

/* The guard alone, with a thread in place of the ice thread that does what libnice does under a
 * flood: it reads a socket until it is empty, and by then there is a new datagram, always. */

struct rig {
    struct ice ice;
    struct ice_leg leg;
    int fd;
    uint64_t n_read;
    atomic_bool is_done;
};

/* The guard's clock is this thread's CPU time: like the ice thread it ends after the guard. */
static void linger(struct rig *rig)
{
    atomic_store(&rig->is_done, true);
    while (!atomic_load(&rig->ice.is_ending))
        sched_yield();
}

static void *read_for_ever(void *arg)
{
    struct rig *rig = arg;
    uint8_t byte = 0;

    ice_guard_begin(&rig->leg, rig->fd);
    do {
        assert_int_equal(send(rig->fd, &byte, 1, 0), 1);
        rig->n_read++;
    } while (recv(rig->fd, &byte, 1, 0) == 1);
    ice_guard_end(&rig->leg, 0);
    linger(rig);
    return NULL;
}

/* A socket that sends to itself. */
static int open_loop(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
    return fd;
}

static void rig_open(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    pthread_mutex_init(&rig->ice.lock, NULL);
    rig->leg.ice = &rig->ice;
    rig->leg.muted_fd = -1;
    rig->leg.muted_until_us = UINT64_MAX;
    rig->fd = open_loop();
}

static void rig_close(struct rig *rig)
{
    close(rig->fd);
    pthread_mutex_destroy(&rig->ice.lock);
}

/* As ice_alloc() does: all signals blocked in both threads. */
static void start(struct rig *rig, void *(*thread)(void *))
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    assert_int_equal(pthread_create(&rig->ice.thread, NULL, thread, rig), 0);
    assert_int_equal(pthread_create(&rig->ice.guard, NULL, ice_guard_run, &rig->ice), 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void await_end(struct rig *rig)
{
    while (!atomic_load(&rig->is_done))
        sched_yield();
}

static void stop(struct rig *rig)
{
    atomic_store(&rig->ice.is_ending, true);
    ice_guard_stop(&rig->ice);
    pthread_join(rig->ice.thread, NULL);
}

static void guard_ends_a_turn_that_would_not_end(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    start(&rig, read_for_ever);
    await_end(&rig);
    stop(&rig);
    assert_int_equal(ice_n_floods(&rig.ice), 1);
    assert_int_equal(rig.leg.muted_fd, rig.fd);
    assert_true(rig.leg.muted_until_us > 0 && rig.leg.muted_until_us != UINT64_MAX);
    assert_true(rig.n_read > 1);
    rig_close(&rig);
}

static void guard_lets_a_muted_socket_hear_again(void **state)
{
    struct rig rig;
    uint8_t byte = 0;

    (void)state;
    rig_open(&rig);
    start(&rig, read_for_ever);
    await_end(&rig);
    stop(&rig);

    assert_int_equal(send(rig.fd, &byte, 1, 0), 1);
    assert_int_equal(recv(rig.fd, &byte, 1, 0), -1);
    ice_guard_unmute(&rig.leg);
    assert_int_equal(send(rig.fd, &byte, 1, 0), 1);
    assert_int_equal(recv(rig.fd, &byte, 1, 0), 1);
    assert_int_equal(rig.leg.muted_fd, -1);
    assert_true(rig.leg.muted_until_us == UINT64_MAX);
    ice_guard_unmute(&rig.leg); /* nothing is muted: nothing happens */
    rig_close(&rig);
}

#define SHORT_TURNS 200000

static void *take_short_turns(void *arg)
{
    struct rig *rig = arg;
    uint8_t byte = 0;

    for (unsigned i = 0; i < SHORT_TURNS; i++) {
        ice_guard_begin(&rig->leg, rig->fd);
        rig->n_read += send(rig->fd, &byte, 1, 0) == 1 && recv(rig->fd, &byte, 1, 0) == 1;
        ice_guard_end(&rig->leg, 0);
    }
    linger(rig);
    return NULL;
}

static void guard_leaves_many_short_turns_alone(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    start(&rig, take_short_turns);
    await_end(&rig);
    stop(&rig);
    assert_int_equal(rig.n_read, SHORT_TURNS);
    assert_int_equal(ice_n_floods(&rig.ice), 0);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guard_ends_a_turn_that_would_not_end),
        cmocka_unit_test(guard_lets_a_muted_socket_hear_again),
        cmocka_unit_test(guard_leaves_many_short_turns_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
