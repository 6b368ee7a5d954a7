#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/ssl.h>

#include "relay/control/dtls/association.h"
#include "relay/control/dtls/association_filter.h"
#include "relay/control/libre.h"
#include "relay/media/dtls_record.h"

/* DTLS without sockets: two associations of ours, or one and a peer of bare OpenSSL that does what
 * ours never would. */

#define FLIGHT_MAX 16

struct flight {
    unsigned n;
    size_t len[FLIGHT_MAX];
    uint8_t data[FLIGHT_MAX][2048];
};

struct end {
    struct certificate *certificate;
    struct association *association;
    struct flight sent;
};

struct pair {
    struct association_context *context;
    struct end client, server;
};

static void send_h(const uint8_t *data, size_t n, void *arg)
{
    struct flight *f = arg;

    assert_true(f->n < FLIGHT_MAX && n <= sizeof(f->data[0]));
    memcpy(f->data[f->n], data, n);
    f->len[f->n++] = n;
}

static void make_end(struct end *e, struct association_context *c, const struct certificate *theirs,
                     bool is_server, bool has_cookie)
{
    struct association_config cfg = {.certificate = e->certificate,
                                     .is_server = is_server,
                                     .has_cookie = has_cookie,
                                     .send_h = send_h,
                                     .arg = &e->sent};

    assert_int_equal(certificate_fingerprint(&cfg.remote, FINGERPRINT_SHA_256, theirs->x509), 0);
    assert_int_equal(association_alloc(&e->association, c, &cfg), 0);
}

static void open_pair(struct pair *p, bool has_cookie)
{
    memset(p, 0, sizeof(*p));
    assert_int_equal(association_context_alloc(&p->context), 0);
    assert_int_equal(certificate_make(&p->client.certificate, 30), 0);
    assert_int_equal(certificate_make(&p->server.certificate, 30), 0);
    make_end(&p->client, p->context, p->server.certificate, false, false);
    make_end(&p->server, p->context, p->client.certificate, true, has_cookie);
}

static void close_pair(struct pair *p)
{
    mem_deref(p->client.association);
    mem_deref(p->server.association);
    mem_deref(p->client.certificate);
    mem_deref(p->server.certificate);
    mem_deref(p->context);
}

/* Carries what one end has sent to the other; what it answers stays where it is. */
static bool carry(struct end *from, struct end *to)
{
    struct flight f = from->sent;

    from->sent.n = 0;
    for (unsigned i = 0; i < f.n; i++)
        (void)association_put(to->association, f.data[i], f.len[i]);
    return f.n > 0;
}

static void shake_hands(struct pair *p)
{
    association_begin(p->client.association);
    while (carry(&p->client, &p->server) || carry(&p->server, &p->client))
        ;
}

static void expect_same_keys(struct pair *p)
{
    struct srtp_keys local[2], remote[2];

    assert_int_equal(association_state(p->client.association), ASSOCIATION_UP);
    assert_int_equal(association_state(p->server.association), ASSOCIATION_UP);
    assert_int_equal(association_keys(p->client.association, &local[0], &remote[0]), 0);
    assert_int_equal(association_keys(p->server.association, &local[1], &remote[1]), 0);
    assert_true(srtp_keys_equal(&local[0], &remote[1]));
    assert_true(srtp_keys_equal(&remote[0], &local[1]));
    assert_false(srtp_keys_equal(&local[0], &remote[0]));
}

static void two_ends_come_to_the_same_keys_each_for_its_direction(void **state)
{
    struct srtp_keys local, remote;
    struct pair p;

    (void)state;
    open_pair(&p, false);
    assert_int_equal(association_keys(p.client.association, &local, &remote), EINVAL);
    shake_hands(&p);
    expect_same_keys(&p);
    assert_int_equal(association_keys(p.client.association, &local, &remote), 0);
    assert_int_equal(local.suite, SRTP_SUITE_AEAD_AES_128_GCM);
    close_pair(&p);
}

