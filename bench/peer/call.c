#include "bench/peer/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/peer/call_account.h"
#include "bench/peer/signalling.h"
#include "bench/scan.h"

#define CONNECT_US 15000000 /* ICE gives up after about ten seconds */
#define SAY_US     10000000 /* beyond the length of what is said */
#define DRAIN_US   500000   /* for packets on their way; lost ones never come */

struct call {
    struct call_config cfg;
    struct peer *peer[2];
    struct signalling signalling;
    char flags[256];
    uint64_t longest_us; /* of what is said */
    uint64_t offer_us, answer_us;
    char problem[256];
};

__attribute__((format(printf, 3, 4))) static int problem_set(struct call *c, int err,
                                                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->problem, sizeof(c->problem), format, args);
    va_end(args);
    return err;
}

static bool has_word(const char *list, const char *word)
{
    char one[64];

    while (scan_word(&list, one, sizeof(one), ",")) {
        if (strcasecmp(one, word) == 0)
            return true;
        (void)scan_text(&list, ",");
    }
    return false;
}

void call_default_flags(char *flags, size_t cap, const struct peer_config *a,
                        const struct peer_config *b)
{
    const char *codecs = b->codecs;
    char first[64] = "";
    int n = snprintf(flags, cap, "ICE=%s %s%s", b->dialect == PEER_PLAIN ? "remove" : "force",
                     b->keys == PEER_KEYS_NONE   ? "RTP/AVP"
                     : b->keys == PEER_KEYS_DTLS ? "UDP/TLS/RTP/SAVPF"
                                                 : "RTP/SAVP",
                     b->dialect == PEER_RFC && !b->no_rtcp_mux ? " rtcp-mux-offer" : "");

    if (scan_word(&codecs, first, sizeof(first), ",") && !has_word(a->codecs, first) && n > 0 &&
        (size_t)n < cap)
        snprintf(flags + n, cap - (size_t)n, " codec-transcode-%s", first);
}

int call_alloc(struct call **cp, const struct call_config *cfg)
{
    struct call *c = calloc(1, sizeof(*c));
    if (!c)
        return ENOMEM;

    c->cfg = *cfg;
    int err = signalling_init(&c->signalling, cfg->ng);
    c->signalling.direction = cfg->direction;
    c->signalling.provider = cfg->provider;
    for (unsigned i = 0; i < 2 && !err; i++) {
        const struct sound *says = cfg->peer[i].says;
        uint64_t us = says ? (uint64_t)says->n_samples * 1000000 / says->rate_hz : 0;

        c->longest_us = us > c->longest_us ? us : c->longest_us;
        if (!c->cfg.expected[!i])
            c->cfg.expected[!i] = says;
        c->cfg.peer[i].loop = cfg->loop;
        err = peer_alloc(&c->peer[i], &c->cfg.peer[i]);
    }
    if (cfg->offer_flags)
        snprintf(c->flags, sizeof(c->flags), "%s", cfg->offer_flags);
    else
        call_default_flags(c->flags, sizeof(c->flags), &cfg->peer[CALL_A], &cfg->peer[CALL_B]);
    if (err) {
        call_free(c);
        return err;
    }
    *cp = c;
    return 0;
}

void call_free(struct call *c)
{
    if (!c)
        return;
    signalling_drop(&c->signalling);
    peer_free(c->peer[CALL_A]);
    peer_free(c->peer[CALL_B]);
    free(c);
}

/* Hands an SDP to the relay, if there is one, and takes back what it made of it. */
static int relay_pass(struct call *c, const char *command, unsigned from, const char *flags,
                      char *sdp)
{
    if (!c->cfg.ng)
        return 0;
    int err = signalling_pass(&c->signalling, command, from, flags, sdp, PEER_SDP_MAX);
    return err ? problem_set(c, err, "%s", c->signalling.problem) : 0;
}

/* An offer that is made goes its way, and the answer back. */
static int exchange(struct call *c, unsigned from, char sdp[static PEER_SDP_MAX])
{
    const char offerer = "AB"[from], answerer = "AB"[!from];
    char answer[PEER_SDP_MAX];

    int err = relay_pass(c, "offer", from, c->flags, sdp);
    c->offer_us = c->signalling.took_us;
    if (err)
        return err;
    err = peer_answer(c->peer[!from], sdp, strlen(sdp), answer, sizeof(answer));
    if (err)
        return problem_set(c, err, "%c cannot answer: %s", answerer, peer_strerror(err));
    err = relay_pass(c, "answer", from, c->cfg.answer_flags, answer);
    c->answer_us = c->signalling.took_us;
    if (err)
        return err;
    err = peer_take_answer(c->peer[from], answer, strlen(answer));
    return err ? problem_set(c, err, "%c cannot take the answer: %s", offerer, peer_strerror(err))
               : 0;
}

