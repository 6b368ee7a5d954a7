#ifndef PICRELAY_TOTALS_H
#define PICRELAY_TOTALS_H

#include <stdint.h>

#include "relay/config.h"
#include "relay/control/policy/policy.h"
#include "relay/media/media.h"

/**
 * Sums over calls that have come and gone. Thread: control.
 */

#define TOTALS_VERDICTS_MAX 256

struct totals_verdict {
    char provider[CONFIG_NAME_MAX]; /* of the table; "unknown" for all others */
    enum media_kind kind;
    enum policy_verdict verdict;
    enum policy_code code;
    uint64_t n;
};

struct totals {
    /* by interface; of streams that were closed */
    struct media_count in[CONFIG_INTERFACES_MAX], out[CONFIG_INTERFACES_MAX];
    struct totals_verdict verdicts[TOTALS_VERDICTS_MAX];
    unsigned n_verdicts;
};

/** Adds what a stream of the interface has carried. */
void totals_add_stream(struct totals *t, unsigned interface, const struct media_stats *stats);
/** @param provider  Identity of the table; NULL: not in it */
void totals_add_verdict(struct totals *t, const char *provider, enum media_kind kind,
                        const struct policy_decision *d);

/** Both components of a stream together. */
struct media_count totals_sum(const struct media_count c[MEDIA_COMPONENTS]);

#endif
