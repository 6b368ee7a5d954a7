#ifndef PICRELAY_MAIL_H
#define PICRELAY_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/media/packet.h"
#include "relay/media/ring.h"

/**
 * What a worker hands on to control as it came: DTLS. A fixed number of letters goes round between
 * two rings, so nothing is allocated and a flood costs no more than those; without an empty letter
 * the datagram is dropped, and its sender sends it again.
 *
 *     worker:   mail_batch()  takes an empty letter, fills it, posts it
 *     control:  mail_take() ... mail_give_back()
 */

#define MAIL_LETTERS 128 /* less than a ring has slots: both always have room */

/** A datagram. Owned by whoever has taken it out of a ring. */
struct mail_letter {
    struct media_stream *stream;
    union addr from;
    bool is_early; /* no rules yet: control has to judge whether the sender is the peer */
    uint8_t component;
    uint16_t n;
    uint8_t data[PACKET_MAX];
};

struct mail {
    struct ring full;  /* the worker puts */
    struct ring empty; /* control puts */
    struct mail_letter *letters;
};

/** @return 0; ENOMEM */
int mail_init(struct mail *m);
void mail_wipe(struct mail *m);

/** The stage: takes DTLS out of the batch. Thread: the worker.
 *  @return whether control may be asleep and has to be woken */
bool mail_batch(struct mail *m, struct batch *b);

/** Thread: control. @return the oldest letter; NULL: none */
struct mail_letter *mail_take(struct mail *m);
/** Thread: control. */
void mail_give_back(struct mail *m, struct mail_letter *letter);

#endif
