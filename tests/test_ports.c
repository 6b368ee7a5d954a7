#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/control/transport/ports.h"
#include "relay/control/transport/ports_quiet.h"
#include "relay/control/transport/socket.h"

#define S UINT64_C(1000000) /* a second [us] */

static struct port_pool *pool_of(uint16_t min, uint16_t max, uint64_t rest_us)
{
    const struct port_pool_config cfg = {
        .port_min = min, .port_max = max, .rest_us = rest_us, .listen_us = 1 * S};
    struct port_pool *p = NULL;

    assert_int_equal(port_pool_alloc(&p, &cfg), 0);
    return p;
}

static uint16_t take(struct port_pool *p)
{
    uint16_t port;

    assert_int_equal(port_pool_take(p, &port), 0);
    return port;
}

static struct port_pool_stats stats_of(const struct port_pool *p)
{
    struct port_pool_stats s;

    port_pool_stats(p, &s);
    assert_int_equal(s.total, s.free + s.used + s.resting);
    return s;
}

static void a_pair_is_an_even_port_and_the_one_above(void **state)
{
    static const struct {
        const char *reason;
        uint16_t min, max;
        unsigned n;      /* pairs; 0: refused */
        uint16_t lowest; /* RTP */
    } cases[] = {
        {"whole pairs", 30000, 30003, 2, 30000},
        {"an odd lower end is left out", 30001, 30005, 2, 30002},
        {"an even upper end is left out", 30000, 30004, 2, 30000},
        {"one pair", 30000, 30001, 1, 30000},
        {"the last pair there is", 65534, 65535, 1, 65534},
        {"half a pair", 30000, 30000, 0, 0},
        {"the odd one of one and the even one of the next", 30001, 30002, 0, 0},
        {"above the last pair", 65535, 65535, 0, 0},
        {"upside down", 30010, 30000, 0, 0},
        {"port 0 is no port", 0, 1, 0, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct port_pool_config cfg = {.port_min = cases[i].min, .port_max = cases[i].max};
        struct port_pool *p = NULL;

        print_message("  %s\n", cases[i].reason);
        assert_int_equal(port_pool_alloc(&p, &cfg), cases[i].n ? 0 : EINVAL);
        if (!cases[i].n)
            continue;
        assert_int_equal(stats_of(p).total, cases[i].n);
        for (unsigned n = 0; n < cases[i].n; n++)
            assert_int_equal(take(p), cases[i].lowest + 2 * n);
        port_pool_free(p);
    }
}

/* The linker gives us every calloc() of the rooms; the one of that number fails. */
static unsigned n_until_failure = UINT_MAX;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    if (n_until_failure == UINT_MAX)
        return __real_calloc(n, size);
    return n_until_failure-- ? __real_calloc(n, size) : NULL;
}

static void without_memory_there_is_no_pool(void **state)
{
    const struct port_pool_config cfg = {.port_min = 30000, .port_max = 30099};
    const union addr host = {.in.sin_family = AF_INET};
    struct port_pool *p = NULL;
    struct port_quiet *q = NULL;
    (void)state;

    for (unsigned n = 0; n < 3; n++) {
        n_until_failure = n;
        assert_int_equal(port_pool_alloc(&p, &cfg), ENOMEM);
        assert_null(p);
    }
    n_until_failure = UINT_MAX;
    assert_int_equal(port_pool_alloc(&p, &cfg), 0);
    for (unsigned n = 0; n < 2; n++) {
        n_until_failure = n;
        assert_int_equal(port_quiet_alloc(&q, p, &host, 8), ENOMEM);
        assert_null(q);
    }
    n_until_failure = UINT_MAX;
    port_pool_free(p);
}

static void a_pool_that_is_used_up_says_so(void **state)
{
    struct port_pool *p = pool_of(30000, 30005, 10 * S);
    uint16_t port = 1;
    (void)state;

    for (unsigned i = 0; i < 3; i++)
        take(p);
    assert_int_equal(port_pool_take(p, &port), ENOSPC);
    assert_int_equal(port, 1);
    assert_int_equal(stats_of(p).n_exhausted, 1);
    port_pool_free(p);
}

static void the_search_begins_where_it_is_told_and_goes_round(void **state)
{
    const struct port_pool_config cfg = {.port_min = 30000, .port_max = 30399, .start = 1198};
    struct port_pool *p = NULL;
    (void)state;

    assert_int_equal(port_pool_alloc(&p, &cfg), 0); /* 200 pairs; 1198 is 198 of the sixth round */
    assert_int_equal(take(p), 30396);
    assert_int_equal(take(p), 30398);
    assert_int_equal(take(p), 30000);
    port_pool_free(p);
}

