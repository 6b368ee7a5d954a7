#ifndef PICRELAY_ASSOCIATION_H
#define PICRELAY_ASSOCIATION_H

#include "relay/control/dtls/certificate.h"
#include "relay/media/srtp.h"

/**
 * One DTLS association: datagrams in and out, SRTP keys out. It reads and writes no socket; but
 * OpenSSL reads the clock for its retransmission timer. The only door to OpenSSL's DTLS.
 * Thread: control. Source: RFC 6347, RFC 5764 (keys), RFC 5763 s.5 (whom to believe), RFC 8827
 * s.6.5: DTLS 1.2 with ECDHE and AEAD, no renegotiation, no tickets, no compression.
 *
 * What arrives from a peer never ends a handshake, however wrong and however often: it is dropped,
 * or the handshake begins anew. What ends it is a certificate that is not the one that was
 * signalled, a peer without SRTP, and whoever has it, when its time is over. But messages in clear
 * that fit into a handshake that is going on cannot be told from the peer's (RFC 6347 has no means
 * against who can read and forge): then the peer's next ones fit no more, and it has to begin anew
 * itself.
 */

struct association;
struct association_context;

#define ASSOCIATION_DATAGRAM_MAX 1200 /* that we send: [bytes] */

enum association_state {
    ASSOCIATION_HANDSHAKING,
    ASSOCIATION_UP,
    ASSOCIATION_CLOSED, /* the peer has said so, authenticated */
    ASSOCIATION_FAILED,
};

/** What every association shares. @return 0; ENOMEM; EIO: the library would not */
int association_context_alloc(struct association_context **cp);

/** Hands out a datagram. */
typedef void(association_send_h)(const uint8_t *data, size_t n, void *arg);

struct association_config {
    const struct certificate *certificate; /* referenced */
    struct fingerprint remote;             /* the peer's, of its signalling */
    bool is_server;                        /* we are passive: the peer begins */
    /* A client has to repeat a cookie before it gets an answer longer than its question: for legs
     * where no ICE check has proved that it is where it seems to be (RFC 6347 s.4.2.1). */
    bool has_cookie;
    association_send_h *send_h;
    void *arg;
};

/** @return 0; ENOMEM; EIO. The association is a libre object. */
int association_alloc(struct association **ap, struct association_context *c,
                      const struct association_config *cfg);

/** A client's first flight, once there is somewhere to send it. */
void association_begin(struct association *a);
/** A datagram from the peer's address. @return 0; EBADMSG: it was dropped */
int association_put(struct association *a, const uint8_t *data, size_t n);
/** @return how long until association_tick() is due [us]; UINT64_MAX: it waits for the peer */
uint64_t association_wait_us(struct association *a);
/** Sends again what has not been answered. */
void association_tick(struct association *a);
/** Tells the peer that it is over, if it is up. */
void association_close(struct association *a);

enum association_state association_state(const struct association *a);
bool association_is_server(const struct association *a);
/** Why it has failed, or what the peer has complained of so far; "": nothing. */
const char *association_problem(const struct association *a);
/** Whether it failed because of the peer's certificate. */
bool association_is_forged(const struct association *a);

/** The keys of what we send and of what the peer sends. @return 0; EINVAL: it never was up; EIO */
int association_keys(struct association *a, struct srtp_keys *local, struct srtp_keys *remote);

#endif
