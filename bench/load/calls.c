#include "bench/load/calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/load/bencode.h"
#include "bench/load/clock.h"
#include "bench/load/stop.h"
#include "bench/ng/bencode.h"
#include "bench/ng/client.h"
#include "bench/scan.h"

#define FRAGMENT_MAX 1024
#define REQUEST_MAX  4096
#define CALL_ID_MAX  48

/* Which steps a call goes through before its place takes the next one. */
enum task { SET_UP, DELETE, CYCLE };

struct load_calls {
    struct load_calls_config cfg;
    struct load_call *calls;
    uint64_t seed;
    char fragment[2][FRAGMENT_MAX]; /* of offer and answer: keys that are the same in all */
    size_t n_fragment[2];

    enum task task;
    uint64_t next, end_ns, serials;
    unsigned n_busy;
    bool is_silent; /* the relay does not answer any more: nothing new is asked of it */
    struct {
        struct load_call *call;
        enum load_step step;
    } places[LOAD_NG_PLACES_MAX];
    struct load_calls_stats stats;
};

static int list_put(json_t *request, const char *key, const char *names)
{
    char name[64];
    json_t *list = json_array();

    while (scan_word(&names, name, sizeof(name), ",")) {
        json_array_append_new(list, json_string(name));
        (void)scan_text(&names, ",");
    }
    return json_object_set_new(request, key, list) ? ENOMEM : 0;
}

/* A dictionary without its "d" and "e". */
static int fragment_make(struct load_calls *c, enum load_step step, const char *flags,
                         const char *more)
{
    char buf[FRAGMENT_MAX + 2];
    json_t *keys = json_object();
    const struct load_calls_config *cfg = &c->cfg;

    int err = keys ? ng_put_script_flags(keys, flags) : ENOMEM;
    if (!err && more)
        err = ng_put_script_flags(keys, more);
    if (!err && step == LOAD_OFFER && cfg->direction)
        err = list_put(keys, "direction", cfg->direction);
    if (!err && step == LOAD_OFFER && cfg->provider)
        err = json_object_set_new(keys, "provider", json_string(cfg->provider)) ? EINVAL : 0;
    long n = err ? -1 : ng_bencode_write(buf, sizeof(buf), keys);
    json_decref(keys);
    if (n < 2)
        return err ? err : EINVAL;
    c->n_fragment[step] = (size_t)n - 2;
    memcpy(c->fragment[step], buf + 1, (size_t)n - 2);
    return 0;
}

int load_calls_alloc(struct load_calls **cp, const struct load_calls_config *cfg)
{
    struct load_calls *c = calloc(1, sizeof(*c));
    if (!c)
        return ENOMEM;

    c->cfg = *cfg;
    c->calls = calloc(cfg->n_calls, sizeof(*c->calls));
    int err = c->calls ? 0 : ENOMEM;
    if (!err && getrandom(&c->seed, sizeof(c->seed), 0) != sizeof(c->seed))
        err = EIO;
    if (!err)
        err = fragment_make(c, LOAD_OFFER, cfg->mode->offer_flags, cfg->offer_flags);
    if (!err)
        err = fragment_make(c, LOAD_ANSWER, cfg->mode->answer_flags, cfg->answer_flags);
    if (err)
        load_calls_free(c);
    else
        *cp = c;
    return err;
}

void load_calls_free(struct load_calls *c)
{
    if (!c)
        return;
    free(c->calls);
    free(c);
}

/* A key that no other leg has: xorshift64* from the run's random seed. */
static void key_make(struct load_calls *c, uint8_t key[LOAD_SRTP_KEY_BYTES])
{
    for (unsigned i = 0; i < LOAD_SRTP_KEY_BYTES; i++) {
        c->seed ^= c->seed >> 12;
        c->seed ^= c->seed << 25;
        c->seed ^= c->seed >> 27;
        key[i] = (uint8_t)(c->seed * UINT64_C(0x2545f4914f6cdd1d) >> 56);
    }
}

