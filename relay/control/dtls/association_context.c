#include "relay/control/dtls/association_internal.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "relay/control/dtls/association_filter.h"
#include "relay/control/libre.h"

/* ECDHE and AEAD, nothing else. */
#define CIPHERS                                                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"     \
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define GROUPS   "X25519:P-256:P-384"
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM"

/* RFC 6347 s.4.2.4.1 has 1 s to begin with, for paths that nobody knows; ours has just been
 * checked by ICE, and a lost hello is what a caller waits for. Browsers begin with 50 ms. */
#define FIRST_WAIT_US 100000u
#define WAIT_MAX_US   3200000u

/* ---- what the library asks --------------------------------------------------------------------
 */

/* The library's own check asks for a chain, which means nothing here. Ours waits for the end of the
 * handshake: see is_of_peer(). */
static int verify_h(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static int cookie_make_h(SSL *ssl, unsigned char *cookie, unsigned *n)
{
    const struct association *a = SSL_get_app_data(ssl);

    memcpy(cookie, a->cookie, COOKIE_BYTES);
    *n = COOKIE_BYTES;
    return 1;
}

static int cookie_check_h(SSL *ssl, const unsigned char *cookie, unsigned n)
{
    const struct association *a = SSL_get_app_data(ssl);

    return n == COOKIE_BYTES && CRYPTO_memcmp(cookie, a->cookie, COOKIE_BYTES) == 0;
}

unsigned association_timer_h(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return FIRST_WAIT_US;
    return last_us < WAIT_MAX_US / 2 ? 2 * last_us : WAIT_MAX_US;
}

/* ---- context ----------------------------------------------------------------------------------
 */

static void context_destructor(void *data)
{
    struct association_context *c = data;

    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->bio);
}

/* SSL_CTX_set_tlsext_use_srtp() is the one that returns 0 when all is well. */
static bool set_up(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, ASSOCIATION_MESSAGE_MAX);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL); /* it asks for one: see is_of_peer() */
    SSL_CTX_set_cert_verify_callback(ssl, verify_h, NULL);
    SSL_CTX_set_cookie_generate_cb(ssl, cookie_make_h);
    SSL_CTX_set_cookie_verify_cb(ssl, cookie_check_h);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, CIPHERS) == 1 &&
           SSL_CTX_set1_groups_list(ssl, GROUPS) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, PROFILES) == 0;
}

int association_context_alloc(struct association_context **cp)
{
    struct association_context *c = mem_zalloc(sizeof(*c), context_destructor);

    if (!c)
        return ENOMEM;
    c->ssl = SSL_CTX_new(DTLS_method());
    c->bio = association_bio_method();
    if (!c->ssl || !c->bio || !set_up(c->ssl)) {
        ERR_clear_error();
        mem_deref(c);
        return EIO;
    }
    *cp = c;
    return 0;
}
