#include "relay/control/status/metrics.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <re.h>

#define US_PER_S 1e6

static const struct metric_row rows[METRIC_COUNT] = {
    [METRIC_BUILD_INFO] = {"picrelay_build_info",
                           METRIC_GAUGE,
                           "Always 1; the version is a label.",
                           {"version"}},
    [METRIC_CALLS] = {"picrelay_calls", METRIC_GAUGE, "Calls that are set up now.", {NULL}},
    [METRIC_CALLS_TOTAL] = {"picrelay_calls_total",
                            METRIC_COUNTER,
                            "Calls that have ended, by how.",
                            {"end"}},
    [METRIC_CALL_DURATION_SECONDS_TOTAL] = {"picrelay_call_duration_seconds_total",
                                            METRIC_COUNTER,
                                            "Time from answer to end of calls that have ended.",
                                            {NULL}},
    [METRIC_STREAMS] = {"picrelay_streams",
                        METRIC_GAUGE,
                        "Streams (media lines of legs) now.",
                        {NULL}},
    [METRIC_TRANSCODERS] = {"picrelay_transcoders",
                            METRIC_GAUGE,
                            "Directions that are transcoded now.",
                            {NULL}},
    [METRIC_PACKETS_TOTAL] = {"picrelay_packets_total",
                              METRIC_COUNTER,
                              "Media packets accepted (in) and sent (out).",
                              {"interface", "direction"}},
    [METRIC_BYTES_TOTAL] = {"picrelay_bytes_total",
                            METRIC_COUNTER,
                            "UDP payload of the media packets accepted and sent.",
                            {"interface", "direction"}},
    [METRIC_DROPS_TOTAL] = {"picrelay_drops_total",
                            METRIC_COUNTER,
                            "Packets not passed on, by reason.",
                            {"reason"}},
    [METRIC_PORTS] = {"picrelay_ports",
                      METRIC_GAUGE,
                      "Ports for media by state, of RTP and of RTCP.",
                      {"interface", "state"}},
    [METRIC_PORTS_EVENTS_TOTAL] = {"picrelay_ports_events_total",
                                   METRIC_COUNTER,
                                   "Pairs that were not quiet after their rest, that another "
                                   "process held, and requests that found none free.",
                                   {"interface", "event"}},
    [METRIC_POLICY_VERDICTS_TOTAL] = {"picrelay_policy_verdicts_total",
                                      METRIC_COUNTER,
                                      "Decisions of the provider table.",
                                      {"provider", "kind", "verdict", "code"}},
    [METRIC_CONTROL_REQUESTS_TOTAL] = {"picrelay_control_requests_total",
                                       METRIC_COUNTER,
                                       "NG requests, by how they were answered.",
                                       {"command", "result"}},
    [METRIC_CONTROL_REQUEST_SECONDS_TOTAL] = {"picrelay_control_request_seconds_total",
                                              METRIC_COUNTER,
                                              "Time from request to reply, summed.",
                                              {"command"}},
    [METRIC_CONTROL_EVENTS_TOTAL] = {"picrelay_control_events_total",
                                     METRIC_COUNTER,
                                     "What happened on the control side besides replies.",
                                     {"event"}},
    [METRIC_CONTROL_DTLS_SECONDS_TOTAL] = {"picrelay_control_dtls_seconds_total",
                                           METRIC_COUNTER,
                                           "What DTLS handshakes took of the control thread.",
                                           {NULL}},
    [METRIC_HTTP_REQUESTS_TOTAL] = {"picrelay_http_requests_total",
                                    METRIC_COUNTER,
                                    "HTTP requests, by how they ended.",
                                    {"result"}},
    [METRIC_LINES_TOTAL] =
        {"picrelay_lines_total",
         METRIC_COUNTER,
         "Records of calls and lines of the audit file: written, dropped (whoever "
         "takes them does not keep up), failed.",
         {"of", "result"}},
    [METRIC_STUN_TOTAL] =
        {"picrelay_stun_total",
         METRIC_COUNTER,
         "STUN at media ports that no ICE agent saw: stun_bad, stun_auth (without our "
         "credentials), stun_unsolicited, answered (checks on settled pairs).",
         {"result"}},
    [METRIC_WORKER_BATCHES_TOTAL] = {"picrelay_worker_batches_total",
                                     METRIC_COUNTER,
                                     "Batches of packets that a worker has taken.",
                                     {"worker"}},
    [METRIC_WORKER_CPU_SECONDS_TOTAL] = {"picrelay_worker_cpu_seconds_total",
                                         METRIC_COUNTER,
                                         "CPU time of a worker's thread.",
                                         {"worker"}},
    [METRIC_WORKER_PACKETS_TOTAL] = {"picrelay_worker_packets_total",
                                     METRIC_COUNTER,
                                     "Packets that a worker received (in) and sent (out).",
                                     {"worker", "direction"}},
    [METRIC_WORKER_STREAMS] = {"picrelay_worker_streams",
                               METRIC_GAUGE,
                               "Streams on a worker now.",
                               {"worker"}},
    [METRIC_WORKER_RING_FULL_TOTAL] = {"picrelay_worker_ring_full_total",
                                       METRIC_COUNTER,
                                       "Commands that waited for room in a worker's ring.",
                                       {"worker"}},
    [METRIC_WORKER_BUSY_RATIO] = {"picrelay_worker_busy_ratio",
                                  METRIC_GAUGE,
                                  "Share of the last second that a worker was busy, 0 to 1.",
                                  {"worker"}},
    [METRIC_WORKER_COMPLEXITY_SAVING] = {"picrelay_worker_complexity_saving",
                                         METRIC_GAUGE,
                                         "Steps of complexity that a busy worker's encoders save "
                                         "now, 0 to 9.",
                                         {"worker"}},
    [METRIC_WORKER_GATHER_SECONDS] = {"picrelay_worker_gather_seconds",
                                      METRIC_GAUGE,
                                      "How long a worker lets packets gather at its present rate.",
                                      {"worker"}},
    [METRIC_WORKER_BATCH_PACKETS] = {"picrelay_worker_batch_packets",
                                     METRIC_HISTOGRAM,
                                     "Packets in a batch, of batches that had any.",
                                     {"worker"}},
    [METRIC_IO_INFO] = {"picrelay_io_info",
                        METRIC_GAUGE,
                        "Always 1; how media comes and goes is a label.",
                        {"io"}},
    [METRIC_ADDED_DELAY_SECONDS] = {"picrelay_added_delay_seconds",
                                    METRIC_HISTOGRAM,
                                    "From the kernel's receive to its send, of one stream in 16.",
                                    {"path"}},
    [METRIC_SRTP_INFO] = {"picrelay_srtp_info",
                          METRIC_GAUGE,
                          "Always 1; who does SRTP is a label.",
                          {"provider"}},
    [METRIC_PROCESS_CPU_SECONDS_TOTAL] = {"process_cpu_seconds_total",
                                          METRIC_COUNTER,
                                          "User and system CPU time.",
                                          {NULL}},
    [METRIC_PROCESS_RESIDENT_MEMORY_BYTES] = {"process_resident_memory_bytes",
                                              METRIC_GAUGE,
                                              "Memory that is resident.",
                                              {NULL}},
    [METRIC_PROCESS_OPEN_FDS] = {"process_open_fds",
                                 METRIC_GAUGE,
                                 "Descriptors that are open.",
                                 {NULL}},
    [METRIC_PROCESS_MAX_FDS] = {"process_max_fds",
                                METRIC_GAUGE,
                                "Descriptors that may be open.",
                                {NULL}},
    [METRIC_PROCESS_START_TIME_SECONDS] = {"process_start_time_seconds",
                                           METRIC_GAUGE,
                                           "Start of the process, UNIX time.",
                                           {NULL}},
};

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