static void failed(struct load_calls *c, enum load_step step, const char *reason, size_t n)
{
    c->stats.failed[step]++;
    if (!c->stats.reason[0])
        snprintf(c->stats.reason, sizeof(c->stats.reason), "%.*s", (int)n, reason);
}

static size_t sdp_make(struct load_calls *c, struct load_call *call, enum load_side side,
                       char sdp[LOAD_SDP_MAX])
{
    const struct load_sockets *s = c->cfg.sockets;
    struct load_end *end = &call->end[side];
    unsigned i = (unsigned)(call - c->calls);
    struct load_description d = {.address = s->addresses[load_sockets_index(s, i, side)]};

    if (end->out.suite)
        d.cryptos[d.n_cryptos++] = end->out;
    return load_sdp_write(sdp, LOAD_SDP_MAX, &d, &c->cfg.mode->format[side]);
}

static void request_send(struct load_calls *c, unsigned place)
{
    static const char *const commands[] = {"offer", "answer", "delete"};
    struct load_call *call = c->places[place].call;
    enum load_step step = c->places[place].step;
    char request[REQUEST_MAX], sdp[LOAD_SDP_MAX], name[CALL_ID_MAX];
    struct load_buffer b = {.at = request, .cap = sizeof(request)};

    int n = snprintf(name, sizeof(name), "load-%llx", (unsigned long long)call->serial);
    load_put_bytes(&b, "d", 1);
    load_put_pair(&b, "command", commands[step], strlen(commands[step]));
    load_put_pair(&b, "call-id", name, (size_t)n);
    load_put_pair(&b, "from-tag", "a", 1);
    if (step == LOAD_ANSWER)
        load_put_pair(&b, "to-tag", "b", 1);
    if (step != LOAD_DELETE) {
        load_put_pair(&b, "sdp", sdp, sdp_make(c, call, step == LOAD_OFFER ? LOAD_A : LOAD_B, sdp));
        load_put_bytes(&b, c->fragment[step], c->n_fragment[step]);
    }
    load_put_bytes(&b, "e", 1);
    /* what finds no memory is not answered, and counts as failed after its time */
    (void)load_ng_send(c->cfg.ng, place, (struct load_text){b.at, b.n});
}

/* Gives a place its next call. */
static void place_fill(struct load_calls *c, unsigned place)
{
    struct load_call *call = NULL;

    if (c->is_silent || (c->task == SET_UP && load_stop_is_asked()))
        return;
    if (c->task == CYCLE && load_now_ns() < c->end_ns && !load_stop_is_asked())
        call = &c->calls[place];
    while (c->task != CYCLE && !call && c->next < c->cfg.n_calls) {
        call = &c->calls[c->next++];
        if (c->task == DELETE && !call->is_known)
            call = NULL;
    }
    if (!call)
        return;
    if (c->task != DELETE) {
        *call = (struct load_call){.serial = c->seed + c->serials++};
        if (c->cfg.mode->is_secure[LOAD_A]) {
            call->end[LOAD_A].out = (struct load_crypto){.tag = 1, .suite = LOAD_SUITE_SHA1_80};
            key_make(c, call->end[LOAD_A].out.key);
        }
    }
    c->places[place].call = call;
    c->places[place].step = c->task == DELETE ? LOAD_DELETE : LOAD_OFFER;
    c->n_busy++;
    request_send(c, place);
}

/* B answers a suite that A does not have, if it is offered: then the relay cannot but re-encrypt.
 * @return false: nothing that we have */
static bool crypto_answer(struct load_calls *c, struct load_end *b,
                          const struct load_description *offer)
{
    const struct load_crypto *chosen = NULL;

    for (unsigned i = 0; i < offer->n_cryptos; i++)
        if (!chosen || offer->cryptos[i].suite == LOAD_SUITE_SHA1_32)
            chosen = &offer->cryptos[i];
    if (!chosen)
        return false;
    b->in = *chosen;
    b->out = *chosen;
    key_make(c, b->out.key);
    return true;
}

/* @return NULL; else why the call cannot be used */
static const char *description_take(struct load_calls *c, struct load_call *call,
                                    enum load_side side, const struct load_description *d)
{
    struct load_end *end = &call->end[side];

