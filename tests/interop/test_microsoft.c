#include "bench/peer/peer.h"
#include "bench/peer/signalling.h"
#include "tests/interop/costume.h"
#include "tests/program/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Peers of Microsoft's: each of libnice's modes for them, with the SDP that such clients were seen
 * to send, through set-up, final offer and answer, hold and resume. A wrong mode never connects. */

#define HEARD     25 /* packets: half a second */
#define N_OF(row) (sizeof(row) / sizeof((row)[0]))

enum { A, B }; /* A offers */

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of reading */
struct meeting_row {
    const char *why;
    const char *capture; /* whose lines A offers in; NULL: its own, or it is called */
    struct peer_config peer[2];
    const char *direction, *provider;
    const char *offer_flags;
    unsigned ms;                         /* the side that is Microsoft's */
    const char *dialect, *reason, *mode; /* what the relay must have chosen for it */
    bool is_secure;                      /* that leg, by the relay's answer */
};

#define KEYLESS "G722,PCMA,PCMU,telephone-event"
#define PHONE                                                                                      \
    {                                                                                              \
        .dialect = PEER_PLAIN, .keys = PEER_KEYS_NONE, .codecs = "PCMU,PCMA"                       \
    }
#define MS(dialect_, keys_)                                                                        \
    {                                                                                              \
        .dialect = (dialect_), .keys = (keys_), .codecs = KEYLESS                                  \
    }

/* A client of today on the public side of a call from the enterprise. */
#define MODERN                                                                                     \
    {                                                                                              \
        .dialect = PEER_RFC, .keys = PEER_KEYS_ONE, .codecs = "PCMU,telephone-event"               \
    }
#define TO_MODERN   "replace-origin ICE=force RTP/SAVP"
#define TO_PHONE    "replace-origin ICE=remove RTP/AVP"
#define TO_CLEAR_MS "replace-origin ICE=force RTP/AVP"

static const struct meeting_row offering[] = {
    {"Lync 2013, federated, multipart", "lync-online-ucwa-offer-multipart.sdp",
     .peer = {{.dialect = PEER_LYNC,
               .keys = PEER_KEYS_TRIPLE,
               .codecs = KEYLESS,
               .profile = "RTP/AVP",
               .has_ssrc_range = true},
              MODERN},
     .direction = "enterprise,skype", .offer_flags = TO_MODERN, .dialect = "lync",
     .reason = "a=x-ssrc-range", .mode = "lync", .is_secure = true},
    {"Skype for Business 2016, without encryption", "sfb-client-offer-plain-audio-bypassid.sdp",
     .peer =
         {{.dialect = PEER_LYNC, .keys = PEER_KEYS_NONE, .codecs = KEYLESS, .has_ssrc_range = true},
          MODERN},
     .direction = "enterprise,skype", .offer_flags = TO_MODERN, .dialect = "lync",
     .reason = "a=x-ssrc-range", .mode = "lync"},
    {"OCS 2007, encryption optional", "lync-online-ucwa-part1-draft6.sdp",
     .peer = {{.dialect = PEER_OCS2007,
               .keys = PEER_KEYS_TRIPLE,
               .codecs = KEYLESS,
               .profile = "RTP/AVP"},
              MODERN},
     .direction = "enterprise,skype", .offer_flags = TO_MODERN, .dialect = "ocs2007",
     .reason = "draft-06 candidates", .mode = "ocs2007", .is_secure = true},
    {"Windows Live Messenger 2009, with video", "wlm2009-draft19-audio-video.sdp",
     .peer = {MS(PEER_WLM2009, PEER_KEYS_NONE), PHONE}, .direction = "wlm,enterprise",
     .offer_flags = TO_PHONE, .dialect = "wlm2009",
     .reason = "draft-19 candidates, encryption rejected", .mode = "wlm2009"},
    {"Messenger 8, with video", "wlm2009-draft19-audio-video.sdp",
     .peer = {MS(PEER_MSN, PEER_KEYS_NONE), PHONE}, .direction = "wlm,enterprise",
     .offer_flags = TO_PHONE, .dialect = "msn", .reason = "padded draft-06 candidates",
     .mode = "msn"},
};

