#include <math.h>
#include <string.h>

#include "relay/control/status/journal.h"
#include "relay/control/status/report.h"

/* The families of /metrics that are about calls, streams and workers. */

static const char *number(char buf[16], unsigned n)
{
    (void)re_snprintf(buf, 16, "%u", n);
    return buf;
}

static void write_calls(struct metrics_writer *w, const struct control *c)
{
    metrics_family(w, METRIC_BUILD_INFO);
    metrics_count(w, METRICS_LABELS(PICRELAY_VERSION), 1);
    metrics_family(w, METRIC_SRTP_INFO);
    metrics_count(w, METRICS_LABELS(c->srtp->provider->name), 1);
    metrics_family(w, METRIC_CALLS);
    metrics_count(w, NULL, c->n_live);
    metrics_family(w, METRIC_CALLS_TOTAL);
    for (unsigned i = 0; i < RECORD_END_COUNT; i++)
        metrics_count(w, METRICS_LABELS(record_end_name((enum record_end)i)), c->ended_by[i]);
    metrics_family(w, METRIC_CALL_DURATION_SECONDS_TOTAL);
    metrics_real(w, NULL, (double)c->duration_us / 1e6);
    metrics_family(w, METRIC_STREAMS);
    metrics_count(w, NULL, c->n_streams);
    metrics_family(w, METRIC_TRANSCODERS);
    metrics_count(w, NULL, c->n_transcoders);
}

/* What ended calls have carried is in the totals; what is up is summed when somebody asks. */
static void sum_live(struct totals *t, const struct control *c)
{
    const struct le *le, *leg_le;

    for (le = c->live.head; le; le = le->next) {
        const struct call *call = le->data;

        for (leg_le = call->legs.head; leg_le; leg_le = leg_le->next) {
            const struct leg *leg = leg_le->data;

            for (unsigned i = 0; i < leg->n_streams; i++) {
                struct media_stats stats;

                if (!leg->streams[i]->media)
                    continue;
                media_stream_stats(leg->streams[i]->media, &stats);
                totals_add_stream(t, leg->streams[i]->interface, &stats);
            }
        }
    }
}

static int write_traffic(struct metrics_writer *w, const struct control *c)
{
    const struct config *cfg = c->cfg;
    struct totals *t = mem_alloc(sizeof(*t), NULL);

    if (!t)
        return ENOMEM;
    *t = c->totals;
    sum_live(t, c);
    metrics_family(w, METRIC_PACKETS_TOTAL);
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        metrics_count(w, METRICS_LABELS(cfg->interfaces[i].name, "in"), t->in[i].packets);
        metrics_count(w, METRICS_LABELS(cfg->interfaces[i].name, "out"), t->out[i].packets);
    }
    metrics_family(w, METRIC_BYTES_TOTAL);
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        metrics_count(w, METRICS_LABELS(cfg->interfaces[i].name, "in"), t->in[i].bytes);
        metrics_count(w, METRICS_LABELS(cfg->interfaces[i].name, "out"), t->out[i].bytes);
    }
    mem_deref(t);
    return 0;
}

static void write_ports(struct metrics_writer *w, const struct control *c)
{
    metrics_family(w, METRIC_PORTS);
    for (unsigned i = 0; i < c->cfg->n_interfaces; i++) {
        const char *name = c->cfg->interfaces[i].name;
        struct port_pool_stats s;

        port_pool_stats(c->pools[i], &s);
        metrics_count(w, METRICS_LABELS(name, "free"), 2ull * s.free);
        metrics_count(w, METRICS_LABELS(name, "used"), 2ull * s.used);
        metrics_count(w, METRICS_LABELS(name, "resting"), 2ull * s.resting);
    }
    metrics_family(w, METRIC_PORTS_EVENTS_TOTAL);
    for (unsigned i = 0; i < c->cfg->n_interfaces; i++) {
        const char *name = c->cfg->interfaces[i].name;
        struct port_pool_stats s;

        port_pool_stats(c->pools[i], &s);
        metrics_count(w, METRICS_LABELS(name, "noisy"), s.n_noisy);
        metrics_count(w, METRICS_LABELS(name, "in_use"), s.n_bad);
        metrics_count(w, METRICS_LABELS(name, "exhausted"), s.n_exhausted);
    }
}

