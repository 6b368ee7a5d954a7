#include "tests/program/crowd.h"

#include <stdio.h>
#include <string.h>

#include "tests/program/talk.h"

#define IN_FLIGHT 64

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

void crowd_do(struct relay *r, const char *command, unsigned n)
{
    struct crowd c = {.r = r, .command = command, .end = n};

    crowd_go_on(&c);
    relay_wait(r, crowd_is_done, &c, command);
    assert_int_equal(c.n_ok, n);
}

void crowd_come(struct relay *r, unsigned n)
{
    crowd_do(r, "offer", n);
    crowd_do(r, "answer", n);
}

void crowd_await_end(const struct relay *r, double free_ports)
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

void crowd_await_descriptors(const struct relay *r, unsigned n)
{
    struct descriptors_wanted w = {.process = r->process, .n = n};

    relay_wait_polling(r, descriptors_are, &w, "descriptors to be closed");
}
