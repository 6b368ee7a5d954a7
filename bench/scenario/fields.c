#include "bench/scenario/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- types of values --------------------------------------------------------------------------
 */

/* "12", "0.05", "-40": digits, one point at most; nothing that strtod() takes besides. */
static bool is_decimal(const char *text)
{
    size_t n_digits = 0, n_points = 0;

    for (const char *c = text + (*text == '-'); *c; c++) {
        n_digits += *c >= '0' && *c <= '9';
        n_points += *c == '.';
        if (*c != '.' && (*c < '0' || *c > '9'))
            return false;
    }
    return n_digits && n_digits <= 12 && n_points <= 1;
}

int scenario_read_decimal(const struct yaml_field *field, const struct yaml_node *node,
                          void *target, const struct yaml_report *report)
{
    if (node->kind != YAML_KIND_SCALAR || !is_decimal(node->text))
        return yaml_fail_value(report, node, field->key, "expected a number, such as %s",
                               field->example);
    double value = strtod(node->text, NULL);
    if (value < (double)field->min || value > (double)field->max)
        return yaml_fail_value(report, node, field->key, "expected %lld to %lld%s%s",
                               (long long)field->min, (long long)field->max, field->unit ? " " : "",
                               field->unit ? field->unit : "");
    *(double *)target = value;
    return 0;
}

void scenario_print_decimal(const struct yaml_field *field, const void *target, FILE *out)
{
    (void)field;
    fprintf(out, "%g", *(const double *)target);
}

static bool is_not_set(const void *target)
{
    return *(const double *)target < 0;
}

static bool is_empty(const void *target)
{
    return !*(const char *)target;
}

static int read_mode(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report)
{
    struct scenario_part *part = target;
    int err = yaml_read_chars(field, node, part->mode_name, sizeof(part->mode_name), "-", report);

    if (err)
        return err;
    part->mode = load_mode_find(part->mode_name);
    return part->mode ? 0
                      : yaml_fail_value(report, node, field->key,
                                        "expected a mode that `picrelay-bench --help` lists");
}

static void print_text(const struct yaml_field *field, const void *target, FILE *out)
{
    (void)field;
    yaml_print_text(target, out);
}

static int read_name(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report)
{
    return yaml_read_chars(field, node, target, sizeof(((struct scenario_part *)0)->provider),
                           "-_.", report);
}

static int read_direction(const struct yaml_field *field, const struct yaml_node *node,
                          void *target, const struct yaml_report *report)
{
    return yaml_read_chars(field, node, target, sizeof(((struct scenario_part *)0)->direction),
                           "-_.,", report);
}

static int read_title(const struct yaml_field *field, const struct yaml_node *node, void *target,
                      const struct yaml_report *report)
{
    size_t cap = sizeof(((struct scenario *)0)->title);
    int err = yaml_check_text(field, node, cap, report);

    if (!err)
        snprintf(target, cap, "%s", node->text);
    return err;
}

static int read_parts(const struct yaml_field *field, const struct yaml_node *node, void *target,
                      const struct yaml_report *report)
{
    struct scenario *s = target;
    int err = yaml_check_list(field, node, report);

    if (err)
        return err;
    s->n_parts = 0;
    for (const struct yaml_node *item = node->first; item && !err; item = item->next) {
        struct scenario_part *part = &s->parts[s->n_parts++];

        *part = (struct scenario_part){.weight = 1};
        err = yaml_read_fields(scenario_part_fields, item, "mix", part, report);
    }
    return err;
}

static void print_parts(const struct yaml_field *field, const void *target, FILE *out)
{
    const struct scenario *s = target;

    (void)field;
    fprintf(out, "[");
    for (unsigned i = 0; i < s->n_parts; i++) {
        fprintf(out, "%s", i ? ", " : "");
        yaml_print_fields(scenario_part_fields, &s->parts[i], out);
    }
    fprintf(out, "]");
}

static int read_attacks(const struct yaml_field *field, const struct yaml_node *node, void *target,
                        const struct yaml_report *report)
{
    bool *is_wanted = target;
    int err = yaml_check_list(field, node, report);

    for (const struct yaml_node *item = err ? NULL : node->first; item; item = item->next) {
        unsigned kind = 0;

        while (kind < SCENARIO_ATTACKS && (item->kind != YAML_KIND_SCALAR ||
                                           strcmp(item->text, scenario_attack_name(kind)) != 0))
            kind++;
        if (kind == SCENARIO_ATTACKS)
            return yaml_fail_value(report, item, field->key,
                                   "expected garbage, spoof, replay, stun or ng");
        is_wanted[kind] = true;
    }
    return err;
}