static void datagrams_stay_below_what_a_tunnel_lets_through(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    carry(&p.client, &p.server);
    assert_true(p.server.sent.n > 0);
    for (unsigned i = 0; i < p.server.sent.n; i++) {
        assert_true(p.server.sent.len[i] <= ASSOCIATION_DATAGRAM_MAX);
        assert_true(dtls_is_whole(p.server.sent.data[i], p.server.sent.len[i]));
    }
    close_pair(&p);
}

static void a_cookie_keeps_the_first_answer_shorter_than_the_question(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, true);
    association_begin(p.client.association);
    size_t asked = p.client.sent.len[0];
    carry(&p.client, &p.server);
    assert_int_equal(p.server.sent.n, 1);
    assert_true(p.server.sent.len[0] < asked);
    while (carry(&p.server, &p.client) || carry(&p.client, &p.server))
        ;
    expect_same_keys(&p);
    close_pair(&p);
}

/* The library's timer runs by its own clock, which cannot be told the time: this waits for it. */
static void wait_for_timer(struct end *e)
{
    e->sent.n = 0; /* lost */
    while (e->sent.n == 0) {
        uint64_t left_us = association_wait_us(e->association);

        assert_true(left_us <= 3200000);
        sys_usleep((unsigned)left_us + 1);
        association_tick(e->association);
    }
}

static void a_lost_flight_is_sent_again_when_its_time_is_over(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    assert_int_equal(p.client.sent.n, 1);
    assert_true(association_wait_us(p.client.association) <= 100000);
    wait_for_timer(&p.client);
    while (carry(&p.client, &p.server) || carry(&p.server, &p.client))
        ;
    expect_same_keys(&p);
    assert_true(association_wait_us(p.client.association) == UINT64_MAX);
    close_pair(&p);
}

static void the_last_flight_is_sent_again_to_a_client_that_has_not_got_it(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    carry(&p.client, &p.server);
    carry(&p.server, &p.client);
    carry(&p.client, &p.server);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_UP);
    assert_int_equal(association_state(p.client.association), ASSOCIATION_HANDSHAKING);
    p.server.sent.n = 0; /* lost */
    wait_for_timer(&p.client);
    carry(&p.client, &p.server);
    carry(&p.server, &p.client);
    expect_same_keys(&p);
    close_pair(&p);
}

/* ---- whom to believe ------------------------------------------------------------------------- */

static void the_wrong_certificate_ends_it_before_there_are_keys(void **state)
{
    for (unsigned forger = 0; forger < 2; forger++) {
        struct certificate *other;
        struct srtp_keys local, remote;
        struct pair p;

        (void)state;
        open_pair(&p, false);
        assert_int_equal(certificate_make(&other, 30), 0);
        struct end *deceived = forger ? &p.client : &p.server;
        mem_deref(deceived->association);
        make_end(deceived, p.context, other, deceived == &p.server, false);
        shake_hands(&p);
        assert_int_equal(association_state(deceived->association), ASSOCIATION_FAILED);
        assert_true(association_is_forged(deceived->association));
        assert_string_equal(association_problem(deceived->association),
                            "the peer's certificate is not the one of its a=fingerprint");
        assert_int_equal(association_keys(deceived->association, &local, &remote), EINVAL);
        mem_deref(other);
        close_pair(&p);
    }
}

/* A client of bare OpenSSL. */
struct bare {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* OpenSSL's memory: each flight is one piece */
};

