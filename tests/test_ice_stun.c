#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ice/stun.h"

/* What is done with STUN beside libnice: ice/stun.c. */

#define UFRAG      "abcd"
#define PWD        "0123456789012345678901"
#define CRC_BYTES  4
#define CRC_BEFORE 8 /* the attribute with it */
#define TRIES      10000
#define XOR_VALUE  0x5354554eu
#define POLYNOMIAL 0xedb88320u
#define ODD_INDEX  90
#define ODD_ENTRY  0x08bbe8eau /* old Microsoft stacks have it in place of 0x8bbeb8ea */
#define VERSION    0x8070      /* IMPLEMENTATION-VERSION */

static struct ice_stun stun;

struct packet {
    uint8_t bytes[256];
    size_t n;
};

/* ---- the two CRCs ---- */

static uint32_t entry(unsigned i, bool is_legacy)
{
    uint32_t c = i;

    if (is_legacy && i == ODD_INDEX)
        return ODD_ENTRY;
    for (unsigned k = 0; k < 8; k++)
        c = c & 1 ? POLYNOMIAL ^ (c >> 1) : c >> 1;
    return c;
}

static uint32_t crc(const uint8_t *p, size_t n, bool is_legacy)
{
    uint32_t c = UINT32_MAX;

    for (size_t i = 0; i < n; i++)
        c = entry((c ^ p[i]) & 0xff, is_legacy) ^ (c >> 8);
    return ~c ^ XOR_VALUE;
}

static void set_crc(struct packet *p, bool is_legacy)
{
    const uint32_t c = htonl(crc(p->bytes, p->n - CRC_BEFORE, is_legacy));

    memcpy(p->bytes + p->n - CRC_BYTES, &c, CRC_BYTES);
}

static bool crcs_differ(const struct packet *p)
{
    return crc(p->bytes, p->n - CRC_BEFORE, true) != crc(p->bytes, p->n - CRC_BEFORE, false);
}

/* ---- packets ---- */

static StunAgent *agent_of(enum ice_mode mode)
{
    if (mode == ICE_MODE_LYNC)
        return &stun.lync;
    return mode == ICE_MODE_WLM2009 ? &stun.wlm : &stun.rfc;
}

static void make_request(struct packet *p, enum ice_mode mode, bool has_version)
{
    static const char username[12] = UFRAG ":peer"; /* NULs behind it in the Microsoft dialects */
    const size_t n = mode == ICE_MODE_RFC ? strlen(username) : sizeof(username);
    StunTransactionId id;
    StunMessage msg;

    stun_agent_init_request(agent_of(mode), &msg, p->bytes, sizeof(p->bytes), STUN_BINDING);
    stun_message_append_bytes(&msg, STUN_ATTRIBUTE_USERNAME, username, n);
    if (has_version)
        stun_message_append32(&msg, (StunAttribute)VERSION, 2);
    p->n = stun_agent_finish_message(agent_of(mode), &msg, (const uint8_t *)PWD, strlen(PWD));
    assert_true(p->n > 0);
    stun_message_id(&msg, id);
    stun_agent_forget_transaction(agent_of(mode), id);
}

/* One for which the tables do not agree: most hit the odd entry sooner or later. */
static void make_telling(struct packet *p, enum ice_mode mode, bool has_version)
{
    for (unsigned i = 0; i < TRIES; i++) {
        make_request(p, mode, has_version);
        if (crcs_differ(p))
            return;
    }
    fail_msg("no packet tells the CRCs apart");
}

static enum ice_stun_verdict check(const struct packet *p, enum ice_mode mode)
{
    StunMessage msg;

    return ice_stun_check_request(&stun, mode, &msg, p->bytes, p->n, UFRAG, PWD);
}

