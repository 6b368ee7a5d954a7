#ifndef PICRELAY_ASSOCIATION_INTERNAL_H
#define PICRELAY_ASSOCIATION_INTERNAL_H

#include <openssl/ssl.h>

#include "relay/control/dtls/association.h"
#include "relay/control/dtls/association_bio.h"

/** What association.c (a handshake), association_context.c (what all of them share, and what the
 *  library asks of one) and association_keys.c (what comes out of it) know of an association. */

#define COOKIE_BYTES 16

struct association_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
};

struct association {
    struct association_context *context;
    struct certificate *certificate;
    struct association_pipe pipe;
    SSL *ssl; /* its application data is this */
    enum association_state state;
    struct fingerprint remote;
    bool is_server, has_cookie, is_forged, has_begun;
    bool owes_hello; /* to its peer, at the next tick */
    unsigned n_beginnings;
    uint8_t cookie[COOKIE_BYTES];
    char problem[128];
};

/** DTLS_set_timer_cb(): how long to wait for an answer [us] */
unsigned association_timer_h(SSL *ssl, unsigned last_us);

#endif
