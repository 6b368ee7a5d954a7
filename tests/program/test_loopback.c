#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/sound/wav.h"
#include "tests/program/pulse.h"

/* picrelay-loopback as its users have it: a process, with a relay, with files or with real
 * PortAudio on a PulseAudio null sink. Delay and score are looked at as data; nothing is timed. */

#define PROGRAM PICRELAY_BINARY_DIR "/picrelay-loopback"

#define WORDS_MAX  40
#define BUSY_TIMES 5 /* 100 ms of sound */

static const char speech_a[] = PICRELAY_VECTORS "/speech_a.wav";
static const char speech_b[] = PICRELAY_VECTORS "/speech_b.wav";

struct run {
    struct relay *r;
    struct process *process;
    int keys; /* the writing end of its stdin */
};

/* @param words  options, NULL at the end */
static void run_start(struct run *run, struct relay *r, const char *const *words)
{
    const char *argv[WORDS_MAX] = {PROGRAM};
    struct process_config cfg = {.loop = r->loop, .argv = argv, .is_quiet = true};
    int in[2];

    for (unsigned i = 0; words[i]; i++)
        argv[i + 1] = words[i];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    cfg.in_fd = in[0];
    run->r = r;
    run->keys = in[1];
    assert_int_equal(process_start(&run->process, &cfg), 0);
    close(in[0]);
}

#define RUN(run, r, ...) run_start(run, r, (const char *const[]){__VA_ARGS__, NULL})

static int run_end(struct run *run)
{
    relay_wait(run->r, process_has_ended, run->process, "picrelay-loopback to end");
    return process_status(run->process);
}

static void run_close(struct run *run)
{
    process_free(run->process);
    close(run->keys);
}

struct awaited {
    const struct run *run;
    const char *text;
};

static bool is_written(void *arg)
{
    const struct awaited *a = arg;

    return strstr(process_out(a->run->process), a->text) != NULL ||
           process_has_ended(a->run->process);
}

static void await(const struct run *run, const char *text)
{
    struct awaited a = {.run = run, .text = text};

    (void)loop_run(run->r->loop, is_written, &a, loop_now_us() + RELAY_PATIENCE_US);
    if (!strstr(process_out(run->process), text))
        fail_msg("\"%s\" is not in: %s%s", text, process_out(run->process),
                 process_err(run->process));
}

static void press(const struct run *run, const char *keys)
{
    assert_int_equal(write(run->keys, keys, strlen(keys)), strlen(keys));
}

/* Of a run with --json: a new reference. */
static json_t *run_json(const struct run *run)
{
    json_t *json = json_loads(process_out(run->process), 0, NULL);

    if (!json)
        fail_msg("no JSON: %s%s", process_out(run->process), process_err(run->process));
    return json;
}

static void expect_says(const struct run *run, const char *text)
{
    if (!strstr(process_out(run->process), text))
        fail_msg("\"%s\" is not in: %s%s", text, process_out(run->process),
                 process_err(run->process));
}

/* ---- files ------------------------------------------------------------------------- */

/* Whether the run itself counted that this machine was too busy for sound: packet times that its
 * loop was late for, or that came in bursts, rings that ran empty. */
static bool was_busy(const json_t *json)
{
    static const char *const counts[] = {
        "a.late_ticks",
        "b.late_ticks",
        "a.starved",
        "b.starved",
        "a.late",
        "b.late",
        "loudspeaker.gaps",
        "microphone.gaps",
        "loudspeaker.underruns",
        "loudspeaker.xruns",
        "microphone.underruns",
        "microphone.xruns",
    };
    json_int_t n = 0;

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        n += json_integer_value(relay_json_find(json, counts[i]));
    print_message("%d times too busy for sound\n", (int)n);
    return n >= BUSY_TIMES;
}

