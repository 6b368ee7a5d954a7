#ifndef PICRELAY_HANDSHAKE_INTERNAL_H
#define PICRELAY_HANDSHAKE_INTERNAL_H

#include "relay/control/transport/handshake.h"

/** What handshake.c (an association's life), handshake_describe.c (what descriptions say of it) and
 *  handshake_status.c (what has become of it) share. */

struct handshake {
    struct stream *stream;
    enum media_component component;
    struct handshake *rtcp; /* of the RTP component: the other one's; NULL: muxed, or not begun */
    struct association *association;
    struct fingerprint remote;
    bool is_server;
    bool is_started; /* there is an address to send to */
    bool is_done;    /* its keys are with the worker */
    bool may_restart;
    char failure[128]; /* "": none */
    union addr peer;   /* where it sends to */
    uint64_t deadline_us;
    struct tmr timer;
};

static inline bool handshake_has_failed(const struct handshake *h)
{
    return h->failure[0] != '\0';
}

/** An association with a peer of that certificate; the one that is there already stays, if it is
 *  the same. @return 0; ENOMEM; EIO */
int handshake_begin(struct stream *s, const struct fingerprint *remote, bool is_server);

#endif
