#include "tests/program/talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A table that is read anew under 200 calls that talk: who may go on loses no packet, who may not
 * is ended, with the reason in his record. */

#define N_CALLS  200 /* every other one with a provider whose row goes */
#define N_SHARES 10  /* a tick has the phones of every tenth call send */
#define TICK_US  10000
#define ROUNDS   10 /* packets of each phone before the change, and after the last call's end */

static const char before[] = "providers:\n"
                             "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
                             "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}}\n";
static const char after[] = "providers:\n"
                            "  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n"
                            "  - {Identity: wlm, Enabled: no, capabilities: {audio: yes}}\n";

struct traffic {
    struct talk talks[N_CALLS];
    unsigned n_sent[N_CALLS]; /* by each side */
    unsigned n_ticks;
};

static bool is_allowed(unsigned call)
{
    return call % 2 == 0;
}

static void tick_h(uint64_t n, void *arg)
{
    struct traffic *x = arg;

    (void)n; /* ticks that were missed are not made up for: the machine is slow enough */
    for (unsigned i = x->n_ticks++ % N_SHARES; i < N_CALLS; i += N_SHARES) {
        for (unsigned side = 0; side < 2; side++)
            phone_send_rtp(&x->talks[i].phone[side], &x->talks[i].told[side], TALK_PCMU, 0x55);
        x->n_sent[i]++;
    }
}

/* ---- awaiting ---------------------------------------------------------------------------------
 */

struct rounds {
    const struct traffic *traffic;
    unsigned n_ticks;
};

static bool have_passed(void *arg)
{
    const struct rounds *r = arg;

    return r->traffic->n_ticks >= r->n_ticks;
}

static void let_talk(const struct relay *relay, const struct traffic *x)
{
    struct rounds r = {x, x->n_ticks + ROUNDS * N_SHARES};

    relay_wait(relay, have_passed, &r, "packets to be sent");
}

static bool have_all_arrived(void *arg)
{
    const struct traffic *x = arg;

    for (unsigned i = 0; i < N_CALLS; i++) {
        for (unsigned side = 0; side < 2 && is_allowed(i); side++) {
            if (x->talks[i].phone[side].n_heard[PHONE_RTP] != x->n_sent[i])
                return false;
        }
    }
    return true;
}

/* ---- what is expected -------------------------------------------------------------------------
 */

static void expect_ended(const struct relay *r, const struct talk *t)
{
    json_t *record = relay_record(r, t->id);

    assert_string_equal(relay_json_text(record, "end"), "policy");
    assert_string_equal(relay_json_text(record, "policy.audio.verdict"), "deny");
    assert_string_equal(relay_json_text(record, "policy.audio.code"), "disabled");
    assert_string_equal(relay_json_text(record, "policy.audio.reason"),
                        "provider wlm is not enabled");
    json_decref(record);
}

static void expect_whole(const struct relay *r, const struct traffic *x)
{
    for (unsigned i = 0; i < N_CALLS; i++) {
        for (unsigned side = 0; side < 2 && is_allowed(i); side++) {
            assert_int_equal(x->talks[i].phone[side].n_gaps, 0);
            assert_int_equal(x->talks[i].phone[side].n_heard[PHONE_RTP], x->n_sent[i]);
        }
        if (is_allowed(i))
            assert_false(relay_has_record(r, x->talks[i].id));
    }
}

static unsigned n_heard_by_revoked(const struct traffic *x)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_CALLS; i++) {
        for (unsigned side = 0; side < 2 && !is_allowed(i); side++)
            n += x->talks[i].phone[side].n_heard[PHONE_RTP];
    }
    return n;
}

static void write_table(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void set_up_calls(struct relay *r, struct traffic *x)
{
    for (unsigned i = 0; i < N_CALLS; i++) {
        struct talk *t = &x->talks[i];

        talk_open(t, r);
        t->direction[TALK_B] = is_allowed(i) ? "skype" : "wlm";
        talk_offer(t, TALK_A, NULL, NULL);
        talk_answer(t, TALK_A, NULL, NULL);
        talk_settle(t, TALK_B);
    }
}

static void a_reload_under_two_hundred_talking_calls_costs_nobody_else_a_packet(void **state)
{
    struct traffic *x = calloc(1, sizeof(*x));
    char folder[32], path[64], more[128];
    struct loop_timer *timer;
    struct relay r;

    (void)state;
    assert_non_null(x);
    relay_write_file(folder, path, before);
    snprintf(more, sizeof(more), "policy: %s", path);
    relay_start(&r, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
    set_up_calls(&r, x);
    assert_int_equal(loop_timer_alloc(&timer, r.loop, tick_h, x), 0);
    loop_timer_start(timer, loop_now_us(), TICK_US);
    let_talk(&r, x);

    write_table(path, after);
    const uint64_t changed_us = loop_now_us();
    process_signal(r.process, SIGHUP);
    for (unsigned i = 0; i < N_CALLS; i++) {
        if (!is_allowed(i))
            expect_ended(&r, &x->talks[i]);
    }
    print_message("the last of %u calls ended %llu ms after the signal\n", N_CALLS / 2,
                  (unsigned long long)(loop_now_us() - changed_us) / 1000);
    relay_wait_metric(&r, "picrelay_worker_streams{worker=\"0\"} ", N_CALLS);
    const unsigned n_heard = n_heard_by_revoked(x);
    let_talk(&r, x);
    loop_timer_free(timer);
    relay_wait(&r, have_all_arrived, x, "the last packets");
    expect_whole(&r, x);
    assert_int_equal(n_heard_by_revoked(x), n_heard); /* they went on sending, for nobody */

    for (unsigned i = 0; i < N_CALLS; i++)
        talk_close(&x->talks[i]);
    relay_stop(&r);
    relay_remove_file(folder, path);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reload_under_two_hundred_talking_calls_costs_nobody_else_a_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
