#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/peer/call.h"

/* A call of two peers, back to back, that changes while it is up: hold, another codec, ICE anew,
 * loss on purpose. What is waited for is an event of the loop; nothing is timed. */

#define DEADLINE_US 20000000 /* for what takes a second */
#define SPEAK       1000

struct scene {
    struct loop *loop;
    struct call *call;
    uint64_t goal; /* packets */
    unsigned side;
    uint64_t n_asked; /* of the live source */
    uint64_t n_heard; /* by the live listener */
};

static void source_h(int16_t *samples, uint32_t n, uint32_t rate_hz, void *arg)
{
    struct scene *s = arg;

    s->n_asked += n * 1000 / rate_hz;
    for (uint32_t i = 0; i < n; i++)
        samples[i] = i % 16 < 8 ? SPEAK : -SPEAK;
}

static void packet_h(const struct peer_format *format, const struct peer_rtp *packet,
                     uint64_t now_us, void *arg)
{
    struct scene *s = arg;

    (void)format;
    (void)packet;
    (void)now_us;
    s->n_heard++;
}

static bool is_connected(void *arg)
{
    return call_is_connected(((struct scene *)arg)->call);
}

static struct peer_receiver_stats heard_by(const struct scene *s, unsigned side)
{
    return peer_receiver_stats(peer_receiver(call_peer(s->call, side)));
}

static bool has_heard_goal(void *arg)
{
    const struct scene *s = arg;

    return heard_by(s, s->side).packets >= s->goal;
}

static void hear_more(struct scene *s, unsigned side, uint64_t n)
{
    s->side = side;
    s->goal = heard_by(s, side).packets + n;
    assert_int_equal(loop_run(s->loop, has_heard_goal, s, loop_now_us() + DEADLINE_US), 0);
}

static void scene_open(struct scene *s, const struct peer_config *a, const struct peer_config *b)
{
    struct call_config cfg = {.peer = {*a, *b}};

    memset(s, 0, sizeof(*s));
    assert_int_equal(loop_alloc(&s->loop), 0);
    cfg.loop = s->loop;
    for (unsigned i = 0; i < 2; i++)
        cfg.peer[i].arg = s;
    cfg.peer[CALL_A].source_h = source_h;
    cfg.peer[CALL_B].packet_h = packet_h;
    assert_int_equal(call_alloc(&s->call, &cfg), 0);
    assert_int_equal(call_set_up(s->call), 0);
    assert_int_equal(loop_run(s->loop, is_connected, s, loop_now_us() + DEADLINE_US), 0);
}

static void scene_close(struct scene *s)
{
    call_free(s->call);
    loop_free(s->loop);
}

static const struct peer_config rfc = {.dialect = PEER_RFC, .codecs = "opus,PCMU,telephone-event"};
static const struct peer_config lync = {.dialect = PEER_LYNC,
                                        .codecs = "G722,PCMU,telephone-event"};
static const struct peer_config plain = {.dialect = PEER_PLAIN, .codecs = "PCMU,PCMA"};

static void a_live_source_is_heard_by_a_live_listener(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, &plain, &plain);
    hear_more(&s, CALL_B, 20);
    assert_true(s.n_asked >= 20 * 20);
    assert_int_equal(s.n_heard, heard_by(&s, CALL_B).packets);
    struct sound heard = peer_receiver_heard(peer_receiver(call_peer(s.call, CALL_B)));
    int32_t peak = 0;
    for (uint32_t i = 0; i < heard.n_samples; i++)
        peak = heard.samples[i] > peak ? heard.samples[i] : peak;
    assert_in_range(peak, SPEAK / 2, SPEAK * 2);
    scene_close(&s);
}

static void on_hold_the_held_side_is_silent_until_it_is_taken_back(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, &lync, &lync);
    assert_int_equal(call_change(s.call, &(struct peer_change){.direction = PEER_SENDONLY}), 0);
    assert_int_equal(peer_local(call_peer(s.call, CALL_B))->direction, PEER_RECVONLY);
    uint64_t sent_before = peer_counts(call_peer(s.call, CALL_B))->rtp_sent;
    hear_more(&s, CALL_B, 10);
    assert_int_equal(peer_counts(call_peer(s.call, CALL_B))->rtp_sent, sent_before);

    assert_int_equal(call_change(s.call, &(struct peer_change){0}), 0);
    hear_more(&s, CALL_A, 10);
    struct peer_receiver_stats rx = heard_by(&s, CALL_A);
    assert_int_equal(rx.lost, 0);
    assert_int_equal(rx.bad_ts, 0); /* time passed meanwhile */
    assert_int_equal(rx.silences, 1);
    assert_int_equal(rx.bad_marker, 0);
    scene_close(&s);
}