/* Good sound; on a machine that was busy by its own account, some. */
static void expect_heard(const json_t *json, const char *end)
{
    char path[64];

    snprintf(path, sizeof(path), "%s.received", end);
    assert_true(relay_json_int(json, path) > 100);
    snprintf(path, sizeof(path), "%s.sound.scores", end);
    assert_true(relay_json_int(json, path) > 0);
    snprintf(path, sizeof(path), "%s.sound.stoi", end);
    double stoi = json_real_value(relay_json(json, path));
    snprintf(path, sizeof(path), "%s.sound.mouth_to_ear_ms", end);
    double ms = json_real_value(relay_json(json, path));
    print_message("%s: STOI %.3f, %.0f ms mouth to ear\n", end, stoi, ms);
    if (RELAY_IS_SANITIZED || was_busy(json))
        return;
    assert_true(ms > 5 && ms < 1500);
    assert_true(stoi > 0.75);
}

static void a_file_gives_a_verdict_by_itself(void **state)
{
    struct relay *r = *state;
    char folder[] = "/tmp/picrelay-test-XXXXXX", path[64];
    struct sound heard = {0};
    struct run run;

    assert_non_null(mkdtemp(folder));
    RUN(&run, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--a-say", speech_a,
        "--b-say", speech_b, "--b-hear", "none", "--json", "--record", folder);
    assert_int_equal(run_end(&run), 0);
    json_t *json = run_json(&run);
    assert_string_equal(relay_json_text(json, "a.codec_sent"), "G722/8000");
    assert_string_equal(relay_json_text(json, "b.codec_heard"), "opus/48000/2");
    expect_heard(json, "a");
    expect_heard(json, "b");
    json_decref(json);
    run_close(&run);

    static const char *const names[] = {"said_by_a", "said_by_b", "heard_by_a", "heard_by_b"};
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s.wav", folder, names[i]);
        assert_int_equal(wav_read(&heard, path), 0);
        assert_true(heard.n_samples > 5 * heard.rate_hz);
        sound_wipe(&heard);
        unlink(path);
    }
    rmdir(folder);
}

static void without_a_relay_the_ends_talk_to_each_other(void **state)
{
    struct relay *r = *state;
    struct run run;

    RUN(&run, r, "--a", "rfc", "--a-say", speech_a, "--b-hear", "none", "--json", "--dial", "42#");
    assert_int_equal(run_end(&run), 0);
    json_t *json = run_json(&run);
    expect_heard(json, "b");
    assert_string_equal(relay_json_text(json, "b.digits"), "42#");
    json_decref(json);
    run_close(&run);
}

struct pipes {
    char folder[32], to_a[64], to_b[64];
};

