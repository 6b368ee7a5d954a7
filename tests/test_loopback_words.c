#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <getopt.h>

#include <cmocka.h>

#include "bench/loopback/exchange.h"
#include "bench/loopback/keys.h"
#include "bench/loopback/options.h"
#include "bench/loopback/screen.h"
#include "bench/loopback/verdict.h"

/* What picrelay-loopback reads and says: options, keys, the end of a pasted SDP, a relay's query,
 * the screen, the verdict. */

/* ---- options ---------------------------------------------------------------------- */

static int plan_of(struct plan *p, char why[static 200], const char *const *words)
{
    struct options o;
    char *argv[16] = {"picrelay-loopback"};
    int n = 1;

    for (; words[n - 1]; n++)
        argv[n] = (char *)(uintptr_t)words[n - 1];
    options_default(&o);
    optind = 0; /* getopt anew */
    int err = options_read(&o, n, argv);
    return err ? err : options_plan(p, &o, why, 200);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void without_options_both_ends_are_here(void **state)
{
    const char *const none[] = {NULL};
    char why[200];
    struct plan p;

    (void)state;
    assert_int_equal(plan_of(&p, why, none), 0);
    assert_true(plan_has(&p, 0) && plan_has(&p, 1));
    assert_int_equal(p.end[0].mouth.kind, MOUTH_MICROPHONE);
    assert_int_equal(p.end[1].mouth.kind, MOUTH_MARKERS);
    assert_false(p.end[0].has_speaker);
    assert_true(p.end[1].has_speaker);
    assert_int_equal(p.end[0].peer.dialect, PEER_LYNC);
    assert_int_equal(p.end[1].peer.dialect, PEER_RFC);
}

static void one_end_has_both_devices(void **state)
{
    char why[200];
    struct plan p;

    (void)state;
    assert_int_equal(plan_of(&p, why, WORDS("--end", "b", "--b", "plain", "--b-say", "tone:440")),
                     0);
    assert_false(plan_has(&p, 0));
    assert_true(plan_has(&p, 1));
    assert_int_equal(p.end[1].mouth.kind, MOUTH_TONE);
    assert_int_equal(p.end[1].mouth.tone_hz, 440);
    assert_true(p.end[1].has_speaker);
    assert_int_equal(p.end[1].peer.dialect, PEER_PLAIN);
}

static void mistakes_are_named_with_what_is_expected(void **state)
{
    static const struct {
        const char *words[5];
        const char *why; /* "": getopt or a number's row tells on stderr */
    } rows[] = {
        {{"--end", "c"}, "--end c: a or b"},
        {{"--a", "skype"}, "lync, rfc, plain"},
        {{"--b-keys", "two"}, "one, triple, mki, none"},
        {{"--a-say", "tone:9"}, "50 to 7000"},
        {{"--a-say", "words"}, "FILE.wav"},
        {{"--b-hear", "radio"}, "loudspeaker, none"},
        {{"--b-codecs", "opus,mp3"}, "opus,mp3"},
        {{"--b-say", "microphone"}, "one microphone"},
        {{"--a-hear", "loudspeaker"}, "one loudspeaker"},
        {{"--sdp-in", "x"}, "--end"},
        {{"--loss", "91"}, ""},
        {{"--rate-in", "100"}, ""},
        {{"--seconds", "x"}, ""},
        {{"--nonsense"}, ""},
        {{"word"}, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char why[200] = "";
        struct plan p;

        assert_int_equal(plan_of(&p, why, rows[i].words), EINVAL);
        if (!strstr(why, rows[i].why))
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].words[0], why, rows[i].why);
    }
}

