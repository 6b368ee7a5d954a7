#ifndef PICRELAY_POLICY_H
#define PICRELAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/str.h"

/**
 * The provider table and its verdict: which media a public provider may exchange with enterprise
 * users. Deny is the default. [pure, but for policy_load_file()]
 * Source: reference table of Lync Server 2013's public IM connectivity (relay/policy.yaml).
 *
 * A table is const once loaded and may be read by any thread; control replaces it as a whole, so
 * what is kept of it is names, never pointers.
 */

enum media_kind {
    MEDIA_AUDIO,
    MEDIA_VIDEO,
    MEDIA_IM, /* m=message, m=x-ms-message */
    MEDIA_OTHER,
    MEDIA_PRESENCE, /* never in SDP: what the table says of it can be asked for */
    MEDIA_KIND_COUNT
};

/** POLICY_REDUCE: of several kinds asked about together, some are allowed. */
enum policy_verdict { POLICY_ALLOW, POLICY_DENY, POLICY_REDUCE };

/** Machine-readable reason, also the label in metrics and records. What a row says is decided in
 * this order, the most lasting first: a kind of media that a provider never had is not refused
 * because of a date, nor a service that has ended because of a licence. Before any row come
 * addresses that cannot be read, and sources that name none or contradict each other. */
enum policy_code {
    POLICY_CODE_ALLOWED,
    POLICY_CODE_UNKNOWN_PROVIDER,   /* no provider could be found, or none of that name */
    POLICY_CODE_DISABLED,           /* the row says Enabled: false */
    POLICY_CODE_CAPABILITY,         /* the row does not have this kind of media */
    POLICY_CODE_SERVICE_ENDED,      /* after ServiceUntil */
    POLICY_CODE_CONTRADICTION,      /* sources of the provider say different things */
    POLICY_CODE_BAD_ADDRESS,        /* an address that cannot be read */
    POLICY_CODE_UNKNOWN_ENTERPRISE, /* a domain that is not in the table */
    POLICY_CODE_LICENSE,            /* not held, or not yet */
    POLICY_CODE_LICENSE_ENDED,
    POLICY_CODE_NOT_ACTIVATED, /* the service is not provisioned for the domain */
    POLICY_CODE_NEW_DOMAIN,    /* existing customers only */
    POLICY_CODE_USER,          /* a rule about users */
    POLICY_CODE_ENCRYPTION,    /* clear RTP where the row requires SRTP */
    POLICY_CODE_COUNT
};

enum policy_direction { POLICY_TO_PROVIDER, POLICY_FROM_PROVIDER };
enum policy_side { POLICY_SIDE_ENTERPRISE, POLICY_SIDE_PUBLIC, POLICY_SIDES };
enum policy_encryption {
    POLICY_ENCRYPTION_NONE,
    POLICY_ENCRYPTION_OPTIONAL,
    POLICY_ENCRYPTION_REQUIRED
};

struct config;
struct policy;

/**
 * What a verdict is about. The provider is found from all of its sources that are given; each
 * narrows the set of rows. If several remain, only what all of them allow is granted; sources whose
 * sets have nothing in common contradict each other.
 */
struct policy_query {
    const char *provider;       /* Identity, compared without case; NULL or empty: not named */
    struct str peer_fqdn;       /* proxy that the call came from or goes to; empty: not known */
    struct str remote_user;     /* SIP URI of the provider's user; empty: not known */
    struct str enterprise_user; /* SIP URI; empty: not known */
    enum media_kind kind;
    enum policy_direction direction; /* of the call's set-up */
    int64_t unix_time;               /* of the decision [s] */
};

#define POLICY_REASON_MAX   256
#define POLICY_IDENTITY_MAX 64

struct policy_decision {
    enum policy_verdict verdict;
    enum policy_code code;
    char provider[POLICY_IDENTITY_MAX]; /* Identity of the one row that it is about; else empty */
    char reason[POLICY_REASON_MAX];     /* one sentence for people, without "policy: " */
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

/** Decides about one kind of media. Never fails: what is not known is denied. No allocation. */
void policy_decide(struct policy_decision *d, const struct policy *p, const struct policy_query *q);

/** A verdict about several kinds together. */
struct policy_outcome {
    enum policy_verdict verdict;
    enum policy_code code;                          /* of the first kind that is denied */
    unsigned asked, allowed;                        /* bit 1 << kind */
    struct policy_decision kinds[MEDIA_KIND_COUNT]; /* of those asked for */
};
/** @param kinds  bits 1 << enum media_kind; q->kind does not count. None: denied */
void policy_decide_kinds(struct policy_outcome *o, const struct policy *p,
                         const struct policy_query *q, unsigned kinds);
/** @return the reason of an outcome */
const char *policy_outcome_reason(const struct policy_outcome *o);

/** @return what the rows that are meant say of encryption on a side, the strictest of them */
enum policy_encryption policy_encryption(const struct policy *p, const struct policy_query *q,
                                         enum policy_side side);
/** Makes a decision the denial of clear RTP on a side. */
void policy_deny_clear(struct policy_decision *d, enum policy_side side);

/** @return whether running calls of the rows that are meant end when they are no longer allowed
 *          (on_revoke: end); false: they may go on to their end */
bool policy_ends_revoked(const struct policy *p, const struct policy_query *q);

/** Whether an address is one that a provider's users have: at a routing or an excluded domain.
 *  Tells which way a call goes when nothing else does. */
bool policy_is_public_address(const struct policy *p, struct str uri);

/** The rows that a query means, by name, the first and how many.
 *  @return the Identity as the table spells it, if it is one row; else NULL */
const char *policy_find_provider(const struct policy *p, const struct policy_query *q, unsigned *n);

/** @return the Identity as the table spells it; NULL: no such row */
const char *policy_provider_name(const struct policy *p, const char *identity);

/** Rows, in the order of the table. @return NULL: index is beyond the last */
const char *policy_provider_at(const struct policy *p, unsigned index);

/** Goes through the enterprise domains, or the users of a side, that the table names, in no order.
 *  @param at  0 at first; is moved on @return "contoso.com", "alice@contoso.com"; empty: no more */
struct str policy_domain_next(const struct policy *p, size_t *at);
struct str policy_user_next(const struct policy *p, enum policy_side side, size_t *at);
/** Whether the table names it, as those two would give it. */
bool policy_has_domain(const struct policy *p, struct str domain);
bool policy_has_user(const struct policy *p, enum policy_side side, struct str user);

/** Whether each interface's provider has a row. @return 0; EINVAL with a sentence in err */
int policy_check_config(const struct policy *p, const struct config *cfg, char *err,
                        size_t err_cap);

const char *media_kind_name(enum media_kind kind);
/** @return false: no such name; "other" is none */
bool media_kind_parse(enum media_kind *kind, struct str name);
const char *policy_code_name(enum policy_code code);
const char *policy_verdict_name(enum policy_verdict verdict);
const char *policy_side_name(enum policy_side side);

#endif
