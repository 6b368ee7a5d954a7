#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <nice/agent.h>
#include <nice/interfaces.h>

#include "tests/ice_rig.h"

/* ---- helpers ---- */

static unsigned count_entries(const char *path)
{
    DIR *dir = opendir(path);
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* ---- connecting ---- */

static void connect_over(const char *local, enum ice_mode mode)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(mode, &a), cfg_b = config(mode, &b);

    print_message("           %s over %s\n", ice_mode_name(mode), local);
    cfg_a.is_controlling = true;
    cfg_a.local = cfg_b.local = address(local, 0);
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    introduce(&a, &b, mode);
    await_both(ice, &a, &b, ICE_STATE_READY);
    assert_pairs_meet(&a, &b);
    assert_pairs_meet(&b, &a);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
}

static void ice_connects_two_legs_of_the_same_mode(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_MODES; i++)
        connect_over("127.0.0.1", modes[i]);
}

static void ice_connects_over_ipv6(void **state)
{
    (void)state;
    connect_over("::1", ICE_MODE_RFC);
    connect_over("::1", ICE_MODE_LYNC);
}

/* Other pairs that must not connect do not get to FAILED on both sides: libnice falls silent. */
#define N_STRANGERS 2
static const enum ice_mode strangers[N_STRANGERS][2] = {{ICE_MODE_RFC, ICE_MODE_LYNC},
                                                        {ICE_MODE_LYNC, ICE_MODE_RFC}};

static void ice_never_connects_modes_that_differ(void **state)
{
    struct ice *ice;
    struct end ends[N_STRANGERS][2] = {0};

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    for (unsigned i = 0; i < N_STRANGERS; i++) {
        for (unsigned j = 0; j < 2; j++) {
            struct ice_leg_config cfg = config(strangers[i][j], &ends[i][j]);

            if (!getenv("PICRELAY_LONG_TESTS")) { /* libnice's own take seven seconds */
                cfg.idle_ms = 50;
                cfg.n_transmissions = 1;
            }
            cfg.is_controlling = j == 0;
            end_open(&ends[i][j], ice, &cfg);
        }
        introduce(&ends[i][0], &ends[i][1], strangers[i][0]);
    }
    for (unsigned i = 0; i < N_STRANGERS; i++) {
        print_message("           %s and %s\n", ice_mode_name(strangers[i][0]),
                      ice_mode_name(strangers[i][1]));
        await_both(ice, &ends[i][0], &ends[i][1], ICE_STATE_FAILED);
    }
    for (unsigned i = 0; i < N_STRANGERS; i++) {
        for (unsigned j = 0; j < 2; j++) {
            assert_int_equal(ends[i][j].n_selected[0] + ends[i][j].n_selected[1], 0);
            ice_leg_free(ends[i][j].leg);
        }
    }
    ice_free(ice);
}

static void ice_learns_a_remote_address_that_no_line_named(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    struct ice_candidate nowhere[COMPONENTS];

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    signal_credentials(&a, &b);
    signal_credentials(&b, &a);
    signal_candidates(&b, &a, false);

    assert_int_equal(ice_local_candidates(b.leg, 0, nowhere, COMPONENTS), COMPONENTS);
    for (unsigned i = 0; i < COMPONENTS; i++) /* a port where nobody listens */
        nowhere[i].addr = address("127.0.0.1", 9);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, nowhere, COMPONENTS), COMPONENTS);

    await_both(ice, &a, &b, ICE_STATE_READY);
    assert_pairs_meet(&a, &b);
    assert_int_equal(a.remote[0].type, ICE_PRFLX);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
}

