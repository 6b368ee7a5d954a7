#include "bench/report/document.h"

#include "bench/report/limits.h"

static double us_at(const struct load_histogram *h, double share)
{
    return (double)load_histogram_at(h, share) / 1000;
}

static json_t *times_json(const struct load_histogram *h)
{
    if (!h->n)
        return json_null();
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "n", (json_int_t)h->n, "mean",
                     (double)h->sum_ns / (double)h->n / 1000, "p50", us_at(h, 0.5), "p90",
                     us_at(h, 0.9), "p99", us_at(h, 0.99), "p99.9", us_at(h, 0.999), "max",
                     (double)h->max_ns / 1000);
}

static void bucket_h(uint64_t top_ns, uint64_t n, void *arg)
{
    json_array_append_new(arg, json_pack("[f, I]", (double)top_ns / 1000, (json_int_t)n));
}

/* All buckets: the upper end [us] and how many are in it. */
static json_t *histogram_json(const struct load_histogram *h)
{
    json_t *list = json_array();

    load_histogram_each(h, bucket_h, list);
    return list;
}

static json_t *known(double value)
{
    return value < 0 ? json_null() : json_real(value);
}

static json_t *control_json(const struct load_result *r)
{
    static const char *const steps[LOAD_STEPS] = {"offer", "answer", "reoffer", "reanswer",
                                                  "delete"};
    const struct churn_stats *churn = &r->churn;
    json_t *c =
        json_pack("{s:i, s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "calls", (int)r->n_calls, "up",
                  (int)r->n_up, "set_ups_per_s",
                  r->set_up_ns ? json_real(load_result_set_ups_per_s(r)) : json_null(), "begun",
                  (json_int_t)churn->begun, "ended", (json_int_t)churn->ended, "failed",
                  (json_int_t)load_result_failed(r), "blocked", (json_int_t)churn->blocked, "holds",
                  (json_int_t)churn->holds, "refused", (json_int_t)(r->calls.refused));

    for (unsigned i = 0; i < LOAD_STEPS; i++)
        json_object_set_new(c, steps[i],
                            json_pack("{s:I, s:o}", "failed", (json_int_t)r->calls.failed[i], "us",
                                      times_json(&r->calls.took[i])));
    json_object_set_new(c, "first_media_us", times_json(&r->media.first_media));
    json_object_set_new(c, "ice_us", times_json(&r->media.ice));
    json_object_set_new(c, "reason",
                        r->calls.reason[0] ? json_string(r->calls.reason) : json_null());
    return c;
}

static void counts_put(json_t *j, const struct load_media_stats *m)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"sent", m->sent},
        {"received", m->received},
        {"reordered", m->reordered},
        {"duplicates", m->duplicates},
        {"unsent", m->unsent},
        {"stray", m->stray},
        {"unauthentic", m->unauthentic},
        {"corrupted", m->corrupted},
        {"misrouted", m->misrouted},
        {"renumbered", m->renumbered},
        {"filled", m->filled},
        {"silent_ends", m->silent_ends},
        {"dropped_before", m->dropped},
        {"delayed_before", m->delayed},
        {"doubled_before", m->doubled},
        {"keys_pressed", m->keys_pressed},
        {"keys_heard", m->keys_heard},
        {"keys_wrong", m->keys_wrong},
        {"rtcp_sent", m->rtcp_sent},
        {"rtcp_received", m->rtcp_received},
        {"rtcp_bad", m->rtcp_bad},
        {"ice_checks", m->ice_checks},
        {"ice_lost", m->ice_lost},
        {"ice_failed", m->ice_failed},
        {"ice_conflicts", m->ice_conflicts},
        {"ice_bad", m->ice_bad},
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        json_object_set_new(j, counts[i].name, json_integer((json_int_t)counts[i].value));
}