static void print_attacks(const struct yaml_field *field, const void *target, FILE *out)
{
    const bool *is_wanted = target;
    const char *comma = "";

    (void)field;
    fprintf(out, "[");
    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++) {
        if (!is_wanted[i])
            continue;
        fprintf(out, "%s%s", comma, scenario_attack_name(i));
        comma = ", ";
    }
    fprintf(out, "]");
}

static bool has_no_attacks(const void *target)
{
    const bool *is_wanted = target;

    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
        if (is_wanted[i])
            return false;
    return true;
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"media", "place", "set-ups"};

    return names[kind];
}

static const struct yaml_words kinds = {3, kind_name};

/* ---- the tables -------------------------------------------------------------------------------
 */

#define NUMBER(name, field, low, high, unit_of, example_of, help_of)                               \
    {                                                                                              \
        .key = (name), .example = (example_of), .unit = (unit_of), .min = (low), .max = (high),    \
        .help = (help_of), .offset = offsetof(STRUCT, field), .read_h = yaml_read_uint32,          \
        .print_h = yaml_print_uint32                                                               \
    }
#define DECIMAL(name, field, low, high, unit_of, example_of, help_of)                              \
    {                                                                                              \
        .key = (name), .example = (example_of), .unit = (unit_of), .min = (low), .max = (high),    \
        .help = (help_of), .offset = offsetof(STRUCT, field), .read_h = scenario_read_decimal,     \
        .print_h = scenario_print_decimal                                                          \
    }
#define LIMIT(name, field, high, unit_of, help_of)                                                 \
    {                                                                                              \
        .key = (name), .example = "1", .unit = (unit_of), .min = 0, .max = (high),                 \
        .help = (help_of), .offset = offsetof(struct scenario_limits, field),                      \
        .read_h = scenario_read_decimal, .print_h = scenario_print_decimal,                        \
        .is_absent_h = is_not_set                                                                  \
    }
#define FLAG(name, field, help_of)                                                                 \
    {                                                                                              \
        .key = (name), .example = "yes", .help = (help_of), .offset = offsetof(STRUCT, field),     \
        .read_h = yaml_read_bool, .print_h = yaml_print_bool                                       \
    }
#define MAP(name, field, table, help_of)                                                           \
    {                                                                                              \
        .key = (name), .example = "{}", .help = (help_of), .offset = offsetof(STRUCT, field),      \
        .more = (table), .read_h = yaml_read_map, .print_h = yaml_print_map                        \
    }

const struct yaml_field scenario_limit_fields[] = {
    LIMIT("loss", loss, 100, "%", "packets that did not come back"),
    LIMIT("delay_p50_ms", delay_p50_ms, 60000, "ms", "one-way delay, median"),
    LIMIT("delay_p99_ms", delay_p99_ms, 60000, "ms", "one-way delay, p99"),
    LIMIT("delay_p999_ms", delay_p999_ms, 60000, "ms", "one-way delay, p99.9"),
    LIMIT("delay_max_ms", delay_max_ms, 60000, "ms", "one-way delay of the slowest packet"),
    LIMIT("offer_p99_ms", offer_p99_ms, 60000, "ms", "reply to an offer, p99"),
    LIMIT("answer_p99_ms", answer_p99_ms, 60000, "ms", "reply to an answer, p99"),
    LIMIT("first_media_p99_ms", first_media_p99_ms, 60000, "ms",
          "from the offer until both ends hear, p99"),
    LIMIT("failed_calls", failed_calls, 100, "%", "calls that could not be set up"),
    LIMIT("silent_calls", silent_calls, 100000, NULL, "ends that never heard anything"),
    LIMIT("lost_checks", lost_checks, 100000, NULL, "ICE checks that were never answered"),
    LIMIT("cpu_us", cpu_us, 100000, "us", "CPU time of the relay, a packet"),
    LIMIT("cpu_percent", cpu_percent, 100000, "%", "of one core that the relay takes"),
    LIMIT("rss_kb", rss_kb, 1000000, "KB", "resident memory a call"),
    LIMIT("growth_kb_hour", growth_kb_hour, 1000000000, "KB/h",
          "growth of the resident memory in the second half"),
    LIMIT("score", score, 1, NULL, "STOI of the sampled calls, at least"),
    LIMIT("attack_loss", attack_loss, 100, "%", "loss that an attack adds for good calls"),
    LIMIT("attack_p99_ms", attack_p99_ms, 60000, "ms", "p99 of the delay that it adds"),
    {0},
};

