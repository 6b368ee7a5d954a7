#include "bench/peer/dtls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define RECORD_HEADER_BYTES 13
#define FLIGHT_MAX          16384
#define MTU                 1200
#define DAY_S               86400

struct peer_dtls {
    struct peer_dtls_config cfg;
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    X509 *x509;
    EVP_PKEY *key;
    struct loop_timer *timer;
    char fingerprint[PEER_FINGERPRINT_MAX], remote[PEER_FINGERPRINT_MAX];
    bool is_server, is_up, is_over;
};

/* ---- certificate ------------------------------------------------------------------------------
 */

static int certificate_make(X509 **x509, EVP_PKEY **key)
{
    *key = EVP_EC_gen("P-256");
    *x509 = X509_new();
    if (!*key || !*x509)
        return ENOMEM;
    ASN1_INTEGER_set(X509_get_serialNumber(*x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(*x509), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(*x509), DAY_S);
    X509_set_pubkey(*x509, *key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(*x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)"peer", -1, -1, 0);
    X509_set_issuer_name(*x509, X509_get_subject_name(*x509));
    return X509_sign(*x509, *key, EVP_sha256()) > 0 ? 0 : EIO;
}

static void fingerprint_write(char text[static PEER_FINGERPRINT_MAX], const X509 *x509)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int at = snprintf(text, PEER_FINGERPRINT_MAX, "sha-256");

    X509_digest(x509, EVP_sha256(), digest, &n);
    for (unsigned i = 0; i < n; i++)
        at += snprintf(text + at, PEER_FINGERPRINT_MAX - (size_t)at, "%c%02X", i ? ':' : ' ',
                       digest[i]);
}

static int identity_make(struct peer_dtls *d)
{
    X509 *other = NULL;
    EVP_PKEY *other_key = NULL;
    int err = 0;

    if (d->cfg.like && X509_up_ref(d->cfg.like->x509) && EVP_PKEY_up_ref(d->cfg.like->key)) {
        d->x509 = d->cfg.like->x509;
        d->key = d->cfg.like->key;
    } else {
        err = certificate_make(&d->x509, &d->key);
    }
    if (!err && d->cfg.is_forged)
        err = certificate_make(&other, &other_key);
    if (!err)
        fingerprint_write(d->fingerprint, other ? other : d->x509);
    X509_free(other);
    EVP_PKEY_free(other_key);
    return err;
}

static int verify_h(X509_STORE_CTX *store, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct peer_dtls *d = SSL_get_app_data(ssl);
    char theirs[PEER_FINGERPRINT_MAX];

    (void)arg;
    fingerprint_write(theirs, X509_STORE_CTX_get0_cert(store));
    return strcasecmp(theirs, d->remote) == 0;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

/* client key, server key, client salt, server salt: RFC 5764 s.4.2 */
static int srtp_make(struct peer_srtp **sp, const struct peer_dtls *d)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(d->ssl);
    uint8_t bytes[2 * PEER_SRTP_KEY_MAX], client[PEER_SRTP_KEY_MAX], server[PEER_SRTP_KEY_MAX];
    enum peer_suite suite;
    size_t key, salt;

    if (!profile || peer_suite_find(&suite, profile->id) != 0)
        return ENOTSUP;
    peer_suite_lengths(suite, &key, &salt);
    if (SSL_export_keying_material(d->ssl, bytes, 2 * (key + salt), label, sizeof(label) - 1, NULL,
                                   0, 0) != 1)
        return EIO;
    memcpy(client, bytes, key);
    memcpy(client + key, bytes + 2 * key, salt);
    memcpy(server, bytes + key, key);
    memcpy(server + key, bytes + 2 * key + salt, salt);
    return peer_srtp_alloc_suite(sp, suite, d->is_server ? server : client,
                                 d->is_server ? client : server);
}

/* ---- handshake --------------------------------------------------------------------------------
 */

/* OpenSSL's memory knows no datagrams: each record goes alone. */
static void flush(struct peer_dtls *d)
{
    uint8_t flight[FLIGHT_MAX];
    int n;

    while ((n = BIO_read(d->out, flight, sizeof(flight))) > 0) {
        for (int at = 0; at + RECORD_HEADER_BYTES <= n;) {
            const int len = RECORD_HEADER_BYTES + (flight[at + 11] << 8 | flight[at + 12]);

            d->cfg.send_h(flight + at, (size_t)len, d->cfg.arg);
            at += len;
        }
    }
}

