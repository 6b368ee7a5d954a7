#include "tests/sim/lossy.h"

#include <errno.h>
#include <string.h>

void lossy_init(struct lossy *net, const struct lossy_config *config)
{
    memset(net, 0, sizeof(*net));
    net->config = *config;
    net->random = (uint64_t)config->seed * 2 + 1;
}

/* splitmix64, as a number from 0 up to but not 1 */
static double draw(struct lossy *net)
{
    uint64_t z = (net->random += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* Gilbert's model: a good and a losing state, with the share and the mean length asked for. */
static int is_lost(struct lossy *net)
{
    const double burst = net->config.burst > 1 ? net->config.burst : 1;
    const double p = net->config.loss;

    if (burst <= 1) {
        net->is_losing = draw(net) < p;
    } else if (net->is_losing) {
        net->is_losing = draw(net) >= 1 / burst;
    } else {
        net->is_losing = draw(net) < p / ((1 - p) * burst);
    }
    return net->is_losing;
}

static int deliver(struct lossy *net, const void *data, size_t n, uint64_t at_us)
{
    for (size_t i = 0; i < LOSSY_SLOTS; i++) {
        struct lossy_packet *p = &net->slots[i];

        if (p->n)
            continue;
        p->n = n;
        p->at_us = at_us;
        p->order = net->n_sent++;
        memcpy(p->data, data, n);
        return 0;
    }
    return ENOBUFS;
}

int lossy_send(struct lossy *net, const void *data, size_t n, uint64_t now_us)
{
    const struct lossy_config *c = &net->config;
    uint64_t at_us = now_us + c->delay_us + (uint64_t)(draw(net) * c->jitter_us);
    int err;

    if (n == 0 || n > LOSSY_PACKET_MAX)
        return EINVAL;
    if (is_lost(net)) {
        net->lost++;
        return 0;
    }
    if (draw(net) < c->reorder) {
        net->reordered++;
        at_us += c->reorder_us;
    } else {
        at_us = at_us < net->last_us ? net->last_us : at_us;
        net->last_us = at_us;
    }
    err = deliver(net, data, n, at_us);
    if (!err && draw(net) < c->duplicate) {
        net->duplicated++;
        err = deliver(net, data, n, at_us);
    }
    return err;
}

static const struct lossy_packet *first(const struct lossy *net)
{
    const struct lossy_packet *best = NULL;

    for (size_t i = 0; i < LOSSY_SLOTS; i++) {
        const struct lossy_packet *p = &net->slots[i];

        if (p->n && (!best || p->at_us < best->at_us ||
                     (p->at_us == best->at_us && p->order < best->order)))
            best = p;
    }
    return best;
}

size_t lossy_receive(struct lossy *net, void *data, size_t cap, uint64_t now_us)
{
    const struct lossy_packet *p = first(net);
    size_t n;

    if (!p || p->at_us > now_us || p->n > cap)
        return 0;
    n = p->n;
    memcpy(data, p->data, n);
    net->slots[p - net->slots].n = 0;
    return n;
}

uint64_t lossy_deadline_us(const struct lossy *net)
{
    const struct lossy_packet *p = first(net);

    return p ? p->at_us : UINT64_MAX;
}
