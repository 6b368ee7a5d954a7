#include "io_rig.h"

/* The ways in and out, each by itself: what arrives on sockets, what leaves by them, and how
 * sockets come and go. */

enum { PACKETS = 2048 };

/* Awaits n datagrams of n_bytes on one line, numbered from 0 on; batches may hold less. */
static void expect_in_order(struct io_rig *rig, unsigned n, size_t n_bytes)
{
    uint64_t end_us = clock_now_us() + RIG_WAIT_MS * 1000;
    unsigned i, next = 0;

    while (next < n) {
        assert_true(clock_now_us() < end_us);
        io_rig_read(rig);
        for (i = 0; i < rig->batch.n; i++) {
            assert_int_equal(rig->batch.pkt[i]->len, n_bytes);
            assert_int_equal(get_be16(rig->batch.pkt[i]->data), next++);
        }
        io_rig_give(rig);
    }
    assert_int_equal(next, n);
}

static void batches_of_every_size_arrive_whole_and_in_order(void **state)
{
    static const unsigned sizes[] = {1, 2, 255, 256, 257, 512, 1000};
    struct io_rig rig;
    struct io_line line;
    size_t k;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    (void)setsockopt(line.stream->socket[0].fd, SOL_SOCKET, SO_RCVBUF, &(int){4 << 20},
                     sizeof(int));
    for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        print_message("    %u of one call\n", sizes[k]);
        for (unsigned i = 0; i < sizes[k]; i++)
            io_line_feed(&rig, &line, 172, (uint16_t)i);
        expect_in_order(&rig, sizes[k], 172);
    }
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

static void two_hundred_and_fifty_six_calls_are_heard_once_each(void **state)
{
    static struct io_line lines[BATCH_MAX];
    static bool is_heard[BATCH_MAX];
    struct io_rig rig;
    unsigned i, n = 0;

    (void)state;
    memset(is_heard, 0, sizeof(is_heard));
    io_rig_open(&rig, PACKETS);
    for (i = 0; i < BATCH_MAX; i++)
        lines[i] = io_line_open(&rig);
    for (i = 0; i < BATCH_MAX; i++)
        io_line_feed(&rig, &lines[i], 172, (uint16_t)i);
    while (n < BATCH_MAX) {
        io_rig_read(&rig);
        assert_true(rig.batch.n > 0);
        for (i = 0; i < rig.batch.n; i++, n++) {
            unsigned number = get_be16(rig.batch.pkt[i]->data);

            assert_ptr_equal(rig.batch.pkt[i]->stream, lines[number].stream);
            assert_true(addr_equal(&rig.batch.pkt[i]->addr, &rig.sender));
            assert_false(is_heard[number]);
            is_heard[number] = true;
        }
        io_rig_give(&rig);
    }
    for (i = 0; i < BATCH_MAX; i++)
        io_line_close(&rig, &lines[i]);
    io_rig_close(&rig);
}

static void datagrams_of_every_length_are_told_apart(void **state)
{
    static const struct {
        size_t n_bytes;
        uint32_t len;
    } rows[] = {{2, 2},
                {12, 12},
                {172, 172},
                {1499, 1499},
                {1500, 1500},
                {1501, PACKET_MAX + 1},
                {9000, PACKET_MAX + 1},
                {65507, PACKET_MAX + 1}};
    struct io_rig rig;
    struct io_line line;
    size_t k;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        io_line_feed(&rig, &line, rows[k].n_bytes, (uint16_t)(1000 + k));
        io_rig_read(&rig);
        assert_int_equal(rig.batch.n, 1);
        assert_int_equal(rig.batch.pkt[0]->len, rows[k].len);
        assert_int_equal(rig.batch.pkt[0]->wire_len, rows[k].len);
        assert_int_equal(get_be16(rig.batch.pkt[0]->data), 1000 + k);
        assert_true(packet_room(rig.batch.pkt[0]) >= PACKET_MAX + PACKET_TAILROOM);
        io_rig_give(&rig);
    }
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