static void pipes_make(struct pipes *p)
{
    snprintf(p->folder, sizeof(p->folder), "/tmp/picrelay-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->to_a, sizeof(p->to_a), "%s/a", p->folder);
    snprintf(p->to_b, sizeof(p->to_b), "%s/b", p->folder);
    assert_int_equal(mkfifo(p->to_a, 0600) + mkfifo(p->to_b, 0600), 0);
}

static void pipes_remove(const struct pipes *p)
{
    unlink(p->to_a);
    unlink(p->to_b);
    rmdir(p->folder);
}

static void two_ends_are_joined_by_pipes_and_one_tells_the_relay(void **state)
{
    struct relay *r = *state;
    struct pipes p = {0};
    struct run a, b;

    pipes_make(&p);
    RUN(&a, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--end", "a", "--a-say",
        speech_a, "--a-hear", "none", "--sdp-in", p.to_a, "--sdp-out", p.to_b, "--json");
    RUN(&b, r, "--end", "b", "--b-say", speech_b, "--b-hear", "none", "--sdp-in", p.to_b,
        "--sdp-out", p.to_a, "--json");
    assert_int_equal(run_end(&b), 0);
    assert_int_equal(run_end(&a), 0);
    json_t *json = run_json(&a);
    assert_true(relay_json_int(json, "a.received") > 100);
    json_decref(json);
    json = run_json(&b);
    assert_true(relay_json_int(json, "b.received") > 100);
    assert_string_equal(relay_json_text(json, "b.codec_heard"), "opus/48000/2");
    json_decref(json);
    run_close(&a);
    run_close(&b);
    pipes_remove(&p);
}

/* Whoever presses the key, and whoever tells the relay. */
static void either_end_changes_the_call_though_the_other_one_is_elsewhere(void **state)
{
    struct relay *r = *state;
    struct pipes p = {0};
    struct run a, b;

    pipes_make(&p);
    RUN(&a, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--end", "a", "--a-say",
        speech_a, "--repeat", "--a-hear", "none", "--sdp-in", p.to_a, "--sdp-out", p.to_b,
        "--plain");
    RUN(&b, r, "--end", "b", "--b-say", speech_b, "--repeat", "--b-hear", "none", "--sdp-in",
        p.to_b, "--sdp-out", p.to_a, "--plain");
    await(&a, "talking");
    await(&b, "talking");
    press(&a, "c");
    await(&a, "codec PCMU: done; A sends PCMU");
    await(&b, "the other end made a new offer; B sends opus");
    press(&b, "h");
    await(&b, "hold: done; B sends");
    await(&a, "the other end made a new offer; A sends");
    press(&b, "h");
    await(&b, "end of hold: done");
    press(&a, "i");
    await(&a, "ICE restart: done");
    press(&b, "i");
    await(&b, "ICE restart: done");
    press(&a, "q");
    press(&b, "q");
    assert_int_equal(run_end(&a), 0);
    assert_int_equal(run_end(&b), 0);
    expect_says(&a, "verdict: it works");
    expect_says(&b, "verdict: it works");
    run_close(&a);
    run_close(&b);
    pipes_remove(&p);
}

/* A prints its offer, which is carried to B as a file; B's answer comes by a pipe. */
static void a_file_brings_an_offer_but_no_answer_to_a_further_one(void **state)
{
    struct relay *r = *state;
    struct pipes p = {0};
    char folder[32], path[64], offer[8192] = "";
    struct run a, b;

    pipes_make(&p);
    RUN(&a, r, "--end", "a", "--a", "rfc", "--a-codecs", "PCMU", "--a-say", "tone", "--a-hear",
        "none", "--sdp-in", p.to_a, "--plain");
    await(&a, "\n.\n");
    const char *sdp = strstr(process_out(a.process), "v=0");
    assert_non_null(sdp);
    snprintf(offer, sizeof(offer), "%.*s.\n", (int)(strstr(sdp, "\n.\n") + 1 - sdp), sdp);
    relay_write_file(folder, path, offer);
    RUN(&b, r, "--end", "b", "--b-codecs", "PCMU", "--b-say", "tone", "--b-hear", "none",
        "--sdp-in", path, "--sdp-out", p.to_a, "--plain");
    await(&b, "talking");
    press(&b, "h");
    await(&b, "is no pipe that could bring its answer");
    press(&b, "q");
    assert_int_equal(run_end(&b), 0);
    process_signal(a.process, SIGINT);
    assert_int_equal(run_end(&a), 0);
    run_close(&a);
    run_close(&b);
    relay_remove_file(folder, path);
    pipes_remove(&p);
}

static void an_sdp_is_pasted_by_hand(void **state)
{
    struct relay *r = *state;
    struct run run;

    RUN(&run, r, "--end", "a", "--a-say", "tone", "--a-hear", "none", "--plain");
    await(&run, "\n.\n"); /* our offer, to be copied */
    expect_says(&run, "m=audio");
    press(&run, "this is no SDP\n.\n");
    assert_int_equal(run_end(&run), 1);
    expect_says(&run, "not a description that can be read");
    run_close(&run);
}

/* ---- keys and signals ---------------------------------------------------------------- */

static void keys_change_the_call_while_it_runs(void **state)
{
    struct relay *r = *state;
    struct run run;

    RUN(&run, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--a-say", speech_a,
        "--repeat", "--b-hear", "none", "--plain", "--loss", "20");
    await(&run, "talking");
    press(&run, "c");
    await(&run, "codec PCMU: done; A sends PCMU");
    await(&run, "B: out"); /* and something of it was heard */
    press(&run, "h");
    await(&run, "-- hold: done");
    press(&run, "h");
    await(&run, "-- end of hold: done");
    press(&run, "i");
    await(&run, "-- ICE restart: done");
    press(&run, "m");
    await(&run, "-- muted");
    press(&run, "m");
    await(&run, "-- no longer muted");
    press(&run, "k");
    await(&run, "-- marker");
    press(&run, "l");
    await(&run, "-- 20 % of A's packets are lost on purpose");
    press(&run, "7*l");
    await(&run, "-- 0 % of A's packets");
    await(&run, "B: out");
    press(&run, "q");
    assert_int_equal(run_end(&run), 0);
    expect_says(&run, "verdict: it works");
    run_close(&run);
}

static void ctrl_c_ends_the_call_and_prints_the_verdict(void **state)
{
    struct relay *r = *state;
    struct run run;

    RUN(&run, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--a-say", "tone",
        "--b-hear", "none", "--plain");
    await(&run, "talking 1 s");
    assert_true(relay_metric(r, "picrelay_calls ") >= 1);
    process_signal(run.process, SIGINT);
    assert_int_equal(run_end(&run), 0);
    expect_says(&run, "verdict: it works");
    run_close(&run);
    relay_wait_metric(r, "picrelay_calls ", 0);
}

/* ---- what goes wrong ----------------------------------------------------------------- */

static void what_goes_wrong_is_said_with_its_cause(void **state)
{
    struct relay *r = *state;
    char nobody[32];
    const struct {
        const char *words[12];
        int status;
        const char *text;
    } rows[] = {
        {{"--ng", nobody, "--a-say", "tone", "--b-hear", "none"}, 1, "does not answer NG requests"},
        {{"--ng", r->ng_address, "--direction", "enterprise,yahoo", "--a-say", "tone", "--b-hear",
          "none"},
         1,
         "policy: provider yahoo"},
        {{"--ng", r->ng_address, "--direction", "enterprise,skype", "--a-say", "tone", "--b-hear",
          "none", "--b", "lync"},
         1,
         "B has no ICE pair"},
        {{"--a-say", "tone", "--b-hear", "none", "--a-codecs", "G722"}, 1, "no codec in common"},
        {{"--a", "rfc", "--a-say", "tone", "--b-hear", "none", "--b-keys", "none"},
         1,
         "insists on encryption"},
        {{"--a-say", "tone", "--b-hear", "none", "--a-local", "192.0.2.1"}, 1, "cause:"},
        {{"--ng", "here", "--a-say", "tone", "--b-hear", "none"}, 1, "ADDRESS:PORT"},
        {{"--a-say", "/there/is/none.wav"}, 2, ""},
        {{"--end", "c"}, 2, ""},
    };

    snprintf(nobody, sizeof(nobody), "%s:%u", r->address, relay_free_port(r->address, SOCK_DGRAM));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run;

        run_start(&run, r, rows[i].words);
        int status = run_end(&run);
        if (status != rows[i].status)
            fail_msg("row %zu: status %d: %s", i, status, process_out(run.process));
        expect_says(&run, rows[i].text);
        run_close(&run);
    }
    relay_wait_metric(r, "picrelay_calls ", 0); /* nothing is left behind */
}

