#ifndef PICRELAY_POLICY_TABLE_H
#define PICRELAY_POLICY_TABLE_H

#include "relay/control/policy/policy.h"
#include "relay/control/policy/policy_date.h"
#include "relay/control/policy/policy_index.h"
#include "relay/control/policy/uri.h"
#include "relay/yaml.h"

/** Inside of the policy room: the table as policy_load.c and its readers (policy_fields.c,
 *  policy_enterprise.c, policy_users_read.c) put it together, and policy.c judges by it. */

#define POLICY_PROVIDERS_MAX    64 /* bits of a policy_set */
#define POLICY_FQDN_MAX         URI_HOST_MAX
#define POLICY_EXCLUDED_MAX     32
#define POLICY_ALTERNATIVES_MAX 16
#define POLICY_LICENSES_MAX     8 /* together in one alternative */
#define POLICY_LICENSE_MAX      64
#define POLICY_LICENSE_KINDS    64
#define POLICY_HELD_MAX         64
#define POLICY_DOMAINS_MAX      1000000
#define POLICY_RULES_MAX        1000000
#define POLICY_NO_ENTERPRISE    UINT32_MAX

/** Rows of the table: bit i stands for row i. */
typedef uint64_t policy_set;

/** One day that may be open: its text for people, its second for comparing. */
struct policy_day {
    int64_t
        start; /* first second of the day; INT64_MIN as a beginning, INT64_MAX as an end: open */
    unsigned line; /* 0: not in the file */
};

/** What can be bought. */
struct policy_license_kind {
    char name[POLICY_LICENSE_MAX];
    struct policy_day not_sold_since; /* INT64_MAX: still sold */
};

/** Licences that are needed together. */
struct policy_licenses {
    char names[POLICY_LICENSES_MAX][POLICY_LICENSE_MAX];
    unsigned kinds[POLICY_LICENSES_MAX]; /* their numbers, once the table is complete */
    unsigned n_names;
};

/** One provider, in the words of New-CsPublicProvider. */
struct policy_row {
    char identity[POLICY_IDENTITY_MAX];
    unsigned line;
    bool is_enabled;
    char proxy_fqdn[POLICY_FQDN_MAX];
    char routing_domain[POLICY_FQDN_MAX];
    char excluded_domains[POLICY_EXCLUDED_MAX][POLICY_FQDN_MAX];
    unsigned n_excluded_domains;
    uint32_t verification_level;
    bool allows[MEDIA_KIND_COUNT]; /* MEDIA_OTHER: never */
    enum policy_encryption encryption[POLICY_SIDES];
    struct policy_licenses licenses[POLICY_ALTERNATIVES_MAX]; /* one of them is enough */
    unsigned n_licenses;
    char service_until[POLICY_DATE_MAX]; /* empty: no end is known */
    int64_t service_end;                 /* first second without service; INT64_MAX: none */
    bool refuses_new_domains;
    struct policy_day new_domains_refused_since; /* activated by then: an existing customer */
    char migrates_to[POLICY_IDENTITY_MAX];       /* empty: nowhere */
    unsigned migrates_to_row;                    /* its number, once the table is complete */
    bool finishes_revoked;                       /* on_revoke: finish */
};

/** A licence that an enterprise holds. */
struct policy_held {
    unsigned kind;
    struct policy_day since;
    char until[POLICY_DATE_MAX]; /* empty: open */
    int64_t end;                 /* first second without it */
    unsigned line;
};

/** A provider's service, provisioned for an enterprise. */
struct policy_activation {
    unsigned row;
    struct policy_day since;
    unsigned line;
};

/** Domains that hold the same licences. */
struct policy_enterprise {
    unsigned line;
    bool is_any; /* "*" */
    struct policy_held *held;
    unsigned n_held;
    struct policy_activation *activations;
    unsigned n_activations;
};

/** What all rules together say of the users that one pattern stands for. */
struct policy_pattern {
    policy_set deny[MEDIA_KIND_COUNT], allow[MEDIA_KIND_COUNT];
    policy_set migrated;
    int64_t migrated_since;
    unsigned line; /* of the last rule with it */
};

/** The rules about the users of one side. */
struct policy_users {
    struct policy_index index;
    struct policy_pattern *patterns;
    size_t n_patterns, cap;
    policy_set has_allow[MEDIA_KIND_COUNT]; /* who is on no list of these is denied */
};

struct policy {
    struct policy_row *rows;
    unsigned n_rows;
    struct policy_license_kind licenses[POLICY_LICENSE_KINDS];
    unsigned n_licenses;
    struct policy_enterprise *enterprises;
    unsigned n_enterprises;
    uint32_t any_enterprise;     /* number of the one of "*"; POLICY_NO_ENTERPRISE */
    struct policy_index domains; /* to numbers of enterprises */
    struct policy_users users[POLICY_SIDES];
};

