#ifndef PICRELAY_BENCH_LOAD_STREAM_H
#define PICRELAY_BENCH_LOAD_STREAM_H

#include "bench/load/frames.h"
#include "bench/load/mode.h"
#include "bench/load/track.h"

/**
 * One end of a call as it sends and hears packets; 2 * call + side is its index. Makes packets and
 * checks them. [pure]
 */

#define LOAD_PACKET_MAX 2048
#define LOAD_STAMPS     128 /* packets whose sending time is kept: 2.5 s */

struct load_stream {
    struct sockaddr_in relay;
    uint32_t ssrc, ts;
    uint16_t seq;
    struct load_srtp out, in;
    uint64_t n_sent;
    uint64_t sent_ns[LOAD_STAMPS]; /* by number, on load_wall_ns() */

    struct load_track track;
    bool has_heard;
    uint16_t heard_seq; /* what the relay added to the sender's sequence numbers */
    uint64_t heard_number;
    uint32_t heard_ts; /* of packet heard_number */
};

/** @param end  plain where its keys are NONE. @return 0; ENOMEM */
int load_stream_init(struct load_stream *s, const struct load_end *end);
void load_stream_wipe(struct load_stream *s); /* a zeroed struct is allowed */

/**
 * Makes the next packet.
 * @param frame  NULL: the pattern
 * @return bytes
 */
size_t load_stream_write(struct load_stream *s, uint8_t packet[LOAD_PACKET_MAX], unsigned index,
                         const struct load_mode *mode, const struct load_frame *frame);

enum load_verdict {
    LOAD_GOOD,
    LOAD_STRAY,
    LOAD_UNAUTHENTIC,
    LOAD_CORRUPTED,
    LOAD_MISROUTED,
    LOAD_RENUMBERED, /* good but for that */
};

/**
 * Checks a packet that came to an end.
 * @param packet  decrypted in place
 * @param from    the other end of the call, which must have sent it
 * @param index   of s
 * @param number  which packet of that end it is; on LOAD_GOOD and LOAD_RENUMBERED only
 */
enum load_verdict load_stream_read(struct load_stream *s, const struct load_stream *from,
                                   unsigned index, const struct load_mode *mode, uint8_t *packet,
                                   size_t n, uint64_t *number);

#endif
