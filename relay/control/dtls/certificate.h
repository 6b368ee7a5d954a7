#ifndef PICRELAY_CERTIFICATE_H
#define PICRELAY_CERTIFICATE_H

#include "relay/control/dtls/fingerprint.h"

/**
 * Our certificate: an ECDSA P-256 key and what is signed with it. It vouches for nothing by
 * itself (RFC 5763 s.5): its fingerprint in the SDP does. A libre object, shared by the
 * associations that use it, so a new one may take its place at any time. Thread: control.
 */

struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* and EVP_PKEY */

struct certificate {
    struct x509_st *x509;
    struct evp_pkey_st *key;
};

/** @param days  it is valid from a day ago until so many days from now
 *  @return 0; ENOMEM; EIO: the library would not */
int certificate_make(struct certificate **cp, unsigned days);

/** Any certificate's. @return 0; EIO */
int certificate_fingerprint(struct fingerprint *f, enum fingerprint_hash hash,
                            const struct x509_st *x509);

#endif
