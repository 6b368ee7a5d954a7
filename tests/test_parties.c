#include "relay/control/policy/parties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/call.h"

/* Who a call is between, from what a request says. */

static const char config_yaml[] =
    "interfaces:\n"
    "  - {name: enterprise, address: 127.0.0.1, ports: 10000-10999}\n"
    "  - {name: skype, address: 127.0.0.1, ports: 11000-11999, provider: skype}\n"
    "  - {name: wlm, address: 127.0.0.1, ports: 12000-12999, provider: wlm}\n"
    "  - {name: enterprise6, address: \"::1\", ports: 13000-13999}\n"
    "  - {name: skype6, address: \"::1\", ports: 14000-14999, provider: skype}\n"
    "control: {default_direction: [enterprise, wlm]}\n";

static struct config cfg;
static struct control control;

static int set_up(void **state)
{
    struct policy *policy = NULL;
    char err[512];

    (void)state;
    if (config_parse(&cfg, config_yaml, sizeof(config_yaml) - 1, "test", err, sizeof(err)))
        fail_msg("%s", err);
    if (policy_load_builtin(&policy))
        return -1;
    control.cfg = &cfg;
    control.policy = policy;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    policy_free((struct policy *)(uintptr_t)control.policy);
    return 0;
}

/* What a request says; NULL: nothing. */
struct said {
    const char *provider, *offerer, *answerer, *peer_fqdn, *from, *to;
};

static struct ng_request request_of(const struct said *said)
{
#define TEXT(member) str_of(said->member ? said->member : "")
    struct ng_request req = {.provider = TEXT(provider),
                             .direction = {TEXT(offerer), TEXT(answerer)},
                             .peer_fqdn = TEXT(peer_fqdn),
                             .from_uri = TEXT(from),
                             .to_uri = TEXT(to)};
#undef TEXT
    return req;
}

#define ALICE "sip:alice@contoso.com"
#define BOB   "sip:bob(fabrikam.com)@msn.com"
#define PROXY "federation.messenger.msn.com"

/* ---- who, and over which interfaces -----------------------------------------------------------
 */

