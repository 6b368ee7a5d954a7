#include "relay/control/policy/uri.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void uris_are_read_into_one_form(void **state)
{
    static const struct {
        const char *why, *text, *user, *host, *account_user, *account_domain;
    } rows[] = {
        {"as it usually comes", "sip:alice@contoso.com", "alice", "contoso.com", "", ""},
        {"upper case", "SIP:Alice@Contoso.COM", "alice", "contoso.com", "", ""},
        {"sips", "sips:alice@contoso.com", "alice", "contoso.com", "", ""},
        {"parameters and headers", "sip:alice@contoso.com;user=phone?subject=x", "alice",
         "contoso.com", "", ""},
        {"a port", "sip:alice@contoso.com:5061;transport=tls", "alice", "contoso.com", "", ""},
        {"a password", "sip:alice:secret@contoso.com", "alice", "contoso.com", "", ""},
        {"a host alone", "sip:contoso.com", "", "contoso.com", "", ""},
        {"escaped letters", "sip:%61l%69ce@contoso.com", "alice", "contoso.com", "", ""},
        {"an escaped @ stays in the user", "sip:a%40b@contoso.com", "a@b", "contoso.com", "", ""},
        {"IPv4", "sip:alice@192.0.2.1", "alice", "192.0.2.1", "", ""},
        {"IPv6", "sip:alice@[2001:DB8::1]:5060", "alice", "[2001:db8::1]", "", ""},
        {"a phone number", "sip:+15551234;phone-context=x@contoso.com", "+15551234;phone-context=x",
         "contoso.com", "", ""},
        {"a decorated name", "sip:bob(fabrikam.com)@msn.com", "bob(fabrikam.com)", "msn.com", "bob",
         "fabrikam.com"},
        {"the same, escaped", "sip:Bob%28Fabrikam.com%29@msn.com", "bob(fabrikam.com)", "msn.com",
         "bob", "fabrikam.com"},
        {"two pairs are no decoration", "sip:bob(a.com)(b.com)@msn.com", "bob(a.com)(b.com)",
         "msn.com", "", ""},
        {"nor is one that is not at the end", "sip:bob(a.com)x@msn.com", "bob(a.com)x", "msn.com",
         "", ""},
        {"nor is one without a user", "sip:(a.com)@msn.com", "(a.com)", "msn.com", "", ""},
        {"nor is one without a domain", "sip:bob()@msn.com", "bob()", "msn.com", "", ""},
        {"nor is one with more than a domain", "sip:bob(a.com@x)", NULL, NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct uri u;
        int err = uri_parse(&u, str_of(rows[i].text));

        if (!rows[i].user) {
            assert_int_equal(err, EBADMSG);
            continue;
        }
        if (err)
            fail_msg("%s: %s: %d", rows[i].why, rows[i].text, err);
        assert_string_equal(u.user, rows[i].user);
        assert_string_equal(u.host, rows[i].host);
        assert_string_equal(u.account_user, rows[i].account_user);
        assert_string_equal(u.account_domain, rows[i].account_domain);
    }
}

static void what_is_no_uri_is_refused_and_leaves_nothing(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        int err;
    } rows[] = {
        {"nothing", STR_INIT(""), EBADMSG},
        {"no scheme", STR_INIT("alice@contoso.com"), EBADMSG},
        {"another scheme", STR_INIT("tel:+15551234"), EPROTONOSUPPORT},
        {"a NUL", STR_INIT("sip:alice\0@contoso.com"), EBADMSG},
        {"a NUL behind the host", STR_INIT("sip:alice@msn.com\0.evil.example"), EBADMSG},
        {"an escaped NUL", STR_INIT("sip:alice%00@contoso.com"), EBADMSG},
        {"an escaped newline", STR_INIT("sip:alice%0d%0a@contoso.com"), EBADMSG},
        {"a blank", STR_INIT("sip:alice @contoso.com"), EBADMSG},
        {"a newline", STR_INIT("sip:alice@contoso.com\n"), EBADMSG},
        {"two @", STR_INIT("sip:alice@msn.com@evil.example"), EBADMSG},
        {"an @ in a parameter", STR_INIT("sip:alice@evil.example;x=@msn.com"), EBADMSG},
        {"an empty user", STR_INIT("sip:@msn.com"), EBADMSG},
        {"an empty host", STR_INIT("sip:alice@"), EBADMSG},
        {"a dot at the end", STR_INIT("sip:alice@msn.com."), EBADMSG},
        {"two dots", STR_INIT("sip:alice@msn..com"), EBADMSG},
        {"an escaped host", STR_INIT("sip:alice@%6dsn.com"), EBADMSG},
        {"half an escape", STR_INIT("sip:alice%4@msn.com"), EBADMSG},
        {"no escape", STR_INIT("sip:alice%zz@msn.com"), EBADMSG},
        {"a name address", STR_INIT("\"Alice\" <sip:alice@msn.com>"), EBADMSG},
        {"an open bracket", STR_INIT("sip:alice@[2001:db8::1"), EBADMSG},
        {"a port of none", STR_INIT("sip:alice@msn.com:0"), EBADMSG},
        {"a port too high", STR_INIT("sip:alice@msn.com:65536"), EBADMSG},
        {"letters of another alphabet", STR_INIT("sip:alice@m\xd1\x95n.com"), EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const struct uri empty;
        struct uri u;
        int err = uri_parse(&u, rows[i].text);

        if (err != rows[i].err)
            fail_msg("%s: %d", rows[i].why, err);
        assert_memory_equal(&u, &empty, sizeof(u));
    }
}

static void long_texts_are_refused_not_cut(void **state)
{
    char text[4200];
    struct uri u;
    int n;

    (void)state;
    n = snprintf(text, sizeof(text), "sip:%0*d@msn.com", URI_USER_MAX - 1, 0);
    assert_int_equal(uri_parse(&u, (struct str){text, (size_t)n}), 0);
    n = snprintf(text, sizeof(text), "sip:%0*d@msn.com", URI_USER_MAX, 0);
    assert_int_equal(uri_parse(&u, (struct str){text, (size_t)n}), EMSGSIZE);
    n = snprintf(text, sizeof(text), "sip:%04096d@msn.com", 0);
    assert_int_equal(uri_parse(&u, (struct str){text, (size_t)n}), EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_are_read_into_one_form),
        cmocka_unit_test(what_is_no_uri_is_refused_and_leaves_nothing),
        cmocka_unit_test(long_texts_are_refused_not_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
