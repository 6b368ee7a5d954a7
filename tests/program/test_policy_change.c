#include "tests/program/talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table that changes while calls are up, and peers that do what their table forbids. */

#define N_CALLS 200 /* every other one with a provider whose row goes */
#define H263    34

static const char skype_row[] =
    "providers:\n  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}}\n";
static const char skype_encrypts[] =
    "providers:\n  - {Identity: skype, Enabled: yes, capabilities: {audio: yes}, "
    "Encryption: {Public: required}}\n";
static const char wlm_allowed[] = "  - {Identity: wlm, Enabled: yes, capabilities: {audio: yes}}\n";
static const char wlm_denied[] = "  - {Identity: wlm, Enabled: yes, capabilities: {audio: no}}\n";
static const char wlm_finishes[] =
    "  - {Identity: wlm, Enabled: yes, capabilities: {audio: no}, on_revoke: finish}\n";
static const char broken[] = "providers: [{Identity: skype, Enabled: perhaps}]\n";

/* A relay with a table of its own. */
struct scene {
    struct relay relay;
    char folder[32], table[64], audit[80];
};

static void write_table(const struct scene *s, const char *head, const char *tail)
{
    FILE *f = fopen(s->table, "w");

    assert_non_null(f);
    fprintf(f, "%s%s", head, tail);
    assert_int_equal(fclose(f), 0);
}

static void open_scene_with(struct scene *s, const char *head, const char *tail)
{
    char more[256];

    memset(s, 0, sizeof(*s));
    relay_write_file(s->folder, s->table, "");
    write_table(s, head, tail);
    snprintf(s->audit, sizeof(s->audit), "%s/audit.json", s->folder);
    snprintf(more, sizeof(more), "policy: %s\naudit: {file: %s, sync: never}", s->table, s->audit);
    relay_start(&s->relay, &(struct relay_config){.more = more, .is_only_skype_and_wlm = true});
}

static void open_scene(struct scene *s)
{
    open_scene_with(s, skype_row, wlm_allowed);
}

static void close_scene(struct scene *s)
{
    relay_stop(&s->relay);
    (void)remove(s->audit);
    relay_remove_file(s->folder, s->table);
}

static void open_talk(struct talk *t, struct relay *r, const char *provider)
{
    talk_open(t, r);
    t->direction[TALK_B] = provider;
    talk_offer(t, TALK_A, NULL, NULL);
    talk_answer(t, TALK_A, NULL, NULL);
}

/* The audit file must have a line with all of these. */
static bool has_audited(const struct scene *s, const char *call_id, const char *what)
{
    char line[4096];
    bool is_there = false;
    FILE *f = fopen(s->audit, "r");

    assert_non_null(f);
    while (!is_there && fgets(line, sizeof(line), f))
        is_there = strstr(line, call_id) && strstr(line, what);
    fclose(f);
    return is_there;
}

struct log_wanted {
    const struct relay *relay;
    const char *text;
};

static bool has_logged(void *arg)
{
    const struct log_wanted *w = arg;

    return relay_has_logged(w->relay, w->text);
}

static void wait_for_log(const struct scene *s, const char *text)
{
    struct log_wanted w = {&s->relay, text};

    relay_wait(&s->relay, has_logged, &w, text);
}

struct audit_wanted {
    const struct scene *scene;
    const char *call_id, *text;
};

static bool is_audited(void *arg)
{
    const struct audit_wanted *w = arg;

    return has_audited(w->scene, w->call_id, w->text);
}

static void wait_for_audit(const struct scene *s, const char *call_id, const char *text)
{
    struct audit_wanted w = {s, call_id, text};

    relay_wait_polling(&s->relay, is_audited, &w, text);
}

/* ---- a change ---------------------------------------------------------------------------------
 */