static void ice_connects_again_after_a_restart(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_LYNC, &a), cfg_b = config(ICE_MODE_LYNC, &b);
    char ufrag[ICE_UFRAG_MAX], pwd[ICE_PWD_MAX];

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    introduce(&a, &b, ICE_MODE_LYNC);
    await_both(ice, &a, &b, ICE_STATE_READY);

    snprintf(ufrag, sizeof(ufrag), "%s", ice_local_ufrag(a.leg, 0));
    snprintf(pwd, sizeof(pwd), "%s", ice_local_pwd(a.leg, 0));
    assert_int_equal(ice_leg_restart(a.leg), 0);
    assert_int_equal(ice_leg_restart(b.leg), 0);
    assert_string_not_equal(ice_local_ufrag(a.leg, 0), ufrag);
    assert_string_not_equal(ice_local_pwd(a.leg, 0), pwd);

    ice_dispatch(ice, event_h, NULL);
    memset(a.states, 0, sizeof(a.states));
    memset(b.states, 0, sizeof(b.states));
    introduce(&a, &b, ICE_MODE_LYNC);
    await_both(ice, &a, &b, ICE_STATE_READY);
    assert_pairs_meet(&a, &b);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
}

/* ---- the data path ---- */

static void ice_keeps_stun_away_from_the_media_socket(void **state)
{
    static const uint8_t bare_request[28] = {0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t check[100] = {0x00, 0x01, 0x00, 0x50, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t rtp[172] = {0x80, 0x08};
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    struct sockaddr_storage addr;
    uint8_t got[1500];
    int fd, media_fd;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (unsigned i = 0; i < COMPONENTS; i++) {
        addr = address("127.0.0.1", a.ports[i]);
        assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        assert_int_equal(send(fd, check, sizeof(check), 0), sizeof(check));
        assert_int_equal(send(fd, rtp, sizeof(rtp), 0), sizeof(rtp));
        assert_int_equal(send(fd, bare_request, sizeof(bare_request), 0), sizeof(bare_request));

        media_fd = ice_media_fd(a.leg, 0, i + 1);
        assert_int_equal(fcntl(media_fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        assert_int_equal(recv(media_fd, got, sizeof(got), 0), sizeof(rtp));
        assert_int_equal(recv(media_fd, got, sizeof(got), 0), sizeof(bare_request));
        assert_int_equal(recv(media_fd, got, sizeof(got), 0), -1);
    }
    close(fd);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_media_can_be_sent_from_the_signalled_port(void **state)
{
    static const uint8_t rtp[172] = {0x80, 0x08};
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_LYNC, &a), cfg_b = config(ICE_MODE_LYNC, &b);
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);
    uint8_t got[1500];

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    introduce(&a, &b, ICE_MODE_LYNC);
    await_both(ice, &a, &b, ICE_STATE_READY);

    assert_int_equal(sendto(ice_media_fd(a.leg, 0, 1), rtp, sizeof(rtp), 0,
                            (struct sockaddr *)&a.remote[0].addr, sizeof(struct sockaddr_in)),
                     sizeof(rtp));
    assert_int_equal(
        recvfrom(ice_media_fd(b.leg, 0, 1), got, sizeof(got), 0, (struct sockaddr *)&from, &len),
        sizeof(rtp));
    assert_int_equal(ntohs(from.sin_port), a.ports[0]);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
}

#define FLOOD_THREADS 2

struct flood {
    struct sockaddr_storage to;
    atomic_bool is_over;
};

/* Looks like a check until libnice finds no USERNAME in it. */
static void *flood_run(void *arg)
{
    static const uint8_t request[64] = {0x00, 0x01, 0x00, 0x2c, 0x21, 0x12, 0xa4, 0x42};
    struct flood *flood = arg;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    while (!atomic_load(&flood->is_over))
        sendto(fd, request, sizeof(request), 0, (struct sockaddr *)&flood->to,
               sizeof(struct sockaddr_in));
    close(fd);
    return NULL;
}

/* libnice reads a socket until it is empty, which under a flood it never is; see ice/door.c. */
static void ice_connects_while_another_legs_port_is_flooded(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0}, victim = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_LYNC, &a), cfg_b = config(ICE_MODE_LYNC, &b);
    struct ice_leg_config cfg_victim = config(ICE_MODE_LYNC, &victim);
    struct flood flood = {.is_over = false};
    pthread_t threads[FLOOD_THREADS];

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&victim, ice, &cfg_victim);
    flood.to = address("127.0.0.1", victim.ports[0]);
    for (unsigned i = 0; i < FLOOD_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flood_run, &flood), 0);

    for (unsigned i = 0; i < 5; i++) {
        memset(&a, 0, sizeof(a));
        memset(&b, 0, sizeof(b));
        end_open(&a, ice, &cfg_a);
        end_open(&b, ice, &cfg_b);
        introduce(&a, &b, ICE_MODE_LYNC);
        await_both(ice, &a, &b, ICE_STATE_READY);
        ice_leg_free(a.leg);
        ice_leg_free(b.leg);
    }
    ice_leg_free(victim.leg); /* nor does control wait for the flood to end */

    atomic_store(&flood.is_over, true);
    for (unsigned i = 0; i < FLOOD_THREADS; i++)
        pthread_join(threads[i], NULL);
    ice_free(ice);
}

