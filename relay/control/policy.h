#ifndef PICRELAY_POLICY_H
#define PICRELAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The provider table and its verdict: which media a public provider may exchange with enterprise
 * users. Deny is the default. [pure, but for policy_load_file()]
 * Source: reference table of Lync Server 2013's public IM connectivity (relay/policy.yaml).
 *
 * A table is const once loaded and may be read by any thread; control replaces it as a whole.
 */

enum media_kind {
    MEDIA_AUDIO,
    MEDIA_VIDEO,
    MEDIA_IM, /* m=message, m=x-ms-message */
    MEDIA_OTHER,
    MEDIA_KIND_COUNT
};

enum policy_verdict { POLICY_ALLOW, POLICY_DENY };

/** Machine-readable reason, also the label in metrics and records. */
enum policy_code {
    POLICY_CODE_ALLOWED,
    POLICY_CODE_UNKNOWN_PROVIDER, /* no provider could be found, or none of that name */
    POLICY_CODE_DISABLED,         /* the row says Enabled: false */
    POLICY_CODE_CAPABILITY,       /* the row does not have this kind of media */
    POLICY_CODE_SERVICE_ENDED,    /* after ServiceUntil */
    POLICY_CODE_CONTRADICTION,    /* sources of the provider say different things */
    POLICY_CODE_COUNT
};

enum policy_direction { POLICY_TO_PROVIDER, POLICY_FROM_PROVIDER };

struct config;
struct policy;

struct policy_query {
    const char *provider; /* Identity, compared without case; NULL: not known */
    enum media_kind kind;
    enum policy_direction direction; /* of the call's set-up */
    int64_t unix_time;               /* of the decision [s] */
};

#define POLICY_REASON_MAX 160

struct policy_decision {
    enum policy_verdict verdict;
    enum policy_code code;
    char reason[POLICY_REASON_MAX]; /* one sentence for people, without "policy: " */
};

/** The built-in table; equals the shipped relay/policy.yaml. @return 0; ENOMEM */
int policy_load_builtin(struct policy **pp);
/**
 * @param err  "FILE:LINE: what is wrong, what is expected" on an error
 * @return 0; EINVAL: the file is wrong; ENOENT, EACCES ...: not readable; ENOMEM
 */
int policy_load_file(struct policy **pp, const char *path, char *err, size_t err_cap);
/** The same from memory; name stands for FILE. [pure] */
int policy_parse(struct policy **pp, const char *yaml, size_t n, const char *name, char *err,
                 size_t err_cap);
void policy_free(struct policy *p);

/** Decides about one kind of media. Never fails: what is not known is denied. */
void policy_decide(struct policy_decision *d, const struct policy *p, const struct policy_query *q);

/** @return the Identity as the table spells it; NULL: no such row */
const char *policy_provider_name(const struct policy *p, const char *identity);

/** Whether each interface's provider has a row. @return 0; EINVAL with a sentence in err */
int policy_check_config(const struct policy *p, const struct config *cfg, char *err,
                        size_t err_cap);

const char *media_kind_name(enum media_kind kind);
const char *policy_code_name(enum policy_code code);

#endif
