#ifndef PICRELAY_BENCH_LOAD_STREAM_H
#define PICRELAY_BENCH_LOAD_STREAM_H

#include "bench/load/digits.h"
#include "bench/load/frames.h"
#include "bench/load/mode.h"
#include "bench/load/pattern.h"
#include "bench/load/sdp.h"
#include "bench/load/track.h"

/**
 * One end of one stream of a call as it sends and hears packets. Each turn of 20 ms has a number,
 * whether something is sent in it or not; a packet is known by the number of its turn. Makes
 * packets and checks them. [pure]
 */

#define LOAD_PACKET_MAX 2048
#define LOAD_STAMPS     128 /* turns that are remembered: 2.5 s */

enum load_stamp_state {
    LOAD_TURN_SILENT, /* nothing was made, or it was lost before the relay */
    LOAD_TURN_MADE,
    LOAD_TURN_SENT,
};

/** What became of a turn. */
struct load_stamp {
    uint64_t ns; /* when it was sent, on load_wall_ns() */
    uint32_t number;
    uint16_t seq;
    uint8_t state; /* enum load_stamp_state */
};

struct load_stream_config {
    const struct load_mode *mode;
    enum load_media_kind kind;
    enum load_side side;
    uint32_t name; /* of its packets; that of the other end is name ^ 1 */
    const struct load_end *end;
    bool is_impaired;   /* packets get lost before the relay */
    uint32_t random[3]; /* SSRC, first time stamp, first sequence number */
};

/* What each packet touches comes first, together: with thousands of streams the rest is not in any
 * cache. */
struct load_stream {
    const struct load_format *format;
    enum load_check check;
    enum load_law law, other_law;
    uint32_t name;
    size_t n_pattern; /* bytes of payload where it is a pattern */
    uint32_t ssrc, ts;
    uint16_t seq;
    uint8_t pt, dtmf_pt;
    bool is_marked; /* the next packet begins a talkspurt */
    bool has_heard;
    uint16_t heard_seq; /* what the relay added to the sender's sequence numbers */
    uint64_t n_turns;   /* so far: the number of the next one */
    uint64_t n_sent;    /* packets that were made */
    uint64_t octets;    /* of their payload */
    struct load_keypad keypad;
    struct load_track track;

    struct load_srtp out, in;
    struct load_stamp stamps[LOAD_STAMPS]; /* by number */
    struct load_key_ear key_ear;
    uint64_t heard_number;
    uint32_t heard_ts;       /* of packet heard_number */
    uint64_t heard_last_seq; /* extended; the following are of LOAD_CHECK_CLOCK alone */
    struct load_track seq_track;
};

/** @param cfg  its end plain where its keys are NONE. @return 0; ENOMEM */
int load_stream_init(struct load_stream *s, const struct load_stream_config *cfg);
void load_stream_wipe(struct load_stream *s); /* a zeroed struct is allowed */

/** A turn in which nothing is sent. */
void load_stream_skip(struct load_stream *s);
/**
 * A turn with a packet.
 * @param frame  NULL: the pattern
 * @return bytes; its stamp is MADE, but that of an event is SILENT: events are not counted
 */
size_t load_stream_write(struct load_stream *s, uint8_t packet[LOAD_PACKET_MAX],
                         const struct load_frame *frame);
/** The packet of turn `number` is being sent. @return whether it is for the first time */
bool load_stream_stamp(struct load_stream *s, uint64_t number, uint64_t wall_ns);
/** @return NULL: too long ago, or still to come */
const struct load_stamp *load_stream_stamp_of(const struct load_stream *s, uint64_t number);

enum load_verdict {
    LOAD_GOOD,
    LOAD_STRAY,
    LOAD_UNAUTHENTIC,
    LOAD_CORRUPTED,
    LOAD_MISROUTED,
    LOAD_RENUMBERED, /* good but for that */
    LOAD_FILLED,     /* made by the relay for a turn in which nothing reached it */
    LOAD_EVENT,      /* a digit */
    LOAD_DOUBLED,    /* the same sequence number again, where packets are known by their time */
};

/**
 * Checks a packet that came to an end.
 * @param packet  decrypted in place
 * @param n       its length, updated by what decryption takes off
 * @param from    the other end of the stream, which must have sent it
 * @param number  its turn; on LOAD_GOOD, LOAD_RENUMBERED and LOAD_FILLED only
 */
enum load_verdict load_stream_read(struct load_stream *s, const struct load_stream *from,
                                   uint8_t *packet, size_t *n, uint64_t *number);

#endif