int call_set_up(struct call *c)
{
    char sdp[PEER_SDP_MAX];

    int err = peer_offer(c->peer[CALL_A], sdp, sizeof(sdp));
    if (err)
        return problem_set(c, err, "A's offer: %s", peer_strerror(err));
    return exchange(c, CALL_A, sdp);
}

int call_change(struct call *c, const struct peer_change *change)
{
    char sdp[PEER_SDP_MAX];

    int err = peer_reoffer(c->peer[CALL_A], change, sdp, sizeof(sdp));
    if (err)
        return problem_set(c, err, "A's new offer: %s", strerror(err));
    return exchange(c, CALL_A, sdp);
}

void call_say(struct call *c)
{
    for (unsigned i = 0; i < 2; i++) {
        peer_say(c->peer[i]);
        if (c->cfg.digits[i] && peer_dial(c->peer[i], c->cfg.digits[i]) != 0)
            (void)problem_set(c, ENOTSUP, "%c cannot dial", 'A' + (int)i);
    }
}

void call_hang_up(struct call *c)
{
    peer_hang_up(c->peer[CALL_A]);
    peer_hang_up(c->peer[CALL_B]);
}

int call_query(struct call *c, json_t **reply)
{
    return signalling_ask(&c->signalling, "query", reply);
}

int call_delete(struct call *c, json_t **reply)
{
    return signalling_ask(&c->signalling, "delete", reply);
}

static bool has_failed(const struct call *c)
{
    return peer_state(c->peer[CALL_A]) == PEER_FAILED || peer_state(c->peer[CALL_B]) == PEER_FAILED;
}

bool call_is_connected(void *call)
{
    struct call *c = call;

    return has_failed(c) || (peer_hears(c->peer[CALL_A]) && peer_hears(c->peer[CALL_B]));
}

bool call_is_said(void *call)
{
    struct call *c = call;

    return peer_has_said_all(c->peer[CALL_A]) && peer_has_said_all(c->peer[CALL_B]);
}

bool call_is_over(void *call)
{
    struct call *c = call;

    for (unsigned i = 0; i < 2; i++)
        if (peer_counts(c->peer[i])->rtp_received < peer_counts(c->peer[!i])->rtp_sent ||
            !peer_rtcp_stats(c->peer[i])->bye)
            return false;
    return true;
}

static int talk(struct call *c)
{
    int err = loop_run(c->cfg.loop, call_is_connected, c, loop_now_us() + CONNECT_US);

    for (unsigned i = 0; i < 2; i++)
        if (peer_state(c->peer[i]) == PEER_FAILED)
            return problem_set(c, ETIMEDOUT, "ICE failed for %c", 'A' + (int)i);
    if (err)
        return problem_set(
            c, err, "no media for %s within %d s",
            !peer_hears(c->peer[CALL_A]) ? peer_hears(c->peer[CALL_B]) ? "A" : "either" : "B",
            CONNECT_US / 1000000);
    call_say(c);
    err = loop_run(c->cfg.loop, call_is_said, c, loop_now_us() + c->longest_us + SAY_US);
    return err ? problem_set(c, err, "the peers could not say all in time") : 0;
}

int call_run(struct call *c, struct call_account *account, json_t **query)
{
    json_t *deleted = NULL;

    memset(account, 0, sizeof(*account));
    if (query)
        *query = NULL;
    int err = call_set_up(c);
    if (err)
        return err;

    err = talk(c);
    call_hang_up(c);
    if (!err) /* what is still missing then is lost, and the account says so */
        (void)loop_run(c->cfg.loop, call_is_over, c, loop_now_us() + DRAIN_US);
    if (c->cfg.ng && query && call_query(c, query) != 0)
        *query = NULL;
    if (c->cfg.ng && call_delete(c, &deleted) == 0)
        json_decref(deleted);

    int account_err = call_account(account, c);
    return err ? err : account_err;
}

int call_account(struct call_account *account, const struct call *c)
{
    account->offer_us = c->offer_us;
    account->answer_us = c->answer_us;
    return call_account_peers(account, c->peer, c->cfg.expected);
}

void call_times(const struct call *c, uint64_t *offer_us, uint64_t *answer_us)
{
    *offer_us = c->offer_us;
    *answer_us = c->answer_us;
}

const char *call_problem(const struct call *c)
{
    return c->problem;
}

struct peer *call_peer(const struct call *c, unsigned side)
{
    return c->peer[side];
}

const char *call_id(const struct call *c)
{
    return c->signalling.id;
}

const char *call_tag(const struct call *c, unsigned side)
{
    return c->signalling.tag[side];
}