/* ---- devices ------------------------------------------------------------------------- */

static void sound_goes_in_and_out_through_portaudio(void **state)
{
    struct relay *r = *state;
    struct pulse pulse;
    struct run run;

    pulse_open(&pulse, r->loop);
    RUN(&run, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--device-in",
        "picrelay_mic", "--device-out", "picrelay_ear", "--json", "--seconds", "9");
    struct process *player = pulse_say(&pulse, speech_a);
    assert_int_equal(run_end(&run), 0);
    json_t *json = run_json(&run);
    expect_heard(json, "b");
    assert_true(json_real_value(relay_json(json, "a.level_out_db")) > -40);
    assert_true(relay_json_int(json, "microphone.samples") > 100000);
    assert_true(relay_json_int(json, "loudspeaker.samples") > 100000);
    assert_string_equal(relay_json_text(json, "loudspeaker.name"), "picrelay_ear");
    json_decref(json);
    run_close(&run);
    process_free(player);
    pulse_close(&pulse);
}

static void devices_are_listed_and_what_is_wrong_with_them_is_said(void **state)
{
    struct relay *r = *state;
    const struct {
        const char *words[12];
        int status;
        const char *text;
    } rows[] = {
        {{"--list-devices"}, 0, "picrelay_mic"},
        {{"--device-in", "picrelay_none", "--b-hear", "none"},
         1,
         "no capture device \"picrelay_none\""},
        {{"--a-say", "tone", "--device-out", "999"}, 1, "no playback device \"999\""},
        {{"--a", "rfc", "--device-in", "picrelay_mic", "--rate-in", "11025", "--seconds", "2",
          "--b-hear", "none"},
         0,
         "verdict: it works"}, /* PulseAudio resamples: any rate will do */
        {{"--a", "rfc", "--a-say", "tone", "--device-out", "picrelay_fast", "--seconds", "2"},
         0,
         "a device that does not keep its rate"},
        {{"--a", "rfc", "--device-in", "picrelay_fast", "--b-hear", "none", "--seconds", "2"},
         0,
         "a device that does not keep its rate"},
    };
    struct pulse pulse;

    pulse_open(&pulse, r->loop);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run;

        run_start(&run, r, rows[i].words);
        int status = run_end(&run);
        if (status != rows[i].status)
            fail_msg("row %zu: status %d: %s%s", i, status, process_out(run.process),
                     process_err(run.process));
        expect_says(&run, rows[i].text);
        run_close(&run);
    }
    pulse_close(&pulse);
}

