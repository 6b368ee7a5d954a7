#ifndef PICRELAY_SRTP_SOURCES_H
#define PICRELAY_SRTP_SOURCES_H

#include <stdint.h>

#include "relay/media/srtp_window.h"

/**
 * The SSRCs of one SRTP session, each with its windows. [pure] Only an authenticated packet may
 * add one, so that a stranger cannot push a real source out (threat model, section 4).
 */

#define SRTP_SOURCES_MAX 16

struct srtp_source {
    uint32_t ssrc;
    struct srtp_window rtp, rtcp;
};

struct srtp_sources {
    unsigned n, oldest; /* a ring once it is full */
    unsigned last;      /* found or added: packets of one source follow each other */
    unsigned n_failed;  /* packets since the last that was genuine, for srtp_window_retry() */
    struct srtp_source source[SRTP_SOURCES_MAX];
};

/** @return NULL: unknown */
struct srtp_source *srtp_sources_find(struct srtp_sources *s, uint32_t ssrc);

/** @return an empty source of this SSRC, which was unknown; the oldest makes room */
struct srtp_source *srtp_sources_add(struct srtp_sources *s, uint32_t ssrc);

#endif
