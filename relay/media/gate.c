#include "relay/media/gate.h"

#include <string.h>

#define BURST_US 1000000

void gate_set(struct gate *g, enum media_source rule, const union addr *expected, uint64_t now_us)
{
    bool is_same = g->rule != MEDIA_SOURCE_NONE && addr_equal(&g->expected, expected);

    if (rule == MEDIA_SOURCE_EXACT && addr_is_set(&g->locked) && !addr_equal(&g->locked, expected))
        is_same = false; /* what was learned is no longer allowed */
    g->rule = rule;
    g->expected = *expected;
    if (is_same && rule != MEDIA_SOURCE_NONE)
        return;
    memset(&g->locked, 0, sizeof(g->locked));
    g->silent_since_us = now_us;
}

/* Another port than the expected one: on the SDP address, or on the host signalling came from. */
static bool is_learnable(const struct gate *g, const struct gate_learning *learning,
                         const union addr *from)
{
    return addr_equal_host(from, &g->expected) ||
           (addr_is_set(&learning->host) && addr_equal_host(from, &learning->host));
}

enum drop gate_check(const struct gate *g, const struct gate_learning *learning,
                     const union addr *from, uint64_t now_us, bool *may_lock)
{
    *may_lock = false;
    if (addr_is_set(&g->locked))
        return addr_equal(from, &g->locked) ? DROP_NONE : DROP_SOURCE;
    if (g->rule == MEDIA_SOURCE_NONE || !addr_is_set(&g->expected))
        return DROP_NOT_READY;
    if (addr_equal(from, &g->expected)) {
        *may_lock = true;
        return DROP_NONE;
    }
    if (g->rule != MEDIA_SOURCE_LEARN || !is_learnable(g, learning, from))
        return DROP_SOURCE;
    if (!learning->has_nat && now_us < g->silent_since_us + GATE_LEARN_SILENCE_US)
        return DROP_SOURCE;
    *may_lock = true;
    return DROP_NONE;
}

void gate_lock(struct gate *g, const union addr *from)
{
    g->locked = *from;
}

/* @return the row for an action and a clock, made if needed; 0: no room */
static uint8_t find_row(struct formats *f, unsigned *n, uint8_t action, uint32_t clock_hz)
{
    unsigned i;

    for (i = 1; i < *n; i++) {
        if (f->rows[i].action == action && f->rows[i].clock_hz == clock_hz)
            return (uint8_t)i;
    }
    if (*n == FORMATS_ROWS)
        return 0;
    f->rows[*n] = (struct format){.clock_hz = clock_hz, .action = action};
    return (uint8_t)(*n)++;
}

void formats_set(struct formats *f, const struct media_rules *rules)
{
    unsigned pt, n = 1;

    memset(f, 0, sizeof(*f));
    for (pt = 0; pt < 128; pt++) {
        f->out_pt[pt] = rules->out_pt[pt] & 0x7f;
        if (rules->action[pt] != MEDIA_DROP || rules->clock_hz[pt] != 0)
            f->row[pt] = find_row(f, &n, rules->action[pt], rules->clock_hz[pt]);
    }
}

void rate_gate_set(struct rate_gate *g, const struct media_rules *rules)
{
    g->us_per_packet = rules->max_pps ? 1000000 / rules->max_pps : 0;
    g->ns_per_byte = rules->max_bytes_ps ? 1000000000 / rules->max_bytes_ps : 0;
    g->max_bytes = rules->max_packet_bytes;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What is over one limit is not counted against the other. */
bool rate_gate_take(struct rate_gate *g, size_t n, uint64_t now_us)
{
    if (g->max_bytes && n > g->max_bytes)
        return false;
    if ((g->us_per_packet && g->packet_arrival_us > now_us + BURST_US) ||
        (g->ns_per_byte && g->byte_arrival_us > now_us + BURST_US))
        return false;
    g->packet_arrival_us = later(g->packet_arrival_us, now_us) + g->us_per_packet;
    g->byte_arrival_us = later(g->byte_arrival_us, now_us) + n * g->ns_per_byte / 1000;
    return true;
}
