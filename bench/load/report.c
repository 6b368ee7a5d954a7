#include "bench/load/report.h"

static double us_at(const struct load_histogram *h, double share)
{
    return (double)load_histogram_at(h, share) / 1000;
}

static void print_times(FILE *out, const char *name, const struct load_histogram *h)
{
    if (h->n)
        fprintf(out, "%-9s p50 %.0f  p90 %.0f  p99 %.0f  p99.9 %.0f  max %.0f us\n", name,
                us_at(h, 0.5), us_at(h, 0.9), us_at(h, 0.99), us_at(h, 0.999),
                (double)h->max_ns / 1000);
}

static const char *const steps[LOAD_STEPS] = {"offer", "answer", "delete"};

static void print_control(FILE *out, const struct load_result *r)
{
    if (!r->set_up_ns)
        return;
    fprintf(out, "set-up    %u calls, %.0f a second\n", r->n_up, load_result_set_ups_per_s(r));
    for (unsigned i = 0; i < LOAD_STEPS; i++)
        print_times(out, steps[i], &r->calls.took[i]);
}

static void print_media(FILE *out, const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    fprintf(out, "packets   %llu sent, %llu lost (%.4f %%), %llu reordered, %llu duplicates\n",
            (unsigned long long)m->sent, (unsigned long long)(m->sent - m->received),
            100 * load_result_loss(r), (unsigned long long)m->reordered,
            (unsigned long long)m->duplicates);
    if (!load_result_is_clean(r))
        fprintf(out,
                "NOT CLEAN unsent %llu, stray %llu, unauthentic %llu, corrupted %llu, misrouted "
                "%llu, renumbered %llu\n",
                (unsigned long long)m->unsent, (unsigned long long)m->stray,
                (unsigned long long)m->unauthentic, (unsigned long long)m->corrupted,
                (unsigned long long)m->misrouted, (unsigned long long)m->renumbered);
    print_times(out, "delay", &m->delay);
    print_times(out, "late", &m->late);
    if (!load_result_is_paced(r))
        fprintf(out, "NOT PACED the generator was late: delay and loss may be its own\n");
}

static void print_relay(FILE *out, const struct load_result *r)
{
    double n = (double)r->media.sent;

    if (r->n_up && r->idle.rss_bytes && r->signalled.rss_bytes)
        fprintf(out, "memory    %.1f KB a call\n", load_result_rss_bytes(r) / 1024);
    if (!r->media.sent)
        return;
    fprintf(out, "relay     %.2f us CPU a packet (user %.2f, system %.2f), %.0f %% of a core\n",
            load_result_cpu_us(r), (double)(r->end.user_us - r->begin.user_us) / n,
            (double)(r->end.system_us - r->begin.system_us) / n, 100 * load_result_cpu_share(r));
    fprintf(out, "          %.0f context switches a second, %u threads\n",
            (double)(r->end.switches - r->begin.switches) * 1e9 / (double)r->media.duration_ns,
            r->end.n_threads);
}

void load_report_print(FILE *out, const struct load_result *r, const char *mode)
{
    fprintf(out, "mode      %s, %u calls\n", mode, r->n_calls);
    print_control(out, r);
    if (r->media.sent)
        print_media(out, r);
    if (r->has_proc)
        print_relay(out, r);
    if (r->problem[0])
        fprintf(out, "PROBLEM   %s\n", r->problem);
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

static json_t *known(double value)
{
    return value < 0 ? json_null() : json_real(value);
}

static json_t *control_json(const struct load_result *r)
{
    json_t *c = json_pack("{s:i, s:i, s:f}", "calls", (int)r->n_calls, "up", (int)r->n_up,
                          "set_ups_per_s", load_result_set_ups_per_s(r));

    for (unsigned i = 0; i < LOAD_STEPS; i++)
        json_object_set_new(c, steps[i],
                            json_pack("{s:I, s:o}", "failed", (json_int_t)r->calls.failed[i], "us",
                                      times_json(&r->calls.took[i])));
    return c;
}

static json_t *media_json(const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;
    json_t *j = json_object();
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
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        json_object_set_new(j, counts[i].name, json_integer((json_int_t)counts[i].value));
    json_object_set_new(j, "loss", json_real(load_result_loss(r)));
    json_object_set_new(j, "seconds", json_real((double)m->duration_ns / 1e9));
    json_object_set_new(j, "delay_us", times_json(&m->delay));
    json_object_set_new(j, "late_us", times_json(&m->late));
    json_object_set_new(j, "is_clean", json_boolean(load_result_is_clean(r)));
    json_object_set_new(j, "is_paced", json_boolean(load_result_is_paced(r)));
    return j;
}

static json_t *relay_json(const struct load_result *r)
{
    if (!r->has_proc)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:I, s:i}", "cpu_us_per_packet", known(load_result_cpu_us(r)),
        "cpu_share", known(load_result_cpu_share(r)), "rss_bytes_per_call",
        known(load_result_rss_bytes(r)), "user_us", (json_int_t)(r->end.user_us - r->begin.user_us),
        "system_us", (json_int_t)(r->end.system_us - r->begin.system_us), "context_switches",
        (json_int_t)(r->end.switches - r->begin.switches), "threads", (int)r->end.n_threads);
}

json_t *load_report_json(const struct load_result *r, const char *mode)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "mode", mode, "control", control_json(r), "media",
                     r->media.sent ? media_json(r) : json_null(), "relay", relay_json(r), "problem",
                     r->problem[0] ? json_string(r->problem) : json_null());
}
