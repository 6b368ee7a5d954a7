#include "bench/report/limits.h"

#include <string.h>

#include "bench/scenario/fields.h"

#define UNKNOWN (-1e12)

static double delay_ms(const struct load_result *r, double share)
{
    const struct load_histogram *h = &r->media.delay;

    return h->n ? (double)load_histogram_at(h, share) / 1e6 : UNKNOWN;
}

static double p99_ms(const struct load_histogram *h)
{
    return h->n ? (double)load_histogram_at(h, 0.99) / 1e6 : UNKNOWN;
}

static double loss(const struct load_result *r)
{
    return r->media.sent ? 100 * load_result_loss(r) : UNKNOWN;
}

static double delay_p50(const struct load_result *r)
{
    return delay_ms(r, 0.5);
}

static double delay_p99(const struct load_result *r)
{
    return delay_ms(r, 0.99);
}

static double delay_p999(const struct load_result *r)
{
    return delay_ms(r, 0.999);
}

static double delay_max(const struct load_result *r)
{
    return delay_ms(r, 1);
}

static double offer_p99(const struct load_result *r)
{
    return p99_ms(&r->calls.took[LOAD_OFFER]);
}

static double answer_p99(const struct load_result *r)
{
    return p99_ms(&r->calls.took[LOAD_ANSWER]);
}

static double first_media_p99(const struct load_result *r)
{
    return p99_ms(&r->media.first_media);
}

static double failed_calls(const struct load_result *r)
{
    uint64_t n = load_result_asked(r);

    return n ? 100 * (double)load_result_failed(r) / (double)n : UNKNOWN;
}

static double silent_calls(const struct load_result *r)
{
    return (double)r->media.silent_ends;
}

static double lost_checks(const struct load_result *r)
{
    return r->media.ice_checks ? (double)r->media.ice_lost : UNKNOWN;
}

static double known(double value)
{
    return value < 0 ? UNKNOWN : value;
}

static double cpu_us(const struct load_result *r)
{
    return known(load_result_cpu_us(r));
}

static double cpu_percent(const struct load_result *r)
{
    return known(100 * load_result_cpu_share(r));
}

static double rss_kb(const struct load_result *r)
{
    return known(load_result_rss_bytes(r) / 1024);
}

static double growth(const struct load_result *r)
{
    return load_result_growth_kb_hour(r);
}

static double score(const struct load_result *r)
{
    return known(load_result_score(r));
}

static double attack_loss(const struct load_result *r)
{
    return r->has_halves ? load_half_loss_percent(&r->attacked) - load_half_loss_percent(&r->quiet)
                         : UNKNOWN;
}

static double attack_p99(const struct load_result *r)
{
    return r->has_halves ? p99_ms(&r->attacked.delay) - p99_ms(&r->quiet.delay) : UNKNOWN;
}

/* In the order of scenario_limit_fields, by key. */
static const struct {
    const char *key;
    double (*value_h)(const struct load_result *r);
    bool is_least;
} rows[] = {
    {"loss", loss, false},
    {"delay_p50_ms", delay_p50, false},
    {"delay_p99_ms", delay_p99, false},
    {"delay_p999_ms", delay_p999, false},
    {"delay_max_ms", delay_max, false},
    {"offer_p99_ms", offer_p99, false},
    {"answer_p99_ms", answer_p99, false},
    {"first_media_p99_ms", first_media_p99, false},
    {"failed_calls", failed_calls, false},
    {"silent_calls", silent_calls, false},
    {"lost_checks", lost_checks, false},
    {"cpu_us", cpu_us, false},
    {"cpu_percent", cpu_percent, false},
    {"rss_kb", rss_kb, false},
    {"growth_kb_hour", growth, false},
    {"score", score, true},
    {"attack_loss", attack_loss, false},
    {"attack_p99_ms", attack_p99, false},
};

unsigned report_limits(struct report_limit limits[REPORT_LIMITS_MAX], const struct load_result *r)
{
    unsigned n = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct yaml_field *f = &scenario_limit_fields[i];
        double limit =
            *(const double *)(const void *)((const char *)&r->scenario->limits + f->offset);
        double value = limit < 0 ? 0 : rows[i].value_h(r);

        if (limit < 0)
            continue;
        limits[n++] = (struct report_limit){
            .key = rows[i].key,
            .unit = f->unit ? f->unit : "",
            .what = f->help,
            .limit = limit,
            .value = value,
            .is_least = rows[i].is_least,
            .is_known = value > UNKNOWN,
            .holds = value > UNKNOWN && (rows[i].is_least ? value >= limit : value <= limit),
        };
    }
    return n;
}

bool report_holds(const struct load_result *r)
{
    struct report_limit limits[REPORT_LIMITS_MAX];
    unsigned n = report_limits(limits, r);

    for (unsigned i = 0; i < n; i++)
        if (!limits[i].holds)
            return false;
    return true;
}
