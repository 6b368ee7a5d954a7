#include <poll.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/interop/nat_net.h"

/*
 * Which places of a leg connect with which places of a peer, over real NATs (nftables) and a real
 * TURN server (coturn): the table of ice/README.md. All combinations run at the same time.
 */

#define SKIPPED    77
#define TURN_PORT  3478
#define FIRST_PORT 20000
#define TIMEOUT_MS "6000" /* of ICE: what does not connect has this long */
#define ARGS_MAX   16
#define TEXT_MAX   256

enum { TURN, OPEN, MAPPED, CLOSED, PEER_OPEN, PEER_RESTRICTED, PEER_SYMMETRIC, N_PLACES };

static const struct nat_place places[N_PLACES] = {
    [TURN] = {"turn", NAT_NONE, true},
    [OPEN] = {"open", NAT_NONE, false},
    [MAPPED] = {"mapped", NAT_ONE_TO_ONE, false},
    [CLOSED] = {"closed", NAT_RESTRICTED, false},
    [PEER_OPEN] = {"peer", NAT_NONE, false},
    [PEER_RESTRICTED] = {"peer-r", NAT_RESTRICTED, false},
    [PEER_SYMMETRIC] = {"peer-s", NAT_SYMMETRIC, false},
};

struct combination {
    const char *leg_words, *peer_words;
    int leg, peer;
    enum { NO_TURN, WITH_TURN, DEAD_TURN } turn;
    bool connects;
    const char *leg_type; /* of the leg's own candidate in the pair; NULL: none */
};

static const struct combination combinations[] = {
    {"public", "public", OPEN, PEER_OPEN, NO_TURN, true, "host"},
    {"public", "port-restricted", OPEN, PEER_RESTRICTED, NO_TURN, true, "host"},
    {"public", "symmetric", OPEN, PEER_SYMMETRIC, NO_TURN, true, "host"},
    {"1:1 NAT, advertise", "public", MAPPED, PEER_OPEN, NO_TURN, true, NULL},
    {"1:1 NAT, advertise", "port-restricted", MAPPED, PEER_RESTRICTED, NO_TURN, true, NULL},
    {"1:1 NAT, advertise", "symmetric", MAPPED, PEER_SYMMETRIC, NO_TURN, true, NULL},
    {"port-restricted", "public", CLOSED, PEER_OPEN, NO_TURN, true, NULL},
    {"port-restricted", "port-restricted", CLOSED, PEER_RESTRICTED, NO_TURN, false, NULL},
    {"port-restricted", "symmetric", CLOSED, PEER_SYMMETRIC, NO_TURN, false, NULL},
    {"port-restricted, TURN", "public", CLOSED, PEER_OPEN, WITH_TURN, true, NULL},
    {"port-restricted, TURN", "port-restricted", CLOSED, PEER_RESTRICTED, WITH_TURN, true, NULL},
    {"port-restricted, TURN", "symmetric", CLOSED, PEER_SYMMETRIC, WITH_TURN, true, "relay"},
    {"public, TURN is dead", "symmetric", OPEN, PEER_SYMMETRIC, DEAD_TURN, true, "host"},
};

#define N_COMBINATIONS (sizeof(combinations) / sizeof(combinations[0]))

/* One end that runs. */
struct runner {
    pid_t pid;
    int out;
    char text[TEXT_MAX];
    size_t n;
};

