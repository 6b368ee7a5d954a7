#ifndef PICRELAY_SRTP_TWINS_H
#define PICRELAY_SRTP_TWINS_H

#include <stdint.h>

#include "relay/media/srtp.h"

/**
 * Two of everything: sessions of the multi-buffer provider and of libsrtp2 with the same keys, fed
 * with the same random packets in the same vectors. Whatever one does, the other must have done:
 * the same verdict, the same length, the same bytes.
 */

#define TWINS_SESSIONS 10 /* of all suites, some with an MKI */
#define TWINS_SENDERS  2  /* of a session's keys: more sources than a receiver remembers */
#define TWINS_SOURCES  12 /* of a sender */
#define TWINS_VECTOR   256
#define TWINS_BYTES    (1500 + SRTP_TRAILER_MAX)

/** A packet, as each of them has it. */
struct twin_packet {
    unsigned session;
    bool is_rtcp;
    uint32_t len;
    uint8_t data[TWINS_BYTES];
};

struct twin_session {
    struct srtp_session *tx[TWINS_SENDERS], *rx;
};

struct twins {
    struct srtp_context *c[2]; /* multi-buffer, libsrtp2 */
    struct twin_session session[2][TWINS_SESSIONS];
    uint16_t seq[TWINS_SESSIONS][TWINS_SENDERS * TWINS_SOURCES];
    struct srtp_job jobs[2][TWINS_VECTOR];
    uint8_t data[2][TWINS_VECTOR][TWINS_BYTES];
    struct twin_packet wire[TWINS_VECTOR];
    struct twin_packet kept[64]; /* that come again, late */
    unsigned n_kept, seed;
    unsigned n_sealed, n_wraps, n[SRTP_BAD_PACKET + 1]; /* what became of all, by result */
};

/** @param c  of the multi-buffer provider; stays the caller's */
struct twins *twins_open(struct srtp_context *c, unsigned seed);
void twins_close(struct twins *t);

/** Seals n random packets, loses, repeats, breaks and disorders some, and opens them. */
void twins_send_vector(struct twins *t, unsigned n);

/** Writes an RTP packet of len bytes: at least 12. */
void twins_rtp(uint8_t *data, uint32_t ssrc, uint16_t seq, uint32_t len);

#endif
