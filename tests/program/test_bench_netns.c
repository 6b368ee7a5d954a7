#include "tests/program/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* picrelay-bench in network namespaces, where we may make them: over a pair of cards, and where
 * there is too little of something. */

static const char program[] = PICRELAY_BINARY_DIR "/picrelay-bench";
static const char relay_program[] = PICRELAY_BINARY_DIR "/picrelay";

#define WORDS_MAX 32

/** Two namespaces, ours and the relay's, with a pair of cards between them. */
struct net {
    struct loop *loop;
    char ours[32], theirs[32];
};

static void names_make(struct net *net)
{
    snprintf(net->ours, sizeof(net->ours), "bench-test-%d", (int)getpid());
    snprintf(net->theirs, sizeof(net->theirs), "relay-test-%d", (int)getpid());
}

/* @return false: not allowed */
static bool shell(const char *command)
{
    return system(command) == 0; /* NOLINT(cert-env33-c): ip(8) is what makes namespaces */
}

/* The ends are at .3, which no card has. */
static bool net_make(const struct net *net)
{
    char command[2048];
    const char *ours = net->ours, *theirs = net->theirs;

    snprintf(command, sizeof(command),
             "{ ip netns add %s && ip netns add %s &&"
             " ip -n %s link add load type veth peer name relay netns %s &&"
             " ip -n %s address add 10.99.9.1/24 dev load &&"
             " ip -n %s address add fd99:9::1/64 dev load nodad &&"
             " ip -n %s link set load up && ip -n %s link set lo up &&"
             " ip -n %s address add 10.99.9.2/24 dev relay &&"
             " ip -n %s address add fd99:9::2/64 dev relay nodad &&"
             " ip -n %s link set relay up &&"
             " ip -n %s neigh add 10.99.9.3 lladdr 02:00:0a:63:09:03 dev relay nud permanent &&"
             " ip -n %s neigh add fd99:9::3 lladdr 02:00:0a:63:09:03 dev relay nud permanent;"
             " } >/dev/null 2>&1",
             ours, theirs, ours, theirs, ours, ours, ours, ours, theirs, theirs, theirs, theirs,
             theirs);
    return shell(command);
}

static int net_setup(void **state)
{
    struct net *net = calloc(1, sizeof(*net));

    assert_non_null(net);
    names_make(net);
    if (net_make(net))
        *state = net;
    else
        free(net);
    return 0;
}

/* Also where a test has failed, or only half of it could be made. */
static int net_teardown(void **state)
{
    struct net net = {0};
    char command[128];

    names_make(&net);
    snprintf(command, sizeof(command), "ip netns del %s 2>/dev/null; ip netns del %s 2>/dev/null",
             net.ours, net.theirs);
    (void)shell(command);
    free(*state);
    return 0;
}

static struct loop *own_loop(void)
{
    struct loop *loop = NULL;

    assert_int_equal(loop_alloc(&loop), 0);
    return loop;
}

/* Starts a program in a namespace. */
static struct process *start_in(struct loop *loop, const char *space, const char *const *words)
{
    const char *argv[WORDS_MAX] = {"/sbin/ip", "netns", "exec", space};
    const struct process_config cfg = {.loop = loop, .argv = argv, .is_quiet = true};
    struct process *p;

    for (unsigned i = 0; words[i]; i++)
        argv[4 + i] = words[i];
    assert_int_equal(process_start(&p, &cfg), 0);
    return p;
}

static void end_wait(struct loop *loop, struct process *p)
{
    const struct relay r = {.loop = loop};

    relay_wait(&r, process_has_ended, p, "the end of picrelay-bench");
}

static json_t *figures_of(struct process *p)
{
    json_error_t error;
    json_t *json = json_loads(process_out(p), 0, &error);

    if (!json || process_status(p) != 0)
        fail_msg("status %d, %s:\n%s\n%s", process_status(p), error.text, process_out(p),
                 process_err(p));
    return json;
}

/* ---- frames of a network card -----------------------------------------------------------------
 */

static const struct family {
    const char *relay, *ng, *ends;
} families[] = {
    {"10.99.9.2", "10.99.9.2:2223", "10.99.9.3"},
    {"fd99:9::2", "[fd99:9::2]:2223", "fd99:9::3"},
};

static bool is_ready(void *arg)
{
    return strstr(process_err(arg), "picrelay: ready") != NULL;
}