static void a_device_that_disappears_is_told_and_opened_again(void **state)
{
    struct relay *r = *state;
    struct pulse pulse;
    struct run run;

    pulse_open(&pulse, r->loop);
    RUN(&run, r, "--ng", r->ng_address, "--direction", "enterprise,skype", "--device-in",
        "picrelay_mic", "--device-out", "picrelay_ear", "--plain");
    await(&run, "talking 3 s"); /* PortAudio may spin for ever if a device goes while it starts */
    pulse_stop(&pulse);
    await(&run, "picrelay_ear is gone");
    pulse_start(&pulse);
    await(&run, "picrelay_ear is back");
    await(&run, "picrelay_mic is back");
    press(&run, "q");
    assert_int_equal(run_end(&run), 0);
    expect_says(&run, "loudspeaker (picrelay_ear) disappeared");
    expect_says(&run, "came back");
    run_close(&run);
    pulse_close(&pulse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_a_verdict_by_itself),
        cmocka_unit_test(without_a_relay_the_ends_talk_to_each_other),
        cmocka_unit_test(two_ends_are_joined_by_pipes_and_one_tells_the_relay),
        cmocka_unit_test(either_end_changes_the_call_though_the_other_one_is_elsewhere),
        cmocka_unit_test(a_file_brings_an_offer_but_no_answer_to_a_further_one),
        cmocka_unit_test(an_sdp_is_pasted_by_hand),
        cmocka_unit_test(keys_change_the_call_while_it_runs),
        cmocka_unit_test(ctrl_c_ends_the_call_and_prints_the_verdict),
        cmocka_unit_test(what_goes_wrong_is_said_with_its_cause),
        cmocka_unit_test(sound_goes_in_and_out_through_portaudio),
        cmocka_unit_test(devices_are_listed_and_what_is_wrong_with_them_is_said),
        cmocka_unit_test(a_device_that_disappears_is_told_and_opened_again),
    };

    return cmocka_run_group_tests(tests, relay_setup, relay_teardown);
}
