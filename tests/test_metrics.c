#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "relay/control/status/metrics.h"

struct page {
    struct metrics_writer w;
    char text[65536];
};

static void page_begin(struct page *p)
{
    *p = (struct page){.w.mb = mbuf_alloc(1024)};
    assert_non_null(p->w.mb);
}

static const char *page_end(struct page *p)
{
    assert_true(p->w.mb->end < sizeof(p->text));
    memcpy(p->text, p->w.mb->buf, p->w.mb->end);
    p->text[p->w.mb->end] = '\0';
    mem_deref(p->w.mb);
    return p->text;
}

static void a_family_has_its_help_and_type_once_before_its_samples(void **state)
{
    struct page p;
    (void)state;

    page_begin(&p);
    metrics_family(&p.w, METRIC_CALLS_TOTAL);
    metrics_count(&p.w, METRICS_LABELS("deleted"), 3);
    metrics_count(&p.w, METRICS_LABELS("media timeout"), 1);
    metrics_family(&p.w, METRIC_CALLS);
    metrics_count(&p.w, NULL, 18446744073709551615u);
    assert_int_equal(p.w.err, 0);
    assert_string_equal(page_end(&p), "# HELP picrelay_calls_total Calls that have ended, by how.\n"
                                      "# TYPE picrelay_calls_total counter\n"
                                      "picrelay_calls_total{end=\"deleted\"} 3\n"
                                      "picrelay_calls_total{end=\"media timeout\"} 1\n"
                                      "# HELP picrelay_calls Calls that are set up now.\n"
                                      "# TYPE picrelay_calls gauge\n"
                                      "picrelay_calls 18446744073709551615\n");
}

static void label_values_are_escaped(void **state)
{
    struct page p;
    (void)state;

    page_begin(&p);
    metrics_family(&p.w, METRIC_BUILD_INFO);
    metrics_count(&p.w, METRICS_LABELS("a\"b\\c\nd"), 1);
    assert_non_null(strstr(page_end(&p), "{version=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

static void every_label_of_a_family_is_named(void **state)
{
    struct page p;
    (void)state;

    page_begin(&p);
    metrics_family(&p.w, METRIC_POLICY_VERDICTS_TOTAL);
    metrics_count(&p.w, METRICS_LABELS("skype", "video", "deny", "capability"), 7);
    assert_non_null(strstr(page_end(&p), "{provider=\"skype\",kind=\"video\",verdict=\"deny\","
                                         "code=\"capability\"} 7\n"));
}

static void real_values_are_written_as_prometheus_reads_them(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.25, "picrelay_calls 0.25\n"},
                 {1e21, "picrelay_calls 1e+21\n"},
                 {(double)NAN, "picrelay_calls NaN\n"},
                 {(double)INFINITY, "picrelay_calls +Inf\n"},
                 {-(double)INFINITY, "picrelay_calls -Inf\n"}};
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct page p;

        page_begin(&p);
        metrics_family(&p.w, METRIC_CALLS);
        metrics_real(&p.w, NULL, cases[i].value);
        assert_non_null(strstr(page_end(&p), cases[i].text));
    }
}

static void a_page_that_would_be_invalid_is_an_error(void **state)
{
    struct page p;
    (void)state;

    page_begin(&p);
    metrics_family(&p.w, METRIC_CALLS);
    metrics_family(&p.w, METRIC_CALLS);
    assert_int_equal(p.w.err, EINVAL);
    page_end(&p);
    page_begin(&p);
    metrics_count(&p.w, NULL, 1);
    assert_int_equal(p.w.err, EINVAL);
    page_end(&p);
    page_begin(&p);
    metrics_family(&p.w, METRIC_PORTS);
    metrics_count(&p.w, METRICS_LABELS("skype"), 1);
    assert_int_equal(p.w.err, EINVAL);
    page_end(&p);
    page_begin(&p);
    metrics_family(&p.w, METRIC_CALLS);
    metrics_count(&p.w, METRICS_LABELS("skype"), 1);
    assert_int_equal(p.w.err, EINVAL);
    page_end(&p);
}

/* Prometheus' conventions: counters end in _total, gauges do not; base units; names of a-z and _.
 */