static void both_crc_tables_are_taken_from_those_who_have_them(void **state)
{
    static const struct {
        const char *reason;
        enum ice_mode mode;
        bool has_version, is_legacy;
        enum ice_stun_verdict verdict;
    } rows[] = {
        {"the standard one", ICE_MODE_RFC, false, false, ICE_STUN_GOOD},
        {"the old one is no standard", ICE_MODE_RFC, false, true, ICE_STUN_BROKEN},
        {"Lync with the standard one", ICE_MODE_LYNC, false, false, ICE_STUN_GOOD},
        {"Lync with the old one", ICE_MODE_LYNC, false, true, ICE_STUN_GOOD},
        {"a newer Lync has the standard one", ICE_MODE_LYNC, true, false, ICE_STUN_GOOD},
        {"a newer Lync has no old one", ICE_MODE_LYNC, true, true, ICE_STUN_BROKEN},
        {"WLM with the old one", ICE_MODE_WLM2009, false, true, ICE_STUN_GOOD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct packet p;

        print_message("           %s\n", rows[i].reason);
        make_telling(&p, rows[i].mode, rows[i].has_version);
        set_crc(&p, rows[i].is_legacy);
        assert_int_equal(check(&p, rows[i].mode), rows[i].verdict);
    }
}

static void a_dialect_does_not_take_the_others_integrity(void **state)
{
    struct packet rfc, lync;

    (void)state;
    make_request(&rfc, ICE_MODE_RFC, false);
    make_request(&lync, ICE_MODE_LYNC, true);
    assert_int_not_equal(check(&rfc, ICE_MODE_LYNC), ICE_STUN_GOOD);
    assert_int_not_equal(check(&lync, ICE_MODE_RFC), ICE_STUN_GOOD);
}

/* MS-ICE2 peers pad nothing: what follows a value of 9 bytes follows it at once. WLM's pad. */
static void lyncs_attributes_need_no_padding(void **state)
{
    StunTransactionId id;
    StunMessage msg;
    struct packet p;

    (void)state;
    stun_agent_init_request(&stun.lync, &msg, p.bytes, sizeof(p.bytes), STUN_BINDING);
    stun_message_append_string(&msg, STUN_ATTRIBUTE_USERNAME, UFRAG ":peer");
    p.n = stun_agent_finish_message(&stun.lync, &msg, (const uint8_t *)PWD, strlen(PWD));
    stun_message_id(&msg, id);
    stun_agent_forget_transaction(&stun.lync, id);
    assert_int_equal(p.n % 4, 1);
    assert_int_equal(check(&p, ICE_MODE_LYNC), ICE_STUN_GOOD);
    assert_int_not_equal(check(&p, ICE_MODE_WLM2009), ICE_STUN_GOOD);
}

static void no_byte_of_a_request_can_be_changed(void **state)
{
    struct packet good;

    (void)state;
    make_request(&good, ICE_MODE_RFC, false);
    for (size_t i = 0; i < good.n - CRC_BEFORE; i++) {
        struct packet p = good;

        p.bytes[i] ^= 1;
        set_crc(&p, false); /* anybody can make that fit */
        if (ice_stun_kind(p.bytes, p.n, true) == ICE_STUN_REQUEST)
            assert_int_not_equal(check(&p, ICE_MODE_RFC), ICE_STUN_GOOD);
    }
}

static void every_cut_is_seen(void **state)
{
    struct packet good;

    (void)state;
    make_request(&good, ICE_MODE_RFC, false);
    for (size_t n = 0; n < good.n; n++)
        assert_int_equal(ice_stun_kind(good.bytes, n, true), ICE_STUN_JUNK);
    assert_int_equal(ice_stun_kind(good.bytes, good.n, true), ICE_STUN_REQUEST);
}

static void kinds_are_told_by_the_header(void **state)
{
    static const struct {
        uint8_t type[2];
        enum ice_stun_kind kind;
    } rows[] = {
        {{0x00, 0x01}, ICE_STUN_REQUEST},  {{0x00, 0x11}, ICE_STUN_INDICATION},
        {{0x01, 0x01}, ICE_STUN_RESPONSE}, {{0x01, 0x11}, ICE_STUN_ERROR},
        {{0x00, 0x03}, ICE_STUN_OTHER},    {{0x01, 0x03}, ICE_STUN_OTHER},
        {{0x00, 0x17}, ICE_STUN_OTHER},    {{0x40, 0x01}, ICE_STUN_JUNK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t packet[ICE_STUN_HEADER] = {rows[i].type[0], rows[i].type[1]};

        assert_int_equal(ice_stun_kind(packet, sizeof(packet), true), rows[i].kind);
    }
}

/* ---- consent ---- */

static const struct ice_stun_ask ask = {.local_ufrag = "own0",
                                        .remote_ufrag = UFRAG,
                                        .remote_pwd = PWD,
                                        .is_controlling = true,
                                        .tie_breaker = 7};

static void what_we_ask_is_a_check_that_a_peer_takes(void **state)
{
    uint8_t buf[ICE_STUN_CHECK_MAX];
    StunTransactionId id = {0};
    StunMessage msg;
    size_t n = ice_stun_ask(&stun, buf, id, &ask);

    (void)state;
    assert_int_equal(ice_stun_check_request(&stun, ICE_MODE_RFC, &msg, buf, n, UFRAG, PWD),
                     ICE_STUN_GOOD);
    assert_true(ice_stun_controls(&msg));
    assert_false(ice_stun_nominates(&msg));
    assert_memory_equal(id, buf + ICE_STUN_HEADER - sizeof(id), sizeof(id));
}

static void only_an_authentic_answer_to_the_question_is_consent(void **state)
{
    const struct sockaddr_storage from = {.ss_family = AF_INET};
    uint8_t question[ICE_STUN_CHECK_MAX], answer[ICE_STUN_ANSWER_MAX];
    StunTransactionId id = {0}, other = {0};
    StunMessage msg;
    size_t n = ice_stun_ask(&stun, question, id, &ask);

    (void)state;
    assert_int_equal(ice_stun_check_request(&stun, ICE_MODE_RFC, &msg, question, n, UFRAG, PWD),
                     ICE_STUN_GOOD);
    n = ice_stun_answer(&stun, answer, &msg, &from);
    assert_true(n > 0);
    assert_int_equal(ice_stun_read_answer(&stun, answer, n, id, PWD), 0);
    assert_int_equal(ice_stun_read_answer(&stun, answer, n, other, PWD), -1);
    assert_int_equal(ice_stun_read_answer(&stun, answer, n, id, "another password here"), -1);
    answer[n - CRC_BEFORE - 1] ^= 1; /* MESSAGE-INTEGRITY */
    assert_int_equal(ice_stun_read_answer(&stun, answer, n, id, PWD), -1);
}

static void a_username_that_does_not_fit_is_not_asked_with(void **state)
{
    char longest[ICE_UFRAG_MAX + 10];
    struct ice_stun_ask too_long = ask;
    uint8_t buf[ICE_STUN_CHECK_MAX];
    StunTransactionId id = {0};

    (void)state;
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    too_long.local_ufrag = too_long.remote_ufrag = longest;
    assert_int_equal(ice_stun_ask(&stun, buf, id, &too_long), 0);
    longest[ICE_UFRAG_MAX - 1] = '\0';
    assert_true(ice_stun_ask(&stun, buf, id, &too_long) > 0);
}

static int setup(void **state)
{
    (void)state;
    ice_stun_init(&stun);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_crc_tables_are_taken_from_those_who_have_them),
        cmocka_unit_test(a_dialect_does_not_take_the_others_integrity),
        cmocka_unit_test(lyncs_attributes_need_no_padding),
        cmocka_unit_test(no_byte_of_a_request_can_be_changed),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(kinds_are_told_by_the_header),
        cmocka_unit_test(what_we_ask_is_a_check_that_a_peer_takes),
        cmocka_unit_test(only_an_authentic_answer_to_the_question_is_consent),
        cmocka_unit_test(a_username_that_does_not_fit_is_not_asked_with),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
