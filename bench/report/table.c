#include "bench/report/table.h"

#include "bench/report/limits.h"

typedef unsigned long long ull; /* for printf() */

static double us_at(const struct load_histogram *h, double share)
{
    return (double)load_histogram_at(h, share) / 1000;
}

static void print_times(FILE *out, const char *name, const struct load_histogram *h)
{
    if (h->n)
        fprintf(out, "%-11s p50 %.0f  p90 %.0f  p99 %.0f  p99.9 %.0f  max %.0f us\n", name,
                us_at(h, 0.5), us_at(h, 0.9), us_at(h, 0.99), us_at(h, 0.999),
                (double)h->max_ns / 1000);
}

static void print_control(FILE *out, const struct load_result *r)
{
    static const char *const steps[LOAD_STEPS] = {"offer", "answer", "re-offer", "re-answer",
                                                  "delete"};
    const struct churn_stats *c = &r->churn;

    if (!r->set_up_ns)
        return;
    fprintf(out, "set-up      %u calls, %.0f a second\n", r->n_up, load_result_set_ups_per_s(r));
    if (c->begun)
        fprintf(
            out,
            "churn       %llu calls begun, %llu ended, %llu failed, %llu refused, %llu found no "
            "place, %llu holds\n",
            (ull)c->begun, (ull)c->ended, (ull)c->failed, (ull)c->refused, (ull)c->blocked,
            (ull)c->holds);
    if (r->calls.refused)
        fprintf(out, "refused     %llu offers, as policy has to\n", (ull)r->calls.refused);
    for (unsigned i = 0; i < LOAD_STEPS; i++)
        print_times(out, steps[i], &r->calls.took[i]);
    print_times(out, "first media", &r->media.first_media);
    print_times(out, "ICE", &r->media.ice);
    if (r->calls.reason[0])
        fprintf(out, "FAILED      %s\n", r->calls.reason);
}

static void print_extras(FILE *out, const struct load_media_stats *m)
{
    if (m->dropped + m->delayed + m->doubled)
        fprintf(out, "bad network %llu lost, %llu delayed, %llu doubled before the relay\n",
                (ull)m->dropped, (ull)m->delayed, (ull)m->doubled);
    if (m->filled)
        fprintf(out, "filled in   %llu packets that the relay made up for lost or silent ones\n",
                (ull)m->filled);
    if (m->keys_pressed)
        fprintf(out, "keys        %llu pressed, %llu heard, %llu wrong\n", (ull)m->keys_pressed,
                (ull)m->keys_heard, (ull)m->keys_wrong);
    if (m->rtcp_sent)
        fprintf(out, "RTCP        %llu sent, %llu received, %llu bad\n", (ull)m->rtcp_sent,
                (ull)m->rtcp_received, (ull)m->rtcp_bad);
    if (m->ice_checks)
        fprintf(out,
                "checks      %llu sent, %llu never answered, %llu role conflicts, %llu not "
                "authentic, %llu streams failed\n",
                (ull)m->ice_checks, (ull)m->ice_lost, (ull)m->ice_conflicts, (ull)m->ice_bad,
                (ull)m->ice_failed);
    if (m->silent_ends)
        fprintf(out, "SILENT      %llu ends heard nothing\n", (ull)m->silent_ends);
}