/* ---- what libnice is told of its surroundings: host.c ---- */

/* GLib's generator would say the same after the same seed, and can be told from what it said. */
static void ice_has_passwords_that_nobody_can_compute(void **state)
{
    char pwd[2][ICE_PWD_MAX];
    struct ice *ice;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    for (unsigned m = 0; m < N_MODES; m++) {
        for (unsigned i = 0; i < 2; i++) {
            struct end a = {0};
            struct ice_leg_config cfg = config(modes[m], &a);
            struct ice_candidate c[COMPONENTS];

            g_random_set_seed(1);
            end_open(&a, ice, &cfg);
            assert_int_equal(ice_local_candidates(a.leg, 0, c, COMPONENTS), COMPONENTS);
            snprintf(pwd[i], sizeof(pwd[i]), "%s",
                     is_draft6(cfg.mode) ? c[0].pwd : ice_local_pwd(a.leg, 0));
            assert_true(strlen(pwd[i]) >= 22);
            ice_leg_free(a.leg);
        }
        assert_string_not_equal(pwd[0], pwd[1]);
    }
    ice_free(ice);
}

static void numbers_at_random_are_within_what_was_asked_for(void **state)
{
    unsigned n_seen[3] = {0};

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        const gint32 n = g_random_int_range(-1, 2);

        assert_in_range(n + 1, 0, 2);
        n_seen[n + 1]++;
    }
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(n_seen[i], 700, 1300); /* eleven times their deviation either way */
    assert_int_equal(g_random_int_range(7, 8), 7);
}

/* The addresses of the host are nobody's business: libnice would ask the kernel for them with each
 * socket, candidate and check. */
static void ice_looks_no_addresses_up(void **state)
{
    NiceAddress loopback;

    (void)state;
    assert_true(nice_address_set_from_string(&loopback, "127.0.0.1"));
    assert_int_equal(nice_interfaces_get_if_index_by_addr(&loopback), 0);
    assert_null(nice_interfaces_get_local_ips(TRUE));
}

/* libnice would take 128 KB for each component. Where the allocator tells nothing (under
 * sanitizers) this shows nothing. */
static void a_leg_takes_no_more_memory_than_it_needs(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    size_t before;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg); /* what is made once in a process is made with this one */
    ice_leg_free(a.leg);
    before = mallinfo2().uordblks;
    end_open(&a, ice, &cfg);
    assert_true(mallinfo2().uordblks < before + 65536);
    ice_leg_free(a.leg);
    ice_free(ice);
}

/* libnice has room for what the door gives it, and thinks that it has 64 KB. */
static void ice_connects_when_the_longest_datagrams_come_first(void **state)
{
    static const uint8_t first_bytes[] = {0x00, 0x01, 0x03, 0x80};
    static uint8_t datagram[65507]; /* the longest that IPv4 has */
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    cfg_a.is_controlling = true;
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    for (unsigned i = 0; i < COMPONENTS * sizeof(first_bytes); i++) {
        const struct sockaddr_storage to = address("127.0.0.1", a.ports[i % COMPONENTS]);

        datagram[0] = first_bytes[i / COMPONENTS];
        datagram[1] = 0x01;
        assert_int_equal(sendto(fd, datagram, sizeof(datagram), 0, (const struct sockaddr *)&to,
                                sizeof(struct sockaddr_in)),
                         sizeof(datagram));
    }
    introduce(&a, &b, ICE_MODE_RFC);
    await_both(ice, &a, &b, ICE_STATE_READY);
    assert_pairs_meet(&a, &b);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
    close(fd);
}

