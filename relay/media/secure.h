#ifndef PICRELAY_SECURE_H
#define PICRELAY_SECURE_H

#include "relay/media/packet.h"
#include "relay/media/srtp.h"

/** The two SRTP stages: a batch becomes a vector of jobs for the provider, and back. */
struct secure {
    struct srtp_job jobs[BATCH_MAX];
};

/** What arrived: authenticates, checks for replay, decrypts; plain RTP passes by. */
void secure_open_batch(struct secure *s, struct batch *b);
/** What is sent: encrypts and tags; plain RTP passes by. */
void secure_seal_batch(struct secure *s, struct batch *b);

#endif
