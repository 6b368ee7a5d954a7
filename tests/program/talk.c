#include "tests/program/talk.h"

#include <stdio.h>
#include <string.h>

#include "bench/peer/codecs.h"

void talk_open(struct talk *t, struct relay *r)
{
    memset(t, 0, sizeof(*t));
    t->relay = r;
    relay_new_id(r, t->id);
    for (unsigned i = 0; i < 2; i++) {
        phone_open(&t->phone[i], r->loop, NULL);
        snprintf(t->tag[i], sizeof(t->tag[i]), "tag-%c-%u", 'a' + (int)i, t->phone[i].ssrc);
    }
    t->direction[TALK_A] = "enterprise";
    t->direction[TALK_B] = "skype";
}

void talk_set_up(struct talk *t, struct relay *r)
{
    talk_open(t, r);
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
}

const char *talk_secure_sdp(char sdp[static PHONE_SDP_MAX], const struct talk *t, unsigned side)
{
    const struct phone *p = &t->phone[side];
    struct peer_description d = {.port = p->port, .rtcp_port = (uint16_t)(p->port + 1)};

    assert_int_equal(peer_codecs_read(&d, "PCMU"), 0);
    snprintf(d.address, sizeof(d.address), "%s", p->address);
    snprintf(d.profile, sizeof(d.profile), "RTP/SAVP");
    d.cryptos[d.n_cryptos++] = t->key[side];
    assert_true(peer_sdp_write(sdp, PHONE_SDP_MAX, &d, PEER_PLAIN, NULL) > 0);
    return sdp;
}

void talk_set_up_secure(struct talk *t, struct relay *r)
{
    char sdp[PHONE_SDP_MAX];

    talk_open(t, r);
    assert_int_equal(peer_crypto_make(&t->key[TALK_A], 1, 0), 0);
    talk_offer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_A), NULL);
    assert_true(t->told[TALK_B].n_cryptos > 0);
    assert_int_equal(peer_crypto_make(&t->key[TALK_B], t->told[TALK_B].cryptos[0].tag, 0), 0);
    talk_answer(t, TALK_A, talk_secure_sdp(sdp, t, TALK_B), NULL);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(t->told[i].n_cryptos, i == TALK_A ? 1 : t->told[i].n_cryptos);
        assert_int_equal(peer_srtp_alloc(&t->srtp[i], &t->key[i], &t->told[i].cryptos[0]), 0);
        t->phone[i].srtp = t->srtp[i];
    }
}

void talk_close(struct talk *t)
{
    if (!t->relay)
        return;
    json_decref(relay_ask(t->relay, relay_request("delete", t->id)));
    for (unsigned i = 0; i < 2; i++) {
        phone_close(&t->phone[i]);
        peer_srtp_free(t->srtp[i]);
    }
    memset(t, 0, sizeof(*t));
}

json_t *talk_request(const struct talk *t, const char *command, unsigned from, bool has_to_tag,
                     const char *sdp, const char *flags)
{
    json_t *request = relay_request(command, t->id);

    json_object_set_new(request, "from-tag", json_string(t->tag[from]));
    if (has_to_tag)
        json_object_set_new(request, "to-tag", json_string(t->tag[!from]));
    if (sdp)
        json_object_set_new(request, "sdp", json_string(sdp));
    if (t->direction[from] && strcmp(command, "offer") == 0)
        json_object_set_new(request, "direction",
                            json_pack("[ss]", t->direction[from], t->direction[!from]));
    if (flags)
        assert_int_equal(ng_put_script_flags(request, flags), 0);
    return request;
}

void talk_take(struct talk *t, unsigned side, const json_t *reply)
{
    const char *sdp = relay_json_text(reply, "sdp");

    assert_true(strlen(sdp) < sizeof(t->sdp[side]));
    snprintf(t->sdp[side], sizeof(t->sdp[side]), "%s", sdp);
    memset(&t->told[side], 0, sizeof(t->told[side]));
    assert_int_equal(peer_sdp_read(&t->told[side], sdp, strlen(sdp)), 0);
}