static void print_media(FILE *out, const struct load_result *r)
{
    const struct load_media_stats *m = &r->media;

    fprintf(out, "packets     %llu sent, %llu lost (%.4f %%), %llu reordered, %llu duplicates\n",
            (ull)m->sent, (ull)load_lost(m->sent, m->received), 100 * load_result_loss(r),
            (ull)m->reordered, (ull)m->duplicates);
    if (!load_result_is_clean(r))
        fprintf(out,
                "NOT CLEAN   unsent %llu, stray %llu, unauthentic %llu, corrupted %llu, misrouted "
                "%llu, renumbered %llu\n",
                (ull)m->unsent, (ull)m->stray, (ull)m->unauthentic, (ull)m->corrupted,
                (ull)m->misrouted, (ull)m->renumbered);
    print_times(out, "delay", &m->delay);
    print_times(out, "late", &m->late);
    if (m->busy_ns)
        fprintf(out, "generator   %.0f %% busy: of such calls it can offer about %u itself\n",
                100 * (double)m->busy_ns / (double)m->duration_ns, load_result_offer_max(r));
    if (!load_result_is_paced(r))
        fprintf(out, "NOT PACED   the generator was late: delay and loss may be its own\n");
    print_extras(out, m);
    for (unsigned i = 0; i < r->n_scores; i++)
        fprintf(out, "sound       %s: STOI %.3f, %.0f %% of the packets heard\n", r->scores[i].mode,
                r->scores[i].stoi, 100 * r->scores[i].heard);
}

static void print_attack(FILE *out, const struct load_result *r)
{
    if (!r->has_halves)
        return;
    fprintf(out, "attack     ");
    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
        if (r->attacks[i])
            fprintf(out, " %s %llu", scenario_attack_name(i), (ull)r->attacks[i]);
    fprintf(out, " packets%s\n", r->is_forging ? "" : " (sources not forged: no CAP_NET_RAW)");
    fprintf(out,
            "good calls  quiet: loss %.4f %%, p50 %.0f, p99 %.0f us; attacked: loss %.4f %%, "
            "p50 %.0f, p99 %.0f us\n",
            load_half_loss_percent(&r->quiet), us_at(&r->quiet.delay, 0.5),
            us_at(&r->quiet.delay, 0.99), load_half_loss_percent(&r->attacked),
            us_at(&r->attacked.delay, 0.5), us_at(&r->attacked.delay, 0.99));
}

static void print_relay(FILE *out, const struct load_result *r)
{
    double n = (double)r->media.sent, growth = load_result_growth_kb_hour(r);

    if (load_result_rss_bytes(r) >= 0)
        fprintf(out, "memory      %.1f KB a call\n", load_result_rss_bytes(r) / 1024);
    if (!r->media.sent)
        return;
    fprintf(out, "relay       %.2f us CPU a packet (user %.2f, system %.2f), %.0f %% of a core\n",
            load_result_cpu_us(r), (double)(r->end.user_us - r->begin.user_us) / n,
            (double)(r->end.system_us - r->begin.system_us) / n, 100 * load_result_cpu_share(r));
    fprintf(out, "            %.0f context switches a second, %u threads\n",
            (double)(r->end.switches - r->begin.switches) * 1e9 / (double)r->media.duration_ns,
            r->end.n_threads);
    if (r->scenario->limits.growth_kb_hour >= 0 && growth > LOAD_GROWTH_UNKNOWN)
        fprintf(out, "growth      %.0f KB of resident memory an hour\n", growth);
}

static void print_limits(FILE *out, const struct load_result *r)
{
    struct report_limit limits[REPORT_LIMITS_MAX];
    unsigned n = report_limits(limits, r);

    for (unsigned i = 0; i < n; i++) {
        const struct report_limit *l = &limits[i];

        fprintf(out, "%-11s %s: ", l->holds ? "holds" : "EXCEEDED", l->key);
        if (l->is_known)
            fprintf(out, "%.4g", l->value);
        else
            fprintf(out, "not measured");
        fprintf(out, ", %s %g %s\n", l->is_least ? "at least" : "at most", l->limit, l->unit);
    }
}

void report_print(FILE *out, const struct load_result *r)
{
    const struct scenario *s = r->scenario;

    fprintf(out, "scenario    %s, %u calls\n", s->title[0] ? s->title : s->name, r->n_calls);
    print_control(out, r);
    if (r->media.sent)
        print_media(out, r);
    print_attack(out, r);
    if (r->has_proc)
        print_relay(out, r);
    print_limits(out, r);
    if (r->problem[0])
        fprintf(out, "PROBLEM     %s\n", r->problem);
}
