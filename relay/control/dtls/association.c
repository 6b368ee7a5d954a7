#include "relay/control/dtls/association_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "relay/control/dtls/association_filter.h"
#include "relay/control/libre.h"

/* Hellos of ours that follow at once what the library could not go on from. Any more wait a while:
 * whoever forges the peer's address must not make us talk to it as often as he likes. */
#define HELLOS_AT_ONCE 8
#define HELLO_WAIT_US  400000u

static void association_destructor(void *data)
{
    struct association *a = data;

    SSL_free(a->ssl);
    mem_deref(a->certificate);
    mem_deref(a->context);
    explicit_bzero(a->cookie, sizeof(a->cookie));
}

/* The BIO belongs to the SSL from SSL_set_bio() on, once for each direction. */
static bool set_bio(struct association *a)
{
    BIO *bio = association_bio_new(a->context->bio, &a->pipe);

    if (!bio)
        return false;
    SSL_set_bio(a->ssl, bio, bio);
    return true;
}

static int open_ssl(struct association *a)
{
    a->ssl = SSL_new(a->context->ssl);
    if (!a->ssl || !set_bio(a))
        return ENOMEM;
    SSL_set_app_data(a->ssl, a);
    DTLS_set_timer_cb(a->ssl, association_timer_h);
    if (SSL_use_certificate(a->ssl, a->certificate->x509) != 1 ||
        SSL_use_PrivateKey(a->ssl, a->certificate->key) != 1 ||
        SSL_set_mtu(a->ssl, ASSOCIATION_DATAGRAM_MAX) == 0)
        return EIO;
    if (a->has_cookie)
        SSL_set_options(a->ssl, SSL_OP_COOKIE_EXCHANGE);
    if (a->is_server)
        SSL_set_accept_state(a->ssl);
    else
        SSL_set_connect_state(a->ssl);
    a->n_beginnings++;
    return 0;
}

int association_alloc(struct association **ap, struct association_context *c,
                      const struct association_config *cfg)
{
    struct association *a = mem_zalloc(sizeof(*a), association_destructor);
    int err;

    if (!a)
        return ENOMEM;
    a->context = mem_ref(c);
    a->certificate = mem_ref((void *)(uintptr_t)cfg->certificate);
    a->pipe = (struct association_pipe){.send_h = cfg->send_h, .arg = cfg->arg};
    a->remote = cfg->remote;
    a->is_server = cfg->is_server;
    a->has_cookie = cfg->has_cookie && cfg->is_server;
    err = RAND_bytes(a->cookie, sizeof(a->cookie)) == 1 ? open_ssl(a) : EIO;
    ERR_clear_error();
    if (err)
        mem_deref(a);
    else
        *ap = a;
    return err;
}

static void fail(struct association *a, const char *why)
{
    a->state = ASSOCIATION_FAILED;
    (void)re_snprintf(a->problem, sizeof(a->problem), "%s", why);
}

static void go_on(struct association *a);

/* The library has given up, on junk that looked right: another try is as good as the first, however
 * many there were. Who ends them is the clock, as with a peer that is silent. */
static void begin_anew(struct association *a)
{
    SSL_free(a->ssl);
    a->ssl = NULL;
    if (open_ssl(a))
        fail(a, "out of memory");
    else if (!a->is_server && a->has_begun && a->n_beginnings > HELLOS_AT_ONCE)
        a->owes_hello = true;
    else if (!a->is_server && a->has_begun)
        go_on(a);
}

static void note_error(struct association *a)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    (void)re_snprintf(a->problem, sizeof(a->problem), "%s", reason ? reason : "unknown error");
}

/* Not before both have shown by Finished that they had the same handshake: until then anybody who
 * can forge an address may have sent the certificate, or the lack of one, and must not end the leg
 * by it. No key of SRTP is exported before. RFC 5763 s.5, RFC 8122 s.6.2. */
static bool is_of_peer(struct association *a)
{
    const X509 *x509 = SSL_get0_peer_certificate(a->ssl);
    struct fingerprint theirs;

    if (x509 && certificate_fingerprint(&theirs, a->remote.hash, x509) == 0 &&
        fingerprint_equal(&theirs, &a->remote))
        return true;
    fail(a, x509 ? "the peer's certificate is not the one of its a=fingerprint"
                 : "the peer has no certificate for its a=fingerprint");
    a->is_forged = true;
    return false;
}

