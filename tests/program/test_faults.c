#include "tests/program/crowd.h"
#include "tests/program/talk.h"
#include "tests/program/wire.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* What befalls one call, one worker or the whole process: it is bounded and counted, others feel
 * nothing of it, and nobody has to intervene for it to pass. Two workers, and a call on each. */

#define FLOOD       5000   /* a hundred times a stream's rate, for a second */
#define FLOOD_STEP  500    /* packets between two of the other call */
#define WAITING     20     /* packets that wait for a relay that is stopped */
#define AGAIN_US    100000 /* how often a sender tries again */
#define APART_TRIES 20
#define CROWD       700 /* calls with more letters to a worker than its ring holds */

static struct talk victim, other;
static double n_ports; /* that are free while there is no call */

static int put_away(void **state)
{
    (void)state;
    talk_close(&victim);
    talk_close(&other);
    return 0;
}

static void set_up_both(struct relay *r)
{
    talk_set_up(&victim, r);
    talk_set_up(&other, r);
    talk_pass(&victim, TALK_A);
    talk_pass(&other, TALK_A);
}

/* One packet each way: more might be more than policy allows in a second. */
static void expect_unharmed(struct talk *t)
{
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
}

/* ---- what one peer sends ----------------------------------------------------------------------
 */

static void send_sized(struct talk *t, size_t n)
{
    static uint8_t datagram[65507] = {0x80};
    struct phone *p = &t->phone[TALK_A];
    const struct peer_rtp header = {.seq = p->seq, .ts = p->ts, .ssrc = p->ssrc};

    if (n >= PEER_RTP_HEADER_BYTES)
        peer_rtp_write(datagram, &header);
    phone_send(p, PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, datagram, n);
}

static void datagrams_of_any_size_harm_nobody(void **state)
{
    static const struct {
        size_t n;
        const char *reason; /* it is dropped for; NULL: it passes */
    } rows[] = {{0, "rx_unknown"},     {1, "rx_unknown"},  {12, NULL},         {172, NULL},
                {1500, "policy_gate"}, {1501, "oversize"}, {9000, "oversize"}, {65507, "oversize"}};

    set_up_both(*state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct phone *b = &victim.phone[TALK_B];
        unsigned n_heard = b->n_heard[PHONE_RTP];
        json_int_t n_dropped = rows[i].reason ? talk_drops(&victim, TALK_A, rows[i].reason) : 0;

        print_message("%zu bytes\n", rows[i].n);
        send_sized(&victim, rows[i].n);
        if (rows[i].reason) {
            talk_wait_drops(&victim, TALK_A, rows[i].reason, n_dropped + 1);
            assert_int_equal(b->n_heard[PHONE_RTP], n_heard);
        } else {
            assert_int_equal(phone_hear(b, *state, PHONE_RTP, n_heard + 1)->n, rows[i].n);
            victim.phone[TALK_A].seq++;
        }
        talk_pass(&victim, TALK_A);
        talk_pass(&victim, TALK_B);
        expect_unharmed(&other);
    }
}

static bool is_admitted_again(void *arg)
{
    const unsigned *n_heard = arg;

    phone_send_rtp(&victim.phone[TALK_A], &victim.told[TALK_A], TALK_PCMU, 0x33);
    return victim.phone[TALK_B].n_heard[PHONE_RTP] > *n_heard;
}

/* Each packet of the flood is accounted for: let in, over the limit, or lost before it was read. */
static json_int_t n_accounted(void)
{
    return talk_drops(&victim, TALK_A, "policy_gate") + talk_drops(&victim, TALK_A, "kernel") +
           talk_packets_in(&victim, TALK_A);
}

struct flood {
    json_int_t n_sent;
    unsigned n_nudges; /* a byte each: with what arrives the kernel tells what it lost before */
};

static bool is_all_accounted(void *arg)
{
    struct flood *f = arg;

    f->n_nudges++; /* the socket may be full still, so one is not enough */
    send_sized(&victim, 1);
    return n_accounted() >= f->n_sent;
}