static void open_bare(struct bare *b, const struct certificate *certificate, const char *profiles)
{
    b->ctx = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_verify(b->ctx, SSL_VERIFY_NONE, NULL);
    if (profiles)
        assert_int_equal(SSL_CTX_set_tlsext_use_srtp(b->ctx, profiles), 0);
    b->ssl = SSL_new(b->ctx);
    b->in = BIO_new(BIO_s_mem());
    b->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(b->in, -1);
    SSL_set_bio(b->ssl, b->in, b->out);
    SSL_set_options(b->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(b->ssl, 1200);
    if (certificate) {
        assert_int_equal(SSL_use_certificate(b->ssl, certificate->x509), 1);
        assert_int_equal(SSL_use_PrivateKey(b->ssl, certificate->key), 1);
    }
    SSL_set_connect_state(b->ssl);
}

static void close_bare(struct bare *b)
{
    SSL_free(b->ssl);
    SSL_CTX_free(b->ctx);
}

/* Lets it say what it has to say, each record in a datagram of its own. @return whether it did */
static bool bare_to_server(struct bare *b, struct end *server)
{
    uint8_t flight[16384];

    (void)SSL_do_handshake(b->ssl);
    int n = BIO_read(b->out, flight, sizeof(flight));
    for (int at = 0; at + DTLS_HEADER_BYTES <= n;) {
        size_t len = DTLS_HEADER_BYTES + (size_t)(flight[at + 11] << 8 | flight[at + 12]);

        (void)association_put(server->association, flight + at, len);
        at += (int)len;
    }
    return n > 0;
}

static void bare_shake_hands(struct bare *b, struct end *server)
{
    while (bare_to_server(b, server)) {
        for (unsigned i = 0; i < server->sent.n; i++) {
            BIO_write(b->in, server->sent.data[i], (int)server->sent.len[i]);
            (void)SSL_do_handshake(b->ssl);
        }
        server->sent.n = 0;
    }
}

static void a_peer_without_certificate_ends_it(void **state)
{
    struct bare b;
    struct pair p;

    (void)state;
    open_pair(&p, false);
    open_bare(&b, NULL, "SRTP_AES128_CM_SHA1_80");
    bare_shake_hands(&b, &p.server);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_FAILED);
    assert_true(association_is_forged(p.server.association));
    close_bare(&b);
    close_pair(&p);
}

static void a_peer_without_use_srtp_gets_no_further(void **state)
{
    struct bare b;
    struct pair p;

    (void)state;
    open_pair(&p, false);
    open_bare(&b, p.client.certificate, NULL);
    bare_shake_hands(&b, &p.server);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_FAILED);
    assert_string_equal(association_problem(p.server.association),
                        "the peer's DTLS has no use_srtp");
    close_bare(&b);
    close_pair(&p);
}

static void the_profile_that_both_have_is_taken(void **state)
{
    static const struct {
        const char *profiles;
        enum srtp_suite_id suite;
    } rows[] = {
        {"SRTP_AES128_CM_SHA1_80", SRTP_SUITE_AES_CM_128_HMAC_SHA1_80},
        {"SRTP_AEAD_AES_128_GCM", SRTP_SUITE_AEAD_AES_128_GCM},
        {"SRTP_AEAD_AES_256_GCM", SRTP_SUITE_AEAD_AES_256_GCM},
        {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SRTP_SUITE_AES_CM_128_HMAC_SHA1_80},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct srtp_keys local, remote;
        struct bare b;
        struct pair p;

        open_pair(&p, false);
        open_bare(&b, p.client.certificate, rows[i].profiles);
        bare_shake_hands(&b, &p.server);
        assert_int_equal(association_keys(p.server.association, &local, &remote), 0);
        assert_int_equal(remote.suite, rows[i].suite);
        assert_true(SSL_is_init_finished(b.ssl));
        close_bare(&b);
        close_pair(&p);
    }
}