static void help_names_every_option_and_key(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    (void)state;
    options_usage(f);
    (void)fclose(f);
    static const char *const words[] = {"--ng",     "--end",          "--a-say",
                                        "--b-hear", "--list-devices", "--record",
                                        "--plain",  "EXIT",           "EXAMPLES"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_non_null(strstr(text, words[i]));
    for (size_t i = 0; keys_at(i); i++)
        assert_non_null(strstr(text, keys_at(i)->help));
    free(text);
}

static void keys_are_found(void **state)
{
    (void)state;
    assert_int_equal(keys_find('m'), KEY_MUTE);
    assert_int_equal(keys_find('#'), KEY_DIGIT);
    assert_int_equal(keys_find('q'), KEY_QUIT);
    assert_int_equal(keys_find('z'), KEY_NONE);
    assert_int_equal(keys_find(0), KEY_NONE);
}

/* ---- what comes in ---------------------------------------------------------------- */

static void a_pasted_sdp_ends_with_a_dot_or_the_end(void **state)
{
    static const struct {
        const char *text;
        bool is_at_end;
        long length;
    } rows[] = {
        {"", false, -1},
        {"v=0\r\n", false, -1},
        {"v=0\r\n.\r\n", false, 5},
        {"v=0\n.\nmore", false, 4},
        {"v=0\n.", false, -1},
        {"v=0\n.", true, 5},
        {"v=0\n", true, 4},
        {".\n", false, 0},
        {"a=x.\n..\n", false, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (exchange_length(rows[i].text, strlen(rows[i].text), rows[i].is_at_end) !=
            rows[i].length)
            fail_msg("row %zu", i);
}

static void a_leg_is_read_out_of_a_query_of_any_shape(void **state)
{
    static const char *const odd[] = {"{}", "[]", "{\"tags\": 1}", "{\"tags\": {\"a\": []}}",
                                      "{\"tags\": {\"a\": {\"medias\": [{\"streams\": 7}]}}}"};
    struct facts_leg leg;

    (void)state;
    facts_leg_read(&leg, NULL, "a");
    assert_false(leg.is_known);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        json_t *query = json_loads(odd[i], 0, NULL);

        facts_leg_read(&leg, query, "a");
        assert_false(leg.is_known);
        json_decref(query);
    }
    json_t *query = json_loads(
        "{\"tags\": {\"a\": {\"medias\": [{\"streams\": [{\"stats\": {\"packets\": 7, \"errors\": 2},"
        "\"stats_out\": {\"packets\": 9}}], \"ICE pair\": {\"state\": \"ready\"},"
        "\"drops\": {\"source\": 3, \"auth\": 5, \"gate\": -1}}]}}}",
        0, NULL);
    facts_leg_read(&leg, query, "a");
    json_decref(query);
    assert_true(leg.is_known);
    assert_int_equal(leg.packets_in, 7);
    assert_int_equal(leg.packets_out, 9);
    assert_string_equal(leg.ice, "ready");
    assert_string_equal(leg.drop, "auth");
    assert_int_equal(leg.n_dropped, 5);
}

/* ---- the verdict ------------------------------------------------------------------ */

/* A call that works; the rows break it. */
static void facts_good(struct facts *f)
{
    *f = (struct facts){
        .step = STEP_TALKING, .relay = "192.0.2.1:2223", .has_reply = true, .answer_us = 900};
    for (unsigned i = 0; i < 2; i++)
        f->end[i] = (struct facts_end){
            .is_here = true,
            .letter = "AB"[i],
            .dialect = PEER_LYNC,
            .codec_sent = "PCMU/8000",
            .codec_heard = "PCMU/8000",
            .is_secure = true,
            .has_ice = true,
            .ice = {.state = PEER_ICE_READY,
                    .is_checking = true,
                    .is_answered = true,
                    .n_local = 2,
                    .n_remote = 2},
            .pair = {"192.0.2.2:5000 (host) - 192.0.2.1:6000 (host)"},
            .counts = {.rtp_sent = 500, .rtp_received = 500},
            .tx = {.packets = 500},
            .rx = {.packets = 500},
            .mouth = MOUTH_FILE,
            .level_out = {.loudest_db = -20, .n = 1000},
            .leg = {.is_known = true, .packets_in = 500, .packets_out = 500},
        };
}

static void no_pair(struct facts *f)
{
    f->step = STEP_CONNECTING;
    f->end[0].ice = (struct peer_ice_facts){.is_checking = true, .n_local = 2, .n_remote = 2};
    f->end[0].pair[0][0] = 0;
    f->end[0].rx.packets = f->end[1].rx.packets = f->end[0].counts.rtp_sent = 0;
}

static void no_pair_one_way(struct facts *f)
{
    no_pair(f);
    f->end[0].ice.is_asked = true;
}

static void no_candidates(struct facts *f)
{
    no_pair(f);
    f->end[0].ice.n_remote = 0;
}

static void wrong_keys(struct facts *f)
{
    f->end[1].rx.packets = 0;
    f->end[1].counts.auth_failures = 500;
}

static void wrong_formats(struct facts *f)
{
    f->end[1].rx.bad_pt = 500;
}

static void dropped(struct facts *f)
{
    f->end[1].rx.packets = 0;
    f->end[0].leg.n_dropped = 499;
    snprintf(f->end[0].leg.drop, sizeof(f->end[0].leg.drop), "source");
}

static void lost_before_the_relay(struct facts *f)
{
    f->end[1].rx.packets = 0;
    f->end[0].leg.packets_in = 0;
}

static void lost_behind_the_relay(struct facts *f)
{
    f->end[1].rx.packets = 0;
}

static void nothing_sent(struct facts *f)
{
    f->end[1].rx.packets = f->end[0].counts.rtp_sent = f->end[0].leg.packets_in = 0;
    f->end[0].counts.send_errors = 500;
}

static void unclear(struct facts *f)
{
    f->end[1].rx.packets = f->end[1].leg.packets_out = 0;
}

static void relay_silent(struct facts *f)
{
    f->step = STEP_SIGNALLING;
    f->err = ETIMEDOUT;
    f->has_reply = false;
    snprintf(f->problem, sizeof(f->problem), "offer: no usable reply");
}

static void refused(struct facts *f)
{
    f->step = STEP_SIGNALLING;
    f->err = EPROTO;
    snprintf(f->problem, sizeof(f->problem), "offer: the relay refused: policy: provider aol ...");
}

static void no_codec(struct facts *f)
{
    f->step = STEP_SIGNALLING;
    f->err = ENOTSUP;
    snprintf(f->problem, sizeof(f->problem), "B cannot answer: there is no codec in common");
}

static void no_device(struct facts *f)
{
    f->step = STEP_DEVICES;
    f->err = ENODEV;
    snprintf(f->problem, sizeof(f->problem), "there is no capture device");
}

static void interrupted(struct facts *f)
{
    no_pair(f);
    f->is_interrupted = true;
}

static void quiet(struct facts *f)
{
    f->end[0].mouth = MOUTH_MICROPHONE;
    f->end[0].level_out.loudest_db = -90;
}

static void lossy(struct facts *f)
{
    f->end[1].rx.lost = 50;
}

static void lossy_before(struct facts *f)
{
    f->end[0].rtcp.has_block = true;
    f->end[0].rtcp.block_lost = 50;
}

static void lossy_on_purpose(struct facts *f)
{
    lossy(f);
    f->end[0].counts.held_back = 50;
}

static void bursts(struct facts *f)
{
    f->end[1].rx.jitter_us = 80000;
}

static void busy(struct facts *f)
{
    f->end[0].counts.late_ticks = 20;
}

static void card_lost(struct facts *f)
{
    f->card[CARD_PLAYBACK].is_used = true;
    f->card[CARD_PLAYBACK].status.n_lost = 1;
    f->card[CARD_PLAYBACK].status.state = CARD_GONE;
}

static void card_gaps(struct facts *f)
{
    f->card[CARD_CAPTURE].is_used = true;
    f->card[CARD_CAPTURE].feed.underruns = 10;
}

static void clipped(struct facts *f)
{
    f->end[0].level_out.n_clipped = 100;
}

static void bad_sound(struct facts *f)
{
    f->end[1].measured = (struct measure){.n_scores = 2, .n_passed = 1, .stoi_sum = 1.5};
    f->end[1].measured.worst.stoi = 0.5;
}

static void slow_sound(struct facts *f)
{
    f->end[1].measured = (struct measure){.has_delay = true, .delay_ms = 700, .n_delays = 1};
}

static void alone_and_heard(struct facts *f)
{
    f->end[0] = (struct facts_end){.letter = 'A'};
}

static void other_end_elsewhere(struct facts *f)
{
    f->end[1] = (struct facts_end){.letter = 'B', .leg = f->end[1].leg};
}

static bool says(const struct verdict *v, const char *text)
{
    for (unsigned i = 0; i < v->n; i++)
        if (strstr(v->line[i], text))
            return true;
    return false;
}

static unsigned causes_of(const struct verdict *v)
{
    unsigned n = 0;

    for (unsigned i = 0; i < v->n; i++)
        n += strncmp(v->line[i], "cause:", 6) == 0;
    return n;
}

static void each_fault_has_its_cause(void **state)
{
    static const struct {
        void (*broken)(struct facts *f);
        enum verdict_grade grade;
        unsigned n_causes;
        const char *text;
    } rows[] = {
        {facts_good, VERDICT_WORKS, 0, "it works"},
        {alone_and_heard, VERDICT_WORKS, 0, "A to B: 500 packets"},
        {other_end_elsewhere, VERDICT_WORKS, 0, "B to A: 500 packets"},
        {no_device, VERDICT_FAILED, 1, "no capture device"},
        {relay_silent, VERDICT_FAILED, 1, "192.0.2.1:2223 does not answer NG requests"},
        {refused, VERDICT_FAILED, 1, "provider aol"},
        {refused, VERDICT_FAILED, 1, "try: picrelayctl policy explain"},
        {no_codec, VERDICT_FAILED, 1, "no codec in common"},
        {no_pair, VERDICT_FAILED, 1, "answers: 0, checks of the other end: 0"},
        {no_pair_one_way, VERDICT_FAILED, 1, "a firewall on the way out"},
        {no_candidates, VERDICT_FAILED, 1, "named no candidate"},
        {interrupted, VERDICT_FAILED, 1, "interrupted before"},
        {wrong_keys, VERDICT_FAILED, 1, "cannot be decrypted: 500 of 500"},
        {wrong_formats, VERDICT_FAILED, 1, "did not list"},
        {dropped, VERDICT_FAILED, 1,
         "the relay drops what A sends: 499 packets, reason \"source\""},
        {lost_before_the_relay, VERDICT_FAILED, 1, "does not reach the relay: 500 sent"},
        {lost_behind_the_relay, VERDICT_FAILED, 1, "does not reach B: 500 sent"},
        {nothing_sent, VERDICT_FAILED, 1, "A sent nothing: the system refused"},
        {unclear, VERDICT_FAILED, 1, "not clear from here"},
        {quiet, VERDICT_FAULTY, 1, "microphone gives silence"},
        {lossy, VERDICT_FAULTY, 1, "the network to B loses packets: 50 of 550"},
        {lossy_before, VERDICT_FAULTY, 1, "loses what A sends: 50 of 500"},
        {lossy_on_purpose, VERDICT_FAULTY, 1, "on purpose: 50 packets of A"},
        {bursts, VERDICT_FAULTY, 1, "in bursts"},
        {busy, VERDICT_FAULTY, 1, "too busy for A: 20 of 500"},
        {card_lost, VERDICT_FAULTY, 1, "did not come back"},
        {card_gaps, VERDICT_FAULTY, 1, "the microphone had 10 gaps"},
        {clipped, VERDICT_FAULTY, 1, "A is too loud"},
        {bad_sound, VERDICT_FAULTY, 0, "hardly understood"},
        {slow_sound, VERDICT_FAULTY, 0, "700 ms"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct verdict v;
        struct facts f;

        facts_good(&f);
        rows[i].broken(&f);
        verdict_make(&v, &f);
        if (v.grade == rows[i].grade && says(&v, rows[i].text) && causes_of(&v) == rows[i].n_causes)
            continue;
        verdict_print(stderr, &v);
        fail_msg("row %zu: \"%s\", grade %d, %u causes", i, rows[i].text, v.grade, causes_of(&v));
    }
}

/* ---- the screen ------------------------------------------------------------------- */

static unsigned count_lines(const char *text, size_t n)
{
    unsigned lines = 1;

    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

static void a_screen_keeps_to_its_size(void **state)
{
    static const struct {
        unsigned columns, rows;
    } sizes[] = {{80, 24}, {200, 60}, {20, 5}, {1, 1}, {80, 2}};
    static char text[SCREEN_MAX];
    struct facts f;

    (void)state;
    facts_good(&f);
    card_lost(&f);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = screen_draw(text, &f, sizes[i].columns, sizes[i].rows, "message");

        assert_in_range(count_lines(text, n), 1, sizes[i].rows);
        unsigned shown = 0;
        for (size_t k = 0; k < n; k++) {
            if (text[k] == '\x1b') { /* ESC [ ... letter */
                k += 2;
                while (k < n && text[k] < '@')
                    k++;
                continue;
            }
            shown = text[k] == '\n' || text[k] == '\r' ? 0 : shown + 1;
            assert_true(shown <= sizes[i].columns);
        }
    }
}

static void what_others_wrote_sends_no_codes_to_the_terminal(void **state)
{
    static char text[SCREEN_MAX];
    struct facts f;

    (void)state;
    facts_good(&f);
    card_lost(&f);
    snprintf(f.card[CARD_PLAYBACK].status.name, sizeof(f.card[0].status.name), "evil\x1b]0;x\x07");
    snprintf(f.end[0].codec_heard, sizeof(f.end[0].codec_heard), "a\x1b[2Jb");
    size_t n = screen_draw(text, &f, 100, 40, "");
    text[n < sizeof(text) ? n : sizeof(text) - 1] = 0;
    assert_null(strstr(text, "\x1b]0"));
    assert_null(strstr(text, "\x1b[2J"));
    assert_non_null(strstr(text, "evil?"));
}

static void a_line_says_what_matters_and_fits(void **state)
{
    char text[400], little[10];
    struct facts f;

    (void)state;
    facts_good(&f);
    card_lost(&f);
    f.end[1].measured.has_delay = true;
    f.end[1].measured.delay_ms = 86;
    size_t n = screen_line(text, sizeof(text), &f);
    assert_true(n < sizeof(text));
    assert_non_null(strstr(text, "86 ms mouth to ear"));
    assert_non_null(strstr(text, "loudspeaker GONE"));
    assert_true(screen_line(little, sizeof(little), &f) <= sizeof(little));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_both_ends_are_here),
        cmocka_unit_test(one_end_has_both_devices),
        cmocka_unit_test(mistakes_are_named_with_what_is_expected),
        cmocka_unit_test(help_names_every_option_and_key),
        cmocka_unit_test(keys_are_found),
        cmocka_unit_test(a_pasted_sdp_ends_with_a_dot_or_the_end),
        cmocka_unit_test(a_leg_is_read_out_of_a_query_of_any_shape),
        cmocka_unit_test(each_fault_has_its_cause),
        cmocka_unit_test(a_screen_keeps_to_its_size),
        cmocka_unit_test(what_others_wrote_sends_no_codes_to_the_terminal),
        cmocka_unit_test(a_line_says_what_matters_and_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