static void a_flood_is_cut_to_what_policy_allows_and_others_lose_nothing(void **state)
{
    struct relay *r = *state;
    struct flood flood = {0};
    unsigned n_heard;

    set_up_both(r);
    flood.n_sent = n_accounted();
    for (unsigned i = 0; i < FLOOD; i++, flood.n_sent++) {
        if (i % FLOOD_STEP == 0)
            expect_unharmed(&other);
        phone_send_rtp(&victim.phone[TALK_A], &victim.told[TALK_A], TALK_PCMU, 0x66);
    }
    expect_unharmed(&other);
    relay_wait_polling(r, is_all_accounted, &flood, "the flood to be accounted for");
    assert_in_range(n_accounted(), flood.n_sent, flood.n_sent + flood.n_nudges);
    assert_true(talk_drops(&victim, TALK_A, "policy_gate") + talk_drops(&victim, TALK_A, "kernel") >
                FLOOD / 2);
    assert_int_equal(other.phone[TALK_A].n_gaps + other.phone[TALK_B].n_gaps, 0);

    n_heard = victim.phone[TALK_B].n_heard[PHONE_RTP];
    relay_wait_polling(r, is_admitted_again, &n_heard, "the flood's sender to be heard again");
}

/* ---- what one peer does not hear --------------------------------------------------------------
 */

static void a_port_that_is_closed_holds_up_neither_its_call_nor_others(void **state)
{
    struct phone *b = &victim.phone[TALK_B];

    set_up_both(*state);
    phone_close(b);
    for (unsigned i = 0; i < WAITING; i++) { /* each is answered by ICMP */
        phone_send_rtp(&victim.phone[TALK_A], &victim.told[TALK_A], TALK_PCMU, 0x22);
        expect_unharmed(&other);
    }
    phone_open(b, victim.relay->loop, NULL); /* and here it is again, on another port */
    talk_offer(&victim, TALK_B, NULL, NULL);
    talk_answer(&victim, TALK_B, NULL, NULL);
    expect_unharmed(&victim);
    expect_unharmed(&other);
}

/* ---- what stops -------------------------------------------------------------------------------
 */

static void send_some(struct talk *t)
{
    for (unsigned i = 0; i < WAITING; i++)
        phone_send_rtp(&t->phone[TALK_A], &t->told[TALK_A], TALK_PCMU, 0x11);
}

static void expect_some(const struct talk *t, unsigned n_before)
{
    phone_hear(&t->phone[TALK_B], t->relay, PHONE_RTP, n_before + WAITING);
    assert_int_equal(t->phone[TALK_B].n_gaps, 0);
}

static void send_pings(const struct wire *w, unsigned n)
{
    char message[64];

    for (unsigned i = 0; i < n; i++) {
        int len = snprintf(message, sizeof(message), "stopped-%u d7:command4:pinge", i);

        wire_send(w, message, (size_t)len);
    }
}

/* One by one and in order: each reply has its own request's cookie. */
static void expect_pongs(struct wire *w, unsigned n)
{
    char cookie[24];

    for (unsigned i = 0; i < n; i++) {
        snprintf(cookie, sizeof(cookie), "stopped-%u ", i);
        wire_receive(w);
        assert_int_equal(strncmp(w->reply, cookie, strlen(cookie)), 0);
        assert_non_null(strstr(w->reply, "pong"));
    }
}

static void a_second_without_the_process_loses_neither_media_nor_requests(void **state)
{
    struct relay *r = *state;
    unsigned n_heard[2];
    struct wire wire;

    set_up_both(r);
    wire_open(&wire, r, NULL);
    n_heard[0] = victim.phone[TALK_B].n_heard[PHONE_RTP];
    n_heard[1] = other.phone[TALK_B].n_heard[PHONE_RTP];
    process_signal(r->process, SIGSTOP);
    send_some(&victim);
    send_some(&other);
    send_pings(&wire, WAITING);
    sleep(1); /* the fault itself */
    process_signal(r->process, SIGCONT);
    expect_some(&victim, n_heard[0]);
    expect_some(&other, n_heard[1]);
    expect_pongs(&wire, WAITING);
    wire_close(&wire);
    expect_unharmed(&victim);
}

/* @return the id of a worker's thread */
static pid_t worker_thread(const struct relay *r, unsigned worker)
{
    char path[300], wanted[24], name[24] = "";
    struct dirent *entry;
    pid_t tid = 0;
    DIR *dir;

    snprintf(wanted, sizeof(wanted), "worker %u\n", worker);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)process_id(r->process));
    dir = opendir(path);
    assert_non_null(dir);
    while (!tid && (entry = readdir(dir)) != NULL) {
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)process_id(r->process),
                 entry->d_name);
        f = fopen(path, "re");
        if (f && fgets(name, sizeof(name), f) && strcmp(name, wanted) == 0)
            tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (f)
            fclose(f);
    }
    closedir(dir);
    return tid;
}