static pid_t start(char *const argv[], int in, int out)
{
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (in >= 0)
            dup2(in, STDIN_FILENO);
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

/* ---- ends ---- */

static void add(char **argv, unsigned *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char **argv, unsigned *n, const char *fmt, ...)
{
    va_list ap;

    assert_true(*n + 1 < ARGS_MAX);
    va_start(ap, fmt);
    assert_true(vasprintf(&argv[*n], fmt, ap) >= 0);
    va_end(ap);
    argv[++*n] = NULL;
}

static void add_leg_options(char **argv, unsigned *n, const struct combination *c)
{
    if (places[c->leg].nat == NAT_ONE_TO_ONE)
        add(argv, n, "advertise=10.%d.0.2", c->leg + 1);
    if (c->turn == WITH_TURN)
        add(argv, n, "turn=10.%d.0.2:%d:user:secret", TURN + 1, TURN_PORT);
    if (c->turn == DEAD_TURN) /* nobody listens there */
        add(argv, n, "turn=10.%d.0.2:%d:user:secret", TURN + 1, TURN_PORT + 1);
}

/* A peer behind a NAT has asked a STUN server for its public address, as all do; behind a symmetric
 * one the port that it tells is not the one that others see. */
static void start_end(struct runner *r, const struct combination *c, bool is_leg, unsigned port,
                      int signalling)
{
    const int place = is_leg ? c->leg : c->peer;
    char *argv[ARGS_MAX];
    unsigned n = 0;
    int out[2];

    add(argv, &n, "ip");
    add(argv, &n, "netns");
    add(argv, &n, "exec");
    add(argv, &n, "%s", nat_net_namespace(&places[place]));
    add(argv, &n, "%s", PICRELAY_NAT_END);
    add(argv, &n, "%s", nat_net_address(&places[place], (unsigned)place + 1));
    add(argv, &n, "%u", port);
    add(argv, &n, "%s", is_leg ? "control" : "follow");
    add(argv, &n, TIMEOUT_MS);
    if (is_leg)
        add_leg_options(argv, &n, c);
    else if (places[place].nat != NAT_NONE)
        add(argv, &n, "srflx=10.%d.0.2", place + 1);

    assert_int_equal(pipe(out), 0);
    r->pid = start(argv, signalling, out[1]);
    close(out[1]);
    r->out = out[0];
    for (unsigned i = 0; i < n; i++)
        free(argv[i]);
}

static void finish(struct runner *r)
{
    ssize_t n;

    while ((n = read(r->out, r->text + r->n, sizeof(r->text) - 1 - r->n)) > 0)
        r->n += (size_t)n;
    r->text[r->n] = '\0';
    r->text[strcspn(r->text, "\n")] = '\0';
    close(r->out);
    waitpid(r->pid, NULL, 0);
}

static void run_all(struct runner ends[N_COMBINATIONS][2])
{
    for (unsigned i = 0; i < N_COMBINATIONS; i++) {
        int signalling[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, signalling), 0);
        start_end(&ends[i][0], &combinations[i], true, FIRST_PORT + 2 * i, signalling[0]);
        start_end(&ends[i][1], &combinations[i], false, FIRST_PORT + 2 * i, signalling[1]);
        close(signalling[0]);
        close(signalling[1]);
    }
    for (unsigned i = 0; i < N_COMBINATIONS; i++) {
        finish(&ends[i][0]);
        finish(&ends[i][1]);
    }
}

/* ---- TURN ---- */

/* Its log would hold what it is told: nowhere. */
static pid_t start_turn(void)
{
    const char *ns = nat_net_namespace(&places[TURN]);
    const char *own = nat_net_address(&places[TURN], TURN + 1);
    char *const argv[] = {"ip",
                          "netns",
                          "exec",
                          (char *)ns,
                          PICRELAY_TURNSERVER,
                          "-n",
                          "--no-cli",
                          "--no-tls",
                          "--no-dtls",
                          "--lt-cred-mech",
                          "--realm",
                          "example.com",
                          "--user",
                          "user:secret",
                          "--listening-ip",
                          (char *)own,
                          "--relay-ip",
                          (char *)own,
                          "--log-file",
                          "/dev/null",
                          "--pidfile",
                          "/dev/null",
                          "--no-stdout-log",
                          NULL};

    return start(argv, -1, -1);
}

/* It has no way to say that it is ready: its socket is there. */
static void await_turn(void)
{
    char command[TEXT_MAX];

    (void)snprintf(command, sizeof(command), "ip netns exec %s ss -lun | grep -q ':%d '",
                   nat_net_namespace(&places[TURN]), TURN_PORT);
    while (system(command)) /* NOLINT(cert-env33-c): nothing of it comes from elsewhere */
        poll(NULL, 0, 20);
}

/* ---- the test ---- */

static bool is_as_expected(const struct combination *c, const struct runner ends[2])
{
    char local[32] = "";

    if (!c->connects)
        return !strcmp(ends[0].text, "failed") && !strcmp(ends[1].text, "failed");
    (void)sscanf(ends[0].text, "pair %31s", local);
    return strstr(ends[0].text, " media") && strstr(ends[1].text, " media") &&
           (!c->leg_type || !strcmp(local, c->leg_type));
}

static void these_places_connect_and_those_do_not(void **state)
{
    static struct runner ends[N_COMBINATIONS][2];
    unsigned n_wrong = 0;

    (void)state;
    run_all(ends);
    print_message("| leg | peer | leg's pair | peer's pair |\n| --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < N_COMBINATIONS; i++) {
        const struct combination *c = &combinations[i];
        const bool is_right = is_as_expected(c, ends[i]);

        print_message("| %s | %s | %s | %s |%s\n", c->leg_words, c->peer_words, ends[i][0].text,
                      ends[i][1].text, is_right ? "" : " NOT AS EXPECTED");
        n_wrong += !is_right;
    }
    assert_int_equal(n_wrong, 0);
}

static pid_t turn;

static int setup(void **state)
{
    (void)state;
    nat_net_open(places, N_PLACES);
    turn = start_turn();
    await_turn();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (turn > 0) {
        kill(turn, SIGKILL); /* "ip netns exec" has become it */
        waitpid(turn, NULL, 0);
    }
    nat_net_close(places, N_PLACES);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(these_places_connect_and_those_do_not),
    };

    if (!nat_net_is_possible())
        return SKIPPED;
    return cmocka_run_group_tests(tests, setup, teardown);
}
