#ifndef PICRELAY_POLICY_TABLE_H
#define PICRELAY_POLICY_TABLE_H

#include "relay/control/policy.h"
#include "relay/yaml.h"

/** Inside of the policy room: the table as policy_fields.c and policy_load.c
 *  read it and policy.c judges by it. */

#define POLICY_PROVIDERS_MAX    256
#define POLICY_IDENTITY_MAX     64
#define POLICY_FQDN_MAX         254 /* RFC 1035 s.2.3.4: 253 characters, NUL */
#define POLICY_EXCLUDED_MAX     32
#define POLICY_ALTERNATIVES_MAX 16
#define POLICY_LICENSES_MAX     8
#define POLICY_LICENSE_MAX      64

/** Licences that are needed together. */
struct policy_licenses {
    char names[POLICY_LICENSES_MAX][POLICY_LICENSE_MAX];
    unsigned n_names;
};

/** One provider, in the words of New-CsPublicProvider. */
struct policy_row {
    char identity[POLICY_IDENTITY_MAX];
    bool is_enabled;
    char proxy_fqdn[POLICY_FQDN_MAX];
    char routing_domain[POLICY_FQDN_MAX];
    char excluded_domains[POLICY_EXCLUDED_MAX][POLICY_FQDN_MAX];
    unsigned n_excluded_domains;
    uint32_t verification_level;
    bool has_presence;
    bool allows[MEDIA_KIND_COUNT];                            /* MEDIA_OTHER: never */
    struct policy_licenses licenses[POLICY_ALTERNATIVES_MAX]; /* one of them is enough */
    unsigned n_licenses;
    char service_until[sizeof("9999-12-31")]; /* empty: no end is known */
    int64_t service_end;                      /* first second without service; INT64_MAX: none */
};

/** The keys of a row; the offsets are those of struct policy_row. */
extern const struct yaml_field policy_row_fields[];

struct policy {
    struct policy_row *rows;
    unsigned n_rows;
};

/** @return NULL: no such row, or identity is NULL */
const struct policy_row *policy_find_row(const struct policy *p, const char *identity);

/** The shipped relay/policy.yaml, put here by the build. */
extern const char policy_builtin_yaml[];
extern const size_t policy_builtin_bytes;

#endif