/* It ends a multishot receive: without arming again, nothing more would be heard. */
static void empty_datagram_silences_no_stream(void **state)
{
    struct io_rig rig;
    struct io_line line;
    unsigned i, k;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    for (i = 0; i < 100; i++) {
        io_line_feed(&rig, &line, 0, 0);
        io_line_feed(&rig, &line, 0, 0);
        io_line_feed(&rig, &line, 172, (uint16_t)i);
        for (k = 0; k < 3; k += rig.batch.n, io_rig_give(&rig)) {
            io_rig_read(&rig);
            assert_in_range(rig.batch.n, 1, 3);
            assert_int_equal(rig.batch.pkt[0]->len, k < 2 ? 0 : 172);
        }
    }
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

static void exhausted_pool_silences_no_stream(void **state)
{
    enum { FEW = 32, LINES = 8, EACH = 40 };
    struct io_line lines[LINES];
    struct packet *held[FEW];
    struct io_rig rig;
    unsigned heard[LINES] = {0}, n = 0, i, k;

    (void)state;
    io_rig_open(&rig, FEW);
    for (k = 0; k < LINES; k++)
        lines[k] = io_line_open(&rig);
    for (i = 0; i < EACH; i++) {
        for (k = 0; k < LINES; k++)
            io_line_feed(&rig, &lines[k], 172, (uint16_t)(k << 8 | i));
    }
    while (n < FEW) { /* every packet there is */
        io_rig_read(&rig);
        for (i = 0; i < rig.batch.n; i++)
            held[n++] = rig.batch.pkt[i];
    }
    io_rig_poll(&rig);
    assert_int_equal(rig.batch.n, 0);
    for (rig.batch.n = 0; rig.batch.n < FEW; rig.batch.n++)
        rig.batch.pkt[rig.batch.n] = held[rig.batch.n];
    for (n = 0;;) { /* they come back, and with them all that waited, in order */
        for (i = 0; i < rig.batch.n; i++, n++) {
            unsigned number = get_be16(rig.batch.pkt[i]->data);

            assert_int_equal(number & 0xff, heard[number >> 8]++);
        }
        io_rig_give(&rig);
        if (n == LINES * EACH)
            break;
        io_rig_read(&rig);
    }
    for (k = 0; k < LINES; k++)
        io_line_close(&rig, &lines[k]);
    io_rig_close(&rig);
}

static void port_can_be_bound_again_as_soon_as_its_socket_is_let_go(void **state)
{
    struct io_rig rig;
    struct io_line line;
    unsigned i;

    (void)state;
    io_rig_open(&rig, PACKETS);
    for (i = 0; i < 200; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        line = io_line_open(&rig);
        io_line_feed(&rig, &line, 172, (uint16_t)i);
        io_rig_read(&rig);
        assert_int_equal(rig.batch.n, 1);
        io_rig_give(&rig);
        io_line_close(&rig, &line);
        assert_int_equal(bind(fd, &line.local.sa, addr_len(&line.local)), 0);
        close(fd);
    }
    io_rig_close(&rig);
}

/* However far its way into the kernel had got. */
static void socket_is_let_go_at_any_moment(void **state)
{
    struct io_rig rig;
    unsigned n_reads, i;

    (void)state;
    io_rig_open(&rig, PACKETS);
    for (n_reads = 0; n_reads < 4; n_reads++) {
        struct io_line line = io_line_new();
        bool is_told = ingress_watch(rig.io, &line.stream->socket[0]) == 0;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        for (i = 0; i < n_reads; i++) {
            io_rig_poll(&rig);
            is_told = ingress_settled(rig.io) || is_told;
        }
        assert_true(is_told || n_reads < 2);
        io_line_close(&rig, &line);
        assert_null(ingress_settled(rig.io)); /* told once */
        assert_int_equal(bind(fd, &line.local.sa, addr_len(&line.local)), 0);
        close(fd);
    }
    io_rig_close(&rig);
}

static void nothing_enters_a_batch_after_its_socket_was_unwatched(void **state)
{
    struct io_rig rig;
    struct io_line line;
    unsigned i;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    io_rig_poll(&rig);
    for (i = 0; i < 10; i++)
        io_line_feed(&rig, &line, 172, (uint16_t)i);
    io_line_unwatch(&rig, &line); /* the rig looks into every batch meanwhile */
    io_rig_poll(&rig);
    assert_int_equal(rig.batch.n, 0);
    io_line_free(&line);
    io_rig_close(&rig);
}

static void slots_of_sockets_are_used_again(void **state)
{
    struct io_rig rig;
    struct io_line line;
    struct rlimit limit, few = {0};
    unsigned i;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){.rlim_cur = 64, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    io_rig_open(&rig, PACKETS);
    for (i = 0; i < 300; i++) {
        line = io_line_open(&rig);
        io_line_close(&rig, &line);
    }
    io_rig_close(&rig);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void write_to_the_wake_descriptor_ends_the_wait(void **state)
{
    struct io_wait for_ever = {.deadline_us = UINT64_MAX};
    struct io_wait gathering = {.deadline_us = UINT64_MAX, .gather_us = 1000};
    const uint64_t one = 1;
    struct io_rig rig;
    unsigned i;

    (void)state;
    io_rig_open(&rig, PACKETS);
    for (i = 0; i < 100; i++) {
        assert_int_equal(write(rig.wake_fd, &one, sizeof(one)), sizeof(one));
        ingress_read(rig.io, &rig.batch, i % 2 ? &gathering : &for_ever);
        assert_int_equal(rig.batch.n, 0);
    }
    io_rig_close(&rig);
}

static void deadline_ends_the_wait(void **state)
{
    struct io_rig rig;
    uint64_t deadline_us;

    (void)state;
    io_rig_open(&rig, PACKETS);
    deadline_us = clock_now_us() + 3000;
    while (clock_now_us() < deadline_us)
        ingress_read(rig.io, &rig.batch, &(struct io_wait){.deadline_us = deadline_us});
    assert_int_equal(rig.batch.n, 0);
    io_rig_close(&rig);
}

static void packets_gather_into_one_batch(void **state)
{
    struct io_wait wait = {.gather_us = 10000};
    struct io_rig rig;
    struct io_line line;
    unsigned i, n = 0;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    for (i = 0; i < 10; i++)
        io_line_feed(&rig, &line, 172, (uint16_t)i);
    wait.deadline_us = clock_now_us() + RIG_WAIT_MS * 1000;
    for (; n < 10; n += rig.batch.n, io_rig_give(&rig))
        ingress_read(rig.io, &rig.batch, &wait);
    assert_int_equal(n, 10);
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

/* A socket that is told of ICMP errors, as an application may have asked for. */
static void icmp_error_deafens_neither_its_socket_nor_others(void **state)
{
    struct io_line line, other;
    struct io_rig rig;
    union addr closed;
    unsigned i, n;
    int fd = rig_socket(&closed);

    (void)state;
    close(fd);
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    other = io_line_open(&rig);
    assert_int_equal(
        setsockopt(line.stream->socket[0].fd, IPPROTO_IP, IP_RECVERR, &(int){1}, sizeof(int)), 0);
    for (i = 0; i < 20; i++) {
        rig.batch.n = 0;
        io_line_post(&rig, &line, &closed, 1);
        egress_write(rig.io, &rig.batch);
        egress_flush(rig.io);
        io_line_feed(&rig, &line, 172, 1);
        io_line_feed(&rig, &other, 172, 2);
        for (n = 0; n < 2; n += rig.batch.n, io_rig_give(&rig))
            io_rig_read(&rig);
    }
    io_line_close(&rig, &line);
    io_line_close(&rig, &other);
    io_rig_close(&rig);
}

static void batch_leaves_by_all_its_sockets_in_order(void **state)
{
    enum { LINES = 64 };
    static struct io_line lines[LINES];
    struct io_rig rig;
    union addr to;
    unsigned next[LINES] = {0}, i, n_free;
    int fd = rig_socket(&to);

    (void)state;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4 << 20}, sizeof(int));
    io_rig_open(&rig, PACKETS);
    for (i = 0; i < LINES; i++)
        lines[i] = io_line_open(&rig);
    io_rig_poll(&rig);
    n_free = rig.pool.n_free;
    rig.batch.n = 0;
    for (i = 0; i < BATCH_MAX; i++)
        io_line_post(&rig, &lines[i % LINES], &to, (uint16_t)i);
    egress_write(rig.io, &rig.batch);
    egress_flush(rig.io);
    for (i = 0; i < BATCH_MAX; i++) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        uint8_t data[2048];
        unsigned number;

        assert_int_equal(poll(&pfd, 1, RIG_WAIT_MS), 1);
        assert_int_equal(recv(fd, data, sizeof(data), 0), 172);
        number = get_be16(data);
        assert_int_equal(number / LINES, next[number % LINES]++);
    }
    io_rig_poll(&rig);
    assert_int_equal(rig.pool.n_free, n_free);
    assert_int_equal(counter_get(&rig.count.packets_out), BATCH_MAX);
    assert_int_equal(counter_get(&rig.count.bytes_out), BATCH_MAX * 172);
    for (i = 0; i < LINES; i++)
        io_line_close(&rig, &lines[i]);
    close(fd);
    io_rig_close(&rig);
}