/* NOLINTBEGIN(bugprone-macro-parentheses): words that are put together */
#define ANSWERS(name, dialect_, keys_, flags)                                                      \
    {                                                                                              \
        .why = name " is called", .peer = {PHONE, MS(dialect_, keys_)}, .ms = B,                   \
        .direction = "skype,enterprise", .offer_flags = flags " dialect=" name, .dialect = name,   \
        .reason = "the request asks for it", .mode = name, .is_secure = (keys_) != PEER_KEYS_NONE  \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct meeting_row answering[] = {
    ANSWERS("lync", PEER_LYNC, PEER_KEYS_ONE, TO_MODERN),
    ANSWERS("ocs2007", PEER_OCS2007, PEER_KEYS_ONE, TO_MODERN),
    ANSWERS("wlm2009", PEER_WLM2009, PEER_KEYS_NONE, TO_CLEAR_MS),
    ANSWERS("msn", PEER_MSN, PEER_KEYS_NONE, TO_CLEAR_MS),
};

/** A call of such a row. */
struct meeting {
    const struct meeting_row *row;
    const struct relay *relay;
    struct peer *peer[2];
    struct signalling signalling;
    struct peer_description told; /* A, by the first answer */
    uint64_t heard_before[2];
};

/* ---- descriptions -----------------------------------------------------------------------------
 */

static void dress(const struct meeting *m, char sdp[static PEER_SDP_MAX])
{
    static char captured[PEER_SDP_MAX], dressed[PEER_SDP_MAX];
    char path[256];

    if (!m->row->capture)
        return;
    snprintf(path, sizeof(path), PICRELAY_VECTORS "/sdp/%s", m->row->capture);
    FILE *f = fopen(path, "rbe");
    assert_non_null(f);
    size_t n = fread(captured, 1, sizeof(captured) - 1, f);
    fclose(f);
    captured[n] = 0;
    (void)costume_put_on(dressed, sizeof(dressed), captured, sdp);
    memcpy(sdp, dressed, sizeof(dressed));
}

static void pass(struct meeting *m, const char *command, const char *flags,
                 char sdp[static PEER_SDP_MAX])
{
    if (signalling_pass(&m->signalling, command, A, flags, sdp, PEER_SDP_MAX) == 0)
        return;
    print_error("%s: %s\n", m->row->why, m->signalling.problem);
    fail();
}

/* A's offer goes to B, and B's answer to A. */
static void exchange(struct meeting *m, char offer[static PEER_SDP_MAX])
{
    static char answer[PEER_SDP_MAX];

    dress(m, offer);
    pass(m, "offer", m->row->offer_flags, offer);
    assert_int_equal(peer_answer(m->peer[B], offer, strlen(offer), answer, sizeof(answer)), 0);

    pass(m, "answer", NULL, answer);
    assert_int_equal(peer_take_answer(m->peer[A], answer, strlen(answer)), 0);
}

static void meeting_open(struct meeting *m, const struct meeting_row *row, const struct relay *r)
{
    static char sdp[PEER_SDP_MAX];

    *m = (struct meeting){.row = row, .relay = r};
    for (unsigned i = 0; i < 2; i++) {
        struct peer_config cfg = row->peer[i];

        cfg.loop = r->loop;
        assert_int_equal(peer_alloc(&m->peer[i], &cfg), 0);
    }
    assert_int_equal(signalling_init(&m->signalling, r->ng), 0);
    m->signalling.direction = row->direction;
    assert_int_equal(peer_offer(m->peer[A], sdp, sizeof(sdp)), 0);
    exchange(m, sdp);
    m->told = *peer_remote(m->peer[A]);
}

static void change(struct meeting *m, const struct peer_change *change_)
{
    static char sdp[PEER_SDP_MAX];

    assert_int_equal(peer_reoffer(m->peer[A], change_, sdp, sizeof(sdp)), 0);
    exchange(m, sdp);
}

/* ---- what is to be seen -----------------------------------------------------------------------
 */

static struct peer_receiver_stats heard_by(const struct meeting *m, unsigned side)
{
    return peer_receiver_stats(peer_receiver(m->peer[side]));
}

static bool have_heard_more(void *arg)
{
    const struct meeting *m = arg;

    for (unsigned i = 0; i < 2; i++) {
        if (peer_state(m->peer[i]) == PEER_FAILED)
            return true;
        if (heard_by(m, i).packets < m->heard_before[i] + HEARD)
            return false;
    }
    return true;
}

static void hear_more(struct meeting *m)
{
    for (unsigned i = 0; i < 2; i++)
        m->heard_before[i] = heard_by(m, i).packets;
    relay_wait(m->relay, have_heard_more, m, m->row->why);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(peer_state(m->peer[i]), PEER_TALKING);
}

/* Nothing that was sent after the path was there is lost, out of order or of another source. */
static void expect_whole(const struct meeting *m)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct peer_receiver_stats s = heard_by(m, i);

        assert_int_equal(s.lost + s.reordered + s.duplicates, 0);
        assert_int_equal(s.ssrc_changes + s.bad_ssrc + s.bad_pt + s.bad_ts, 0);
        assert_int_equal(peer_counts(m->peer[i])->auth_failures, 0);
    }
}