static void write_verdicts(struct metrics_writer *w, const struct totals *t)
{
    metrics_family(w, METRIC_POLICY_VERDICTS_TOTAL);
    for (unsigned i = 0; i < t->n_verdicts; i++) {
        const struct totals_verdict *v = &t->verdicts[i];

        metrics_count(w,
                      METRICS_LABELS(v->provider, media_kind_name(v->kind),
                                     policy_verdict_name(v->verdict), policy_code_name(v->code)),
                      v->n);
    }
}

static void write_drops(struct metrics_writer *w, const struct control *c)
{
    metrics_family(w, METRIC_DROPS_TOTAL);
    for (unsigned reason = 1; reason < DROP_COUNT; reason++) {
        uint64_t n = 0;

        for (unsigned i = 0; i < media_n_workers(c->media); i++) {
            struct media_worker_stats s;

            media_worker_stats(c->media, i, &s);
            n += s.drops[reason];
        }
        metrics_count(w, METRICS_LABELS(drop_name((enum drop)reason)), n);
    }
}

/* One family of the workers at a time, as the text format wants it. */
static void write_workers(struct metrics_writer *w, const struct control *c)
{
    unsigned n = media_n_workers(c->media);
    struct media_worker_stats s;
    char id[16];

    metrics_family(w, METRIC_WORKER_BATCHES_TOTAL);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_count(w, METRICS_LABELS(number(id, i)), s.batches);
    }
    metrics_family(w, METRIC_WORKER_CPU_SECONDS_TOTAL);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_real(w, METRICS_LABELS(number(id, i)), (double)s.cpu_us / 1e6);
    }
    metrics_family(w, METRIC_WORKER_PACKETS_TOTAL);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_count(w, METRICS_LABELS(number(id, i), "in"), s.packets_in);
        metrics_count(w, METRICS_LABELS(number(id, i), "out"), s.packets_out);
    }
    metrics_family(w, METRIC_WORKER_STREAMS);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_count(w, METRICS_LABELS(number(id, i)), s.n_streams);
    }
    metrics_family(w, METRIC_WORKER_RING_FULL_TOTAL);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_count(w, METRICS_LABELS(number(id, i)), s.ring_full);
    }
}

static void write_batches(struct metrics_writer *w, unsigned worker,
                          const struct media_worker_stats *s)
{
    double bounds[MEDIA_BATCH_BUCKETS];
    struct metrics_histogram h = {.bounds = bounds,
                                  .counts = s->batch_sizes,
                                  .n = MEDIA_BATCH_BUCKETS,
                                  .sum = (double)s->packets_in};
    char id[16];

    for (unsigned i = 0; i < MEDIA_BATCH_BUCKETS; i++)
        bounds[i] = media_batch_bounds[i];
    metrics_histogram(w, METRICS_LABELS(number(id, worker)), &h);
}

/* How busy the workers are, and what they make of it. */
static void write_work(struct metrics_writer *w, const struct control *c)
{
    unsigned n = media_n_workers(c->media);
    struct media_worker_stats s;
    char id[16];

    metrics_family(w, METRIC_WORKER_BUSY_RATIO);
    for (unsigned i = 0; i < n; i++)
        metrics_real(w, METRICS_LABELS(number(id, i)), media_load_permille(c->media, i) / 1e3);
    metrics_family(w, METRIC_WORKER_COMPLEXITY_SAVING);
    for (unsigned i = 0; i < n; i++)
        metrics_count(w, METRICS_LABELS(number(id, i)), media_complexity_saving(c->media, i));
    metrics_family(w, METRIC_WORKER_GATHER_SECONDS);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        metrics_real(w, METRICS_LABELS(number(id, i)), (double)s.gather_us / 1e6);
    }
    metrics_family(w, METRIC_WORKER_BATCH_PACKETS);
    for (unsigned i = 0; i < n; i++) {
        media_worker_stats(c->media, i, &s);
        write_batches(w, i, &s);
    }
    metrics_family(w, METRIC_IO_INFO);
    metrics_count(w, METRICS_LABELS(media_io_name(c->media)), 1);
}

