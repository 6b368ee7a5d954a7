#include "relay/control/policy.h"

#include <stdio.h>
#include <string.h>

#include "relay/control/policy_table.h"
#include "relay/text.h"

static const char *const kind_names[MEDIA_KIND_COUNT] = {
    [MEDIA_AUDIO] = "audio",
    [MEDIA_VIDEO] = "video",
    [MEDIA_IM] = "im",
    [MEDIA_OTHER] = "other",
};

/* As they stand in a sentence. */
static const char *const kind_words[MEDIA_KIND_COUNT] = {
    [MEDIA_AUDIO] = "audio",
    [MEDIA_VIDEO] = "video",
    [MEDIA_IM] = "instant messages",
    [MEDIA_OTHER] = "media of other kinds",
};

static const char *const code_names[POLICY_CODE_COUNT] = {
    [POLICY_CODE_ALLOWED] = "allowed",
    [POLICY_CODE_UNKNOWN_PROVIDER] = "unknown_provider",
    [POLICY_CODE_DISABLED] = "disabled",
    [POLICY_CODE_CAPABILITY] = "capability",
    [POLICY_CODE_SERVICE_ENDED] = "service_ended",
    [POLICY_CODE_CONTRADICTION] = "contradiction",
};

const char *media_kind_name(enum media_kind kind)
{
    return (unsigned)kind < MEDIA_KIND_COUNT ? kind_names[kind] : "unknown";
}

const char *policy_code_name(enum policy_code code)
{
    return (unsigned)code < POLICY_CODE_COUNT ? code_names[code] : "unknown";
}

const struct policy_row *policy_find_row(const struct policy *p, const char *identity)
{
    for (unsigned i = 0; identity && i < p->n_rows; i++) {
        if (text_equal_nocase(p->rows[i].identity, identity))
            return &p->rows[i];
    }
    return NULL;
}

const char *policy_provider_name(const struct policy *p, const char *identity)
{
    const struct policy_row *row = policy_find_row(p, identity);

    return row ? row->identity : NULL;
}

/* Names in sentences are in lower case, however a table spells them: logs are searched for them. */
static const char *lower_name(char buf[POLICY_IDENTITY_MAX], const struct policy_row *row)
{
    size_t i;

    for (i = 0; row->identity[i]; i++) {
        char c = row->identity[i];

        buf[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    buf[i] = '\0';
    return buf;
}

static void explain_unknown(struct policy_decision *d, const char *provider)
{
    char quoted[POLICY_REASON_MAX - sizeof("no provider row for ")];

    if (!provider || !*provider) {
        snprintf(d->reason, sizeof(d->reason), "the provider of the call is not known");
        return;
    }
    text_quote(quoted, sizeof(quoted), provider, strlen(provider));
    snprintf(d->reason, sizeof(d->reason), "no provider row for %s", quoted);
}

static void explain_capability(struct policy_decision *d, const struct policy_row *row,
                               enum media_kind kind, const char *name)
{
    bool is_av = kind == MEDIA_AUDIO || kind == MEDIA_VIDEO;

    /* one sentence for a call with both, so that it is not told in two halves */
    if (is_av && !row->allows[MEDIA_AUDIO] && !row->allows[MEDIA_VIDEO])
        snprintf(d->reason, sizeof(d->reason), "provider %s allows no audio or video", name);
    else
        snprintf(d->reason, sizeof(d->reason), "provider %s allows no %s", name, kind_words[kind]);
}

/* What a row can say against a call, the most lasting first: a kind of media that a provider never
 * had is not refused because of a date. */
static enum policy_code judge(const struct policy_row *row, enum media_kind kind, int64_t unix_time)
{
    if (!row)
        return POLICY_CODE_UNKNOWN_PROVIDER;
    if (!row->is_enabled)
        return POLICY_CODE_DISABLED;
    if (!row->allows[kind])
        return POLICY_CODE_CAPABILITY;
    if (unix_time >= row->service_end)
        return POLICY_CODE_SERVICE_ENDED;

    return POLICY_CODE_ALLOWED;
}

static void explain(struct policy_decision *d, const struct policy_row *row, enum media_kind kind,
                    const char *provider)
{
    char name[POLICY_IDENTITY_MAX] = "";

    if (row)
        lower_name(name, row);

    switch (d->code) {
    case POLICY_CODE_ALLOWED:
        snprintf(d->reason, sizeof(d->reason), "provider %s allows %s", name, kind_words[kind]);
        break;
    case POLICY_CODE_DISABLED:
        snprintf(d->reason, sizeof(d->reason), "provider %s is not enabled", name);
        break;
    case POLICY_CODE_CAPABILITY:
        explain_capability(d, row, kind, name);
        break;
    case POLICY_CODE_SERVICE_ENDED:
        snprintf(d->reason, sizeof(d->reason), "the service of provider %s ended on %s", name,
                 row->service_until);
        break;
    default:
        explain_unknown(d, provider);
        break;
    }
}

void policy_decide(struct policy_decision *d, const struct policy *p, const struct policy_query *q)
{
    const struct policy_row *row = policy_find_row(p, q->provider);
    enum media_kind kind = (unsigned)q->kind < MEDIA_KIND_COUNT ? q->kind : MEDIA_OTHER;

    d->code = judge(row, kind, q->unix_time);
    d->verdict = d->code == POLICY_CODE_ALLOWED ? POLICY_ALLOW : POLICY_DENY;
    explain(d, row, kind, q->provider);
}