static void provider_interfaces_and_direction_follow_from_what_is_said(void **state)
{
    static const struct {
        const char *why;
        struct said said;
        const char *provider, *from, *to;
        enum policy_direction direction;
        const char *conflict; /* NULL: none */
    } rows[] = {
        {"interfaces name both sides",
         {.offerer = "enterprise", .answerer = "skype"},
         "skype",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         NULL},
        {"and the other way",
         {.offerer = "skype", .answerer = "enterprise"},
         "skype",
         "skype",
         "enterprise",
         POLICY_FROM_PROVIDER,
         NULL},
        {"the provider has an interface of its own",
         {.provider = "Skype"},
         "Skype",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         NULL},
        {"an address tells the way",
         {.provider = "skype", .from = BOB, .to = ALICE},
         "skype",
         "skype",
         "enterprise",
         POLICY_FROM_PROVIDER,
         NULL},
        {"nothing: the default", {0}, "wlm", "enterprise", "wlm", POLICY_TO_PROVIDER, NULL},
        {"the default chooses addresses, and is no evidence",
         {.provider = "skype", .offerer = "enterprise"},
         "skype",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         NULL},
        {"a proxy of two providers leaves both",
         {.peer_fqdn = PROXY, .from = ALICE, .to = BOB},
         "",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         NULL},
        {"a proxy and a name are one",
         {.peer_fqdn = PROXY, .provider = "wlm"},
         "wlm",
         "enterprise",
         "wlm",
         POLICY_TO_PROVIDER,
         NULL},
        {"a name against an interface",
         {.provider = "wlm", .offerer = "enterprise", .answerer = "skype"},
         "wlm",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         "provider wlm contradicts skype of skype"},
        {"an interface that is not there is not said",
         {.offerer = "lan", .answerer = "skype"},
         "skype",
         "enterprise",
         "skype",
         POLICY_TO_PROVIDER,
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ng_request req = request_of(&rows[i].said);
        struct parties p;

        print_message("  %s\n", rows[i].why);
        parties_find(&p, &control, &req, NULL);
        assert_string_equal(p.provider, rows[i].provider);
        assert_string_equal(cfg.interfaces[p.interfaces.offerer].name, rows[i].from);
        assert_string_equal(cfg.interfaces[p.interfaces.answerer].name, rows[i].to);
        assert_int_equal(p.direction, rows[i].direction);
        assert_string_equal(p.conflict, rows[i].conflict ? rows[i].conflict : "");
    }
}

static void the_users_are_told_apart_by_the_way_the_call_goes(void **state)
{
    const struct said out = {.provider = "skype", .from = ALICE, .to = BOB};
    const struct said in = {.provider = "skype", .from = BOB, .to = ALICE};
    struct ng_request req = request_of(&out);
    struct parties p;

    (void)state;
    parties_find(&p, &control, &req, NULL);
    assert_true(str_equal(p.enterprise_user, STR(ALICE)) && str_equal(p.remote_user, STR(BOB)));
    req = request_of(&in);
    parties_find(&p, &control, &req, NULL);
    assert_true(str_equal(p.enterprise_user, STR(ALICE)) && str_equal(p.remote_user, STR(BOB)));
}

static void an_address_family_takes_a_sister_of_the_interface(void **state)
{
    const struct said said = {.offerer = "enterprise", .answerer = "skype"};
    struct ng_request req = request_of(&said);
    struct parties p;

    (void)state;
    req.address_family = NG_FAMILY_IP6;
    parties_find(&p, &control, &req, NULL);
    assert_string_equal(cfg.interfaces[p.interfaces.answerer].name, "skype6");
    assert_string_equal(cfg.interfaces[p.interfaces.offerer].name, "enterprise");
}

/* ---- a call that is up ------------------------------------------------------------------------
 */

static struct call *make_call(const struct said *said)
{
    const struct ng_request req = request_of(said);
    struct call *call = mem_zalloc(sizeof(*call), NULL);
    struct parties p;

    assert_non_null(call);
    call->control = &control;
    parties_find(&p, &control, &req, NULL);
    assert_int_equal(parties_keep(call, &p), 0);
    return call;
}

static void drop_call(struct call *call)
{
    mem_deref(call->who.peer_fqdn);
    mem_deref(call->who.remote_user);
    mem_deref(call->who.enterprise_user);
    mem_deref(call);
}

static const struct said set_up_by = {.provider = "skype",
                                      .peer_fqdn = PROXY,
                                      .offerer = "enterprise",
                                      .answerer = "skype",
                                      .from = ALICE,
                                      .to = BOB};

/* A request from the other side has From and To the other way round, or says nothing at all. */
static void a_call_stays_between_those_it_was_set_up_between(void **state)
{
    static const struct said later[] = {
        {0},
        {.from = BOB, .to = ALICE},
        {.from = "sip:mallory@hotmail.com", .to = "sip:eve@contoso.com"},
        {.peer_fqdn = "FEDERATION.messenger.msn.com"},
    };
    struct call *call = make_call(&set_up_by);

    (void)state;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        const struct ng_request req = request_of(&later[i]);
        struct parties p;

        parties_find(&p, &control, &req, call);
        assert_string_equal(p.provider, "skype");
        assert_string_equal(p.conflict, "");
        assert_true(str_equal(p.enterprise_user, STR(ALICE)));
        assert_true(str_equal(p.remote_user, STR(BOB)));
        assert_int_equal(p.direction, POLICY_TO_PROVIDER);
    }
    drop_call(call);
}

static void a_later_request_cannot_make_it_another_providers(void **state)
{
    static const struct {
        struct said said;
        const char *conflict;
    } rows[] = {
        {{.provider = "wlm"}, "provider wlm contradicts skype of the call"},
        {{.offerer = "enterprise", .answerer = "wlm"}, "provider skype contradicts wlm of wlm"},
        {{.peer_fqdn = "evil.example"}, "the peer-fqdn contradicts that of the call"},
    };
    struct call *call = make_call(&set_up_by);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ng_request req = request_of(&rows[i].said);
        struct parties p;

        parties_find(&p, &control, &req, call);
        assert_string_equal(p.conflict, rows[i].conflict);
    }
    drop_call(call);
}