#define STRUCT struct load_impair
const struct yaml_field scenario_impair_fields[] = {
    DECIMAL("loss", loss, 0, 100, "%", "1", "packets that never reach the relay"),
    DECIMAL("burst", burst, 0, 1000, NULL, "3", "how many are lost in a row, on average"),
    DECIMAL("jitter_ms", jitter_ms, 0, 2000, "ms", "20", "packets are late by up to this"),
    DECIMAL("reorder", reorder, 0, 100, "%", "0.5", "packets that come behind the next one"),
    DECIMAL("dup", dup, 0, 100, "%", "0.1", "packets that come twice"),
    DECIMAL("drift_ppm", drift_ppm, -10000, 10000, "ppm", "50", "the senders' clocks are fast"),
    NUMBER("seed", seed, 0, UINT32_MAX, NULL, "1", "the same seed has the same packets lost"),
    {0},
};
#undef STRUCT

#define STRUCT struct scenario_attack
const struct yaml_field scenario_attack_fields[] = {
    {.key = "kinds",
     .example = "[garbage, spoof]",
     .min = 1,
     .max = SCENARIO_ATTACKS,
     .help = "garbage, spoof, replay, stun, ng",
     .offset = offsetof(STRUCT, is_wanted),
     .read_h = read_attacks,
     .print_h = print_attacks,
     .is_absent_h = has_no_attacks},
    NUMBER("rate", rate, 1, 200000, "packets/s", "5000", "of all kinds together"),
    {0},
};
#undef STRUCT

#define STRUCT struct scenario_part
const struct yaml_field scenario_part_fields[] = {
    {.key = "mode",
     .example = "srtp-both",
     .help = "what these calls ask of the relay",
     .is_required = true,
     .offset = 0,
     .read_h = read_mode,
     .print_h = print_text},
    NUMBER("weight", weight, 1, 1000, NULL, "3", "how many of these against the others"),
    {.key = "provider",
     .example = "wlm",
     .help = "Identity of the provider",
     .offset = offsetof(STRUCT, provider),
     .read_h = read_name,
     .print_h = print_text,
     .is_absent_h = is_empty},
    {.key = "direction",
     .example = "enterprise,wlm",
     .help = "interfaces of the two sides",
     .offset = offsetof(STRUCT, direction),
     .read_h = read_direction,
     .print_h = print_text,
     .is_absent_h = is_empty},
    {0},
};
#undef STRUCT

#define STRUCT struct scenario
const struct yaml_field scenario_fields[] = {
    {.key = "title",
     .example = "A working day",
     .help = "what the report calls it",
     .offset = offsetof(STRUCT, title),
     .read_h = read_title,
     .print_h = print_text,
     .is_absent_h = is_empty},
    {.key = "kind",
     .example = "media",
     .help = "media; place: offer and answer only; set-ups: offer, answer, delete over and over",
     .offset = offsetof(STRUCT, kind),
     .more = &kinds,
     .read_h = yaml_read_word,
     .print_h = yaml_print_word},
    NUMBER("calls", calls, 1, SCENARIO_CALLS_MAX, NULL, "200", "calls at a time"),
    DECIMAL("rate", rate, 0, 10000, "calls/s", "5", "new calls, instead of `calls`; with hold_s"),
    DECIMAL("hold_s", hold_s, 0, 86400, "s", "60", "how long a call lasts; 0: the whole run"),
    NUMBER("seconds", seconds, 1, 864000, "s", "30", "measured time"),
    NUMBER("warm_ms", warm_ms, 0, 60000, "ms", "1000", "of media before that"),
    {.key = "mix",
     .example = "[{mode: plain}]",
     .min = 1,
     .max = SCENARIO_PARTS_MAX,
     .help = "what the calls are, by weight",
     .offset = 0,
     .read_h = read_parts,
     .print_h = print_parts},
    FLAG("rtcp", has_rtcp, "sender and receiver reports in each call"),
    FLAG("ipv6", is_ip6, "the ends are at IPv6 addresses"),
    FLAG("talk", has_talk, "talkspurts and pauses, nothing is sent in a pause"),
    DECIMAL("dtmf_every_s", dtmf_every_s, 0, 3600, "s", "10", "a key is pressed so often"),
    DECIMAL("on_hold_every_s", hold_every_s, 0, 3600, "s", "20", "a call is put on hold so often"),
    DECIMAL("on_hold_for_s", hold_for_s, 0, 3600, "s", "3", "and resumed after this"),
    MAP("impair", impair, scenario_impair_fields, "a bad network before the relay"),
    MAP("attack", attack, scenario_attack_fields, "in the second half of the measured time"),
    MAP("limits", limits, scenario_limit_fields, "what has to hold; exit status 1 if not"),
    {0},
};
#undef STRUCT
