#include "relay/control/transport/ports.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define BAD_REST_US                                                                                \
    1000000u /* of a pair that somebody else holds, where pairs do not rest [us]                   \
              */
#define WORD_BITS 64u
#define NO_PAIR   UINT32_MAX

enum pair_state { PAIR_FREE, PAIR_USED, PAIR_RESTING, PAIR_LISTENING };

struct pair {
    uint64_t until_us; /* resting: when it will be over */
    uint32_t next;     /* resting: the pair that was released after this one */
    uint8_t state;
};

struct port_pool {
    struct port_pool_config cfg;
    uint16_t first;  /* the lowest RTP port */
    uint32_t cursor; /* the pair at which the next search begins */
    uint32_t n_words;
    uint64_t *free_bits; /* a bit a pair, for the search */
    struct pair *pairs;
    uint32_t head, tail; /* resting pairs, the oldest first; NO_PAIR: none */
    struct port_pool_stats stats;
};

/* How long a pair rests that was not quiet, or is not ours to bind. Never 0: a pair that is put
 * back must not be due in the same turn again. */
static uint64_t bad_rest_us(const struct port_pool *p)
{
    return p->cfg.rest_us ? p->cfg.rest_us : BAD_REST_US;
}

int port_pool_alloc(struct port_pool **pp, const struct port_pool_config *cfg)
{
    const uint32_t first = (cfg->port_min + 1u) & ~1u;
    const uint32_t last = cfg->port_max | 1u; /* the odd port of the last pair */
    const uint32_t end = last > cfg->port_max ? last - 1 : last + 1;
    struct port_pool *p;

    if (first < 2 || end <= first)
        return EINVAL;

    p = calloc(1, sizeof(*p));
    if (!p)
        return ENOMEM;
    p->cfg = *cfg;
    if (p->cfg.listen_us > bad_rest_us(p) / 2)
        p->cfg.listen_us = bad_rest_us(p) / 2;
    p->first = (uint16_t)first;
    p->stats.total = p->stats.free = (end - first) / 2;
    p->cursor = cfg->start % p->stats.total;
    p->head = p->tail = NO_PAIR;
    p->n_words = (p->stats.total + WORD_BITS - 1) / WORD_BITS;
    p->free_bits = calloc(p->n_words, sizeof(*p->free_bits));
    p->pairs = calloc(p->stats.total, sizeof(*p->pairs));
    if (!p->free_bits || !p->pairs) {
        port_pool_free(p);
        return ENOMEM;
    }
    for (uint32_t i = 0; i < p->stats.total; i++)
        p->free_bits[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
    *pp = p;
    return 0;
}

void port_pool_free(struct port_pool *p)
{
    if (!p)
        return;
    free(p->free_bits);
    free(p->pairs);
    free(p);
}

static uint16_t pair_port(const struct port_pool *p, uint32_t i)
{
    return (uint16_t)(p->first + 2 * i);
}

/* The pair of a port that a caller gives back. One that is not in that state is a mistake of ours;
 * passing over it costs a pair at the most, acting on it could give one pair to two calls. */
static uint32_t pair_find(const struct port_pool *p, uint16_t rtp_port, unsigned states)
{
    const uint32_t i = rtp_port < p->first ? NO_PAIR : (uint32_t)(rtp_port - p->first) / 2;
    const bool is_known = i < p->stats.total && pair_port(p, i) == rtp_port;
    const bool is_fit = is_known && (states >> p->pairs[i].state & 1u);

    assert(is_fit);
    return is_fit ? i : NO_PAIR;
}

static void pair_set_free(struct port_pool *p, uint32_t i)
{
    p->pairs[i].state = PAIR_FREE;
    p->free_bits[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
    p->stats.free++;
}

static void pair_set_resting(struct port_pool *p, uint32_t i, uint64_t until_us)
{
    p->pairs[i] = (struct pair){.until_us = until_us, .next = NO_PAIR, .state = PAIR_RESTING};
    if (p->tail == NO_PAIR)
        p->head = i;
    else
        p->pairs[p->tail].next = i;
    p->tail = i;
    p->stats.resting++;
}

/* Takes a pair out of the state it is in; the caller puts it into the next one. */
static void pair_leave(struct port_pool *p, uint32_t i)
{
    if (p->pairs[i].state == PAIR_USED)
        p->stats.used--;
    else
        p->stats.resting--;
}

/* The first free pair from the cursor on, and round. The word of the cursor is looked at twice:
 * from the cursor's bit up at first, its lower bits at the end. */
static uint32_t find_free(const struct port_pool *p)
{
    const uint32_t start = p->cursor / WORD_BITS;

    for (uint32_t n = 0; n <= p->n_words; n++) {
        const uint32_t w = (start + n) % p->n_words;
        uint64_t bits = p->free_bits[w];

        if (n == 0)
            bits &= UINT64_MAX << (p->cursor % WORD_BITS);
        if (bits)
            return w * WORD_BITS + (uint32_t)__builtin_ctzll(bits);
    }
    return NO_PAIR;
}

int port_pool_take(struct port_pool *p, uint16_t *rtp_port)
{
    const uint32_t i = find_free(p);

    if (i == NO_PAIR) {
        p->stats.n_exhausted++;
        return ENOSPC;
    }
    p->free_bits[i / WORD_BITS] &= ~(UINT64_C(1) << (i % WORD_BITS));
    p->pairs[i].state = PAIR_USED;
    p->cursor = (i + 1) % p->stats.total;
    p->stats.free--;
    p->stats.used++;
    *rtp_port = pair_port(p, i);
    return 0;
}

void port_pool_release(struct port_pool *p, uint16_t rtp_port, uint64_t now_us)
{
    const uint32_t i = pair_find(p, rtp_port, 1u << PAIR_USED);

    if (i == NO_PAIR)
        return;
    pair_leave(p, i);
    if (p->cfg.rest_us)
        pair_set_resting(p, i, now_us + p->cfg.rest_us);
    else
        pair_set_free(p, i);
}

void port_pool_forget(struct port_pool *p, uint16_t rtp_port)
{
    const uint32_t i = pair_find(p, rtp_port, 1u << PAIR_USED);

    if (i == NO_PAIR)
        return;
    pair_leave(p, i);
    pair_set_free(p, i);
}

void port_pool_bad(struct port_pool *p, uint16_t rtp_port, uint64_t now_us)
{
    const uint32_t i = pair_find(p, rtp_port, 1u << PAIR_USED | 1u << PAIR_LISTENING);

    if (i == NO_PAIR)
        return;
    pair_leave(p, i);
    /* in a pool without rest only such pairs are in the queue, so its order holds */
    pair_set_resting(p, i, now_us + bad_rest_us(p));
    p->stats.n_bad++;
}

int port_pool_due(struct port_pool *p, uint64_t now_us, uint16_t *rtp_port, uint64_t *until_us)
{
    /* for the last listen_us of its rest a pair is listened to */
    const uint64_t heard_us = now_us + p->cfg.listen_us;
    const uint32_t i = p->head;

    if (i == NO_PAIR || p->pairs[i].until_us > heard_us)
        return ENOENT;
    p->head = p->pairs[i].next;
    if (p->head == NO_PAIR)
        p->tail = NO_PAIR;
    p->pairs[i].state = PAIR_LISTENING;
    *rtp_port = pair_port(p, i);
    *until_us = heard_us;
    return 0;
}

uint64_t port_pool_deadline_us(const struct port_pool *p)
{
    const uint64_t until_us = p->head == NO_PAIR ? UINT64_MAX : p->pairs[p->head].until_us;

    if (until_us == UINT64_MAX)
        return UINT64_MAX;
    return until_us > p->cfg.listen_us ? until_us - p->cfg.listen_us : 0;
}

void port_pool_quiet(struct port_pool *p, uint16_t rtp_port)
{
    const uint32_t i = pair_find(p, rtp_port, 1u << PAIR_LISTENING);

    if (i == NO_PAIR)
        return;
    pair_leave(p, i);
    pair_set_free(p, i);
}

void port_pool_noisy(struct port_pool *p, uint16_t rtp_port, uint64_t now_us)
{
    const uint32_t i = pair_find(p, rtp_port, 1u << PAIR_LISTENING);

    if (i == NO_PAIR)
        return;
    pair_leave(p, i);
    pair_set_resting(p, i, now_us + bad_rest_us(p));
    p->stats.n_noisy++;
}

void port_pool_stats(const struct port_pool *p, struct port_pool_stats *stats)
{
    *stats = p->stats;
}