/* ---- ports, descriptors, lifetime ---- */

static void ice_gives_a_removed_streams_ports_back_at_once(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_LYNC, &a);
    const unsigned n_fds = count_entries("/proc/self/fd");

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    for (int i = 0; i < 50; i++) {
        ice_leg_remove_stream(a.leg, 0);
        assert_int_equal(ice_media_fd(a.leg, 0, 1), -1);
        assert_int_equal(ice_leg_add_stream(a.leg, COMPONENTS, a.ports), 0);
    }
    ice_leg_free(a.leg);
    assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), 0);
    assert_int_equal(ice_leg_add_stream(a.leg, COMPONENTS, a.ports), 0);
    ice_leg_free(a.leg);
    ice_free(ice);
    assert_int_equal(count_entries("/proc/self/fd"), n_fds);
}

static void ice_connects_on_ports_that_were_used_before(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    ice_leg_remove_stream(a.leg, 0);
    ice_leg_remove_stream(b.leg, 0);
    assert_int_equal(ice_leg_add_stream(a.leg, COMPONENTS, a.ports), 0);
    assert_int_equal(ice_leg_add_stream(b.leg, COMPONENTS, b.ports), 0);
    introduce(&a, &b, ICE_MODE_RFC);
    await_both(ice, &a, &b, ICE_STATE_READY);
    assert_pairs_meet(&a, &b);
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_free(ice);
}

static void ice_says_when_a_port_is_taken_and_leaves_nothing(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    uint16_t ports[3];
    unsigned n_fds;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    free_ports("127.0.0.1", ports, 2);
    ports[2] = a.ports[1];
    assert_int_equal(ice_leg_alloc(&b.leg, ice, &cfg), 0);
    n_fds = count_entries("/proc/self/fd");

    assert_int_equal(ice_leg_add_stream(b.leg, 2, &ports[1]), -EADDRINUSE);
    assert_int_equal(ice_leg_add_stream(b.leg, 1, a.ports), -EADDRINUSE);
    assert_int_equal(count_entries("/proc/self/fd"), n_fds);
    assert_int_equal(ice_leg_add_stream(b.leg, 2, ports), 0); /* the free one was given back */
    ice_leg_free(b.leg);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_refuses_a_stream_with_the_same_port_twice(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    unsigned n_fds;
    uint16_t ports[2];

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), 0);
    free_ports("127.0.0.1", ports, 1);
    ports[1] = ports[0];
    n_fds = count_entries("/proc/self/fd");
    assert_int_equal(ice_leg_add_stream(a.leg, 2, ports), -EADDRINUSE);
    assert_int_equal(count_entries("/proc/self/fd"), n_fds);
    assert_int_equal(ice_leg_add_stream(a.leg, 1, ports), 0);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_leaves_no_descriptor_and_no_thread_behind(void **state)
{
    enum { LEGS = 200 };
    static struct end ends[LEGS];
    struct ice *ice;
    const unsigned n_fds = count_entries("/proc/self/fd");
    const unsigned n_threads = count_entries("/proc/self/task");

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    for (unsigned i = 0; i < LEGS; i++) {
        struct ice_leg_config cfg = config(modes[i / 2 % N_MODES], &ends[i]);

        cfg.is_controlling = i % 2 == 0;
        end_open(&ends[i], ice, &cfg);
        if (i % 2 == 1) /* in the middle of their checks when they go */
            signal_candidates(&ends[i], &ends[i - 1], is_draft6(cfg.mode));
    }
    for (unsigned i = 0; i < LEGS; i++)
        ice_leg_free(ends[(i * 7) % LEGS].leg);
    ice_free(ice);
    assert_int_equal(count_entries("/proc/self/fd"), n_fds);
    assert_int_equal(count_entries("/proc/self/task"), n_threads);
}