/** @return NULL: no such row, or identity is NULL */
const struct policy_row *policy_find_row(const struct policy *p, const char *identity);
/** @return the number of a licence; p->n_licenses: there is none of that name */
unsigned policy_find_license(const struct policy *p, const char *name);

/* ---- reading. All of them report their mistakes. ----------------------------------------------
 */

/** The keys of a row; the offsets are those of struct policy_row. */
extern const struct yaml_field policy_row_fields[];

/** A domain name in lower case. */
int policy_read_fqdn(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report);
/** struct policy_day */
int policy_read_day(const struct yaml_field *field, const struct yaml_node *node, void *target,
                    const struct yaml_report *report);
/** A date that is served to its end. @param end  first second after it */
int policy_read_last_day(const struct yaml_field *field, const struct yaml_node *node,
                         char text[static POLICY_DATE_MAX], int64_t *end,
                         const struct yaml_report *report);
/** A name of letters, digits, blanks. */
int policy_read_license(const struct yaml_field *field, const struct yaml_node *node,
                        char name[static POLICY_LICENSE_MAX], const struct yaml_report *report);

/** Top-level keys `licenses`, `enterprise`, `users`; target is the struct policy. */
int policy_read_licenses(const struct yaml_field *field, const struct yaml_node *node, void *target,
                         const struct yaml_report *report);
int policy_read_enterprises(const struct yaml_field *field, const struct yaml_node *node,
                            void *target, const struct yaml_report *report);
int policy_read_users(const struct yaml_field *field, const struct yaml_node *node, void *target,
                      const struct yaml_report *report);

/** Where the file says nothing: the licences of the documentation; one enterprise, "*", that holds
 *  a Lync Server CAL and has activated every provider. @return 0; ENOMEM */
int policy_default_licenses(struct policy *p);
int policy_default_enterprise(struct policy *p, const struct yaml_report *report);

void policy_wipe_enterprises(struct policy *p);
void policy_wipe_users(struct policy *p);

/* ---- judging ----------------------------------------------------------------------------------
 */

/** What decided, for sentences and explanations. Points into the table. */
struct policy_finding {
    enum policy_code code;
    policy_set rows;              /* that the query means */
    const struct policy_row *row; /* that decided; NULL: none was found */
    bool is_migrated;             /* the row is where the user has moved to */
    const struct policy_row *migrated_from;
    const struct policy_enterprise *enterprise;
    char domain[URI_HOST_MAX];      /* of the enterprise user; empty: not known */
    const char *license;            /* that is missing, or has ended */
    const struct policy_held *held; /* that decided: is in force, or has ended */
    const struct policy_activation *activation;
    const struct policy_pattern *pattern; /* rule about users that decided; NULL: none */
    enum policy_side side;                /* of that rule, or of the bad address */
    const char *what;                     /* source that has no row or contradicts */
    char name[URI_HOST_MAX + 2];          /* what that source said */
};

/** Judges, and says what decided. */
void policy_find(struct policy_finding *f, const struct policy *p, const struct policy_query *q);
/** The row's word about one kind. Fills in what of f it decides by. */
enum policy_code policy_judge_row(struct policy_finding *f, const struct policy *p,
                                  const struct policy_query *q, const struct uri *users);
/** The rows that the sources mean. @return 0, UNKNOWN_PROVIDER, CONTRADICTION, with f->what */
enum policy_code policy_find_rows(struct policy_finding *f, const struct policy *p,
                                  const struct policy_query *q, const struct uri *remote);
/** Whether a user of a side may; NULL user: not known. @return ALLOWED or USER */
enum policy_code policy_judge_user(struct policy_finding *f, const struct policy *p,
                                   enum policy_side side, const struct uri *user,
                                   enum media_kind kind);
/** @return whether the user has moved away from the row by then */
bool policy_has_migrated(const struct policy *p, const struct uri *remote, unsigned row,
                         int64_t unix_time);
/** Licences, activation, domain. @return ALLOWED, or why not */
enum policy_code policy_judge_enterprise(struct policy_finding *f, const struct policy *p,
                                         int64_t unix_time);
/** Puts a finding into words. */
void policy_write_reason(struct policy_decision *d, const struct policy_finding *f,
                         const struct policy_query *q);

/** The shipped relay/policy.yaml, put here by the build. */
extern const char policy_builtin_yaml[];
extern const size_t policy_builtin_bytes;

#endif