static void config_write(struct relay *r, const struct family *f)
{
    static const char format[] =
        "interfaces:\n"
        "  - {name: enterprise, address: '%s', ports: 10000-10999}\n"
        "  - {name: skype, address: '%s', ports: 11000-11999, provider: skype}\n"
        "  - {name: wlm, address: '%s', ports: 12000-12099, provider: wlm}\n"
        "  - {name: aol, address: '%s', ports: 12100-12199, provider: aol}\n"
        "  - {name: yahoo, address: '%s', ports: 12200-12299, provider: yahoo}\n"
        "control: {ng: [\"udp:%s\"], allow: [\"10.99.9.1\", \"fd99:9::1\"]}\n"
        "http: off\nworkers: 1\n";
    char yaml[1024];

    snprintf(yaml, sizeof(yaml), format, f->relay, f->relay, f->relay, f->relay, f->relay, f->ng);
    relay_write_file(r->folder, r->config, yaml);
}

/* The ends have no sockets: packets, reports and checks of ICE are frames. */
static void frames_reach_the_relay_and_come_back(void **state)
{
    const struct net *net = *state;

    if (!net)
        skip();
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const struct family *f = &families[i];
        struct relay r = {.loop = own_loop()};

        config_write(&r, f);
        r.process = start_in(r.loop, net->theirs,
                             (const char *const[]){relay_program, "--config", r.config, NULL});
        relay_wait(&r, is_ready, r.process, "the relay's ready line");
        struct process *bench =
            start_in(r.loop, net->ours,
                     (const char *const[]){
                         program,    "--ng",      f->ng,         "--interface",      "load",
                         "--local",  f->ends,     "--direction", "enterprise,skype", "--mode",
                         "ice-srtp", "--calls",   "4",           "--seconds",        "1",
                         "--rtcp",   "--warm-ms", "200",         "--json",           NULL});
        end_wait(r.loop, bench);
        json_t *json = figures_of(bench);
        assert_true(relay_json_int(json, "media.received") > 0);
        assert_true(relay_json_int(json, "media.rtcp_received") > 0);
        assert_int_equal(relay_json_int(json, "media.ice_failed"), 0);
        json_decref(json);
        process_free(bench);
        process_free(r.process);
        relay_remove_file(r.folder, r.config);
        loop_free(r.loop);
    }
}

static void the_floor_is_measured_where_the_relay_would_be(void **state)
{
    const struct net *net = *state;

    if (!net)
        skip();
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        struct loop *loop = own_loop();
        struct process *bench = start_in(
            loop, net->ours,
            (const char *const[]){program, "--floor", i ? "shared" : "per-stream", "--floor-netns",
                                  net->theirs, "--floor-address", families[i].relay, "--interface",
                                  "load", "--local", families[i].ends, "--calls", "4", "--seconds",
                                  "1", "--warm-ms", "200", "--json", NULL});

        end_wait(loop, bench);
        json_t *json = figures_of(bench);
        assert_true(relay_json_int(json, "media.received") > 0);
        assert_int_equal(relay_json_int(json, "media.corrupted"), 0);
        json_decref(json);
        process_free(bench);
        loop_free(loop);
    }
}

/* ---- what a load cannot have ------------------------------------------------------------------
 */

static void what_cannot_be_had_is_told_before_the_load(void **state)
{
    static const struct {
        const char *words[8], *said[2];
    } rows[] = {
        {{"--floor", "shared", "--floor-netns", "no-such"}, {"--floor-netns", "No such file"}},
        {{"--floor", "shared", "--floor-address", "192.0.2.1"}, {"--floor-address", "192.0.2.1"}},
        {{"--floor", "shared", "--floor-address", "::1"}, {"--floor-address", "::1"}},
        {{"--floor", "shared", "--interface", "no-such"}, {"--interface no-such", ""}},
        {{"--ng", "127.0.0.1:9", "--calls", "10", "--sockets", "10"},
         {"40 ports are needed at 127.0.0.2 and 20 there", "ip_local_port_range"}},
    };
    const struct net *net = *state;
    char command[128];

    if (!net)
        skip();
    snprintf(command, sizeof(command),
             "ip netns exec %s sysctl -q -w net.ipv4.ip_local_port_range='40000 40019'", net->ours);
    assert_true(shell(command));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *words[WORDS_MAX] = {program};
        struct loop *loop = own_loop();

        for (unsigned j = 0; j < 8 && rows[i].words[j]; j++)
            words[1 + j] = rows[i].words[j];
        struct process *bench = start_in(loop, net->ours, words);
        end_wait(loop, bench);
        assert_int_equal(process_status(bench), 1);
        for (unsigned j = 0; j < 2; j++)
            if (!strstr(process_err(bench), rows[i].said[j]))
                fail_msg("not said: \"%s\"; but: %s", rows[i].said[j], process_err(bench));
        process_free(bench);
        loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_reach_the_relay_and_come_back),
        cmocka_unit_test(the_floor_is_measured_where_the_relay_would_be),
        cmocka_unit_test(what_cannot_be_had_is_told_before_the_load),
    };

    return cmocka_run_group_tests(tests, net_setup, net_teardown);
}
