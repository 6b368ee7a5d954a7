#include "tests/program/scene.h"

#include <stdio.h>
#include <string.h>

/* Two workers carry speech of every kind while other calls come and go on both of them. Under
 * ThreadSanitizer this is where control, ICE thread and workers are watched at work. */

#define VISITORS 200
#define AT_ONCE  4

static const struct scene_call kinds[] = {
    {"plain, passed", {.peer = {SCENE_PLAIN("PCMU"), SCENE_PLAIN("PCMU")}}},
    {"plain, transcoded", {.peer = {SCENE_PLAIN("PCMU"), SCENE_PLAIN("G722")}}},
    {"SRTP, passed", {.peer = {SCENE_SECURE("PCMA"), SCENE_SECURE("PCMA")}}},
    {"SRTP, transcoded", {.peer = {SCENE_SECURE("G722"), SCENE_SECURE("opus")}}},
    {"ICE and SRTP, transcoded", {.peer = {SCENE_LYNC("G722,PCMU"), SCENE_RFC("opus")}}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define CALLS 20

/* ---- those who come and go --------------------------------------------------------------------
 */

struct crowd;

enum step { STEP_OFFER, STEP_ANSWER, STEP_DELETE, STEPS };

struct visitor {
    struct crowd *crowd;
    unsigned number;
    enum step step;
};

struct crowd {
    struct relay *r;
    struct visitor visitor[AT_ONCE];
    unsigned n_come, n_gone, n_failed;
};

static const char *const commands[STEPS] = {"offer", "answer", "delete"};

/* Every other one with ICE on the side that offers, so that agents come and go too. */
static json_t *request_make(const struct visitor *v)
{
    static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                              "t=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    static const char ice[] = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
                              "a=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host\r\n";
    char id[40], text[512];

    snprintf(id, sizeof(id), "visitor-%u", v->number);
    snprintf(text, sizeof(text), "%s%s", sdp, v->number % 2 && v->step == STEP_OFFER ? ice : "");
    json_t *request = relay_request(commands[v->step], id);
    json_object_set_new(request, "from-tag", json_string("a"));
    json_object_set_new(request, "ICE", json_string("remove"));
    if (v->step != STEP_DELETE)
        json_object_set_new(request, "sdp", json_string(text));
    if (v->step == STEP_OFFER)
        json_object_set_new(request, "direction", json_pack("[ss]", "enterprise", "skype"));
    if (v->step == STEP_ANSWER)
        json_object_set_new(request, "to-tag", json_string("b"));
    return request;
}

static void visitor_act(struct visitor *v);

static void visitor_come(struct visitor *v)
{
    if (v->crowd->n_come == VISITORS)
        return;
    v->number = v->crowd->n_come++;
    v->step = STEP_OFFER;
    visitor_act(v);
}

static void reply_h(int err, json_t *reply, void *arg)
{
    struct visitor *v = arg;
    const char *result = json_string_value(json_object_get(reply, "result"));

    if (err || !result || strcmp(result, "ok") != 0)
        v->crowd->n_failed++;
    if (++v->step < STEPS) {
        visitor_act(v);
        return;
    }
    v->crowd->n_gone++;
    visitor_come(v);
}

static void visitor_act(struct visitor *v)
{
    json_t *request = request_make(v);

    assert_int_equal(ng_client_send(v->crowd->r->ng, request, reply_h, v), 0);
    json_decref(request);
}

static bool all_are_gone(void *arg)
{
    return ((struct crowd *)arg)->n_gone == VISITORS;
}

/* ---- the test ---------------------------------------------------------------------------------
 */

static void speech_is_not_disturbed_by_those_who_come_and_go(void **state)
{
    struct scene_call calls[CALLS];
    struct scene_result results[CALLS];
    struct crowd crowd = {.r = *state};

    for (unsigned i = 0; i < CALLS; i++)
        calls[i] = kinds[i % KINDS];
    for (unsigned i = 0; i < AT_ONCE; i++) {
        crowd.visitor[i].crowd = &crowd;
        visitor_come(&crowd.visitor[i]);
    }
    scene_run(*state, calls, CALLS, results);
    relay_wait(*state, all_are_gone, &crowd, "all visitors to be gone");
    assert_int_equal(crowd.n_failed, 0);
    for (unsigned i = 0; i < CALLS; i++) {
        if (RELAY_IS_SANITIZED)
            scene_expect_whole(&calls[i], &results[i]);
        else
            scene_expect_clear(&calls[i], &results[i]);
    }
    scene_wipe(results, CALLS);
    for (unsigned i = 0; i < 2; i++) {
        char sample[80];

        snprintf(sample, sizeof(sample),
                 "picrelay_worker_packets_total{worker=\"%u\",direction=\"in\"} ", i);
        assert_true(relay_metric(*state, sample) > 100);
        snprintf(sample, sizeof(sample), "picrelay_worker_complexity_saving{worker=\"%u\"} ", i);
        assert_true(relay_metric(*state, sample) >= 0); /* how busy this machine is, nobody knows */
    }
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.workers = "2"});
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_is_not_disturbed_by_those_who_come_and_go),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