static void expect_choice(const struct meeting *m)
{
    json_t *query = relay_query(m->relay, m->signalling.id);
    json_t *tag = json_object_get(relay_json(query, "tags"), m->signalling.tag[m->row->ms]);

    assert_string_equal(relay_json_text(tag, "dialect"), m->row->dialect);
    assert_string_equal(relay_json_text(tag, "dialect reason"), m->row->reason);
    json_decref(query);
}

/* Of the answer to a client: SRTP by the line without an MKI, two components, nothing of theirs. */
static void expect_answer(const struct meeting *m)
{
    const struct peer_description *told = &m->told;

    assert_false(told->has_rtcp_mux);
    assert_int_equal(told->rtcp_port, told->port + 1);
    assert_int_equal(told->n_cryptos, m->row->is_secure);
    assert_string_equal(told->profile, m->row->is_secure ? "RTP/SAVP" : "RTP/AVP");
    if (m->row->is_secure) {
        assert_int_equal(told->cryptos[0].tag, 3);
        assert_int_equal(told->cryptos[0].n_mki, 0);
    }
    assert_int_equal(told->n_candidates, 2);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(*told->candidates[i].ufrag != 0,
                         peer_dialect_is_draft6(m->row->peer[A].dialect));
}

/* Ports, ICE and keys that the relay has told A once. */
static void expect_same_transport(const struct meeting *m)
{
    const struct peer_description *now = peer_remote(m->peer[A]);

    assert_string_equal(now->address, m->told.address);
    assert_int_equal(now->port, m->told.port);
    assert_int_equal(now->rtcp_port, m->told.rtcp_port);
    assert_string_equal(now->ufrag, m->told.ufrag);
    assert_string_equal(now->pwd, m->told.pwd);
    assert_string_equal(now->candidates[0].ufrag, m->told.candidates[0].ufrag);
    assert_int_equal(now->n_cryptos, m->told.n_cryptos);
    assert_memory_equal(now->cryptos[0].key, m->told.cryptos[0].key, PEER_KEY_BYTES);
    assert_int_equal(now->cryptos[0].tag, m->told.cryptos[0].tag);
}

/* ---- the tests --------------------------------------------------------------------------------
 */