static void another_codec_goes_on_with_the_same_numbers(void **state)
{
    static const struct {
        const char *why;
        const struct peer_config *cfg;
        const char *first, *then;
    } rows[] = {
        {"another clock and rate", &rfc, "PCMU", "opus"},
        {"the same clock, another rate", &lync, "PCMU", "G722"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer_change change = {.only = rows[i].first};
        struct scene s;

        scene_open(&s, rows[i].cfg, rows[i].cfg);
        assert_string_equal(peer_next_codec(call_peer(s.call, CALL_A)), rows[i].first);
        assert_int_equal(call_change(s.call, &change), 0);
        assert_string_equal(peer_next_codec(call_peer(s.call, CALL_A)), rows[i].then);
        hear_more(&s, CALL_B, 10);
        const struct peer_format *f =
            peer_receiver_format(peer_receiver(call_peer(s.call, CALL_B)));
        if (strcmp(f->spec.name, rows[i].first) != 0)
            fail_msg("%s: still %s", rows[i].why, f->spec.name);
        assert_int_equal(heard_by(&s, CALL_B).ssrc_changes, 0);
        assert_int_equal(heard_by(&s, CALL_B).lost, 0);
        assert_int_equal(heard_by(&s, CALL_B).bad_pt, 0);
        change.only = rows[i].then;
        assert_int_equal(call_change(s.call, &change), 0);
        hear_more(&s, CALL_B, 10);
        f = peer_receiver_format(peer_receiver(call_peer(s.call, CALL_B)));
        assert_string_equal(f->spec.name, rows[i].then);
        change.only = "GSM";
        assert_int_equal(call_change(s.call, &change), ENOENT);
        hear_more(&s, CALL_B, 10);
        scene_close(&s);
    }
}

static bool both_are_ready_again(void *arg)
{
    const struct scene *s = arg;

    for (unsigned i = 0; i < 2; i++) {
        struct peer_ice_facts facts;

        assert_true(peer_ice(call_peer(s->call, i), &facts));
        if (facts.n_restarts != 1 || facts.state != PEER_ICE_READY)
            return false;
    }
    return true;
}

static void ice_restarts_while_media_go_on(void **state)
{
    const struct peer_config *const cfgs[] = {&rfc, &lync};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char ufrag[PEER_UFRAG_MAX];
        struct scene s;

        scene_open(&s, cfgs[i], cfgs[i]);
        memcpy(ufrag, peer_local(call_peer(s.call, CALL_A))->ufrag, sizeof(ufrag));
        assert_int_equal(call_change(s.call, &(struct peer_change){.is_restart = true}), 0);
        assert_string_not_equal(ufrag, peer_local(call_peer(s.call, CALL_A))->ufrag);
        assert_int_equal(loop_run(s.loop, both_are_ready_again, &s, loop_now_us() + DEADLINE_US),
                         0);
        hear_more(&s, CALL_B, 10);
        hear_more(&s, CALL_A, 10);
        assert_int_equal(peer_counts(call_peer(s.call, CALL_B))->auth_failures, 0);
        scene_close(&s);
    }
}

static void loss_on_purpose_is_seen_as_loss_and_ends(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, &plain, &plain);
    peer_set_loss(call_peer(s.call, CALL_A), 50);
    hear_more(&s, CALL_B, 20);
    uint64_t held = peer_counts(call_peer(s.call, CALL_A))->held_back;
    assert_true(held > 0);
    peer_set_loss(call_peer(s.call, CALL_A), 0);
    hear_more(&s, CALL_B, 5);
    held = peer_counts(call_peer(s.call, CALL_A))->held_back;
    hear_more(&s, CALL_B, 5);
    assert_int_equal(peer_counts(call_peer(s.call, CALL_A))->held_back, held);
    assert_int_equal(heard_by(&s, CALL_B).lost, held);
    scene_close(&s);
}

static void what_is_not_up_cannot_change(void **state)
{
    struct peer_config cfg = plain;
    char sdp[PEER_SDP_MAX];
    struct peer *p;

    (void)state;
    assert_int_equal(loop_alloc(&cfg.loop), 0);
    assert_int_equal(peer_alloc(&p, &cfg), 0);
    assert_int_equal(peer_reoffer(p, &(struct peer_change){0}, sdp, sizeof(sdp)), ENOTCONN);
    peer_free(p);
    loop_free(cfg.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_source_is_heard_by_a_live_listener),
        cmocka_unit_test(on_hold_the_held_side_is_silent_until_it_is_taken_back),
        cmocka_unit_test(another_codec_goes_on_with_the_same_numbers),
        cmocka_unit_test(ice_restarts_while_media_go_on),
        cmocka_unit_test(loss_on_purpose_is_seen_as_loss_and_ends),
        cmocka_unit_test(what_is_not_up_cannot_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