static void a_freed_pair_comes_last(void **state)
{
    struct port_pool *p = pool_of(30000, 30199, 0);
    const uint16_t first = take(p);
    (void)state;

    port_pool_forget(p, first);
    for (unsigned i = 1; i < 100; i++)
        assert_int_not_equal(take(p), first);
    assert_int_equal(take(p), first);
    port_pool_free(p);
}

static void a_released_pair_is_free_only_after_rest_and_quiet(void **state)
{
    struct port_pool *p = pool_of(30000, 30001, 10 * S);
    const uint16_t port = take(p);
    uint16_t due;
    uint64_t until_us;
    (void)state;

    port_pool_release(p, port, 100 * S);
    assert_int_equal(port_pool_take(p, &due), ENOSPC);
    assert_true(port_pool_deadline_us(p) == 109 * S);
    assert_int_equal(port_pool_due(p, 109 * S - 1, &due, &until_us), ENOENT);
    assert_int_equal(port_pool_due(p, 109 * S, &due, &until_us), 0);
    assert_int_equal(due, port);
    assert_true(until_us == 110 * S);
    assert_int_equal(port_pool_take(p, &due), ENOSPC); /* it is only listened to */
    assert_int_equal(stats_of(p).resting, 1);
    port_pool_quiet(p, port);
    assert_int_equal(take(p), port);
    port_pool_free(p);
}

static void a_pair_that_is_noted_late_is_still_listened_to_for_the_whole_time(void **state)
{
    struct port_pool *p = pool_of(30000, 30001, 10 * S);
    uint16_t due;
    uint64_t until_us;
    (void)state;

    port_pool_release(p, take(p), 0);
    assert_int_equal(port_pool_due(p, 500 * S, &due, &until_us), 0);
    assert_true(until_us == 501 * S);
    port_pool_free(p);
}

static void a_noisy_pair_rests_again(void **state)
{
    struct port_pool *p = pool_of(30000, 30001, 10 * S);
    uint16_t due;
    uint64_t until_us;
    (void)state;

    port_pool_release(p, take(p), 0);
    assert_int_equal(port_pool_due(p, 9 * S, &due, &until_us), 0);
    port_pool_noisy(p, due, 10 * S);
    assert_int_equal(stats_of(p).free, 0);
    assert_int_equal(stats_of(p).n_noisy, 1);
    assert_true(port_pool_deadline_us(p) == 19 * S);
    port_pool_free(p);
}

static void pairs_come_back_in_the_order_of_their_release(void **state)
{
    struct port_pool *p = pool_of(30000, 30007, 10 * S);
    const uint16_t a = take(p), b = take(p), c = take(p);
    uint16_t due;
    uint64_t until_us;
    (void)state;

    port_pool_release(p, b, 1 * S);
    port_pool_release(p, c, 2 * S);
    port_pool_release(p, a, 3 * S);
    assert_int_equal(port_pool_due(p, 60 * S, &due, &until_us), 0);
    assert_int_equal(due, b);
    assert_int_equal(port_pool_due(p, 60 * S, &due, &until_us), 0);
    assert_int_equal(due, c);
    assert_int_equal(port_pool_due(p, 60 * S, &due, &until_us), 0);
    assert_int_equal(due, a);
    assert_int_equal(port_pool_due(p, 60 * S, &due, &until_us), ENOENT);
    assert_true(port_pool_deadline_us(p) == UINT64_MAX);
    port_pool_free(p);
}

static void without_rest_a_released_pair_is_free_at_once(void **state)
{
    struct port_pool *p = pool_of(30000, 30001, 0);
    (void)state;

    port_pool_release(p, take(p), 5 * S);
    assert_int_equal(stats_of(p).free, 1);
    assert_true(port_pool_deadline_us(p) == UINT64_MAX);
    port_pool_free(p);
}

static void a_pair_of_somebody_else_rests_even_where_others_do_not(void **state)
{
    struct port_pool *p = pool_of(30000, 30001, 0);
    uint16_t due;
    uint64_t until_us;
    (void)state;

    port_pool_bad(p, take(p), 5 * S);
    assert_int_equal(port_pool_due(p, 5 * S, &due, &until_us), ENOENT);
    assert_int_equal(port_pool_due(p, 6 * S, &due, &until_us), 0);
    port_pool_bad(p, due, 6 * S); /* still taken */
    assert_int_equal(stats_of(p).n_bad, 2);
    assert_int_equal(port_pool_due(p, 6 * S, &due, &until_us), ENOENT);
    port_pool_free(p);
}