/* MS-ICE2: the controlling end names the chosen pair, and the answer has to name the same. */
static void settle(struct meeting *m)
{
    const struct peer_description *theirs = peer_remote(m->peer[A]);
    const struct peer_description *ours = peer_local(m->peer[A]);

    change(m, &(struct peer_change){.is_final = true});
    assert_int_equal(theirs->version, m->told.version + 1);
    assert_int_equal(theirs->n_candidates, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(theirs->candidates[i].port, i == 0 ? m->told.port : m->told.rtcp_port);
        if (peer_dialect_is_draft6(m->row->peer[A].dialect))
            continue;
        assert_string_equal(theirs->remote_candidates[i].address, ours->candidates[i].address);
        assert_int_equal(theirs->remote_candidates[i].port, ours->candidates[i].port);
    }
    if (peer_dialect_is_draft6(m->row->peer[A].dialect))
        assert_string_equal(theirs->remote_candidates[0].ufrag, ours->candidates[0].ufrag);
    else
        assert_int_equal(theirs->n_remote_candidates, 2);
}

static void hold_and_resume(struct meeting *m)
{
    change(m, &(struct peer_change){.direction = PEER_INACTIVE});
    assert_int_equal(peer_remote(m->peer[A])->direction, PEER_INACTIVE);
    expect_same_transport(m);
    change(m, &(struct peer_change){.direction = PEER_SENDRECV});
    assert_int_equal(peer_remote(m->peer[A])->direction, PEER_SENDRECV);
    expect_same_transport(m);
}

static void expect_record(const struct meeting *m)
{
    json_t *reply = NULL;

    assert_int_equal(signalling_ask((struct signalling *)&m->signalling, "delete", &reply), 0);
    json_decref(reply);
    json_t *record = relay_record(m->relay, m->signalling.id);
    json_t *leg = json_array_get(relay_json(record, "legs"), m->row->ms);

    assert_string_equal(relay_json_text(leg, "dialect"), m->row->dialect);
    assert_string_equal(relay_json_text(leg, "ice_mode"), m->row->mode);
    assert_string_equal(relay_json_text(leg, "streams.0.ice"), "connected");
    json_decref(record);
}

static void meeting_close(struct meeting *m)
{
    for (unsigned i = 0; i < 2; i++)
        peer_free(m->peer[i]);
}

static void a_client_in_its_own_words_is_answered_and_heard(void **state)
{
    struct relay *r = *state;
    struct meeting m[N_OF(offering)];

    for (size_t i = 0; i < N_OF(m); i++)
        meeting_open(&m[i], &offering[i], r);
    for (size_t i = 0; i < N_OF(m); i++) {
        print_message("%s\n", m[i].row->why);
        hear_more(&m[i]);
        expect_choice(&m[i]);
        expect_answer(&m[i]);
        settle(&m[i]);
        expect_same_transport(&m[i]);
        hear_more(&m[i]);
        expect_whole(&m[i]);
        hold_and_resume(&m[i]);
        hear_more(&m[i]);
        expect_record(&m[i]);
        meeting_close(&m[i]);
    }
}

static void a_client_that_is_called_is_spoken_to_in_its_mode(void **state)
{
    struct relay *r = *state;
    struct meeting m[N_OF(answering)];

    for (size_t i = 0; i < N_OF(m); i++)
        meeting_open(&m[i], &answering[i], r);
    for (size_t i = 0; i < N_OF(m); i++) {
        print_message("%s\n", m[i].row->why);
        hear_more(&m[i]);
        expect_choice(&m[i]);
        assert_int_equal(peer_sdp_is_secure(peer_local(m[i].peer[B])), m[i].row->is_secure);
        expect_whole(&m[i]);
        expect_record(&m[i]);
        meeting_close(&m[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_in_its_own_words_is_answered_and_heard),
        cmocka_unit_test(a_client_that_is_called_is_spoken_to_in_its_mode),
    };

    return cmocka_run_group_tests_name("interop_microsoft", tests, relay_setup, relay_teardown);
}