/* @return the limit with which n more descriptors can be had; numbers in use may have gaps */
static struct rlimit limit_for(unsigned n, const struct rlimit *old)
{
    struct rlimit limit = *old;
    int fds[PORTS_MAX] = {0};

    assert_true(n < PORTS_MAX);
    for (unsigned i = 0; i <= n; i++) {
        fds[i] = dup(STDERR_FILENO);
        assert_true(fds[i] >= 0);
    }
    limit.rlim_cur = (rlim_t)fds[n];
    for (unsigned i = 0; i <= n; i++)
        close(fds[i]);
    return limit;
}

static int add_stream_with_descriptors(struct end *a, unsigned n)
{
    const unsigned n_fds = count_entries("/proc/self/fd");
    struct rlimit old, low;
    int stream;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = limit_for(n, &old);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    stream = ice_leg_add_stream(a->leg, COMPONENTS, a->ports);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    if (stream < 0)
        assert_int_equal(count_entries("/proc/self/fd"), n_fds);
    return stream;
}

static void ice_says_when_descriptors_run_out(void **state)
{
    enum { NEEDED = 2 * COMPONENTS }; /* a port has two sockets */
    struct ice *ice;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    for (unsigned m = 0; m < N_MODES; m++) {
        struct end a = {0};
        struct ice_leg_config cfg = config(modes[m], &a);

        assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), 0);
        free_ports("127.0.0.1", a.ports, COMPONENTS);
        for (unsigned n = 0; n < NEEDED; n++)
            assert_int_equal(add_stream_with_descriptors(&a, n), -EMFILE);
        assert_int_equal(add_stream_with_descriptors(&a, NEEDED), 0);
        ice_leg_free(a.leg);
    }
    ice_free(ice);
}

/* GLib would end the process; see ice_contexts_take(). */
static void ice_has_a_descriptor_for_a_leg_or_says_that_it_has_not(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    struct rlimit old, low;

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = limit_for(0, &old);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), 0);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_takes_as_many_streams_as_it_says(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    uint16_t ports[2 * ICE_STREAMS_MAX];

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    assert_int_equal(ice_leg_alloc(&a.leg, ice, &cfg), 0);
    free_ports("127.0.0.1", ports, 2 * ICE_STREAMS_MAX);
    for (int i = 0; i < ICE_STREAMS_MAX; i++)
        assert_int_equal(ice_leg_add_stream(a.leg, 2, &ports[2 * i]), i);
    assert_int_equal(ice_leg_add_stream(a.leg, 2, ports), -EINVAL);
    ice_leg_remove_stream(a.leg, 3);
    assert_int_equal(ice_leg_add_stream(a.leg, 2, &ports[6]), 3);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_tells_nothing_of_a_leg_that_was_freed(void **state)
{
    struct ice *ice;
    struct end a = {0}, b = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &a), cfg_b = config(ICE_MODE_RFC, &b);

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg_a);
    end_open(&b, ice, &cfg_b);
    introduce(&a, &b, ICE_MODE_RFC);
    await_event(ice); /* news waits, of one leg or of both */
    ice_leg_free(a.leg);
    ice_leg_free(b.leg);
    ice_dispatch(ice, event_h, NULL);
    assert_int_equal(a.n_events + b.n_events, 0);
    ice_free(ice);
}

static void free_h(const struct ice_event *ev, void *arg)
{
    struct end *ends = arg;

    ((struct end *)ev->arg)->n_events++;
    ice_leg_free(ends[0].leg);
    ice_leg_free(ends[1].leg);
    ends[0].leg = ends[1].leg = NULL;
}