static void add_delays(struct media_delays *sum, const struct media_delays *part)
{
    for (unsigned i = 0; i < MEDIA_DELAY_BUCKETS; i++)
        sum->n[i] += part->n[i];
    sum->sum_us += part->sum_us;
}

static void write_delays(struct metrics_writer *w, const struct control *c)
{
    static const char *const names[MEDIA_PATHS] = {[MEDIA_PATH_PLAIN] = "plain",
                                                   [MEDIA_PATH_SRTP] = "srtp",
                                                   [MEDIA_PATH_TRANSCODED] = "transcoded"};
    struct media_delays sums[MEDIA_PATHS] = {0};
    double bounds[MEDIA_DELAY_BUCKETS];

    for (unsigned i = 0; i < media_n_workers(c->media); i++) {
        struct media_worker_stats s;

        media_worker_stats(c->media, i, &s);
        for (unsigned path = 0; path < MEDIA_PATHS; path++)
            add_delays(&sums[path], &s.delays[path]);
    }
    for (unsigned i = 0; i < MEDIA_DELAY_BUCKETS; i++)
        bounds[i] =
            media_delay_bounds_us[i] == UINT32_MAX ? INFINITY : media_delay_bounds_us[i] / 1e6;
    metrics_family(w, METRIC_ADDED_DELAY_SECONDS);
    for (unsigned path = 0; path < MEDIA_PATHS; path++) {
        struct metrics_histogram h = {.bounds = bounds,
                                      .counts = sums[path].n,
                                      .n = MEDIA_DELAY_BUCKETS,
                                      .sum = (double)sums[path].sum_us / 1e6};

        metrics_histogram(w, METRICS_LABELS(names[path]), &h);
    }
}

static void write_http(struct metrics_writer *w, const struct control *c)
{
    struct http_stats s;

    http_stats(c->http, &s);
    metrics_family(w, METRIC_HTTP_REQUESTS_TOTAL);
    metrics_count(w, METRICS_LABELS("answered"), s.requests);
    metrics_count(w, METRICS_LABELS("refused"), s.refused);
    metrics_count(w, METRICS_LABELS("timeout"), s.timeouts);
    metrics_count(w, METRICS_LABELS("put_off"), s.put_off);
}

static void write_journal(struct metrics_writer *w, const char *name, const struct journal *j)
{
    struct journal_stats s;

    if (!j)
        return;
    journal_stats(j, &s);
    metrics_count(w, METRICS_LABELS(name, "written"), s.written);
    metrics_count(w, METRICS_LABELS(name, "dropped"), s.dropped);
    metrics_count(w, METRICS_LABELS(name, "failed"), s.failed);
}

static void write_stun(struct metrics_writer *w, const struct control *c)
{
    struct ice_counters n;

    ice_read_counters(c->ice, &n);
    metrics_family(w, METRIC_STUN_TOTAL);
    metrics_count(w, METRICS_LABELS("stun_bad"), n.n_bad);
    metrics_count(w, METRICS_LABELS("stun_auth"), n.n_auth);
    metrics_count(w, METRICS_LABELS("stun_unsolicited"), n.n_unsolicited);
    metrics_count(w, METRICS_LABELS("answered"), n.n_answered);
}

static void write_lines(struct metrics_writer *w, const struct control *c)
{
    metrics_family(w, METRIC_LINES_TOTAL);
    write_journal(w, "records", c->records);
    write_journal(w, "audit", c->audit);
}

int report_metrics(struct mbuf *mb, const struct control *c)
{
    struct metrics_writer w = {.mb = mb};
    int err;

    write_calls(&w, c);
    err = write_traffic(&w, c);
    if (err)
        return err;
    write_drops(&w, c);
    write_ports(&w, c);
    write_verdicts(&w, &c->totals);
    metrics_write_control(&w, &c->counters);
    write_workers(&w, c);
    write_work(&w, c);
    write_delays(&w, c);
    write_http(&w, c);
    write_lines(&w, c);
    write_stun(&w, c);
    metrics_write_process(&w);
    return w.err;
}