static json_t *media_json(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;
    json_t *j = json_object();

    counts_put(j, m);
    json_object_set_new(j, "loss", json_real(load_result_loss(r)));
    json_object_set_new(j, "seconds", json_real((double)m->duration_ns / 1e9));
    json_object_set_new(j, "delay_us", times_json(&m->delay));
    json_object_set_new(j, "delay_histogram", histogram_json(&m->delay));
    json_object_set_new(j, "late_us", times_json(&m->late));
    json_object_set_new(j, "generator_busy_share",
                        json_real((double)m->busy_ns / (double)(m->duration_ns + 1)));
    json_object_set_new(j, "generator_calls_max",
                        json_integer((json_int_t)load_result_offer_max(r)));
    json_object_set_new(j, "is_clean", json_boolean(load_result_is_clean(r)));
    json_object_set_new(j, "is_paced", json_boolean(load_result_is_paced(r)));
    return j;
}

static json_t *relay_json(const struct load_result *r)
{
    double growth = load_result_growth_kb_hour(r);

    if (!r->has_proc)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:i}", "cpu_us_per_packet",
                     known(load_result_cpu_us(r)), "cpu_share", known(load_result_cpu_share(r)),
                     "rss_bytes_per_call", known(load_result_rss_bytes(r)), "rss_growth_kb_hour",
                     growth > LOAD_GROWTH_UNKNOWN ? json_real(growth) : json_null(), "user_us",
                     (json_int_t)(r->end.user_us - r->begin.user_us), "system_us",
                     (json_int_t)(r->end.system_us - r->begin.system_us), "context_switches",
                     (json_int_t)(r->end.switches - r->begin.switches), "threads",
                     (int)r->end.n_threads);
}

static json_t *series_json(const struct load_series *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->n; i++) {
        const struct load_point *p = &s->points[i];

        json_array_append_new(
            list,
            json_pack("{s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:i, s:I, s:I, s:o, s:o, s:o, s:I, s:b}",
                      "t", p->t_s, "sent", (json_int_t)p->sent, "received", (json_int_t)p->received,
                      "p50_us", p->p50_us, "p99_us", p->p99_us, "max_us", p->max_us, "late_p99_us",
                      p->late_p99_us, "calls", (int)p->calls, "set_ups", (json_int_t)p->set_ups,
                      "failures", (json_int_t)p->failures, "cpu", known(p->cpu_share), "user",
                      known(p->user_share), "system", known(p->system_share), "rss",
                      (json_int_t)p->rss_bytes, "attacked", (int)p->is_attacked));
    }
    return list;
}

static json_t *limits_json(const struct load_result *r)
{
    struct report_limit limits[REPORT_LIMITS_MAX];
    unsigned n = report_limits(limits, r);
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:f, s:o, s:b, s:b}", "key", limits[i].key, "what",
                            limits[i].what, "unit", limits[i].unit, "limit", limits[i].limit,
                            "value", limits[i].is_known ? json_real(limits[i].value) : json_null(),
                            "is_least", (int)limits[i].is_least, "holds", (int)limits[i].holds));
    return list;
}

static json_t *phase_json(const struct load_half *q)
{
    return json_pack("{s:I, s:I, s:o}", "sent", (json_int_t)q->sent, "received",
                     (json_int_t)q->received, "delay_us", times_json(&q->delay));
}

static json_t *attack_json(const struct load_result *r)
{
    if (!r->has_halves)
        return json_null();
    json_t *a = json_pack("{s:o, s:o, s:b}", "quiet", phase_json(&r->quiet), "attacked",
                          phase_json(&r->attacked), "is_forging", (int)r->is_forging);
    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
        json_object_set_new(a, scenario_attack_name(i), json_integer((json_int_t)r->attacks[i]));
    return a;
}

static json_t *scores_json(const struct load_result *r)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < r->n_scores; i++)
        json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f}", "mode", r->scores[i].mode,
                                              "stoi", r->scores[i].stoi, "coverage",
                                              r->scores[i].coverage, "heard", r->scores[i].heard));
    return list;
}

json_t *report_figures(const struct load_result *r)
{
    const struct scenario *s = r->scenario;

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "mode",
                     s->n_parts == 1 ? s->parts[0].mode->name : "mix", "scenario", s->name, "title",
                     s->title[0] ? s->title : s->name, "control", control_json(r), "media",
                     r->media.sent ? media_json(r) : json_null(), "relay", relay_json(r), "scores",
                     scores_json(r), "attack", attack_json(r), "series", series_json(&r->series),
                     "limits", limits_json(r), "has_died", (int)r->has_died, "problem",
                     r->problem[0] ? json_string(r->problem) : json_null());
}
