#include "relay/control/policy/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define NOON_US 1381147200123456ull /* 2013-10-07 12:00:00.123456 UTC */

static const struct policy_decision denied = {
    .verdict = POLICY_DENY,
    .code = POLICY_CODE_CAPABILITY,
    .provider = "skype",
    .reason = "provider skype allows no video",
};

/* The line must be one line, and a JSON object. */
static json_t *print(const struct audit_line *line)
{
    static char text[AUDIT_LINE_MAX];
    const size_t n = audit_print(text, sizeof(text), line);

    assert_true(n > 0);
    assert_int_equal(strlen(text), n);
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
    json_t *o = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_non_null(o);
    return o;
}

static const char *member(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void a_line_tells_who_asked_for_what_and_what_was_decided(void **state)
{
    json_t *o = print(&(struct audit_line){.wall_us = NOON_US,
                                           .call_id = STR("call-1"),
                                           .event = "offer",
                                           .provider = "skype",
                                           .peer_fqdn = STR("federation.messenger.msn.com"),
                                           .enterprise_user = STR("sip:alice@contoso.com"),
                                           .remote_user = STR("sip:bob(fabrikam.com)@msn.com"),
                                           .direction = POLICY_FROM_PROVIDER,
                                           .kind = MEDIA_VIDEO,
                                           .decision = &denied});

    (void)state;
    assert_string_equal(member(o, "time"), "2013-10-07T12:00:00.123Z");
    assert_string_equal(member(o, "event"), "offer");
    assert_string_equal(member(o, "call_id"), "call-1");
    assert_string_equal(member(o, "provider"), "skype");
    assert_string_equal(member(o, "peer_fqdn"), "federation.messenger.msn.com");
    assert_string_equal(member(o, "enterprise_user"), "sip:alice@contoso.com");
    assert_string_equal(member(o, "remote_user"), "sip:bob(fabrikam.com)@msn.com");
    assert_string_equal(member(o, "direction"), "from_provider");
    assert_string_equal(member(o, "kind"), "video");
    assert_string_equal(member(o, "verdict"), "deny");
    assert_string_equal(member(o, "code"), "capability");
    assert_string_equal(member(o, "reason"), "provider skype allows no video");
    json_decref(o);
}

static void what_is_not_known_is_left_out(void **state)
{
    json_t *o = print(&(struct audit_line){.wall_us = NOON_US,
                                           .event = "answer",
                                           .provider = "",
                                           .kind = MEDIA_AUDIO,
                                           .decision = &denied});

    (void)state;
    assert_null(json_object_get(o, "call_id"));
    assert_null(json_object_get(o, "provider"));
    assert_null(json_object_get(o, "peer_fqdn"));
    assert_null(json_object_get(o, "enterprise_user"));
    assert_null(json_object_get(o, "remote_user"));
    assert_string_equal(member(o, "direction"), "to_provider");
    json_decref(o);
}

static void what_strangers_wrote_cannot_forge_a_line(void **state)
{
    static const char evil[] = "x\"}\n{\"verdict\":\"allow\",\0\xff\xc0\xaf\xe2\x80\xae";
    json_t *o = print(&(struct audit_line){.wall_us = NOON_US,
                                           .call_id = {evil, sizeof(evil) - 1},
                                           .event = "offer",
                                           .provider = "skype",
                                           .kind = MEDIA_AUDIO,
                                           .decision = &denied});

    (void)state;
    assert_string_equal(member(o, "verdict"), "deny");
    assert_memory_equal(member(o, "call_id"), "x\"}\n{\"verdict\":\"allow\",", 23);
    json_decref(o);
}

/* A call must not stay out of the file because of the texts in it. */
static void the_longest_texts_fit_with_every_byte_escaped(void **state)
{
    static char noise[4096];
    struct policy_decision d = denied;
    const struct str text = {noise, sizeof(noise)};

    (void)state;
    memset(noise, 0x01, sizeof(noise));
    memset(d.reason, 0x01, sizeof(d.reason) - 1);
    memset(d.provider, 0x01, sizeof(d.provider) - 1);
    json_decref(print(&(struct audit_line){.wall_us = UINT64_MAX,
                                           .call_id = text,
                                           .event = "revoke_at_end",
                                           .provider = d.provider,
                                           .peer_fqdn = text,
                                           .enterprise_user = text,
                                           .remote_user = text,
                                           .direction = POLICY_FROM_PROVIDER,
                                           .kind = MEDIA_PRESENCE,
                                           .decision = &d}));
}

static void a_buffer_that_is_too_small_gets_nothing(void **state)
{
    const struct audit_line line = {.event = "offer", .kind = MEDIA_AUDIO, .decision = &denied};
    char text[AUDIT_LINE_MAX];
    const size_t n = audit_print(text, sizeof(text), &line);

    (void)state;
    assert_int_equal(audit_print(text, n + 1, &line), n);
    assert_int_equal(audit_print(text, n, &line), 0);
    assert_int_equal(audit_print(text, 0, &line), 0);
}

static void lines_are_in_the_file_when_it_is_closed(void **state)
{
    const struct audit_line line = {.event = "offer", .kind = MEDIA_AUDIO, .decision = &denied};
    char folder[] = "/tmp/picrelay-audit-XXXXXX", path[64], text[4096] = "";
    struct journal *j = NULL;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/audit.json", folder);
    assert_int_equal(audit_open(&j, path, CONFIG_SYNC_EACH), 0);
    assert_true(audit_takes_more(j, CONFIG_SYNC_EACH));
    audit_write(j, &line);
    audit_write(j, &line);
    journal_close(j);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    assert_non_null(strstr(text, "\"event\":\"offer\""));
    assert_non_null(fgets(text, sizeof(text), f));
    assert_null(fgets(text, sizeof(text), f));
    fclose(f);
    unlink(path);
    rmdir(folder);
}

static void without_a_file_everything_may_be_decided(void **state)
{
    (void)state;
    assert_true(audit_takes_more(NULL, CONFIG_SYNC_EACH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_tells_who_asked_for_what_and_what_was_decided),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(what_strangers_wrote_cannot_forge_a_line),
        cmocka_unit_test(the_longest_texts_fit_with_every_byte_escaped),
        cmocka_unit_test(a_buffer_that_is_too_small_gets_nothing),
        cmocka_unit_test(lines_are_in_the_file_when_it_is_closed),
        cmocka_unit_test(without_a_file_everything_may_be_decided),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
