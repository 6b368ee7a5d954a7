#ifndef PICRELAY_CONTROL_H
#define PICRELAY_CONTROL_H

#include "relay/control/libre.h"
#include <stdbool.h>
#include <stdint.h>

#include "ice/ice.h"
#include "relay/config.h"
#include "relay/control/ng/cookie.h"
#include "relay/control/ng/siphash.h"
#include "relay/control/status/http.h"
#include "relay/control/status/metrics.h"
#include "relay/control/policy/policy.h"
#include "relay/control/dtls/association.h"
#include "relay/control/transport/ports.h"
#include "relay/control/transport/ports_quiet.h"
#include "relay/control/status/record.h"
#include "relay/control/status/totals.h"
#include "relay/log.h"
#include "relay/media/media.h"

/**
 * The control plane: one thread, libre's main loop. All decisions are made here. This struct is
 * what its rooms share; main.c owns it.
 */

struct journal;
struct held;

struct control {
    const struct config *cfg;
    const struct policy *policy; /* replaced as a whole: never kept */
    unsigned policy_turn;        /* grows with each change of what policy may say */
    struct reload *reload;
    struct journal *records;   /* of calls, on stdout */
    struct journal *audit;     /* NULL: no decisions are kept */
    struct held *held;         /* NULL: no reply waits for the disk */
    struct srtp_context *srtp; /* sessions are made with it; the workers have their own */
    struct association_context *dtls;
    struct certificate *certificate; /* that new legs show in DTLS */
    uint64_t certificate_us;         /* when it was made */
    struct media *media;
    struct ice *ice;
    struct port_pool *pools[CONFIG_INTERFACES_MAX];
    struct port_quiet *quiet[CONFIG_INTERFACES_MAX];
    struct cookie_cache *cookies;
    struct control_counters counters;

    char loop_mark[64];           /* "rtpengine:" and a random number: flag loop-protect */
    struct siphash_key calls_key; /* call-ids are chosen by strangers: see siphash.h */
    uint64_t turn_waits_us[CONFIG_INTERFACES_MAX]; /* until then its TURN server, which was silent,
                                                    * is not waited for */
    struct hash *calls;                            /* by call-id */
    struct list live;  /* calls with media, the one whose check is due first at the head */
    struct list ended; /* calls that only wait for their delete-delay */
    unsigned n_live, n_streams, n_transcoders, n_releasing;
    uint64_t ended_by[RECORD_END_COUNT];
    uint64_t duration_us; /* of answered calls that have ended */
    struct totals totals;
    struct log_limit refused_limit, denied_limit, bad_limit, unknown_limit;
    bool is_draining;

    struct list listeners;
    struct http *http;
    struct tmr tick;
    unsigned peak_live; /* since memory was last given back */
    uint64_t trimmed_us;
    uint64_t started_us;
};

struct control_options {
    const struct config *cfg;
    const struct policy *policy;
    const struct srtp_provider *srtp; /* of all sessions */
};

/**
 * Opens everything: workers, ICE thread, ports, listeners. libre must have been initialised.
 * @param err  a sentence that names what failed
 * @return 0; else errno
 */
int control_start(struct control **cp, const struct control_options *opt, char *err,
                  size_t err_cap);

/** Ends all calls (reason "shutdown"), waits for the workers to let go, closes everything. */
void control_stop(struct control *c);

#endif
