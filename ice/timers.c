#include "ice/leg.h"

/* What has its time beside libnice: consent, and the limit for finding a pair. libnice may give up
 * without a word, so the limit is kept here. */

static void run_component(struct ice_component *c, uint64_t now_us)
{
    ice_consent_run(c, now_us);
    if (c->fails_us > now_us)
        return;
    c->fails_us = UINT64_MAX;
    if (!c->has_pair || c->is_pair_old)
        ice_mailbox_post_state(c->leg, c, ICE_STATE_FAILED);
}

void ice_timers_run(struct ice_leg *leg, uint64_t now_us)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++)
            run_component(&s->components[j], now_us);
    }
}

uint64_t ice_timers_due_us(const struct ice_leg *leg)
{
    uint64_t due_us = UINT64_MAX;

    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        const struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++) {
            const struct ice_component *c = &s->components[j];

            due_us = MIN(due_us, MIN(c->fails_us, ice_consent_due_us(c)));
        }
    }
    return due_us;
}