/* Port 0, an address of another family: what the kernel refuses is counted, the rest leaves. */
static void refused_packets_are_counted_and_hold_nothing_up(void **state)
{
    struct io_rig rig;
    struct io_line line;
    union addr to, nowhere;
    unsigned i, n_free;
    int fd = rig_socket(&to);

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    io_rig_poll(&rig);
    n_free = rig.pool.n_free;
    rig.batch.n = 0;
    for (i = 0; i < 30; i++) {
        nowhere = to;
        addr_set_port(&nowhere, 0);
        if (i % 3 == 1)
            nowhere = (union addr){.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)}};
        io_line_post(&rig, &line, i % 3 == 2 ? &to : &nowhere, (uint16_t)i);
    }
    egress_write(rig.io, &rig.batch);
    io_rig_poll(&rig); /* reading sends too */
    io_rig_poll(&rig);
    assert_int_equal(counter_get(&rig.count.drops[DROP_SEND]), 20);
    assert_int_equal(counter_get(&line.stream->count.drops[DROP_SEND]), 20);
    assert_int_equal(counter_get(&rig.count.packets_out), 10);
    assert_int_equal(rig.pool.n_free, n_free);
    io_line_close(&rig, &line);
    close(fd);
    io_rig_close(&rig);
}

/* The kernel says with a datagram how many found no room before it. */
static void datagrams_that_the_kernel_dropped_are_counted(void **state)
{
    struct io_line line = io_line_new();
    int fd = line.stream->socket[0].fd;
    struct io_rig rig;
    unsigned n = 0, i;

    (void)state;
    io_rig_open(&rig, PACKETS);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &(int){1}, sizeof(int));
    for (i = 0; i < 1000; i++)
        io_line_feed(&rig, &line, 172, 0);
    io_line_watch(&rig, &line);
    do { /* all that found room */
        io_rig_read(&rig);
        n += rig.batch.n;
        io_rig_give(&rig);
    } while (recv(fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) >= 0);
    io_line_feed(&rig, &line, 172, 0);
    do {
        io_rig_read(&rig);
        n += rig.batch.n;
        io_rig_give(&rig);
    } while (n + counter_get(&rig.count.drops[DROP_KERNEL]) < 1001);
    assert_true(n < 1000);
    assert_int_equal(n + counter_get(&line.stream->count.drops[DROP_KERNEL]), 1001);
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