static void timer_set(struct peer_dtls *d)
{
    struct timeval left;

    if (!d->is_up && !d->is_over && DTLSv1_get_timeout(d->ssl, &left) == 1)
        loop_timer_start(
            d->timer, loop_now_us() + (uint64_t)left.tv_sec * 1000000 + (uint64_t)left.tv_usec, 0);
    else
        loop_timer_stop(d->timer);
}

static void rise(struct peer_dtls *d)
{
    struct peer_srtp *srtp;

    d->is_up = true;
    if (srtp_make(&srtp, d) == 0)
        d->cfg.up_h(srtp, d->cfg.arg);
    else
        d->is_over = true;
}

static void go_on(struct peer_dtls *d)
{
    uint8_t unwanted[FLIGHT_MAX];
    int n = d->is_up ? SSL_read(d->ssl, unwanted, sizeof(unwanted)) : SSL_do_handshake(d->ssl);
    int error = SSL_get_error(d->ssl, n);

    flush(d);
    if (!d->is_up && n == 1)
        rise(d);
    else if (error == SSL_ERROR_SSL || error == SSL_ERROR_ZERO_RETURN)
        d->is_over = true;
    timer_set(d);
}

static void timer_h(uint64_t n, void *arg)
{
    struct peer_dtls *d = arg;

    (void)n;
    (void)DTLSv1_handle_timeout(d->ssl);
    flush(d);
    timer_set(d);
}

static int ssl_open(struct peer_dtls *d)
{
    const char *profiles = d->cfg.profiles ? d->cfg.profiles : "SRTP_AES128_CM_SHA1_80";

    d->ctx = SSL_CTX_new(DTLS_method());
    if (!d->ctx || SSL_CTX_set_tlsext_use_srtp(d->ctx, profiles) != 0)
        return EIO;
    SSL_CTX_set_verify(d->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(d->ctx, verify_h, NULL);
    d->ssl = SSL_new(d->ctx);
    d->in = BIO_new(BIO_s_mem());
    d->out = BIO_new(BIO_s_mem());
    if (!d->ssl || !d->in || !d->out)
        return ENOMEM;
    BIO_set_mem_eof_return(d->in, -1);
    SSL_set_bio(d->ssl, d->in, d->out);
    SSL_set_app_data(d->ssl, d);
    SSL_set_options(d->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(d->ssl, MTU);
    return SSL_use_certificate(d->ssl, d->x509) == 1 && SSL_use_PrivateKey(d->ssl, d->key) == 1
               ? 0
               : EIO;
}

int peer_dtls_alloc(struct peer_dtls **dp, const struct peer_dtls_config *cfg)
{
    struct peer_dtls *d = calloc(1, sizeof(*d));
    if (!d)
        return ENOMEM;

    d->cfg = *cfg;
    int err = identity_make(d);
    if (!err)
        err = ssl_open(d);
    if (!err)
        err = loop_timer_alloc(&d->timer, cfg->loop, timer_h, d);
    d->cfg.profiles = NULL; /* borrowed until here */
    d->cfg.like = NULL;
    if (err)
        peer_dtls_free(d);
    else
        *dp = d;
    return err;
}

void peer_dtls_free(struct peer_dtls *d)
{
    if (!d)
        return;
    loop_timer_free(d->timer);
    SSL_free(d->ssl);
    SSL_CTX_free(d->ctx);
    X509_free(d->x509);
    EVP_PKEY_free(d->key);
    free(d);
}

const char *peer_dtls_fingerprint(const struct peer_dtls *d)
{
    return d->fingerprint;
}

void peer_dtls_set_remote(struct peer_dtls *d, bool is_server, const char *remote)
{
    snprintf(d->remote, sizeof(d->remote), "%s", remote);
    d->is_server = is_server;
    if (is_server)
        SSL_set_accept_state(d->ssl);
    else
        SSL_set_connect_state(d->ssl);
}

void peer_dtls_begin(struct peer_dtls *d)
{
    if (!d->is_server && !d->is_up)
        go_on(d);
}

void peer_dtls_put(struct peer_dtls *d, const uint8_t *datagram, size_t n)
{
    if (!*d->remote || d->is_over)
        return;
    BIO_write(d->in, datagram, (int)n);
    go_on(d);
}

bool peer_dtls_is_up(const struct peer_dtls *d)
{
    return d->is_up;
}

bool peer_dtls_is_over(const struct peer_dtls *d)
{
    return d->is_over;
}