static void a_new_table_ends_what_it_forbids_and_nothing_else(void **state)
{
    struct talk *talks = calloc(N_CALLS, sizeof(*talks));
    struct scene s;

    (void)state;
    assert_non_null(talks);
    open_scene(&s);
    for (unsigned i = 0; i < N_CALLS; i++)
        open_talk(&talks[i], &s.relay, i % 2 ? "wlm" : "skype");
    write_table(&s, skype_row, wlm_denied);
    process_signal(s.relay.process, SIGHUP);
    for (unsigned i = 0; i < N_CALLS; i++) {
        json_t *record;

        if (i % 2 == 0) {
            talk_pass(&talks[i], TALK_A);
            talk_pass(&talks[i], TALK_B);
            continue;
        }
        record = relay_record(&s.relay, talks[i].id);
        assert_string_equal(relay_json_text(record, "end"), "policy");
        assert_string_equal(relay_json_text(record, "policy.audio.verdict"), "deny");
        assert_string_equal(relay_json_text(record, "policy.audio.reason"),
                            "provider wlm allows no audio or video");
        json_decref(record);
    }
    assert_true(has_audited(&s, talks[1].id, "\"event\":\"offer\""));
    assert_true(has_audited(&s, talks[1].id, "\"event\":\"revoke\""));
    assert_false(has_audited(&s, talks[0].id, "\"event\":\"revoke\""));
    for (unsigned i = 0; i < N_CALLS; i++)
        talk_close(&talks[i]);
    close_scene(&s);
    free(talks);
}

static void calls_may_finish_where_the_row_says_so(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    char sdp[PHONE_SDP_MAX];
    struct scene s;

    (void)state;
    open_scene(&s);
    open_talk(t, &s.relay, "wlm");
    write_table(&s, skype_row, wlm_finishes);
    process_signal(s.relay.process, SIGHUP);
    wait_for_audit(&s, t->id, "\"event\":\"revoke_at_end\"");
    talk_pass(t, TALK_A);
    /* what is new falls under the new table */
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);
    json_object_set_new(request, "call-id", json_string("another"));
    relay_ask_error(&s.relay, request, "policy: provider wlm allows no audio or video");
    talk_close(t);
    close_scene(&s);
    free(t);
}

static void a_broken_file_leaves_the_old_table_in_force(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s);
    open_talk(t, &s.relay, "wlm");
    write_table(&s, broken, "");
    process_signal(s.relay.process, SIGHUP);
    wait_for_log(&s, "the old table stays in force");
    talk_pass(t, TALK_A);
    talk_close(t);
    open_talk(t, &s.relay, "wlm");
    talk_pass(t, TALK_B);
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* ---- encryption, and who it is ----------------------------------------------------------------
 */

static void clear_media_is_refused_where_encryption_is_required(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    char sdp[PHONE_SDP_MAX];
    struct scene s;

    (void)state;
    open_scene_with(&s, skype_encrypts, wlm_allowed);
    talk_open(t, &s.relay);
    t->direction[TALK_B] = "skype";
    talk_offer(t, TALK_A, NULL, NULL); /* in clear: towards skype it is made SRTP */
    assert_non_null(strstr(t->sdp[TALK_B], "RTP/SAVP"));
    assert_non_null(strstr(t->sdp[TALK_B], "a=crypto:"));
    json_decref(talk_delete(t));
    t->direction[TALK_A] = "skype";
    t->direction[TALK_B] = "enterprise";
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);
    json_object_set_new(request, "call-id", json_string("in clear"));
    relay_ask_error(&s.relay, request,
                    "policy: provider skype requires encryption on the public side");
    talk_close(t);
    close_scene(&s);
    free(t);
}

