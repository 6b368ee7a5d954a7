#ifndef PICRELAY_ASSOCIATION_BIO_H
#define PICRELAY_ASSOCIATION_BIO_H

#include <openssl/bio.h>

#include "relay/control/dtls/association.h"

/**
 * Datagrams between OpenSSL and us. Its own memory BIO is a stream: it forgets where one datagram
 * ends and the next begins. Thread: control.
 */

/** The two ends of an association's BIO. */
struct association_pipe {
    const uint8_t *in; /* the datagram that is being read; NULL: none */
    size_t n_in;
    association_send_h *send_h;
    void *arg;
};

/** @return NULL: no memory */
BIO_METHOD *association_bio_method(void);
/** @param pipe  has to outlive it. @return NULL: no memory */
BIO *association_bio_new(const BIO_METHOD *method, struct association_pipe *pipe);

#endif