static void what_is_older_or_weaker_than_dtls_1_2_with_ecdhe_and_aead_gets_no_answer(void **state)
{
    static const struct {
        const char *why, *ciphers;
        int version;
    } rows[] = {
        {"DTLS 1.0", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", DTLS1_VERSION},
        {"CBC", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", DTLS1_2_VERSION},
        {"no ECDHE", "AES128-GCM-SHA256:@SECLEVEL=0", DTLS1_2_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bare b;
        struct pair p;

        print_message("    %s\n", rows[i].why);
        open_pair(&p, false);
        open_bare(&b, p.client.certificate, "SRTP_AES128_CM_SHA1_80");
        SSL_set_min_proto_version(b.ssl, rows[i].version);
        SSL_set_max_proto_version(b.ssl, rows[i].version);
        assert_int_equal(SSL_set_cipher_list(b.ssl, rows[i].ciphers), 1);
        bare_shake_hands(&b, &p.server);
        assert_int_not_equal(association_state(p.server.association), ASSOCIATION_UP);
        close_bare(&b);
        close_pair(&p);
    }
}

/* ---- what must not disturb ------------------------------------------------------------------- */

#define HEADER(type, n)            type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, n
#define MESSAGE(type, len, off, n) type, 0, 0, len, 0, 0, 0, 0, off, 0, 0, n

struct junk {
    const char *why;
    size_t n;
    uint8_t data[64];
};

static const struct junk junk[] = {
    {"nothing", 0, {0}},
    {"bytes", 5, {22, 1, 2, 3, 4}},
    {"a record of TLS", 13, {22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
    {"a record without content", 13, {HEADER(22, 0)}},
    {"a record that is cut", 14, {HEADER(22, 12), 1}},
    {"a record and a byte", 28, {HEADER(22, 12), MESSAGE(14, 0, 0, 0), [25] = 22}},
    {"an alert in clear", 15, {HEADER(21, 2), 2, 40}},
    {"an alert of one byte", 14, {HEADER(21, 1), 2}},
    {"application data in clear", 14, {HEADER(23, 1), 'x'}},
    {"a change of ciphers to nothing", 14, {HEADER(20, 1), 0}},
    {"a message of a server", 25, {HEADER(22, 12), MESSAGE(14, 0, 0, 0)}},
    {"a request to begin anew", 25, {HEADER(22, 12), MESSAGE(0, 0, 0, 0)}},
    {"a message of no type", 25, {HEADER(22, 12), MESSAGE(99, 0, 0, 0)}},
    {"a fragment beyond its message", 26, {HEADER(22, 13), MESSAGE(1, 4, 4, 1)}},
    {"a fragment beyond its record", 26, {HEADER(22, 13), MESSAGE(1, 9, 0, 9)}},
    {"an empty fragment", 25, {HEADER(22, 12), MESSAGE(1, 9, 0, 0)}},
    {"half a header of a message", 19, {HEADER(22, 6), 1, 0, 0, 1}},
    {"a message of 16 MB", 26, {HEADER(22, 13), 1, 0xff, 0xff, 0xff, [24] = 1}},
};

static void junk_is_dropped_and_the_handshake_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        struct pair p;

        print_message("    %s\n", junk[i].why);
        open_pair(&p, false);
        association_begin(p.client.association);
        assert_int_equal(association_put(p.server.association, junk[i].data, junk[i].n), EBADMSG);
        carry(&p.client, &p.server);
        assert_int_equal(association_put(p.server.association, junk[i].data, junk[i].n), EBADMSG);
        carry(&p.server, &p.client);
        assert_int_equal(association_put(p.server.association, junk[i].data, junk[i].n), EBADMSG);
        while (carry(&p.client, &p.server) || carry(&p.server, &p.client))
            ;
        expect_same_keys(&p);
        assert_int_equal(association_put(p.server.association, junk[i].data, junk[i].n), EBADMSG);
        assert_int_equal(association_state(p.server.association), ASSOCIATION_UP);
        close_pair(&p);
    }
}

/* What has the right form goes to the library, which may end its handshake: another begins. */
static void nonsense_in_the_right_form_does_not_end_it(void **state)
{
    static const uint8_t nonsense[] = {HEADER(22, 16), MESSAGE(1, 4, 0, 4), 1, 2, 3, 4};
    struct pair p;

    (void)state;
    open_pair(&p, false);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(association_put(p.server.association, nonsense, sizeof(nonsense)), 0);
        assert_int_equal(p.server.sent.n, 0); /* an alert would end what the true peer has begun */
    }
    shake_hands(&p);
    expect_same_keys(&p);
    close_pair(&p);
}

/* A client says hello once more after each, but not for ever: who forges the peer's address would
 * have it flooded. The true peer is answered when the next hello has gone. */
static void a_client_that_hears_nonsense_says_hello_again_at_its_own_pace(void **state)
{
    static const uint8_t nonsense[] = {HEADER(22, 16), MESSAGE(2, 4, 0, 4), 1, 2, 3, 4};
    struct association *client;
    unsigned n_hellos = 0;
    struct pair p;

    (void)state;
    open_pair(&p, false);
    client = p.client.association;
    association_begin(client);
    for (unsigned i = 0; i < 100; i++) {
        (void)association_put(client, nonsense, sizeof(nonsense));
        n_hellos += p.client.sent.n;
        p.client.sent.n = 0;
    }
    assert_true(n_hellos >= 3 && n_hellos <= 8); /* and not a word of complaint */
    assert_int_equal(association_state(client), ASSOCIATION_HANDSHAKING);
    assert_true(association_wait_us(client) > 0 && association_wait_us(client) < 3200000);
    association_tick(client);
    assert_int_equal(p.client.sent.n, 1);
    while (carry(&p.client, &p.server) || carry(&p.server, &p.client))
        ;
    expect_same_keys(&p);
    close_pair(&p);
}

/* Certificates come in clear: whoever forges the peer's address can send one, or none. What is then
 * known of the peer is nothing. */
static void a_certificate_from_elsewhere_is_no_reason_to_end_it(void **state)
{
    static const uint8_t none[] = {HEADER(22, 15), MESSAGE(11, 3, 0, 3), 0, 0, 0};
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    carry(&p.client, &p.server);
    assert_int_equal(association_put(p.server.association, none, sizeof(none)), 0);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_HANDSHAKING);
    assert_false(association_is_forged(p.server.association));
    close_pair(&p);
}

static void application_data_before_its_time_is_of_no_use(void **state)
{
    uint8_t early[64] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 51};
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    carry(&p.client, &p.server);
    for (unsigned i = 0; i < 200; i++) { /* more than the library keeps for later */
        early[10] = (uint8_t)i;
        (void)association_put(p.server.association, early, sizeof(early));
    }
    while (carry(&p.server, &p.client) || carry(&p.client, &p.server))
        ;
    expect_same_keys(&p);
    close_pair(&p);
}

