#include "tests/program/talk.h"

#include <errno.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* How it starts, and how it says that it cannot: a sentence that names what is wrong. */

static const char program[] = PICRELAY_BINARY_DIR "/picrelay";

/* Runs picrelay with a file until it ends. The texts %s and %u of the file are our address and a
 * port. */
struct start {
    struct loop *loop;
    struct process *process;
    char address[16], folder[32], path[64];
    uint16_t port;
};

static int setup(void **state)
{
    static struct start s;

    assert_int_equal(loop_alloc(&s.loop), 0);
    relay_own_address(s.address);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    loop_free(((struct start *)*state)->loop);
    return 0;
}

static void run(struct start *s, const char *text, const char *option, uint64_t n_descriptors)
{
    const struct relay r = {.loop = s->loop};

    relay_write_file(s->folder, s->path, text);
    const char *const argv[] = {program, "--config", s->path, option, NULL};
    const struct process_config cfg = {
        .loop = s->loop, .argv = argv, .n_descriptors = n_descriptors, .is_quiet = true};
    assert_int_equal(process_start(&s->process, &cfg), 0);
    relay_wait(&r, process_has_ended, s->process, "the end of picrelay");
}

static void put_away(struct start *s)
{
    process_free(s->process);
    relay_remove_file(s->folder, s->path);
    s->process = NULL;
}

static void expect_complaint(const struct start *s, int status, const char *text)
{
    const char *err = process_err(s->process);

    if (process_status(s->process) == status && strstr(err, text))
        return;
    print_error("status %d (expected %d), expected \"%s\" in: %s\n", process_status(s->process),
                status, text, err);
    fail();
}

/* A socket that has the port before picrelay wants it. */
static int take_port(const struct start *s, int type, uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t n = sizeof(in);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, s->address, &in.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 1), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

/* The smallest file that serves. */
static void file_write(char *text, size_t cap, const char *address, const char *ng_address,
                       uint16_t ng, uint16_t http)
{
    snprintf(text, cap,
             "interfaces:\n"
             "  - {name: enterprise, address: %s, ports: 10000-10999}\n"
             "control: {ng: [\"udp:%s:%u\"]}\n"
             "http: %s:%u\n"
             "workers: 1\n",
             address, ng_address, ng, ng_address, http);
}

/* ---- the host ---------------------------------------------------------------------------------
 */

static void a_control_port_in_use_is_named(void **state)
{
    struct start *s = *state;
    char text[512], expected[128];
    uint16_t port, http = relay_free_port(s->address, SOCK_STREAM);
    int fd = take_port(s, SOCK_DGRAM, &port);

    file_write(text, sizeof(text), s->address, s->address, port, http);
    run(s, text, NULL, 0);
    snprintf(expected, sizeof(expected), "picrelay: control.ng udp:%s:%u: Address already in use",
             s->address, port);
    expect_complaint(s, 1, expected);
    put_away(s);
    close(fd);
}

static void an_http_port_in_use_is_named(void **state)
{
    struct start *s = *state;
    char text[512], expected[128];
    uint16_t port, ng = relay_free_port(s->address, SOCK_DGRAM);
    int fd = take_port(s, SOCK_STREAM, &port);

    file_write(text, sizeof(text), s->address, s->address, ng, port);
    run(s, text, NULL, 0);
    snprintf(expected, sizeof(expected), "picrelay: http %s:%u: Address already in use", s->address,
             port);
    expect_complaint(s, 1, expected);
    put_away(s);
    close(fd);
}

static void an_address_of_another_host_is_named(void **state)
{
    struct start *s = *state;
    char text[512];

    file_write(text, sizeof(text), "192.0.2.1", s->address, 2223, 9901);
    run(s, text, NULL, 0);
    expect_complaint(s, 1, "interface enterprise: the address 192.0.2.1 is not one of this host");
    put_away(s);
    file_write(text, sizeof(text), s->address, "192.0.2.1", 2223, 9901);
    run(s, text, NULL, 0);
    expect_complaint(s, 1, "control.ng: the address 192.0.2.1 is not one of this host");
    put_away(s);
}

static void too_few_descriptors_are_counted(void **state)
{
    struct start *s = *state;
    char text[512];

    file_write(text, sizeof(text), s->address, s->address, relay_free_port(s->address, SOCK_DGRAM),
               relay_free_port(s->address, SOCK_STREAM));
    run(s, text, NULL, 100);
    expect_complaint(s, 1, "100 file descriptors are too few");
    put_away(s);
}

/* ---- the file ---------------------------------------------------------------------------------
 */

