#ifndef PICRELAY_SECURE_H
#define PICRELAY_SECURE_H

#include "relay/media/packet.h"
#include "relay/media/srtp.h"

/** The two SRTP stages: a batch becomes a vector of jobs for the provider, and back. */
struct secure {
    struct srtp_context *srtp;
    struct srtp_job jobs[BATCH_MAX];
};

/** @param provider  of all sessions. @return 0; ENOTSUP: it cannot run here; ENOMEM */
int secure_init(struct secure *s, const struct srtp_provider *provider);
void secure_wipe(struct secure *s); /* one of zeros is allowed */

/** What arrived: authenticates, checks for replay, decrypts; plain RTP passes by. */
void secure_open_batch(struct secure *s, struct batch *b);
/** What is sent: encrypts and tags; plain RTP passes by. */
void secure_seal_batch(struct secure *s, struct batch *b);

#endif