    end->relay = d->address;
    if (!d->address.sin_port)
        return "the relay refused the stream";
    if (!c->cfg.mode->is_secure[side])
        return d->n_cryptos ? "SRTP was not asked for" : NULL;
    if (side == LOAD_B)
        return crypto_answer(c, end, d) ? NULL : "no suite in the relay's offer";
    if (d->n_cryptos != 1 || d->cryptos[0].suite != end->out.suite)
        return "no key in the relay's answer";
    end->in = d->cryptos[0];
    return NULL;
}

/* The relay's SDP of the offer is B's business, that of the answer A's. */
static bool sdp_take(struct load_calls *c, struct load_call *call, enum load_step step,
                     struct load_text reply)
{
    struct load_text sdp, reason;
    struct load_description d;

    if (!load_find(&sdp, reply.at, reply.n, "sdp")) {
        if (!load_find(&reason, reply.at, reply.n, "error-reason"))
            reason = reply.n ? (struct load_text){"no usable reply", 15}
                             : (struct load_text){"no reply", 8};
        failed(c, step, reason.at, reason.n);
        return false;
    }
    const char *problem = load_sdp_read(&d, sdp.at, sdp.n)
                              ? "the relay's SDP has no address or stream"
                              : description_take(c, call, step == LOAD_OFFER ? LOAD_B : LOAD_A, &d);
    if (problem)
        failed(c, step, problem, strlen(problem));
    return !problem;
}

/* @return false: the call has gone through its steps */
static bool step_next(enum load_step *step, enum task task, bool is_good)
{
    if (*step == LOAD_OFFER && is_good)
        *step = LOAD_ANSWER;
    else if (*step != LOAD_DELETE && task == CYCLE)
        *step = LOAD_DELETE;
    else
        return false;
    return true;
}

static void reply_h(unsigned place, struct load_text reply, uint64_t took_ns, void *arg)
{
    struct load_calls *c = arg;
    struct load_call *call = c->places[place].call;
    enum load_step step = c->places[place].step;
    struct load_text result;
    bool is_good;

    c->is_silent |= !reply.n;
    if (reply.n)
        load_histogram_put(&c->stats.took[step], took_ns);
    if (step == LOAD_DELETE) {
        is_good = load_find(&result, reply.at, reply.n, "result") && result.n == 2;
        if (!is_good)
            failed(c, step, "the call was not deleted", 24);
        call->is_known = call->is_up = false;
    } else {
        is_good = sdp_take(c, call, step, reply);
        call->is_known = true; /* refused or not: it is deleted in the end */
        call->is_up = is_good && step == LOAD_ANSWER;
    }
    if (step_next(&c->places[place].step, c->task, is_good)) {
        request_send(c, place);
        return;
    }
    c->n_busy--;
    place_fill(c, place);
}

static uint64_t run(struct load_calls *c, enum task task, uint64_t end_ns)
{
    uint64_t start_ns = load_now_ns();

    c->task = task;
    c->next = 0;
    c->end_ns = end_ns;
    for (unsigned i = 0; i < c->cfg.in_flight; i++)
        place_fill(c, i);
    while (c->n_busy)
        load_ng_poll(c->cfg.ng, reply_h, c);
    return load_now_ns() - start_ns;
}

uint64_t load_calls_set_up(struct load_calls *c)
{
    return run(c, SET_UP, UINT64_MAX);
}

uint64_t load_calls_delete(struct load_calls *c)
{
    return run(c, DELETE, UINT64_MAX);
}

uint64_t load_calls_cycle(struct load_calls *c, uint64_t duration_ns)
{
    return run(c, CYCLE, load_now_ns() + duration_ns);
}

const struct load_call *load_calls_at(const struct load_calls *c, unsigned i)
{
    return &c->calls[i];
}

const struct load_calls_stats *load_calls_stats(const struct load_calls *c)
{
    return &c->stats;
}

void load_calls_clear(struct load_calls *c)
{
    c->stats = (struct load_calls_stats){0};
}
