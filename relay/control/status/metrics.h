#ifndef PICRELAY_METRICS_H
#define PICRELAY_METRICS_H

#include <stdint.h>

#include "relay/control/ng/ng.h"

/**
 * What /metrics says, in the Prometheus text format 0.0.4. Every family is a row of one table
 * (name, type, help, label names); a writer prints its samples. Label values come from
 * configuration or fixed sets, never from the wire. [pure, but for metrics_write_process()] Thread:
 * control.
 *
 *     metrics_family(&w, METRIC_CALLS_TOTAL);
 *     metrics_count(&w, METRICS_LABELS("deleted"), n);
 */

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_LABELS_MAX   4

struct mbuf;

enum metric {
    METRIC_BUILD_INFO,
    METRIC_CALLS,
    METRIC_CALLS_TOTAL,
    METRIC_CALL_DURATION_SECONDS_TOTAL,
    METRIC_STREAMS,
    METRIC_TRANSCODERS,
    METRIC_PACKETS_TOTAL,
    METRIC_BYTES_TOTAL,
    METRIC_DROPS_TOTAL,
    METRIC_PORTS,
    METRIC_PORTS_EVENTS_TOTAL,
    METRIC_POLICY_VERDICTS_TOTAL,
    METRIC_CONTROL_REQUESTS_TOTAL,
    METRIC_CONTROL_REQUEST_SECONDS_TOTAL,
    METRIC_CONTROL_EVENTS_TOTAL,
    METRIC_CONTROL_DTLS_SECONDS_TOTAL,
    METRIC_HTTP_REQUESTS_TOTAL,
    METRIC_LINES_TOTAL,
    METRIC_STUN_TOTAL,
    METRIC_WORKER_BATCHES_TOTAL,
    METRIC_WORKER_CPU_SECONDS_TOTAL,
    METRIC_WORKER_PACKETS_TOTAL,
    METRIC_WORKER_STREAMS,
    METRIC_WORKER_RING_FULL_TOTAL,
    METRIC_WORKER_BUSY_RATIO,
    METRIC_WORKER_COMPLEXITY_SAVING,
    METRIC_WORKER_GATHER_SECONDS,
    METRIC_WORKER_BATCH_PACKETS,
    METRIC_IO_INFO,
    METRIC_ADDED_DELAY_SECONDS,
    METRIC_SRTP_INFO,
    METRIC_PROCESS_CPU_SECONDS_TOTAL,
    METRIC_PROCESS_RESIDENT_MEMORY_BYTES,
    METRIC_PROCESS_OPEN_FDS,
    METRIC_PROCESS_MAX_FDS,
    METRIC_PROCESS_START_TIME_SECONDS,
    METRIC_COUNT
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_row {
    const char *name;
    enum metric_type type;
    const char *help;
    const char *labels[METRICS_LABELS_MAX]; /* NULL after the last */
};
const struct metric_row *metrics_row(enum metric m);

/** Starts with mb alone. The first error stays; the samples after it are left out. */
struct metrics_writer {
    struct mbuf *mb;
    int err; /* 0; ENOMEM; EINVAL: a family twice, a sample without family or without one value
                for each label name (our own mistakes) */
    const struct metric_row *family;
    uint64_t seen; /* bit an enum metric */
};

/** One value for each label name of the family, in its order. */
#define METRICS_LABELS(...) ((const char *const[METRICS_LABELS_MAX]){__VA_ARGS__})

/** Begins a family: its HELP and TYPE lines. Each family once. */
void metrics_family(struct metrics_writer *w, enum metric m);
/** One sample of the family. @param labels  as many as it has names; NULL if it has none */
void metrics_count(struct metrics_writer *w, const char *const *labels, uint64_t value);
void metrics_real(struct metrics_writer *w, const char *const *labels, double value);

/** A histogram: how many samples were not above a bound and above the one before. */
struct metrics_histogram {
    const double *bounds; /* n of them; INFINITY: what no bound holds */
    const uint64_t *counts;
    unsigned n;
    double sum; /* of all samples */
};
/** All samples of a histogram of the family. @param labels  as above, without `le` */
void metrics_histogram(struct metrics_writer *w, const char *const *labels,
                       const struct metrics_histogram *h);

/** How a request was answered. */
enum control_result {
    CONTROL_OK,
    CONTROL_ERROR,      /* an error reply */
    CONTROL_LOAD_LIMIT, /* refused for load, limits, or while draining */
    CONTROL_RESULT_COUNT
};

/** What is counted besides the replies (threat model, section 5). */
enum control_event {
    CONTROL_COOKIE_HIT,         /* a retransmission, answered from the cache */
    CONTROL_NG_BAD,             /* undecodable, too deep, too big */
    CONTROL_NG_REJECT,          /* decodable but nonsense */
    CONTROL_NG_DENIED,          /* from an address that is not on the list */
    CONTROL_NG_NO_COOKIE,       /* dropped: no reply is possible */
    CONTROL_NG_UNKNOWN_KEY,     /* keys and flags that were ignored */
    CONTROL_REPLY_LOST,         /* the kernel did not take the reply */
    CONTROL_POLICY_DENIED,      /* a call or a part of it */
    CONTROL_DTLS_UP,            /* handshakes that came to keys */
    CONTROL_DTLS_FINGERPRINT,   /* absent, weak, or not that of the certificate */
    CONTROL_DTLS_FAILED,        /* for another reason */
    CONTROL_DTLS_BAD,           /* datagrams that were no part of a handshake */
    CONTROL_DTLS_EARLY,         /* hellos that were kept until they could be answered */
    CONTROL_POLICY_READ,        /* a table that was read anew is in force */
    CONTROL_POLICY_REFUSED,     /* a table was refused, the old one stays in force */
    CONTROL_POLICY_DAY,         /* a day has passed: running calls are decided about again */
    CONTROL_RESOURCE_EXHAUSTED, /* no ports, descriptors or memory for a new call */
    CONTROL_EVENT_COUNT
};

/** Incremented on the control thread; starts as zero. */
struct control_counters {
    uint64_t requests[NG_COMMAND_COUNT][CONTROL_RESULT_COUNT];
    uint64_t request_us[NG_COMMAND_COUNT]; /* time to answer, summed */
    uint64_t events[CONTROL_EVENT_COUNT];
    uint64_t dtls_us; /* what handshakes took of the control thread */
};

const char *control_result_name(enum control_result result);
const char *control_event_name(enum control_event event);

/** Writes the families METRIC_CONTROL_*. */
void metrics_write_control(struct metrics_writer *w, const struct control_counters *c);
/** Writes the families METRIC_PROCESS_* out of /proc/self; what cannot be read is left out. */
void metrics_write_process(struct metrics_writer *w);

#endif