static void every_row_keeps_the_naming_habits(void **state)
{
    (void)state;

    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        const struct metric_row *row = metrics_row(m);

        if (!row->name) {
            fail_msg("row %u has no name", m);
            return;
        }
        print_message("  %s\n", row->name);
        assert_true(!strncmp(row->name, "picrelay_", 9) || !strncmp(row->name, "process_", 8));
        const size_t n = strlen(row->name);
        const char *total = n > 6 ? row->name + n - 6 : "";

        assert_int_equal(!strcmp(total, "_total"), row->type == METRIC_COUNTER);
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), n);
        assert_null(strstr(row->name, "_ms"));
        assert_int_equal(row->help[strlen(row->help) - 1], '.');
        assert_null(strpbrk(row->help, "\\\n"));
        for (unsigned k = 0; k < m; k++)
            assert_string_not_equal(row->name, metrics_row(k)->name);
    }
}

static void control_counters_are_there_from_the_start(void **state)
{
    struct control_counters c = {0};
    struct page p;
    const char *text;
    (void)state;

    c.requests[NG_OFFER][CONTROL_ERROR] = 5;
    c.request_us[NG_OFFER] = 1500000;
    c.events[CONTROL_NG_DENIED] = 2;
    page_begin(&p);
    metrics_write_control(&p.w, &c);
    assert_int_equal(p.w.err, 0);
    text = page_end(&p);
    assert_non_null(strstr(text, "picrelay_control_requests_total{command=\"offer\","
                                 "result=\"error\"} 5\n"));
    assert_non_null(strstr(text, "picrelay_control_requests_total{command=\"delete\","
                                 "result=\"ok\"} 0\n"));
    assert_non_null(
        strstr(text, "picrelay_control_request_seconds_total{command=\"offer\"} 1.5\n"));
    assert_non_null(strstr(text, "picrelay_control_events_total{event=\"ng_denied\"} 2\n"));
    assert_non_null(strstr(text, "picrelay_control_events_total{event=\"cookie_hit\"} 0\n"));
}

/* Each line of the page by the grammar of the text format. */
static void a_whole_page_is_well_formed(void **state)
{
    static const struct control_counters none;
    struct page p;
    regex_t grammar;
    char *save = NULL;
    unsigned n = 0;
    (void)state;

    assert_int_equal(
        regcomp(&grammar,
                "^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (counter|gauge)|"
                "[a-z_]+(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? [0-9.e+-]+)$",
                REG_EXTENDED | REG_NOSUB),
        0);
    page_begin(&p);
    metrics_write_control(&p.w, &none);
    metrics_write_process(&p.w);
    assert_int_equal(p.w.err, 0);
    page_end(&p);
    for (char *line = strtok_r(p.text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save), n++) {
        if (regexec(&grammar, line, 0, NULL, 0))
            fail_msg("not well-formed: %s", line);
    }
    assert_true(n > 20);
    regfree(&grammar);
}

static double value_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    assert_non_null(at);
    return strtod(at + strlen(name), NULL);
}

static void the_process_tells_what_it_uses(void **state)
{
    struct page p;
    const char *text;
    (void)state;

    page_begin(&p);
    metrics_write_process(&p.w);
    text = page_end(&p);
    assert_true(value_of(text, "\nprocess_resident_memory_bytes ") > 100000);
    assert_true(value_of(text, "\nprocess_open_fds ") >= 3);
    assert_true(value_of(text, "\nprocess_max_fds ") >= value_of(text, "\nprocess_open_fds "));
    assert_true(value_of(text, "\nprocess_start_time_seconds ") > 1e9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_has_its_help_and_type_once_before_its_samples),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(every_label_of_a_family_is_named),
        cmocka_unit_test(real_values_are_written_as_prometheus_reads_them),
        cmocka_unit_test(a_page_that_would_be_invalid_is_an_error),
        cmocka_unit_test(every_row_keeps_the_naming_habits),
        cmocka_unit_test(control_counters_are_there_from_the_start),
        cmocka_unit_test(a_whole_page_is_well_formed),
        cmocka_unit_test(the_process_tells_what_it_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