static void ice_lets_a_handler_free_legs_that_have_news(void **state)
{
    struct ice *ice;
    struct end ends[2] = {0};
    struct ice_leg_config cfg_a = config(ICE_MODE_RFC, &ends[0]);
    struct ice_leg_config cfg_b = config(ICE_MODE_RFC, &ends[1]);

    (void)state;
    cfg_a.is_controlling = true;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&ends[0], ice, &cfg_a);
    end_open(&ends[1], ice, &cfg_b);
    introduce(&ends[0], &ends[1], ICE_MODE_RFC);
    while (ends[0].leg) {
        await_event(ice);
        ice_dispatch(ice, free_h, ends);
    }
    assert_int_equal(ends[0].n_events + ends[1].n_events, 1);
    ice_free(ice);
}

/* ---- what comes from signalling ---- */

static void ice_refuses_credentials_that_cannot_be(void **state)
{
    static const struct {
        const char *reason, *ufrag, *pwd;
        int err;
    } rows[] = {
        {"as short as may be", "abcd", "0123456789012345678901", 0},
        {"as Lync writes them", "qTWN", "2o2rsADDtO3pvvcdWePDtHhn", 0},
        {"ufrag too short", "abc", "0123456789012345678901", EINVAL},
        {"pwd too short", "abcd", "012345678901234567890", EINVAL},
        {"a colon would end the ufrag within USERNAME", "ab:d", "0123456789012345678901", EINVAL},
        {"a blank", "abcd", "0123456789 12345678901", EINVAL},
        {"empty", "", "", EINVAL},
    };
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    char longest[ICE_UFRAG_MAX + 1];

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("           %s\n", rows[i].reason);
        assert_int_equal(ice_set_remote_credentials(a.leg, 0, rows[i].ufrag, rows[i].pwd),
                         rows[i].err);
    }
    memset(longest, 'a', sizeof(longest));
    longest[ICE_UFRAG_MAX] = '\0';
    assert_int_equal(ice_set_remote_credentials(a.leg, 0, longest, longest), EINVAL);
    longest[ICE_UFRAG_MAX - 1] = '\0';
    assert_int_equal(ice_set_remote_credentials(a.leg, 0, longest, longest), 0);
    assert_int_equal(ice_set_remote_credentials(a.leg, 1, "abcd", longest), EINVAL);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static int offer_lines(struct end *a, const char *const *lines, size_t n)
{
    struct ice_candidate c[64];

    for (size_t i = 0; i < n; i++)
        assert_int_equal(ice_candidate_parse(&c[i], lines[i], strlen(lines[i])), 0);
    return ice_set_remote_candidates(a->leg, 0, c, n);
}

static void ice_leaves_unusable_candidates_out(void **state)
{
    static const char *const lines[] = {
        "1 1 UDP 2130706431 127.0.0.1 9 typ host",       /* taken */
        "1 1 UDP 2130706431 127.0.0.1 9 typ host",       /* the same again */
        "2 1 TCP-PASS 174456319 127.0.0.1 9 typ relay",  /* TCP */
        "3 1 UDP 2130706430 2001:db8::1 9 typ host",     /* other family */
        "4 1 UDP 2130706429 239.1.2.3 9 typ host",       /* multicast */
        "5 1 UDP 2130706428 0.0.0.0 9 typ host",         /* unspecified */
        "6 1 UDP 2130706427 169.254.1.1 9 typ host",     /* link-local; the interface is not */
        "7 1 UDP 2130706426 127.0.0.1 0 typ host",       /* no port */
        "8 3 UDP 2130706425 127.0.0.1 10 typ host",      /* no such component */
        "9 2 UDP 2130706424 127.0.0.1 11 typ host",      /* taken */
        "10 2 UDP 2130706423 127.0.0.1 12 typ prflx",    /* taken: as Lync's final offer */
        "11 1 UDP 2130706422 255.255.255.255 9 typ host" /* broadcast */
    };
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_LYNC, &a);

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    assert_int_equal(offer_lines(&a, lines, sizeof(lines) / sizeof(lines[0])), 3);
    assert_int_equal(offer_lines(&a, NULL, 0), 0);
    assert_int_equal(ice_set_remote_candidates(a.leg, 5, NULL, 0), -EINVAL);
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_takes_no_more_candidates_than_the_limit(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_RFC, &a);
    struct ice_candidate c[2 * ICE_CANDIDATES_MAX];

    (void)state;
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    for (unsigned i = 0; i < 2 * ICE_CANDIDATES_MAX; i++)
        c[i] = (struct ice_candidate){.foundation = "1",
                                      .component = 1,
                                      .priority = 1000 - i,
                                      .addr = address("127.0.0.1", (uint16_t)(10 + i))};
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, c, 20), 20);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, c + 20, 2 * ICE_CANDIDATES_MAX - 20),
                     ICE_CANDIDATES_MAX - 20);
    assert_int_equal(ice_set_remote_candidates(a.leg, 0, c, ICE_CANDIDATES_MAX),
                     ICE_CANDIDATES_MAX); /* again: known ones cost nothing */
    ice_leg_free(a.leg);
    ice_free(ice);
}