static void a_proxy_that_no_row_names_is_refused(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    char sdp[PHONE_SDP_MAX];
    struct scene s;

    (void)state;
    open_scene(&s);
    talk_open(t, &s.relay);
    t->direction[TALK_B] = "skype";
    json_t *request = talk_request(t, "offer", TALK_A, false,
                                   phone_sdp(sdp, &t->phone[TALK_A], "RTP/AVP", "0", NULL), NULL);
    json_object_set_new(request, "peer-fqdn", json_string("evil.example"));
    json_object_set_new(request, "from-uri", json_string("sip:alice@contoso.com"));
    relay_ask_error(&s.relay, request, "policy: no provider row for peer-fqdn \"evil.example\"");
    request = talk_request(t, "offer", TALK_A, false, sdp, NULL);
    json_object_set_new(request, "to-uri", json_string("sip:bob@msn.com@evil.example"));
    relay_ask_error(&s.relay, request,
                    "policy: the address of the public user cannot be read as a SIP URI");
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* ---- hostile peers ----------------------------------------------------------------------------
 */

static void send_bytes(struct talk *t, size_t n)
{
    uint8_t bytes[1400] = {0x80, TALK_PCMU};

    bytes[2] = (uint8_t)(t->phone[TALK_A].seq >> 8);
    bytes[3] = (uint8_t)t->phone[TALK_A].seq++;
    bytes[8] = (uint8_t)(t->phone[TALK_A].ssrc >> 24);
    bytes[9] = (uint8_t)(t->phone[TALK_A].ssrc >> 16);
    bytes[10] = (uint8_t)(t->phone[TALK_A].ssrc >> 8);
    bytes[11] = (uint8_t)t->phone[TALK_A].ssrc;
    phone_send(&t->phone[TALK_A], PHONE_RTP, t->told[TALK_A].address, t->told[TALK_A].port, bytes,
               n);
}

static void what_is_not_audio_does_not_come_out_of_an_audio_call(void **state)
{
    struct talk *t = calloc(1, sizeof(*t));
    unsigned n_heard;
    struct scene s;

    (void)state;
    open_scene(&s);
    open_talk(t, &s.relay, "skype");
    talk_pass(t, TALK_A);
    talk_be_dropped(t, TALK_A, H263, "payload_type");
    n_heard = t->phone[TALK_B].n_heard[PHONE_RTP];
    send_bytes(t, 1200); /* a slice of a picture as G.711 */
    talk_wait_drops(t, TALK_A, "policy_gate", 1);
    t->phone[TALK_A].ssrc++; /* a second source, while the first is heard */
    send_bytes(t, 172);
    talk_wait_drops(t, TALK_A, "policy_gate", 2);
    t->phone[TALK_A].ssrc--;
    assert_int_equal(t->phone[TALK_B].n_heard[PHONE_RTP], n_heard);
    for (unsigned i = 0; i < 200; i++) /* a second's worth is 16 kB: 100 kB of it at once */
        send_bytes(t, 512);
    talk_wait_drops(t, TALK_A, "policy_gate", 100);
    talk_close(t);
    close_scene(&s);
    free(t);
}

/* An empty receiver report, and feedback about pictures behind it: RFC 4585 s.6.3. */
static void send_feedback(struct talk *t, unsigned from, uint8_t format)
{
    uint8_t packet[8 + 12] = {0x80, 201, 0, 1, [8] = 0x80 | format, 206, 0, 2};

    peer_put32(packet + 4, t->phone[from].ssrc);
    peer_put32(packet + 12, t->phone[from].ssrc);
    peer_put32(packet + 16, t->phone[from].last[PHONE_RTP].rtp.ssrc);
    phone_send(&t->phone[from], PHONE_RTCP, t->told[from].address, t->told[from].rtcp_port, packet,
               sizeof(packet));
}

static bool has_picture_feedback(const struct phone_packet *p)
{
    size_t at = 0;

    while (at + 4 <= p->n) {
        if (p->bytes[at + 1] == 206)
            return true;
        at += 4u * (1 + (size_t)(p->bytes[at + 2] << 8 | p->bytes[at + 3]));
    }
    return false;
}

static void feedback_about_pictures_does_not_come_out_of_an_audio_call(void **state)
{
    static const uint8_t formats[] = {1, 2, 3, 4, 15}; /* PLI, SLI, RPSI, FIR, AFB */
    struct talk *t = calloc(1, sizeof(*t));
    struct scene s;

    (void)state;
    open_scene(&s);
    open_talk(t, &s.relay, "skype");
    talk_pass(t, TALK_A);
    talk_pass(t, TALK_B);
    for (unsigned i = 0; i < sizeof(formats); i++) {
        for (unsigned side = 0; side < 2; side++) {
            const struct phone *to = &t->phone[!side];
            const unsigned n = to->n_heard[PHONE_RTCP];

            send_feedback(t, side, formats[i]);
            assert_false(has_picture_feedback(phone_hear(to, &s.relay, PHONE_RTCP, n + 1)));
            assert_int_equal(to->last[PHONE_RTCP].bytes[1], 201); /* the report came */
        }
    }
    talk_close(t);
    close_scene(&s);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_table_ends_what_it_forbids_and_nothing_else),
        cmocka_unit_test(calls_may_finish_where_the_row_says_so),
        cmocka_unit_test(a_broken_file_leaves_the_old_table_in_force),
        cmocka_unit_test(clear_media_is_refused_where_encryption_is_required),
        cmocka_unit_test(a_proxy_that_no_row_names_is_refused),
        cmocka_unit_test(what_is_not_audio_does_not_come_out_of_an_audio_call),
        cmocka_unit_test(feedback_about_pictures_does_not_come_out_of_an_audio_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