/* A thread alone, as a debugger would. @return false: that is not allowed here */
static bool thread_stop(pid_t tid)
{
    int status;

    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
        return false;
    assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
    assert_int_equal(waitpid(tid, &status, __WALL), tid);
    return true;
}

static void thread_go_on(pid_t tid)
{
    assert_int_equal(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
}

/* @return the worker that a call's packets come to */
static unsigned worker_of(struct talk *t)
{
    static const char sample[] = "picrelay_worker_packets_total{worker=\"0\",direction=\"in\"} ";
    double before = relay_metric(t->relay, sample);

    expect_unharmed(t);
    return relay_metric(t->relay, sample) == before;
}

/* Workers that have nothing to do get calls in turn; but how busy they were is measured, and a
 * neighbour on the machine may have been in the way. @return the victim's worker */
static unsigned set_up_apart(struct relay *r)
{
    unsigned tries = APART_TRIES, worker;

    for (;;) {
        relay_wait_metric(r, "picrelay_worker_busy_ratio{worker=\"0\"} ", 0);
        relay_wait_metric(r, "picrelay_worker_busy_ratio{worker=\"1\"} ", 0);
        set_up_both(r);
        worker = worker_of(&victim);
        if (worker != worker_of(&other))
            return worker;
        assert_true(--tries > 0);
        talk_close(&victim);
        talk_close(&other);
    }
}

static void a_worker_that_stalls_holds_up_its_own_calls_alone(void **state)
{
    struct relay *r = *state;
    unsigned n_heard;
    pid_t tid;

    tid = worker_thread(r, set_up_apart(r));
    n_heard = victim.phone[TALK_B].n_heard[PHONE_RTP];
    if (!thread_stop(tid))
        skip();
    send_some(&victim);
    for (unsigned i = 0; i < WAITING; i++)
        expect_unharmed(&other);
    json_decref(relay_ask_for(r, relay_request("ping", NULL), "pong"));
    assert_int_equal(victim.phone[TALK_B].n_heard[PHONE_RTP], n_heard);
    thread_go_on(tid);
    expect_some(&victim, n_heard);
    expect_unharmed(&victim);
    assert_int_equal(other.phone[TALK_B].n_gaps, 0);
}

/* Its calls come and go as far as control is concerned: letters that its ring has no room for wait,
 * and nobody waits for them. */
static void calls_come_and_go_while_the_ring_of_a_stalled_worker_is_full(void **state)
{
    struct relay *r = *state;
    const unsigned worker = set_up_apart(r);
    const pid_t tid = worker_thread(r, worker);

    if (!thread_stop(tid))
        skip();
    crowd_come(r, CROWD);
    crowd_do(r, "delete", CROWD);
    expect_unharmed(&other);
    char sample[64];
    snprintf(sample, sizeof(sample), "picrelay_worker_ring_full_total{worker=\"%u\"} ", worker);
    assert_true(relay_metric(r, sample) > 0);
    thread_go_on(tid);
    expect_unharmed(&victim);
    put_away(state);
    crowd_await_end(r, n_ports);
}

static int setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, &(struct relay_config){.workers = "2",
                                               .more = "port_rest_s: 0\ndelete_delay_s: 0\n"});
    n_ports = relay_metric(&relay, "picrelay_ports{interface=\"enterprise\",state=\"free\"} ");
    *state = &relay;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(datagrams_of_any_size_harm_nobody, put_away),
        cmocka_unit_test_teardown(a_flood_is_cut_to_what_policy_allows_and_others_lose_nothing,
                                  put_away),
        cmocka_unit_test_teardown(a_port_that_is_closed_holds_up_neither_its_call_nor_others,
                                  put_away),
        cmocka_unit_test_teardown(a_second_without_the_process_loses_neither_media_nor_requests,
                                  put_away),
        cmocka_unit_test_teardown(a_worker_that_stalls_holds_up_its_own_calls_alone, put_away),
        cmocka_unit_test_teardown(calls_come_and_go_while_the_ring_of_a_stalled_worker_is_full,
                                  put_away),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
