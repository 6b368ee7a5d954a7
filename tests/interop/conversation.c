#include "tests/interop/conversation.h"

#include <string.h>

#include "bench/sound/score.h"
#include "tests/program/scene.h"

#define DRAIN_US 500000 /* what has not come by then is lost, and judged as such */

static void open_peer(struct conversation *c, unsigned side, const struct conversation_config *cfg)
{
    const struct peer_config peer = {
        .loop = c->relay->loop,
        .dialect = cfg->dialect[side],
        .keys = cfg->keys[side],
        .codecs = cfg->codecs[side],
        .says = scene_sound(side),
        .no_rtcp_mux = true,
    };

    assert_int_equal(peer_alloc(&c->peer[side], &peer), 0);
}

void conversation_open(struct conversation *c, struct relay *r,
                       const struct conversation_config *cfg)
{
    char offer[PEER_SDP_MAX];

    memset(c, 0, sizeof(*c));
    c->relay = r;
    relay_new_id(r, c->id);
    proxy_start(&c->proxy, r, cfg->offer, cfg->answer);
    /* an INVITE that comes before bob listens is sent again: RFC 3261 s.17.1.1.2 */
    sipp_start(&c->sipp[BOB], &c->proxy, &(struct sipp_config){.steps = cfg->steps[BOB]});
    sipp_start(&c->sipp[ALICE], &c->proxy,
               &(struct sipp_config){
                   .steps = cfg->steps[ALICE], .call_id = c->id, .callee = c->sipp[BOB].address});
    open_peer(c, ALICE, cfg);
    open_peer(c, BOB, cfg);
    if (cfg->is_late)
        return;
    assert_int_equal(peer_offer(c->peer[ALICE], offer, sizeof(offer)), 0);
    sipp_give(&c->sipp[ALICE], "offer", offer);
}

void conversation_close(struct conversation *c)
{
    for (unsigned i = 0; c->relay && i < 2; i++) {
        sipp_stop(&c->sipp[i]);
        peer_free(c->peer[i]);
    }
    proxy_stop(&c->proxy);
    memset(c, 0, sizeof(*c));
}

void conversation_make_answer(struct conversation *c, char answer[static PEER_SDP_MAX])
{
    char offer[PEER_SDP_MAX];

    sipp_hear(&c->sipp[BOB], "INVITE ", offer, sizeof(offer));
    assert_int_equal(peer_answer(c->peer[BOB], offer, strlen(offer), answer, PEER_SDP_MAX), 0);
}

void conversation_take_answer(struct conversation *c, const char *response)
{
    char sdp[PEER_SDP_MAX];

    sipp_hear(&c->sipp[ALICE], response, sdp, sizeof(sdp));
    assert_int_equal(peer_take_answer(c->peer[ALICE], sdp, strlen(sdp)), 0);
}

void conversation_answer(struct conversation *c)
{
    char answer[PEER_SDP_MAX];

    conversation_make_answer(c, answer);
    sipp_give(&c->sipp[BOB], "answer", answer);
    conversation_take_answer(c, "SIP/2.0 200");
}

void conversation_answer_late(struct conversation *c)
{
    char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    assert_int_equal(peer_offer(c->peer[BOB], sdp, sizeof(sdp)), 0);
    sipp_give(&c->sipp[BOB], "answer", sdp);
    sipp_hear(&c->sipp[ALICE], "SIP/2.0 200", sdp, sizeof(sdp));
    assert_int_equal(peer_answer(c->peer[ALICE], sdp, strlen(sdp), answer, sizeof(answer)), 0);
    sipp_give(&c->sipp[ALICE], "answer", answer);
    sipp_hear(&c->sipp[BOB], "ACK ", sdp, sizeof(sdp));
    assert_int_equal(peer_take_answer(c->peer[BOB], sdp, strlen(sdp)), 0);
}

/* ---- speech -----------------------------------------------------------------------------------
 */

static bool both_talk(void *arg)
{
    const struct conversation *c = arg;

    return peer_state(c->peer[ALICE]) == PEER_TALKING && peer_state(c->peer[BOB]) == PEER_TALKING &&
           peer_hears(c->peer[ALICE]) && peer_hears(c->peer[BOB]);
}

static bool all_is_said(void *arg)
{
    const struct conversation *c = arg;

    return peer_has_said_all(c->peer[ALICE]) && peer_has_said_all(c->peer[BOB]);
}

static bool all_has_come(void *arg)
{
    const struct conversation *c = arg;

    for (unsigned i = 0; i < 2; i++)
        if (peer_counts(c->peer[i])->rtp_received < peer_counts(c->peer[!i])->rtp_sent)
            return false;
    return true;
}

static void expect_heard(const struct conversation *c, unsigned listener, unsigned speaker)
{
    const struct sound heard = peer_receiver_heard(peer_receiver(c->peer[listener]));
    struct score score;

    assert_int_equal(score_compare(&score, scene_sound(speaker), &heard), 0);
    if (score.is_pass)
        return;
    print_error("what %s heard is %s: STOI %.3f, coverage %.3f\n", listener ? "bob" : "alice",
                score_meaning(&score), score.stoi, score.coverage);
    fail();
}

void conversation_talk(struct conversation *c)
{
    relay_wait(c->relay, both_talk, c, "both to hear packets of the other");
    peer_say(c->peer[ALICE]);
    peer_say(c->peer[BOB]);
    relay_wait(c->relay, all_is_said, c, "all to be said");
    peer_hang_up(c->peer[ALICE]);
    peer_hang_up(c->peer[BOB]);
    (void)loop_run(c->relay->loop, all_has_come, c, loop_now_us() + DRAIN_US);
    expect_heard(c, ALICE, BOB);
    expect_heard(c, BOB, ALICE);
}

static bool alice_hears(void *arg)
{
    return peer_hears(((const struct conversation *)arg)->peer[ALICE]);
}

static bool alice_has_said_all(void *arg)
{
    return peer_has_said_all(((const struct conversation *)arg)->peer[ALICE]);
}

static bool echo_has_come(void *arg)
{
    const struct peer_counts *n = peer_counts(((const struct conversation *)arg)->peer[ALICE]);

    return n->rtp_received >= n->rtp_sent;
}

void conversation_talk_to_echo(struct conversation *c)
{
    relay_wait(c->relay, alice_hears, c, "alice to hear an echo");
    peer_say(c->peer[ALICE]);
    relay_wait(c->relay, alice_has_said_all, c, "all to be said");
    peer_hang_up(c->peer[ALICE]);
    (void)loop_run(c->relay->loop, echo_has_come, c, loop_now_us() + DRAIN_US);
    expect_heard(c, ALICE, ALICE);
}

/* ---- end --------------------------------------------------------------------------------------
 */

void conversation_expect_end(const struct conversation *c)
{
    sipp_expect_end(&c->sipp[ALICE]);
    sipp_expect_end(&c->sipp[BOB]);
}

void conversation_end(struct conversation *c, unsigned who)
{
    sipp_give(&c->sipp[who], "bye", "");
    conversation_expect_end(c);
}

json_t *conversation_record(const struct conversation *c, const char *end)
{
    json_t *record = relay_record(c->relay, c->id);

    assert_string_equal(relay_json_text(record, "end"), end);
    assert_true(relay_metric(c->relay, "picrelay_calls ") == 0);
    return record;
}
