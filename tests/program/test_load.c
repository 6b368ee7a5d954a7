#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Thousands of calls: what they cost while they are up, and that nothing of them stays. */

#define CALLS_UP         2000
#define CALLS_A_ROUND    1000
#define FDS_PER_CALL     4  /* two legs of RTP and RTCP, without ICE */
#define KIB_PER_CALL_MAX 64 /* the promise for pass-through without ICE */
#define IN_FLIGHT        64

static const char sdp[] =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0\r\n";

/* One command for calls first..end-1, some at a time. */
struct crowd {
    struct relay *r;
    const char *command;
    unsigned next, end, n_waiting, n_ok;
};

static json_t *request_make(const char *command, unsigned number)
{
    char id[40];

    snprintf(id, sizeof(id), "crowd-%u", number);
    json_t *request = relay_request(command, id);
    json_object_set_new(request, "from-tag", json_string("a"));
    if (strcmp(command, "delete") == 0)
        assert_int_equal(ng_put_script_flags(request, "fast"), 0);
    else
        json_object_set_new(request, "sdp", json_string(sdp));
    if (strcmp(command, "offer") == 0)
        json_object_set_new(request, "direction", json_pack("[ss]", "enterprise", "skype"));
    if (strcmp(command, "answer") == 0)
        json_object_set_new(request, "to-tag", json_string("b"));
    return request;
}

static void crowd_go_on(struct crowd *c);

static void reply_h(int err, json_t *reply, void *arg)
{
    struct crowd *c = arg;
    const char *result = json_string_value(json_object_get(reply, "result"));

    c->n_waiting--;
    if (err == 0 && result && strcmp(result, "ok") == 0)
        c->n_ok++;
    else if (c->n_ok + 1 < c->next) /* the first few tell enough */
        print_error("%s: %s\n", c->command,
                    err ? strerror(err)
                        : json_string_value(json_object_get(reply, "error-reason")));
    crowd_go_on(c);
}

static void crowd_go_on(struct crowd *c)
{
    while (c->next < c->end && c->n_waiting < IN_FLIGHT) {
        json_t *request = request_make(c->command, c->next++);

        c->n_waiting++;
        assert_int_equal(ng_client_send(c->r->ng, request, reply_h, c), 0);
        json_decref(request);
    }
}

static bool crowd_is_done(void *arg)
{
    const struct crowd *c = arg;

    return c->next == c->end && c->n_waiting == 0;
}

static void crowd_do(struct relay *r, const char *command, unsigned n)
{
    struct crowd c = {.r = r, .command = command, .end = n};

    crowd_go_on(&c);
    relay_wait(r, crowd_is_done, &c, command);
    assert_int_equal(c.n_ok, n);
}

static void crowd_come(struct relay *r, unsigned n)
{
    crowd_do(r, "offer", n);
    crowd_do(r, "answer", n);
}

/* The workers have let go of the last stream, and all ports are free. */
static void wait_until_empty(struct relay *r, double free_ports)
{
    relay_wait_metric(r, "picrelay_ports{interface=\"enterprise\",state=\"free\"} ", free_ports);
    assert_true(relay_metric(r, "picrelay_calls ") == 0);
    assert_true(relay_metric(r, "picrelay_streams ") == 0);
}

struct descriptors_wanted {
    const struct process *process;
    unsigned n;
};

static bool descriptors_are(void *arg)
{
    const struct descriptors_wanted *w = arg;

    return process_descriptors(w->process) <= w->n;
}

/* The connection of whoever last asked for metrics may still be closing; at the start one more may
 * have been open for a moment. */
static void descriptors_wait(const struct relay *r, unsigned n)
{
    struct descriptors_wanted w = {.process = r->process, .n = n};

    relay_wait_polling(r, descriptors_are, &w, "descriptors to be closed");
}

static bool has_descriptors(unsigned n_calls)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > n_calls * FDS_PER_CALL + 256;
}

/* No rest and no delay: what a call had must be free as soon as it is gone. */
static void start(struct relay *r)
{
    relay_start(r, &(struct relay_config){.more = "port_rest_s: 0\ndelete_delay_s: 0\n"});
}

static void metrics_are_served_with_two_thousand_calls_up(void **state)
{
    struct relay r;

    (void)state;
    if (!has_descriptors(CALLS_UP))
        skip();
    start(&r);
    unsigned long before = process_memory_kib(r.process, "VmRSS");
    crowd_come(&r, CALLS_UP);
    unsigned long grown = process_memory_kib(r.process, "VmRSS") - before;
    /* libre would refuse the listener's next descriptor from 1024 on, had nobody told it */
    assert_true(process_descriptors(r.process) > CALLS_UP * FDS_PER_CALL);
    assert_true(relay_metric(&r, "picrelay_calls ") == CALLS_UP);
    assert_true(relay_metric(&r, "picrelay_streams ") == 2 * CALLS_UP);
    print_message("%lu KiB resident per call\n", grown / CALLS_UP);
    if (!RELAY_IS_SANITIZED)
        assert_in_range(grown / CALLS_UP, 1, KIB_PER_CALL_MAX);
    relay_stop(&r); /* with all of them up */
}

static void a_thousand_calls_up_and_down_leave_nothing_behind(void **state)
{
    struct relay r;

    (void)state;
    if (!has_descriptors(CALLS_A_ROUND))
        skip();
    start(&r);
    double free_ports =
        relay_metric(&r, "picrelay_ports{interface=\"enterprise\",state=\"free\"} ");
    unsigned n_descriptors = process_descriptors(r.process);
    unsigned long memory[3];
    for (unsigned round = 0; round < 3; round++) {
        crowd_come(&r, CALLS_A_ROUND);
        crowd_do(&r, "delete", CALLS_A_ROUND);
        wait_until_empty(&r, free_ports);
        memory[round] = process_memory_kib(r.process, "VmRSS");
    }
    print_message("resident: %lu, %lu, %lu KiB\n", memory[0], memory[1], memory[2]);
    descriptors_wait(&r, n_descriptors);
    /* the first round fills pools; after it only the cookies of half a minute may add up: 3,000
     * replies of some hundred bytes. A call that stayed would be 10 KiB and more. */
    if (!RELAY_IS_SANITIZED)
        assert_true(memory[2] < memory[0] + 2 * CALLS_A_ROUND * 5);
    relay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_served_with_two_thousand_calls_up),
        cmocka_unit_test(a_thousand_calls_up_and_down_leave_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