/* The pool against what it should be, in 200,000 steps of a fixed dice. */
static void no_pair_ever_has_two_users(void **state)
{
    enum { N = 150 };
    enum { FREE, USED, RESTING } model[N] = {FREE};
    struct port_pool *p = pool_of(40000, 40000 + 2 * N - 1, 10 * S);
    uint32_t dice = 1;
    uint64_t now_us = 0;
    (void)state;

    for (unsigned step = 0; step < 200000; step++) {
        uint16_t port;
        uint64_t until_us;
        unsigned pick;

        dice = dice * 1664525u + 1013904223u;
        now_us += dice >> 14;
        pick = (dice >> 8) % N;
        if ((dice >> 28) < 6 && !port_pool_take(p, &port)) {
            assert_int_equal(model[(port - 40000) / 2], FREE);
            model[(port - 40000) / 2] = USED;
        } else if (model[pick] == USED) {
            port_pool_release(p, (uint16_t)(40000 + 2 * pick), now_us);
            model[pick] = RESTING;
        }
        while (!port_pool_due(p, now_us, &port, &until_us)) {
            assert_int_equal(model[(port - 40000) / 2], RESTING);
            if (dice >> 31) {
                port_pool_quiet(p, port);
                model[(port - 40000) / 2] = FREE;
            } else {
                port_pool_noisy(p, port, now_us);
            }
        }
    }
    assert_true(stats_of(p).n_noisy > 1000);
    assert_true(stats_of(p).n_exhausted > 0);
    port_pool_free(p);
}

/* A loopback address of this process alone: tests that run beside it have other ones. */
static union addr own_host(void)
{
    const unsigned pid = (unsigned)getpid();
    union addr a = {.in.sin_family = AF_INET};

    a.in.sin_addr.s_addr = htonl(0x7f000000u | (pid & 0x3fffffu) << 2 | 1u);
    return a;
}

static void send_to(uint16_t port)
{
    union addr to = own_host();
    union addr from = own_host();
    int fd = -1;

    addr_set_port(&to, port);
    assert_int_equal(socket_open_udp(&fd, &from, SOCKET_TOS_LEAVE, 0), 0);
    assert_int_equal(sendto(fd, "late", 4, 0, &to.sa, addr_len(&to)), 4);
    socket_close(&fd);
}

struct quiet_case {
    struct port_pool *pool;
    struct port_quiet *quiet;
    union addr host;
    uint16_t port;
};

/* A pool of one pair, which has been released at 0 and rests for 10 s. */
static void quiet_begin(struct quiet_case *c)
{
    *c = (struct quiet_case){.host = own_host()};
    c->pool = pool_of(30000, 30001, 10 * S);
    assert_int_equal(port_quiet_alloc(&c->quiet, c->pool, &c->host, 4), 0);
    c->port = take(c->pool);
    port_pool_release(c->pool, c->port, 0);
}

static void quiet_end(struct quiet_case *c)
{
    port_quiet_free(c->quiet);
    port_pool_free(c->pool);
}

static void a_quiet_pair_comes_back_after_its_rest(void **state)
{
    struct quiet_case c;
    (void)state;

    quiet_begin(&c);
    assert_true(port_quiet_deadline_us(c.quiet) == 9 * S);
    port_quiet_run(c.quiet, 9 * S);
    assert_true(port_quiet_deadline_us(c.quiet) == 10 * S);
    port_quiet_run(c.quiet, 10 * S - 1);
    assert_int_equal(stats_of(c.pool).free, 0);
    port_quiet_run(c.quiet, 10 * S);
    assert_int_equal(stats_of(c.pool).free, 1);
    assert_true(port_quiet_deadline_us(c.quiet) == UINT64_MAX);
    quiet_end(&c);
}

static void a_pair_that_hears_a_packet_rests_again(void **state)
{
    (void)state;

    for (unsigned component = 0; component < 2; component++) {
        struct quiet_case c;

        quiet_begin(&c);
        port_quiet_run(c.quiet, 9 * S);
        send_to((uint16_t)(c.port + component));
        port_quiet_run(c.quiet, 10 * S);
        assert_int_equal(stats_of(c.pool).n_noisy, 1);
        assert_int_equal(stats_of(c.pool).free, 0);
        port_quiet_run(c.quiet, 19 * S);
        port_quiet_run(c.quiet, 20 * S);
        assert_int_equal(stats_of(c.pool).free, 1);
        quiet_end(&c);
    }
}

