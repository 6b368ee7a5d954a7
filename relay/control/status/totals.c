#include "relay/control/status/totals.h"

#include <stdio.h>
#include <string.h>

struct media_count totals_sum(const struct media_count c[MEDIA_COMPONENTS])
{
    return (struct media_count){.packets = c[MEDIA_RTP].packets + c[MEDIA_RTCP].packets,
                                .bytes = c[MEDIA_RTP].bytes + c[MEDIA_RTCP].bytes};
}

static void add(struct media_count *to, struct media_count c)
{
    to->packets += c.packets;
    to->bytes += c.bytes;
}

void totals_add_stream(struct totals *t, unsigned interface, const struct media_stats *stats)
{
    add(&t->in[interface], totals_sum(stats->in));
    add(&t->out[interface], totals_sum(stats->out));
}

void totals_add_verdict(struct totals *t, const char *provider, enum media_kind kind,
                        const struct policy_decision *d)
{
    const char *name = provider ? provider : "unknown";
    struct totals_verdict *v = t->verdicts, *end = t->verdicts + t->n_verdicts;

    while (v < end && (strcmp(v->provider, name) != 0 || v->kind != kind || v->code != d->code ||
                       v->verdict != d->verdict))
        v++;
    if (v == end) {
        if (t->n_verdicts == TOTALS_VERDICTS_MAX)
            return;
        t->n_verdicts++;
        *v = (struct totals_verdict){.kind = kind, .verdict = d->verdict, .code = d->code};
        (void)snprintf(v->provider, sizeof(v->provider), "%s", name);
    }
    v->n++;
}
