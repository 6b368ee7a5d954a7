#include "bench/peer/peer.h"
#include "bench/peer/signalling.h"
#include "bench/sound/score.h"
#include "bench/sound/wav.h"
#include "tests/interop/folder.h"
#include "tests/program/scene.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A client for Lync that is not ours: Farstream in libnice's mode OC2007R2, with the SRTP and the
 * codecs of GStreamer, as pidgin-sipe has it. It calls a peer of today. */

enum { A, B };

#define RATE_HZ     8000
#define HEARD_MAX   (60 * RATE_HZ)
#define SOUND_S     2
#define TAIL_FRAMES 10 /* of 20 ms: behind the sound */

struct farstream {
    struct folder folder;
    struct process *process;
    const struct relay *relay;
    char say[FOLDER_PATH_MAX], answer[FOLDER_PATH_MAX], heard[FOLDER_PATH_MAX];
};

static struct farstream client; /* put away however the test ended */
static struct peer *peer;

static int put_away(void **state)
{
    (void)state;
    process_free(client.process);
    folder_close(&client.folder);
    memset(&client, 0, sizeof(client));
    peer_free(peer);
    peer = NULL;
    return 0;
}

static bool has_offered(void *arg)
{
    const struct farstream *f = arg;

    return strstr(process_out(f->process), "# end") || process_has_ended(f->process);
}

/* What it says, with a second of silence behind it: nothing of the end is cut. */
static void write_sound(const char *path)
{
    const struct sound *speech = scene_sound(A);
    struct sound says;

    assert_int_equal(sound_alloc(&says, speech->n_samples + speech->rate_hz, speech->rate_hz), 0);
    memcpy(says.samples, speech->samples, speech->n_samples * sizeof(*says.samples));
    assert_int_equal(wav_write(path, &says), 0);
    sound_wipe(&says);
}

static void farstream_start(struct farstream *f, const struct relay *r)
{
    const char *argv[] = {PICRELAY_FARSTREAM_CLIENT, f->say, f->answer, f->heard, NULL};

    f->relay = r;
    folder_open(&f->folder);
    folder_path(f->say, &f->folder, "say.wav");
    folder_path(f->answer, &f->folder, "answer");
    folder_path(f->heard, &f->folder, "heard.raw");
    write_sound(f->say);
    folder_make_pipe(&f->folder, "answer");
    assert_int_equal(
        process_start(&f->process, &(struct process_config){.loop = r->loop, .argv = argv}), 0);
}

static void farstream_offer(struct farstream *f, char sdp[static PEER_SDP_MAX])
{
    relay_wait(f->relay, has_offered, f, "the offer of Farstream");
    const char *text = process_out(f->process), *end = strstr(text, "# end");
    assert_non_null(end);
    assert_true((size_t)(end - text) < PEER_SDP_MAX);
    memcpy(sdp, text, (size_t)(end - text));
    sdp[end - text] = 0;
}

static void farstream_answer(const struct farstream *f, const char *sdp)
{
    int fd = open(f->answer, O_WRONLY | O_CLOEXEC); /* it waits for us at the other end */

    assert_true(fd >= 0);
    assert_int_equal(write(fd, sdp, strlen(sdp)), (ssize_t)strlen(sdp));
    close(fd);
}

static void farstream_end(struct farstream *f)
{
    process_signal(f->process, SIGTERM);
    relay_wait(f->relay, process_has_ended, f->process, "the end of Farstream after SIGTERM");
    assert_int_equal(process_status(f->process), 0);
}

static void farstream_heard(const struct farstream *f, struct sound *heard)
{
    int16_t *samples = calloc(HEARD_MAX, sizeof(*samples));
    FILE *file = fopen(f->heard, "rbe");

    assert_non_null(samples);
    assert_non_null(file);
    size_t n = fread(samples, sizeof(*samples), HEARD_MAX, file);
    fclose(file);
    assert_true(n > 0);
    assert_int_equal(sound_alloc(heard, (uint32_t)n, RATE_HZ), 0);
    memcpy(heard->samples, samples, n * sizeof(*samples));
    free(samples);
}

/* Both have said all, and what is on its way has come. */
static bool is_said(void *arg)
{
    (void)arg;
    return peer_has_said_all(peer) &&
           peer_receiver_stats(peer_receiver(peer)).packets >= 50 * SOUND_S + TAIL_FRAMES;
}

static bool peer_has_heard(void *arg)
{
    (void)arg;
    return peer_hears(peer);
}

static void expect_clear(const char *who, const struct sound *said, const struct sound *heard)
{
    struct score score;

    assert_int_equal(score_compare(&score, said, heard), 0);
    if (!score.is_pass)
        fail_msg("what %s heard is %s: STOI %.3f, coverage %.3f", who, score_meaning(&score),
                 score.stoi, score.coverage);
}

static void expect_record(const struct relay *r, const char *id)
{
    json_t *record = relay_record(r, id);

    assert_string_equal(relay_json_text(record, "legs.0.dialect"), "lync");
    assert_string_equal(relay_json_text(record, "legs.0.ice_mode"), "lync");
    assert_string_equal(relay_json_text(record, "legs.0.streams.0.ice"), "connected");
    assert_true(json_is_true(relay_json(record, "legs.0.streams.0.secure")));
    json_decref(record);
}

static void open_peer(const struct relay *r)
{
    const struct peer_config cfg = {
        .loop = r->loop, .dialect = PEER_RFC, .codecs = "PCMU", .says = scene_sound(B)};

    assert_int_equal(peer_alloc(&peer, &cfg), 0);
}

static void farstream_calls_a_peer_and_both_hear_the_other(void **state)
{
    struct relay *r = *state;
    struct signalling s;
    static char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];
    struct sound heard;
    json_t *reply = NULL;

    farstream_start(&client, r);
    farstream_offer(&client, sdp);
    open_peer(r);
    assert_int_equal(signalling_init(&s, r->ng), 0);
    s.direction = "enterprise,skype";
    assert_int_equal(
        signalling_pass(&s, "offer", A, "replace-origin ICE=force RTP/SAVP", sdp, sizeof(sdp)), 0);
    assert_int_equal(peer_answer(peer, sdp, strlen(sdp), answer, sizeof(answer)), 0);
    assert_int_equal(signalling_pass(&s, "answer", A, NULL, answer, sizeof(answer)), 0);
    assert_non_null(strstr(answer, "RTP/SAVP"));
    farstream_answer(&client, answer);
    relay_wait(r, peer_has_heard, NULL, "Farstream's first packet");
    peer_say(peer);
    relay_wait(r, is_said, NULL, "two seconds of speech");
    assert_int_equal(signalling_ask(&s, "delete", &reply), 0);
    json_decref(reply);
    farstream_end(&client);

    farstream_heard(&client, &heard);
    expect_clear("Farstream", scene_sound(B), &heard);
    sound_wipe(&heard);
    const struct sound by_peer = peer_receiver_heard(peer_receiver(peer));
    expect_clear("the peer", scene_sound(A), &by_peer);
    expect_record(r, s.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(farstream_calls_a_peer_and_both_hear_the_other, put_away),
    };

    return cmocka_run_group_tests_name("interop_farstream", tests, relay_setup, relay_teardown);
}