const struct metric_row *metrics_row(enum metric m)
{
    return &rows[m];
}

static void put(struct metrics_writer *w, const char *text, size_t n)
{
    if (!w->err)
        w->err = mbuf_write_mem(w->mb, (const uint8_t *)text, n);
}

static void put_text(struct metrics_writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* Text format 0.0.4: backslash, line feed and, in label values, the double quote are escaped. */
static void put_escaped(struct metrics_writer *w, const char *text)
{
    for (;; text++) {
        const size_t n = strcspn(text, "\\\n\"");

        put(w, text, n);
        text += n;
        if (*text == '\0')
            return;
        put_text(w, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\");
    }
}

void metrics_family(struct metrics_writer *w, enum metric m)
{
    const uint64_t bit = UINT64_C(1) << m;

    static_assert(METRIC_COUNT <= 64, "seen has a bit for each family");
    if (!w->err && (w->seen & bit))
        w->err = EINVAL; /* a family twice makes the whole page invalid */
    w->seen |= bit;
    w->family = &rows[m];
    put_text(w, "# HELP ");
    put_text(w, rows[m].name);
    put_text(w, " ");
    put_text(w, rows[m].help);
    put_text(w, "\n# TYPE ");
    put_text(w, rows[m].name);
    put_text(w, " ");
    put_text(w, type_names[rows[m].type]);
    put_text(w, "\n");
}

/* As many values as names: one too few would be somebody else's memory, or a line nobody can read.
 */
static bool labels_fit(const struct metric_row *family, const char *const *labels)
{
    for (unsigned i = 0; i < METRICS_LABELS_MAX; i++) {
        const char *value = labels ? labels[i] : NULL;

        if (!family->labels[i] || !value)
            return !family->labels[i] && !value;
    }
    return true;
}

static void put_label(struct metrics_writer *w, bool is_first, const char *name, const char *value)
{
    put_text(w, is_first ? "{" : ",");
    put_text(w, name);
    put_text(w, "=\"");
    put_escaped(w, value);
    put_text(w, "\"");
}

/* @param suffix  of the name: "_bucket" of a histogram, or ""
 * @param le      value of the label of that name; NULL: there is none */
static void put_line(struct metrics_writer *w, const char *suffix, const char *const *labels,
                     const char *le, const char *value)
{
    unsigned i;

    if (!w->err && (!w->family || !labels_fit(w->family, labels)))
        w->err = EINVAL;
    if (w->err)
        return;
    put_text(w, w->family->name);
    put_text(w, suffix);
    for (i = 0; labels && i < METRICS_LABELS_MAX && labels[i]; i++)
        put_label(w, i == 0, w->family->labels[i], labels[i]);
    if (le)
        put_label(w, i == 0, "le", le);
    put_text(w, i || le ? "} " : " ");
    put_text(w, value);
    put_text(w, "\n");
}

static void put_sample(struct metrics_writer *w, const char *const *labels, const char *value)
{
    put_line(w, "", labels, NULL, value);
}

void metrics_count(struct metrics_writer *w, const char *const *labels, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    put_sample(w, labels, text);
}

static void print_real(char text[40], double value)
{
    if (isnan(value))
        (void)snprintf(text, 40, "NaN");
    else if (isinf(value))
        (void)snprintf(text, 40, value > 0 ? "+Inf" : "-Inf");
    else
        (void)snprintf(text, 40, "%.15g", value);
}

void metrics_real(struct metrics_writer *w, const char *const *labels, double value)
{
    char text[40];

    print_real(text, value);
    put_sample(w, labels, text);
}

/* Buckets are cumulative, and the last has no bound: text format 0.0.4, histograms. */
void metrics_histogram(struct metrics_writer *w, const char *const *labels,
                       const struct metrics_histogram *h)
{
    char le[40], text[40];
    uint64_t n = 0;

    for (unsigned i = 0; i < h->n; i++) {
        n += h->counts[i];
        print_real(le, h->bounds[i]);
        (void)snprintf(text, sizeof(text), "%" PRIu64, n);
        if (!isinf(h->bounds[i]))
            put_line(w, "_bucket", labels, le, text);
    }
    (void)snprintf(text, sizeof(text), "%" PRIu64, n);
    put_line(w, "_bucket", labels, "+Inf", text);
    print_real(le, h->sum);
    put_line(w, "_sum", labels, NULL, le);
    put_line(w, "_count", labels, NULL, text);
}

const char *control_result_name(enum control_result result)
{
    static const char *const names[CONTROL_RESULT_COUNT] = {
        [CONTROL_OK] = "ok",
        [CONTROL_ERROR] = "error",
        [CONTROL_LOAD_LIMIT] = "load_limit",
    };
    return names[result];
}

const char *control_event_name(enum control_event event)
{
    static const char *const names[CONTROL_EVENT_COUNT] = {
        [CONTROL_COOKIE_HIT] = "cookie_hit",
        [CONTROL_NG_BAD] = "ng_bad",
        [CONTROL_NG_REJECT] = "ng_reject",
        [CONTROL_NG_DENIED] = "ng_denied",
        [CONTROL_NG_NO_COOKIE] = "ng_no_cookie",
        [CONTROL_NG_UNKNOWN_KEY] = "ng_unknown_key",
        [CONTROL_REPLY_LOST] = "reply_lost",
        [CONTROL_POLICY_DENIED] = "policy_denied",
        [CONTROL_DTLS_UP] = "dtls_up",
        [CONTROL_DTLS_FINGERPRINT] = "dtls_fingerprint",
        [CONTROL_DTLS_FAILED] = "dtls_failed",
        [CONTROL_DTLS_BAD] = "dtls_bad",
        [CONTROL_DTLS_EARLY] = "dtls_early",
        [CONTROL_POLICY_READ] = "policy_read",
        [CONTROL_POLICY_REFUSED] = "policy_refused",
        [CONTROL_POLICY_DAY] = "policy_day",
        [CONTROL_RESOURCE_EXHAUSTED] = "resource_exhausted",
    };
    return names[event];
}

/* All of them from the start, zeroes too: a rate over a counter that appears late misses its first
 * increments. */
void metrics_write_control(struct metrics_writer *w, const struct control_counters *c)
{
    metrics_family(w, METRIC_CONTROL_REQUESTS_TOTAL);
    for (unsigned i = 0; i < NG_COMMAND_COUNT; i++) {
        for (unsigned r = 0; r < CONTROL_RESULT_COUNT; r++) {
            metrics_count(w, METRICS_LABELS(ng_command_name(i), control_result_name(r)),
                          c->requests[i][r]);
        }
    }
    metrics_family(w, METRIC_CONTROL_REQUEST_SECONDS_TOTAL);
    for (unsigned i = 0; i < NG_COMMAND_COUNT; i++)
        metrics_real(w, METRICS_LABELS(ng_command_name(i)), (double)c->request_us[i] / US_PER_S);
    metrics_family(w, METRIC_CONTROL_EVENTS_TOTAL);
    for (unsigned i = 0; i < CONTROL_EVENT_COUNT; i++)
        metrics_count(w, METRICS_LABELS(control_event_name(i)), c->events[i]);
    metrics_family(w, METRIC_CONTROL_DTLS_SECONDS_TOTAL);
    metrics_real(w, NULL, (double)c->dtls_us / US_PER_S);
}