static void ice_writes_the_advertised_address_into_its_candidates(void **state)
{
    struct ice *ice;
    struct end a = {0};
    struct ice_leg_config cfg = config(ICE_MODE_LYNC, &a);
    struct ice_candidate c[COMPONENTS];

    (void)state;
    cfg.advertise = address("192.0.2.50", 0);
    assert_int_equal(ice_alloc(&ice), 0);
    end_open(&a, ice, &cfg);
    assert_int_equal(ice_local_candidates(a.leg, 0, c, COMPONENTS), COMPONENTS);
    for (unsigned i = 0; i < COMPONENTS; i++) {
        struct sockaddr_storage want = address("192.0.2.50", a.ports[i]);

        assert_same_addr(&c[i].addr, &want);
        assert_int_equal(c[i].type, ICE_HOST);
        assert_int_equal(c[i].component, i + 1);
    }
    assert_int_equal(ice_local_candidates(a.leg, 0, c, 1), 1);
    assert_int_equal(ice_local_candidates(a.leg, 4, c, COMPONENTS), 0);
    ice_leg_free(a.leg);
    ice_free(ice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ice_connects_two_legs_of_the_same_mode),
        cmocka_unit_test(ice_connects_over_ipv6),
        cmocka_unit_test(ice_never_connects_modes_that_differ),
        cmocka_unit_test(ice_learns_a_remote_address_that_no_line_named),
        cmocka_unit_test(ice_connects_again_after_a_restart),
        cmocka_unit_test(ice_keeps_stun_away_from_the_media_socket),
        cmocka_unit_test(ice_media_can_be_sent_from_the_signalled_port),
        cmocka_unit_test(ice_connects_while_another_legs_port_is_flooded),
        cmocka_unit_test(ice_has_passwords_that_nobody_can_compute),
        cmocka_unit_test(numbers_at_random_are_within_what_was_asked_for),
        cmocka_unit_test(ice_looks_no_addresses_up),
        cmocka_unit_test(a_leg_takes_no_more_memory_than_it_needs),
        cmocka_unit_test(ice_connects_when_the_longest_datagrams_come_first),
        cmocka_unit_test(ice_gives_a_removed_streams_ports_back_at_once),
        cmocka_unit_test(ice_connects_on_ports_that_were_used_before),
        cmocka_unit_test(ice_says_when_a_port_is_taken_and_leaves_nothing),
        cmocka_unit_test(ice_refuses_a_stream_with_the_same_port_twice),
        cmocka_unit_test(ice_leaves_no_descriptor_and_no_thread_behind),
        cmocka_unit_test(ice_says_when_descriptors_run_out),
        cmocka_unit_test(ice_has_a_descriptor_for_a_leg_or_says_that_it_has_not),
        cmocka_unit_test(ice_takes_as_many_streams_as_it_says),
        cmocka_unit_test(ice_tells_nothing_of_a_leg_that_was_freed),
        cmocka_unit_test(ice_lets_a_handler_free_legs_that_have_news),
        cmocka_unit_test(ice_refuses_credentials_that_cannot_be),
        cmocka_unit_test(ice_leaves_unusable_candidates_out),
        cmocka_unit_test(ice_takes_no_more_candidates_than_the_limit),
        cmocka_unit_test(ice_writes_the_advertised_address_into_its_candidates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
