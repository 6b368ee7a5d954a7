#ifndef PICRELAY_BENCH_PEER_DTLS_H
#define PICRELAY_BENCH_PEER_DTLS_H

#include "bench/peer/loop.h"
#include "bench/peer/srtp.h"

/**
 * The DTLS of one peer, by OpenSSL: certificate, handshake, SRTP keys. It may also do what a good
 * peer does not. Source: RFC 5763, 5764. Thread: the loop's.
 */

#define PEER_FINGERPRINT_MAX 128

struct peer_dtls;

struct peer_dtls_config {
    struct loop *loop;
    const char *profiles;         /* of use_srtp, as OpenSSL writes them; NULL: AES128_CM_SHA1_80 */
    const struct peer_dtls *like; /* whose certificate it has too; NULL: one of its own */
    bool is_forged;               /* announce the fingerprint of another certificate */
    void (*send_h)(const uint8_t *datagram, size_t n, void *arg);
    void (*up_h)(struct peer_srtp *srtp, void *arg); /* the keys are there; takes srtp over */
    void *arg;
};

/** @return 0; ENOMEM; EIO */
int peer_dtls_alloc(struct peer_dtls **dp, const struct peer_dtls_config *cfg);
void peer_dtls_free(struct peer_dtls *d); /* NULL is allowed */

/** Value of a=fingerprint: sha-256. */
const char *peer_dtls_fingerprint(const struct peer_dtls *d);

/** Both descriptions are known. @param remote  the other end's a=fingerprint */
void peer_dtls_set_remote(struct peer_dtls *d, bool is_server, const char *remote);
/** The path is there: a client says hello. */
void peer_dtls_begin(struct peer_dtls *d);
/** A datagram of DTLS. */
void peer_dtls_put(struct peer_dtls *d, const uint8_t *datagram, size_t n);

bool peer_dtls_is_up(const struct peer_dtls *d);
/** Whether it has failed, or the other end has closed it. */
bool peer_dtls_is_over(const struct peer_dtls *d);

#endif
