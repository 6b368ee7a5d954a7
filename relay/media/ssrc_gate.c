#include "relay/media/ssrc_gate.h"

void ssrc_gate_set(struct ssrc_gate *g, const struct media_rules *rules)
{
    *g = (struct ssrc_gate){.silence_us = rules->ssrc_silence_us,
                            .low = rules->ssrc_low,
                            .high = rules->ssrc_high,
                            .is_throttled = rules->is_ssrc_throttled};
}

static enum drop throttle(struct ssrc_gate *g, uint32_t ssrc, uint64_t now_us)
{
    if (now_us >= g->throttled_until_us) { /* the first packet of another source */
        g->next_ssrc = ssrc;
        g->throttled_until_us = now_us + SSRC_THROTTLE_US;
        return DROP_NONE;
    }
    if (ssrc == g->next_ssrc) {
        g->ssrc = ssrc;
        return DROP_NONE;
    }
    g->throttled_until_us = now_us + SSRC_THROTTLE_US;
    return DROP_SSRC_THROTTLED;
}

static bool is_one(const struct ssrc_gate *g)
{
    return g->high != 0 && g->low == g->high;
}

enum drop ssrc_gate_check(struct ssrc_gate *g, uint32_t ssrc, uint64_t now_us)
{
    if (g->high != 0 && (ssrc < g->low || ssrc > g->high))
        return DROP_SSRC_RANGE;
    if (is_one(g))
        return DROP_NONE;
    if (g->is_bound && ssrc != g->ssrc) {
        if (g->is_throttled)
            return throttle(g, ssrc, now_us);
        if (now_us < g->heard_us + g->silence_us)
            return DROP_POLICY_GATE;
    }
    g->ssrc = ssrc;
    g->is_bound = true;
    g->heard_us = now_us;
    return DROP_NONE;
}
