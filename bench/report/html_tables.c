#include <stdbool.h>

#include "bench/report/chart.h"
#include "bench/report/html_internal.h"

/* The tables of one run, below its charts. */

static void limits_write(FILE *out, const json_t *d)
{
    const json_t *limit, *limits = json_object_get(d, "limits");
    size_t i;

    if (!json_array_size(limits))
        return;
    fputs("<h2>Limits</h2><table><tr><th>what</th><th>limit</th><th>measured</th><th></th></tr>",
          out);
    json_array_foreach(limits, i, limit)
    {
        bool holds = json_is_true(json_object_get(limit, "holds"));
        const json_t *value = json_object_get(limit, "value");

        fputs("<tr><td>", out);
        chart_text(out, html_string(limit, "what"));
        fputs(json_is_true(json_object_get(limit, "is_least")) ? "</td><td>≥ " : "</td><td>≤ ",
              out);
        chart_number(out, html_number(limit, "limit"));
        fputs(" ", out);
        chart_text(out, html_string(limit, "unit"));
        fputs("</td><td>", out);
        if (json_is_number(value))
            chart_number(out, json_number_value(value));
        else
            fputs("not measured", out);
        fprintf(out, "</td><td><span class=\"verdict %s\">%s</span></td></tr>",
                holds ? "good" : "bad", holds ? "holds" : "exceeded");
    }
    fputs("</table>\n", out);
}

static void times_row(FILE *out, const char *name, const json_t *times, double scale)
{
    static const char *const keys[] = {"p50", "p90", "p99", "p99.9", "max"};

    if (!json_is_object(times))
        return;
    fprintf(out, "<tr><td>%s</td><td>", name);
    chart_number(out, html_number(times, "n"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fputs("</td><td>", out);
        chart_number(out, html_number(times, keys[i]) * scale);
    }
    fputs("</td></tr>", out);
}

static void times_write(FILE *out, const json_t *d)
{
    static const char *const steps[] = {"offer", "answer", "reoffer", "reanswer", "delete"};
    const json_t *media = json_object_get(d, "media"), *control = json_object_get(d, "control");
    const json_t *attack = json_object_get(d, "attack");

    fputs("<h2>Times</h2><table><tr><th>µs</th><th>n</th><th>p50</th><th>p90</th><th>p99</th>"
          "<th>p99.9</th><th>max</th></tr>",
          out);
    times_row(out, "delay of a packet", json_object_get(media, "delay_us"), 1);
    times_row(out, "the same while it was quiet",
              json_object_get(json_object_get(attack, "quiet"), "delay_us"), 1);
    times_row(out, "and under attack",
              json_object_get(json_object_get(attack, "attacked"), "delay_us"), 1);
    times_row(out, "generator behind its plan (late)", json_object_get(media, "late_us"), 1);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        times_row(out, steps[i], json_object_get(json_object_get(control, steps[i]), "us"), 1);
    times_row(out, "offer to media at both ends", json_object_get(control, "first_media_us"), 1);
    times_row(out, "ICE, both ends connected", json_object_get(control, "ice_us"), 1);
    fputs("</table>\n", out);
}

static const struct {
    const char *key, *what;
    bool is_always;
} counts[] = {
    {"sent", "sent to the relay", true},
    {"received", "came back right", true},
    {"reordered", "of these, behind a later one", true},
    {"duplicates", "came twice", true},
    {"corrupted", "payload changed", true},
    {"unauthentic", "SRTP tag wrong", true},
    {"misrouted", "of another call", true},
    {"renumbered", "sequence numbers jumped", true},
    {"stray", "from nobody that is known", true},
    {"unsent", "refused by our own kernel", false},
    {"filled", "made up by the relay for lost or silent ones", false},
    {"dropped_before", "lost on purpose before the relay", false},
    {"delayed_before", "delayed on purpose", false},
    {"doubled_before", "doubled on purpose", false},
    {"rtcp_sent", "RTCP sent", false},
    {"rtcp_received", "RTCP received", false},
    {"rtcp_bad", "RTCP wrong", false},
    {"keys_pressed", "keys pressed (DTMF)", false},
    {"keys_heard", "keys heard", false},
    {"keys_wrong", "keys heard wrong", false},
    {"ice_checks", "ICE checks sent", false},
    {"ice_lost", "ICE checks never answered", false},
    {"ice_failed", "streams that ICE did not connect", false},
    {"silent_ends", "ends that heard nothing", false},
};

static void counts_write(FILE *out, const json_t *d)
{
    const json_t *media = json_object_get(d, "media");

    if (!json_is_object(media))
        return;
    fputs("<h2>Packets</h2><table><tr><th>packets</th><th>n</th></tr>", out);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        double n = html_number(media, counts[i].key);

        if (n < 0 || (n == 0 && !counts[i].is_always))
            continue;
        fprintf(out, "<tr><td>%s</td><td>", counts[i].what);
        chart_number(out, n);
        fputs("</td></tr>", out);
    }
    fputs("</table>\n", out);
}

static void scores_write(FILE *out, const json_t *d)
{
    const json_t *score, *scores = json_object_get(d, "scores");
    size_t i;

    if (!json_array_size(scores))
        return;
    fputs("<h2>Speech</h2><p class=\"muted\">Of sampled calls: how much of what was said is "
          "understood at the other end (STOI, 0 to 1), and how many of the packets were "
          "heard.</p><table><tr><th>call</th><th>STOI</th><th>level right</th><th>heard</th></tr>",
          out);
    json_array_foreach(scores, i, score)
    {
        fputs("<tr><td>", out);
        chart_text(out, html_string(score, "mode"));
        fprintf(out, "</td><td>%.3f</td><td>%.0f %%</td><td>%.1f %%</td></tr>",
                html_number(score, "stoi"), 100 * html_number(score, "coverage"),
                100 * html_number(score, "heard"));
    }
    fputs("</table>\n", out);
}

void html_tables(FILE *out, const json_t *d)
{
    limits_write(out, d);
    times_write(out, d);
    scores_write(out, d);
    counts_write(out, d);
}