static void arrival_time_is_known_where_it_was_asked_for(void **state)
{
    struct io_rig rig;
    struct io_line line;
    uint64_t before_us;

    (void)state;
    io_rig_open(&rig, PACKETS);
    line = io_line_open(&rig);
    io_line_feed(&rig, &line, 172, 0);
    io_rig_read(&rig);
    assert_int_equal(rig.batch.pkt[0]->arrived_us, 0);
    io_rig_give(&rig);
    (void)setsockopt(line.stream->socket[0].fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int));
    before_us = clock_now_us();
    io_line_feed(&rig, &line, 172, 0);
    io_rig_read(&rig);
    assert_int_equal(rig.batch.n, 1);
    assert_in_range(rig.batch.pkt[0]->arrived_us + 1000, before_us, clock_now_us() + 1000);
    io_rig_give(&rig);
    io_line_close(&rig, &line);
    io_rig_close(&rig);
}

static void provider_that_was_asked_for_is_the_one_chosen(void **state)
{
    const struct io_provider *provider = NULL;
    const char *name = getenv("PICRELAY_IO");

    (void)state;
    assert_int_equal(io_choose(&provider, rig_io()), 0);
    if (name)
        assert_string_equal(provider->name, name);
    assert_int_equal(io_choose(&provider, MEDIA_IO_EPOLL), 0);
    assert_string_equal(provider->name, "epoll");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provider_that_was_asked_for_is_the_one_chosen),
        cmocka_unit_test(batches_of_every_size_arrive_whole_and_in_order),
        cmocka_unit_test(two_hundred_and_fifty_six_calls_are_heard_once_each),
        cmocka_unit_test(datagrams_of_every_length_are_told_apart),
        cmocka_unit_test(empty_datagram_silences_no_stream),
        cmocka_unit_test(exhausted_pool_silences_no_stream),
        cmocka_unit_test(port_can_be_bound_again_as_soon_as_its_socket_is_let_go),
        cmocka_unit_test(socket_is_let_go_at_any_moment),
        cmocka_unit_test(nothing_enters_a_batch_after_its_socket_was_unwatched),
        cmocka_unit_test(slots_of_sockets_are_used_again),
        cmocka_unit_test(write_to_the_wake_descriptor_ends_the_wait),
        cmocka_unit_test(deadline_ends_the_wait),
        cmocka_unit_test(packets_gather_into_one_batch),
        cmocka_unit_test(icmp_error_deafens_neither_its_socket_nor_others),
        cmocka_unit_test(batch_leaves_by_all_its_sockets_in_order),
        cmocka_unit_test(refused_packets_are_counted_and_hold_nothing_up),
        cmocka_unit_test(datagrams_that_the_kernel_dropped_are_counted),
        cmocka_unit_test(arrival_time_is_known_where_it_was_asked_for),
    };

    if (rig_io_is_refused())
        return RIG_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