static void a_pair_that_another_process_took_is_tried_again(void **state)
{
    struct quiet_case c;
    union addr other;
    int fd = -1;
    (void)state;

    quiet_begin(&c);
    other = c.host;
    addr_set_port(&other, (uint16_t)(c.port + 1));
    assert_int_equal(socket_open_udp(&fd, &other, SOCKET_TOS_LEAVE, 0), 0);
    port_quiet_run(c.quiet, 9 * S);
    assert_int_equal(stats_of(c.pool).n_bad, 1);
    socket_close(&fd);
    port_quiet_run(c.quiet, 18 * S);
    port_quiet_run(c.quiet, 19 * S);
    assert_int_equal(stats_of(c.pool).free, 1);
    quiet_end(&c);
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void listening_keeps_to_its_bound_of_descriptors(void **state)
{
    struct port_pool *p = pool_of(30000, 30099, 10 * S);
    const union addr host = own_host();
    const unsigned before = count_fds();
    struct port_quiet *q = NULL;
    unsigned seconds = 0;
    (void)state;

    assert_int_equal(port_quiet_alloc(&q, p, &host, 8), 0);
    for (unsigned i = 0; i < 50; i++)
        port_pool_release(p, take(p), 0);
    for (uint64_t now_us = 9 * S; stats_of(p).free < 50; now_us += S, seconds++) {
        port_quiet_run(q, now_us);
        assert_true(count_fds() <= before + 16);
        assert_true(seconds < 60);
    }
    assert_int_equal(seconds, 8); /* 50 pairs, 8 at a time, and the look at the first ones */
    port_quiet_free(q);
    assert_int_equal(count_fds(), before);
    port_pool_free(p);
}

static void half_a_pair_is_no_pair(void **state)
{
    const union addr host = own_host();
    union addr odd = host;
    int taken = -1;
    int fd[2] = {-1, -1};
    (void)state;

    addr_set_port(&odd, 30011);
    assert_int_equal(socket_open_udp(&taken, &odd, SOCKET_TOS_LEAVE, 0), 0);
    assert_int_equal(socket_open_pair(fd, &host, 30010, SOCKET_TOS_LEAVE), EADDRINUSE);
    assert_int_equal(fd[0], -1);
    socket_close(&taken);
    assert_int_equal(taken, -1);
    assert_int_equal(socket_open_pair(fd, &host, 30010, SOCKET_TOS_LEAVE), 0);
    socket_close(&fd[0]);
    socket_close(&fd[1]);
}

static int get_int(int fd, int level, int option)
{
    int value = -1;
    socklen_t n = sizeof(value);

    assert_int_equal(getsockopt(fd, level, option, &value, &n), 0);
    return value;
}

static void a_socket_has_the_tos_of_its_family(void **state)
{
    const union addr v4 = own_host();
    const union addr v6 = {.in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
    int fd = -1;
    (void)state;

    assert_int_equal(socket_open_udp(&fd, &v4, 184, 0), 0);
    assert_int_equal(get_int(fd, IPPROTO_IP, IP_TOS), 184);
    socket_close(&fd);
    if (!addr_is_local(&v6))
        skip();
    assert_int_equal(socket_open_udp(&fd, &v6, 184, 0), 0);
    assert_int_equal(get_int(fd, IPPROTO_IPV6, IPV6_TCLASS), 184);
    assert_int_equal(get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    socket_close(&fd);
}

static void an_address_that_is_not_ours_is_refused(void **state)
{
    union addr a;
    int fd = -1;
    (void)state;

    assert_int_equal(addr_parse_host(&a, "192.0.2.1", 9), 0);
    assert_int_equal(socket_open_udp(&fd, &a, SOCKET_TOS_LEAVE, 0), EADDRNOTAVAIL);
    memset(&a, 0, sizeof(a));
    assert_int_equal(socket_open_udp(&fd, &a, SOCKET_TOS_LEAVE, 0), EINVAL);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_an_even_port_and_the_one_above),
        cmocka_unit_test(without_memory_there_is_no_pool),
        cmocka_unit_test(a_pool_that_is_used_up_says_so),
        cmocka_unit_test(the_search_begins_where_it_is_told_and_goes_round),
        cmocka_unit_test(a_freed_pair_comes_last),
        cmocka_unit_test(a_released_pair_is_free_only_after_rest_and_quiet),
        cmocka_unit_test(a_pair_that_is_noted_late_is_still_listened_to_for_the_whole_time),
        cmocka_unit_test(a_noisy_pair_rests_again),
        cmocka_unit_test(pairs_come_back_in_the_order_of_their_release),
        cmocka_unit_test(without_rest_a_released_pair_is_free_at_once),
        cmocka_unit_test(a_pair_of_somebody_else_rests_even_where_others_do_not),
        cmocka_unit_test(no_pair_ever_has_two_users),
        cmocka_unit_test(a_quiet_pair_comes_back_after_its_rest),
        cmocka_unit_test(a_pair_that_hears_a_packet_rests_again),
        cmocka_unit_test(a_pair_that_another_process_took_is_tried_again),
        cmocka_unit_test(listening_keeps_to_its_bound_of_descriptors),
        cmocka_unit_test(half_a_pair_is_no_pair),
        cmocka_unit_test(a_socket_has_the_tos_of_its_family),
        cmocka_unit_test(an_address_that_is_not_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
