#include "relay/control/policy/policy_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/text.h"

/* Findings as sentences for people. */

/* As they stand in a sentence. */
static const char *const kind_words[MEDIA_KIND_COUNT] = {
    [MEDIA_AUDIO] = "audio",         [MEDIA_VIDEO] = "video",
    [MEDIA_IM] = "instant messages", [MEDIA_OTHER] = "media of other kinds",
    [MEDIA_PRESENCE] = "presence",
};

static void __attribute__((format(printf, 2, 3)))
say(struct policy_decision *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
    va_end(ap);
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

/* ---- without a row ----------------------------------------------------------------------------
 */

static void say_unknown(struct policy_decision *d, const struct policy_finding *f,
                        const char *provider)
{
    char quoted[POLICY_REASON_MAX - sizeof("no provider row for ")];

    if (!f->what) {
        say(d, "the provider of the call is not known");
    } else if (strcmp(f->what, "provider") == 0) {
        text_quote(quoted, sizeof(quoted), provider, strlen(provider));
        say(d, "no provider row for %s", quoted);
    } else {
        say(d, "no provider row for %s %.200s", f->what, f->name);
    }
}

static void say_contradiction(struct policy_decision *d, const struct policy_finding *f,
                              const struct policy_query *q)
{
    if (q->provider && *q->provider)
        say(d, "provider %.64s contradicts %s %.150s", q->provider, f->what, f->name);
    else
        say(d, "%s %.200s contradicts what else is known of the provider", f->what, f->name);
}

/* ---- of a row ---------------------------------------------------------------------------------
 */

static void say_capability(struct policy_decision *d, const struct policy_row *row,
                           enum media_kind kind, const char *name)
{
    bool is_av = kind == MEDIA_AUDIO || kind == MEDIA_VIDEO;

    /* one sentence for a call with both, so that it is not told in two halves */
    if (is_av && !row->allows[MEDIA_AUDIO] && !row->allows[MEDIA_VIDEO])
        say(d, "provider %s allows no audio or video", name);
    else
        say(d, "provider %s allows no %s", name, kind_words[kind]);
}

static const char *enterprise_words(char buf[URI_HOST_MAX + 16], const struct policy_finding *f)
{
    (void)snprintf(buf, URI_HOST_MAX + 16, "%s%s", f->domain[0] ? "domain " : "the enterprise",
                   f->domain);
    return buf;
}

static void say_enterprise(struct policy_decision *d, const struct policy_finding *f,
                           const char *name)
{
    char who[URI_HOST_MAX + 16];

    enterprise_words(who, f);
    switch (f->code) {
    case POLICY_CODE_UNKNOWN_ENTERPRISE:
        if (f->domain[0])
            say(d, "%.150s is not an enterprise domain of the table", who);
        else
            say(d, "the enterprise domain of the call is not known");
        break;
    case POLICY_CODE_LICENSE:
        say(d, "%.100s holds no %s, which provider %s requires", who, f->license, name);
        break;
    case POLICY_CODE_LICENSE_ENDED:
        say(d, "the %s of %.100s ended on %s", f->license, who, f->held->until);
        break;
    case POLICY_CODE_NEW_DOMAIN:
        say(d, "provider %s accepts no new domains, and is not activated for %.100s", name, who);
        break;
    default:
        say(d, "provider %s is not activated for %.150s", name, who);
    }
}

static void say_user(struct policy_decision *d, const struct policy_finding *f,
                     enum media_kind kind, const char *name)
{
    if (f->pattern)
        say(d, "a rule denies the %s user %s with provider %s", policy_side_name(f->side),
            kind_words[kind], name);
    else
        say(d, "the %s user is on no list of those allowed %s with provider %s",
            policy_side_name(f->side), kind_words[kind], name);
}

static void say_row(struct policy_decision *d, const struct policy_finding *f, enum media_kind kind)
{
    char name[POLICY_IDENTITY_MAX];

    lower_name(name, f->row);
    switch (f->code) {
    case POLICY_CODE_ALLOWED:
        say(d, "provider %s allows %s", name, kind_words[kind]);
        break;
    case POLICY_CODE_DISABLED:
        say(d, "provider %s is not enabled", name);
        break;
    case POLICY_CODE_CAPABILITY:
        say_capability(d, f->row, kind, name);
        break;
    case POLICY_CODE_SERVICE_ENDED:
        say(d, "the service of provider %s ended on %s", name, f->row->service_until);
        break;
    case POLICY_CODE_USER:
        say_user(d, f, kind, name);
        break;
    default:
        say_enterprise(d, f, name);
    }
}

void policy_write_reason(struct policy_decision *d, const struct policy_finding *f,
                         const struct policy_query *q)
{
    enum media_kind kind = (unsigned)q->kind < MEDIA_KIND_COUNT ? q->kind : MEDIA_OTHER;

    switch (f->code) {
    case POLICY_CODE_UNKNOWN_PROVIDER:
        say_unknown(d, f, q->provider);
        break;
    case POLICY_CODE_CONTRADICTION:
        say_contradiction(d, f, q);
        break;
    case POLICY_CODE_BAD_ADDRESS:
        say(d, "the address of the %s user cannot be read as a SIP URI", policy_side_name(f->side));
        break;
    default:
        say_row(d, f, kind);
    }
}

void policy_deny_clear(struct policy_decision *d, enum policy_side side)
{
    d->verdict = POLICY_DENY;
    d->code = POLICY_CODE_ENCRYPTION;
    say(d, "provider %s requires encryption on the %s side", d->provider, policy_side_name(side));
}
