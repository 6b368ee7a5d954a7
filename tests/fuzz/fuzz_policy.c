/* Provider tables of strangers: refused with one line, or taken; then every row answers for every
 * kind of media, and what no row allows stays denied. */
#include <stdlib.h>
#include <string.h>

#include "relay/control/policy/policy.h"
#include "relay/control/policy/policy_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decide(const struct policy *p, const char *provider, const struct policy_row *row)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        const struct policy_query query = {
            .provider = provider, .kind = (enum media_kind)kind, .unix_time = 1404172800};
        struct policy_decision d;

        policy_decide(&d, p, &query);
        if (strlen(d.reason) >= POLICY_REASON_MAX || !*d.reason)
            abort();
        if (d.verdict == POLICY_ALLOW &&
            (!row || !row->is_enabled || !row->allows[kind] || query.unix_time >= row->service_end))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy *p = NULL;
    char err[1024] = "";

    if (policy_parse(&p, (const char *)data, size, "fuzz", err, sizeof(err))) {
        if (p || strncmp(err, "fuzz:", 5) != 0 || strpbrk(err, "\n\r\x1b"))
            abort();
        return 0;
    }
    for (unsigned i = 0; i < p->n_rows; i++)
        decide(p, p->rows[i].identity, &p->rows[i]);
    decide(p, NULL, NULL);

    policy_free(p);
    return 0;
}