/* Whatever the peer has offered, without a profile of SRTP there are no keys: RFC 5764 s.4.1.1. */
static void rise(struct association *a)
{
    if (!is_of_peer(a)) {
        (void)SSL_shutdown(a->ssl); /* the peer believes that it is up */
        ERR_clear_error();
        return;
    }
    if (!SSL_get_selected_srtp_profile(a->ssl)) {
        fail(a, "the peer's DTLS has no use_srtp");
        return;
    }
    a->state = ASSOCIATION_UP;
    a->problem[0] = '\0';
}

static void give_up(struct association *a, int ssl_error)
{
    note_error(a);
    ERR_clear_error();
    if (ssl_error == SSL_ERROR_SSL || ssl_error == SSL_ERROR_SYSCALL)
        begin_anew(a);
}

static void go_on(struct association *a)
{
    int n, error;

    ERR_clear_error();
    n = SSL_do_handshake(a->ssl);
    if (n == 1) {
        rise(a);
        return;
    }
    error = SSL_get_error(a->ssl, n);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        give_up(a, error);
}

void association_begin(struct association *a)
{
    if (a->has_begun || a->is_server || a->state != ASSOCIATION_HANDSHAKING)
        return;
    a->has_begun = true;
    go_on(a);
}

/* Nobody has anything to say here but that the association ends, or the end of a handshake once
 * more, which the library answers by itself. */
static void read_on(struct association *a)
{
    uint8_t unwanted[2048];
    int n, error;

    ERR_clear_error();
    do
        n = SSL_read(a->ssl, unwanted, sizeof(unwanted));
    while (n > 0);
    error = SSL_get_error(a->ssl, n);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SSL)
        a->state = ASSOCIATION_CLOSED;
}

static int refuse(struct association *a, enum association_verdict verdict, uint8_t alert)
{
    if (verdict == ASSOCIATION_ALERT && a->state == ASSOCIATION_HANDSHAKING)
        (void)re_snprintf(a->problem, sizeof(a->problem), "the peer complains: %s",
                          SSL_alert_desc_string_long(alert));
    return EBADMSG;
}

int association_put(struct association *a, const uint8_t *data, size_t n)
{
    uint8_t alert = 0;
    enum association_verdict verdict = association_filter(data, n, a->is_server, &alert);

    if (verdict != ASSOCIATION_PASS)
        return refuse(a, verdict, alert);
    if (a->state == ASSOCIATION_FAILED || a->state == ASSOCIATION_CLOSED)
        return EBADMSG;
    if (a->owes_hello)
        return EBADMSG; /* an answer to what was never asked */
    a->pipe.in = data;
    a->pipe.n_in = n;
    if (a->state == ASSOCIATION_HANDSHAKING)
        go_on(a);
    if (a->state == ASSOCIATION_UP)
        read_on(a);
    a->pipe.in = NULL;
    return 0;
}

uint64_t association_wait_us(struct association *a)
{
    struct timeval left;

    if (a->state == ASSOCIATION_HANDSHAKING && a->owes_hello)
        return HELLO_WAIT_US;
    if (a->state != ASSOCIATION_HANDSHAKING || DTLSv1_get_timeout(a->ssl, &left) != 1)
        return UINT64_MAX;
    return (uint64_t)left.tv_sec * 1000000 + (uint64_t)left.tv_usec;
}

void association_tick(struct association *a)
{
    if (a->state != ASSOCIATION_HANDSHAKING)
        return;
    ERR_clear_error();
    if (a->owes_hello) {
        a->owes_hello = false;
        go_on(a);
        return;
    }
    if (DTLSv1_handle_timeout(a->ssl) < 0)
        give_up(a, SSL_ERROR_SSL); /* it counts to twelve */
}

void association_close(struct association *a)
{
    if (a->state != ASSOCIATION_UP)
        return;
    (void)SSL_shutdown(a->ssl);
    ERR_clear_error();
    a->state = ASSOCIATION_CLOSED;
}

enum association_state association_state(const struct association *a)
{
    return a->state;
}

bool association_is_server(const struct association *a)
{
    return a->is_server;
}

const char *association_problem(const struct association *a)
{
    return a->problem;
}

bool association_is_forged(const struct association *a)
{
    return a->is_forged;
}