static void an_alert_in_clear_is_told_and_not_believed(void **state)
{
    static const uint8_t alert[] = {HEADER(21, 2), 2, 40};
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    assert_int_equal(association_put(p.client.association, alert, sizeof(alert)), EBADMSG);
    assert_string_equal(association_problem(p.client.association),
                        "the peer complains: handshake failure");
    shake_hands(&p);
    expect_same_keys(&p);
    close_pair(&p);
}

static void a_goodbye_counts_when_it_is_authentic(void **state)
{
    static const uint8_t in_clear[] = {HEADER(21, 2), 1, 0};
    struct pair p;

    (void)state;
    open_pair(&p, false);
    shake_hands(&p);
    assert_int_equal(association_put(p.server.association, in_clear, sizeof(in_clear)), EBADMSG);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_UP);
    association_close(p.client.association);
    carry(&p.client, &p.server);
    assert_int_equal(association_state(p.server.association), ASSOCIATION_CLOSED);
    close_pair(&p);
}

static void hellos_are_told_from_what_follows_them(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, false);
    association_begin(p.client.association);
    assert_true(association_is_hello(p.client.sent.data[0], p.client.sent.len[0]));
    carry(&p.client, &p.server);
    assert_false(association_is_hello(p.server.sent.data[0], p.server.sent.len[0]));
    carry(&p.server, &p.client);
    assert_false(association_is_hello(p.client.sent.data[0], p.client.sent.len[0]));
    assert_false(association_is_hello(NULL, 0));
    close_pair(&p);
}

static void an_association_keeps_its_certificate_when_ours_is_replaced(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, false);
    p.server.certificate = mem_deref(p.server.certificate); /* nobody else has it any more */
    assert_int_equal(certificate_make(&p.server.certificate, 30), 0);
    shake_hands(&p);
    expect_same_keys(&p); /* the client was told of the old one's fingerprint */
    close_pair(&p);
}

