#ifndef PICRELAY_BENCH_PEER_SENDER_H
#define PICRELAY_BENCH_PEER_SENDER_H

#include "bench/peer/event.h"
#include "bench/peer/log.h"
#include "bench/peer/sdp.h"
#include "bench/sound/sound.h"

/**
 * The RTP stream that a peer sends: silence until it is told to speak, its sound, silence again;
 * digits in between. [pure: sound in, packets out] Source: RFC 3550, RFC 3551, RFC 4733.
 */

struct peer_sender;

/** Where a live sender has its sound from: n samples, mono, at a rate that may change with the
 * codec. Called once per packet time, on the thread of peer_sender_next(). */
typedef void(peer_source_h)(int16_t *samples, uint32_t n, uint32_t rate_hz, void *arg);

struct peer_sender_config {
    struct peer_format audio; /* as the other end listed it */
    struct peer_format event; /* telephone-event; an empty name: none */
    uint32_t ssrc, ptime_ms;
    const struct sound *says; /* copied; NULL: silence */
    peer_source_h *source_h;  /* instead of says; NULL: none */
    void *arg;
    size_t log_packets; /* how many packets the log has room for */
};

struct peer_sender_stats {
    uint64_t packets, payload_bytes, events, encode_errors;
    uint64_t first_us, last_us; /* when the first and the last packet went */
    bool has_said;
    int64_t said_media_us; /* place in the stream of the packet with the sound's first sample */
    uint32_t last_ts;
};

/** @return 0; ENOTSUP: no such codec; ENOMEM */
int peer_sender_alloc(struct peer_sender **sp, const struct peer_sender_config *cfg);
void peer_sender_free(struct peer_sender *s); /* NULL is allowed */

/**
 * Goes on in another format: same SSRC, numbers and time. What `says` had left is not said.
 * @return 0; ENOTSUP: no such codec; ENOMEM. On an error all stays as it was.
 */
int peer_sender_change(struct peer_sender *s, const struct peer_format *audio,
                       const struct peer_format *event);

/** Begins the sound with the next packet. */
void peer_sender_say(struct peer_sender *s);
/** Whether the sound and all digits have been sent. */
bool peer_sender_is_done(const struct peer_sender *s);
/** @return 0; ENOTSUP: no telephone-event was agreed on; errors of peer_event_queue() */
int peer_sender_dial(struct peer_sender *s, const char *digits);

/**
 * Writes the next packet; call once per packet time.
 * @return bytes; 0: nothing to send for this time (DTX)
 */
size_t peer_sender_next(struct peer_sender *s, uint8_t *packet, size_t cap, uint64_t now_us);
/** Lets a packet time pass without a packet: on hold. A source is asked all the same, so that it
 *  does not run full. */
void peer_sender_skip(struct peer_sender *s);

const struct peer_sender_stats *peer_sender_stats(const struct peer_sender *s);
const struct codec_spec *peer_sender_codec(const struct peer_sender *s);
const struct peer_log *peer_sender_log(const struct peer_sender *s);

#endif