#define GOOD "interfaces:\n  - {name: e, address: 127.0.0.1, ports: 10000-10999}\n"

static void a_mistake_is_named_with_its_line(void **state)
{
    static const struct {
        const char *why, *text;
        unsigned line;
    } rows[] = {
        {"a key that nobody knows", GOOD "colour: blue\n", 3},
        {"a word for a number", GOOD "workers: many\n", 3},
        {"a number out of range", GOOD "\n\nworkers: 0\n", 5},
        {"a port range that runs backwards",
         "interfaces:\n  - {name: e, address: 127.0.0.1, ports: 2000-1000}\n", 2},
        {"an interface without ports", "interfaces:\n  - {name: e, address: 127.0.0.1}\n", 2},
        {"the same name twice", GOOD "  - {name: e, address: 127.0.0.1, ports: 20000-20999}\n", 3},
        {"an interface that default_direction does not find",
         GOOD "control:\n  default_direction: [e, nobody]\n", 4},
        {"a listener without a port", GOOD "control: {ng: [\"udp:127.0.0.1\"]}\n", 3},
        {"no YAML", GOOD "log: {level: info\n", 4},
    };
    struct start *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[96];

        print_message("%s\n", rows[i].why);
        run(s, rows[i].text, NULL, 0);
        snprintf(expected, sizeof(expected), "picrelay: %s:%u: ", s->path, rows[i].line);
        expect_complaint(s, 2, expected);
        put_away(s);
    }
}

static void check_reads_the_file_and_serves_nobody(void **state)
{
    struct start *s = *state;

    run(s, GOOD, "--check", 0);
    expect_complaint(s, 0, "");
    assert_null(strstr(process_err(s->process), "ready"));
    put_away(s);
    run(s, GOOD "workers: 0\n", "--check", 0);
    expect_complaint(s, 2, ":3: ");
    put_away(s);
}

/* ---- the configuration that is promised -------------------------------------------------------
 */

static const char promised[] =
    "interfaces:\n"
    "  - {name: enterprise, address: 127.0.0.1, ports: 10000-17999}\n"
    "  - {name: skype, address: 127.0.0.1, ports: 18000-25999, provider: skype}\n"
    "  - {name: wlm, address: 127.0.0.1, advertise: 127.0.0.1, ports: 26000-31999, provider: wlm, "
    "dialect: auto}\n"
    "control:\n"
    "  ng: [udp:127.0.0.1:2223]\n"
    "  allow: [127.0.0.0/8]\n"
    "  default_direction: [enterprise, skype]   # used when a request names no direction; absent by "
    "default\n"
    "http: 127.0.0.1:9901\n"
    "workers: 1\n"
    "port_rest_s: 10             # a port is not used again before this, and not before it is "
    "quiet\n"
    "log: {level: info, format: text}\n";

/* The file names fixed ports, which others on this machine may have: so it gets a loopback of its
 * own. @return false: we may not */
static bool loopback_of_our_own(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err = ioctl(fd, SIOCSIFFLAGS, &lo);
    close(fd);
    return err == 0;
}

/* The last of the tests: the process stays in its own network. */
static void the_promised_configuration_serves_as_it_is(void **state)
{
    struct relay r;
    struct talk t;
    char folder[32], path[64];

    (void)state;
    if (!loopback_of_our_own())
        skip();
    relay_write_file(folder, path, promised);
    relay_start_file(&r, path);
    assert_true(relay_has_logged(
        &r, "picrelay: ready ng=udp:127.0.0.1:2223 http=127.0.0.1:9901 workers=1"));
    talk_open(&t, &r);
    t.direction[TALK_A] = NULL; /* default_direction */
    talk_offer(&t, TALK_A, NULL, NULL);
    talk_answer(&t, TALK_A, NULL, NULL);
    assert_in_range(t.told[TALK_A].port, 10000, 17999);
    assert_in_range(t.told[TALK_B].port, 18000, 25999);
    talk_pass(&t, TALK_A);
    talk_pass(&t, TALK_B);
    talk_close(&t);
    relay_stop(&r);
    relay_remove_file(folder, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_control_port_in_use_is_named),
        cmocka_unit_test(an_http_port_in_use_is_named),
        cmocka_unit_test(an_address_of_another_host_is_named),
        cmocka_unit_test(too_few_descriptors_are_counted),
        cmocka_unit_test(a_mistake_is_named_with_its_line),
        cmocka_unit_test(check_reads_the_file_and_serves_nobody),
        cmocka_unit_test(the_promised_configuration_serves_as_it_is),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
