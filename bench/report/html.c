#include "bench/report/html.h"

#include <math.h>
#include <string.h>

#include "bench/report/chart.h"
#include "bench/report/html_internal.h"

#define NUMBER_MAX 1e15 /* what is larger is no figure of ours */

/* ---- the page ---------------------------------------------------------------------------------
 */

static const char head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
/* Colours by what they are for, so that a dark page is another list of them and nothing else. */
static const char colours[] =
    "</title><style>"
    ":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--head:#fafbfc;--line:#e3e7ec;"
    "--rule:#eef0f3;--text:#1c2430;--soft:#3b4554;--muted:#5d6878;--good:#14622c;"
    "--good-page:#dff3e4;--bad:#98211c;--bad-page:#fde2e1;--limit:#c0392b;--shade:#fbeee6;"
    "--shade-text:#9a5b2c}"
    "@media(prefers-color-scheme:dark){:root{--page:#14171c;--card:#1d2229;--head:#232932;"
    "--line:#333b47;--rule:#2a313b;--text:#e6e9ee;--soft:#c3cad4;--muted:#98a2b0;--good:#8fdba6;"
    "--good-page:#173824;--bad:#ffaaa3;--bad-page:#4a1d1b;--limit:#ff7b6b;--shade:#33271d;"
    "--shade-text:#e0a878}}";
static const char style[] =
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"
    "\"Segoe UI\",\"Liberation Sans\",\"DejaVu Sans\",sans-serif}"
    "main{max-width:1120px;margin:0 auto;padding:28px 20px 60px}"
    "h1{font-size:26px;line-height:1.25;margin:0 0 4px;font-weight:650}"
    "h2{font-size:18px;margin:34px 0 10px;font-weight:650}"
    "p{margin:6px 0;max-width:75ch}.muted,small,.name{color:var(--muted)}"
    ".verdict{display:inline-block;padding:2px 12px;border-radius:20px;font-weight:600;"
    "font-size:14px;margin-right:8px;vertical-align:3px;white-space:nowrap}"
    ".good{background:var(--good-page);color:var(--good)}"
    ".bad{background:var(--bad-page);color:var(--bad)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(205px,1fr));gap:12px;"
    "margin:18px 0}"
    ".card,figure,table{background:var(--card);border:1px solid var(--line);border-radius:10px}"
    ".card{padding:12px 14px}"
    ".card b{display:block;font-size:23px;font-weight:650;line-height:1.2}"
    ".card span{color:var(--muted);font-size:13px}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));"
    "gap:14px}"
    "figure{margin:0;padding:12px 14px 6px}"
    "figcaption b{font-weight:600;margin-right:10px}figcaption small{display:block;font-size:12.5px}"
    ".key{font-size:13px;margin-right:10px;color:var(--soft)}.key i{display:inline-block;"
    "width:10px;height:10px;border-radius:3px;margin-right:5px}"
    ".unit{color:var(--muted);font-size:13px}"
    "svg{width:100%;height:auto;display:block;margin-top:4px;overflow:visible}"
    "svg text{font-size:11.5px;fill:var(--soft)}svg text.name,svg tspan.name{fill:var(--muted)}"
    "svg text.value{font-weight:600}svg path{stroke-width:1.8;stroke-linejoin:round}"
    "svg .grid{stroke:var(--rule)}svg line.limit{stroke:var(--limit);stroke-dasharray:5 4}"
    "svg text.limit{fill:var(--bad)}svg rect.shade{fill:var(--shade)}"
    "svg text.shade{fill:var(--shade-text)}svg .whisker{stroke:var(--text);stroke-width:2}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;overflow:hidden}"
    "th,td{padding:6px 12px;text-align:right;border-top:1px solid var(--rule)}"
    "tr:first-child th{border-top:0;background:var(--head);font-weight:600}"
    "th:first-child,td:first-child{text-align:left}td.best{font-weight:650}"
    "code{font:13px/1.45 ui-monospace,\"DejaVu Sans Mono\",monospace;background:var(--rule);"
    "border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}"
    /* a phone: charts are half as wide there, so their words are larger in them */
    "@media(max-width:600px){main{padding:18px 12px 40px}"
    ".cards{grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:8px}"
    "figure{padding:10px 8px 4px}svg text{font-size:13.5px}"
    "th,td{padding:5px;font-size:13px}td .verdict{padding:2px 6px;margin:0}}"
    "</style></head><body><main>\n";

const char *html_string(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

double html_number(const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);

    double number = json_is_number(value) ? json_number_value(value) : -1;
    return fabs(number) < NUMBER_MAX ? number : -1;
}

static void machine_write(FILE *out, const json_t *d)
{
    const json_t *m = json_object_get(d, "machine");

    if (!m)
        m = d; /* as bench/compare writes it */
    fputs("<h2>How it was made</h2><p>", out);
    chart_text(out, html_string(m, "date"));
    fputs(" on ", out);
    chart_text(out, html_string(m, "cpu"));
    if (html_number(m, "cpus") > 0)
        fprintf(out, ", %.0f CPUs, %.0f MB of memory", html_number(m, "cpus"),
                html_number(m, "memory_mb"));
    fputs(", ", out);
    chart_text(out, html_string(m, "kernel"));
    if (*html_string(m, "commit")) {
        fputs(", commit ", out);
        chart_text(out, html_string(m, "commit"));
    }
    if (*html_string(m, "version")) {
        fputs(", picrelay-bench ", out);
        chart_text(out, html_string(m, "version"));
    }
    if (*html_string(m, "rtpengine")) {
        fputs(", rtpengine ", out);
        chart_text(out, html_string(m, "rtpengine"));
    }
    fputs("</p><p><code>", out);
    chart_text(out, html_string(m, "command"));
    fputs("</code></p>\n", out);
}

static void terms_write(FILE *out)
{
    fputs(
        "<h2>What the words mean</h2><p><b>Delay</b> is one way: from just before a packet is sent "
        "to the relay until the kernel has the packet that the relay sent on. <b>p99</b>: 99 of "
        "100 packets were faster. <b>CPU a packet</b> is the processor time of all threads of the "
        "relay, divided by the packets sent to it. <b>Late</b> is how far the load generator was "
        "behind its own plan: where that is large, delay and loss are its own and not the "
        "relay's.</p>\n",
        out);
}

void report_html(FILE *out, const json_t *document)
{
    const char *title = html_string(document, "title");

    if (!*title)
        title = json_object_get(document, "runs") ? "Media relays compared" : "Load of a relay";
    fputs(head, out);
    chart_text(out, title);
    fputs(colours, out);
    fputs(style, out);
    fputs("<h1>", out);
    chart_text(out, title);
    fputs("</h1>\n", out);
    if (json_object_get(document, "runs"))
        html_versus(out, document);
    else if (json_object_get(document, "steps"))
        html_capacity(out, document);
    else
        html_run(out, document);
    terms_write(out);
    machine_write(out, document);
    fputs("</main></body></html>\n", out);
}