/* A reply may be quicker than the worker's turn to the rules that it tells of, and a phone in the
 * same machine quicker than both. What is dropped as junk was met by a worker that will look at its
 * rules before it looks at another packet. */
void talk_settle(struct talk *t, unsigned side)
{
    static const uint8_t junk = 0xff;
    json_int_t n = talk_drops(t, side, "rx_unknown");

    phone_send(&t->phone[side], PHONE_RTP, t->told[side].address, t->told[side].port, &junk, 1);
    talk_wait_drops(t, side, "rx_unknown", n + 1);
}

static void exchange(struct talk *t, const char *command, unsigned from, unsigned speaker,
                     const char *sdp, const char *flags)
{
    char own[PHONE_SDP_MAX];
    bool has_to_tag = strcmp(command, "answer") == 0 || t->told[from].port;
    json_t *request =
        talk_request(t, command, from, has_to_tag,
                     sdp ? sdp : phone_sdp(own, &t->phone[speaker], "RTP/AVP", "0", NULL), flags);
    json_t *reply = relay_ask_for(t->relay, request, "ok");

    talk_take(t, !speaker, reply);
    json_decref(reply);
    if (strcmp(command, "answer") == 0 && t->told[!speaker].port)
        talk_settle(t, !speaker);
}

void talk_offer(struct talk *t, unsigned from, const char *sdp, const char *flags)
{
    exchange(t, "offer", from, from, sdp, flags);
}

void talk_answer(struct talk *t, unsigned from, const char *sdp, const char *flags)
{
    exchange(t, "answer", from, !from, sdp, flags);
}

const struct phone_packet *talk_pass(struct talk *t, unsigned from)
{
    struct phone *to = &t->phone[!from];
    unsigned n = to->n_heard[PHONE_RTP];
    uint8_t fill = (uint8_t)(t->phone[from].seq | 1);

    phone_send_rtp(&t->phone[from], &t->told[from], TALK_PCMU, fill);
    const struct phone_packet *heard = phone_hear(to, t->relay, PHONE_RTP, n + 1);
    assert_int_equal(heard->rtp.n, PHONE_PAYLOAD_BYTES);
    assert_int_equal(heard->rtp.payload[0], fill);
    return heard;
}

/* @return a figure of a side's one line in the relay's query; 0: it is not there */
static json_int_t figure(const struct talk *t, unsigned side, const char *group, const char *name)
{
    char path[128];
    json_t *query = relay_query(t->relay, t->id);

    snprintf(path, sizeof(path), "tags.%s.medias.0.%s.%s", t->tag[side], group, name);
    json_int_t n = json_integer_value(relay_json_find(query, path));
    json_decref(query);
    return n;
}

json_int_t talk_drops(const struct talk *t, unsigned from, const char *reason)
{
    return figure(t, from, "drops", reason);
}

json_int_t talk_packets_in(const struct talk *t, unsigned from)
{
    return figure(t, from, "streams.0.stats", "packets");
}

struct drops_wanted {
    const struct talk *talk;
    unsigned from;
    const char *reason;
    json_int_t least;
};

static bool has_drops(void *arg)
{
    const struct drops_wanted *w = arg;

    return talk_drops(w->talk, w->from, w->reason) >= w->least;
}

void talk_wait_drops(struct talk *t, unsigned from, const char *reason, json_int_t least)
{
    struct drops_wanted w = {.talk = t, .from = from, .reason = reason, .least = least};

    relay_wait_polling(t->relay, has_drops, &w, reason);
}

void talk_be_dropped(struct talk *t, unsigned from, uint8_t pt, const char *reason)
{
    unsigned n_heard = t->phone[!from].n_heard[PHONE_RTP];
    json_int_t n = talk_drops(t, from, reason);

    phone_send_rtp(&t->phone[from], &t->told[from], pt, 0x55);
    talk_wait_drops(t, from, reason, n + 1);
    assert_int_equal(t->phone[!from].n_heard[PHONE_RTP], n_heard);
}

json_t *talk_delete(struct talk *t)
{
    json_decref(
        relay_ask_for(t->relay, talk_request(t, "delete", TALK_A, false, NULL, NULL), "ok"));
    return relay_record(t->relay, t->id);
}