/* ---- fingerprints ---------------------------------------------------------------------------- */

#define HEX32                                                                                      \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:"   \
    "ee:ff"

static void fingerprints_are_read_strictly(void **state)
{
    static const struct {
        const char *value;
        int err;
    } rows[] = {
        {"sha-256 " HEX32, 0},
        {"SHA-256  " HEX32, 0},
        {"sha-512 " HEX32 ":" HEX32, 0},
        {"sha-384 " HEX32, EINVAL},
        {"sha-256 " HEX32 ":00", EINVAL},
        {"sha-256 " HEX32 " ", EINVAL},
        {"sha-256 00:11", EINVAL},
        {"sha-256", EINVAL},
        {"", EINVAL},
        {"sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33", ENOTSUP},
        {"md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", ENOTSUP},
        {"sha-224 " HEX32, ENOTSUP},
        {HEX32, ENOTSUP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fingerprint f;

        print_message("    %s\n", rows[i].value);
        assert_int_equal(fingerprint_parse(&f, str_of(rows[i].value)), rows[i].err);
    }
}

static void a_fingerprint_is_written_as_it_is_read(void **state)
{
    char text[FINGERPRINT_TEXT_MAX];
    struct certificate *c;

    (void)state;
    assert_int_equal(certificate_make(&c, 1), 0);
    for (unsigned hash = 0; hash < FINGERPRINT_HASHES; hash++) {
        struct fingerprint f, again;

        assert_int_equal(certificate_fingerprint(&f, (enum fingerprint_hash)hash, c->x509), 0);
        int n = fingerprint_print(text, sizeof(text), &f);
        assert_int_equal(n, strlen(text));
        assert_int_equal(fingerprint_parse(&again, str_of(text)), 0);
        assert_true(fingerprint_equal(&f, &again));
        again.bytes[31] ^= 1;
        assert_false(fingerprint_equal(&f, &again));
        assert_int_equal(fingerprint_print(text, (size_t)n, &f), -ENOSPC);
    }
    mem_deref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_ends_come_to_the_same_keys_each_for_its_direction),
        cmocka_unit_test(datagrams_stay_below_what_a_tunnel_lets_through),
        cmocka_unit_test(a_cookie_keeps_the_first_answer_shorter_than_the_question),
        cmocka_unit_test(a_lost_flight_is_sent_again_when_its_time_is_over),
        cmocka_unit_test(the_last_flight_is_sent_again_to_a_client_that_has_not_got_it),
        cmocka_unit_test(the_wrong_certificate_ends_it_before_there_are_keys),
        cmocka_unit_test(a_peer_without_certificate_ends_it),
        cmocka_unit_test(a_peer_without_use_srtp_gets_no_further),
        cmocka_unit_test(the_profile_that_both_have_is_taken),
        cmocka_unit_test(what_is_older_or_weaker_than_dtls_1_2_with_ecdhe_and_aead_gets_no_answer),
        cmocka_unit_test(junk_is_dropped_and_the_handshake_goes_on),
        cmocka_unit_test(nonsense_in_the_right_form_does_not_end_it),
        cmocka_unit_test(a_client_that_hears_nonsense_says_hello_again_at_its_own_pace),
        cmocka_unit_test(a_certificate_from_elsewhere_is_no_reason_to_end_it),
        cmocka_unit_test(application_data_before_its_time_is_of_no_use),
        cmocka_unit_test(an_alert_in_clear_is_told_and_not_believed),
        cmocka_unit_test(a_goodbye_counts_when_it_is_authentic),
        cmocka_unit_test(hellos_are_told_from_what_follows_them),
        cmocka_unit_test(an_association_keeps_its_certificate_when_ours_is_replaced),
        cmocka_unit_test(fingerprints_are_read_strictly),
        cmocka_unit_test(a_fingerprint_is_written_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