/* ---- verdicts ---------------------------------------------------------------------------------
 */

static void decide(struct parties_verdicts *v, const struct said *said, const char *lines)
{
    const struct ng_request req = request_of(said);
    struct sdp_doc *doc = NULL;
    struct parties p;
    char text[1024];

    snprintf(text, sizeof(text),
             "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n%s", lines);
    assert_int_equal(sdp_parse(&doc, str_of(text)), 0);
    parties_find(&p, &control, &req, NULL);
    parties_decide(v, &control, &p, doc);
    sdp_free(doc);
}

static const struct said to_skype = {.offerer = "enterprise", .answerer = "skype"};

static void each_kind_is_decided_once_and_lines_are_counted(void **state)
{
    struct parties_verdicts v;

    (void)state;
    decide(&v, &to_skype,
           "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 34\r\nm=audio 4004 RTP/AVP 8\r\n"
           "m=video 0 RTP/AVP 34\r\nm=x-ms-message 5060 sip sip:a@contoso.com\r\n");
    assert_int_equal(v.kinds[MEDIA_AUDIO].verdict, POLICY_ALLOW);
    assert_int_equal(v.kinds[MEDIA_VIDEO].verdict, POLICY_DENY);
    assert_int_equal(v.n_media, 2);
    assert_int_equal(v.n_im, 1);
    assert_int_equal(v.n_off, 1);
    assert_null(v.reason);
    assert_false(v.is_decided[MEDIA_PRESENCE]);
}

static void what_leaves_nothing_has_the_reason_of_the_first_line(void **state)
{
    struct parties_verdicts v;

    (void)state;
    decide(&v, &to_skype,
           "m=video 4002 RTP/AVP 34\r\nm=application 4004 RTP/AVP 99\r\nm=audio 0 RTP/AVP 0\r\n");
    assert_string_equal(v.reason, "provider skype allows no video");
    assert_int_equal(v.n_media + v.n_im, 0);
}

/* All lines off: the end of a hold, or of a fax. There is nothing to refuse. */
static void what_asks_for_nothing_is_not_refused(void **state)
{
    struct parties_verdicts v;

    (void)state;
    decide(&v, &to_skype, "m=audio 0 RTP/AVP 0\r\n");
    assert_null(v.reason);
    assert_int_equal(v.n_off, 1);
}

static void a_contradiction_denies_what_the_row_would_allow(void **state)
{
    const struct said said = {.provider = "wlm", .offerer = "enterprise", .answerer = "skype"};
    struct parties_verdicts v;

    (void)state;
    decide(&v, &said, "m=audio 4000 RTP/AVP 0\r\n");
    assert_int_equal(v.kinds[MEDIA_AUDIO].code, POLICY_CODE_CONTRADICTION);
    assert_string_equal(v.reason, "provider wlm contradicts skype of skype");
}

static void two_providers_behind_one_proxy_get_what_both_allow(void **state)
{
    const struct said said = {.peer_fqdn = PROXY, .from = ALICE, .to = BOB};
    struct parties_verdicts v;

    (void)state;
    decide(&v, &said, "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 34\r\n");
    assert_int_equal(v.kinds[MEDIA_AUDIO].verdict, POLICY_ALLOW);
    assert_int_equal(v.kinds[MEDIA_VIDEO].verdict, POLICY_DENY); /* skype has none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provider_interfaces_and_direction_follow_from_what_is_said),
        cmocka_unit_test(the_users_are_told_apart_by_the_way_the_call_goes),
        cmocka_unit_test(an_address_family_takes_a_sister_of_the_interface),
        cmocka_unit_test(a_call_stays_between_those_it_was_set_up_between),
        cmocka_unit_test(a_later_request_cannot_make_it_another_providers),
        cmocka_unit_test(each_kind_is_decided_once_and_lines_are_counted),
        cmocka_unit_test(what_leaves_nothing_has_the_reason_of_the_first_line),
        cmocka_unit_test(what_asks_for_nothing_is_not_refused),
        cmocka_unit_test(a_contradiction_denies_what_the_row_would_allow),
        cmocka_unit_test(two_providers_behind_one_proxy_get_what_both_allow),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
