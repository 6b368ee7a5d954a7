#ifndef PICRELAY_TRANSCODER_H
#define PICRELAY_TRANSCODER_H

#include "codec/codec.h"
#include "codec/digit_queue.h"

/**
 * One direction of a transcoded stream: RTP payloads of one or more formats in, RTP payloads of
 * one format out. Reorders, repairs (FEC, concealment, silence), converts rates and packet times,
 * and writes continuous sequence numbers and timestamps. [pure: bytes and a clock value in, bytes,
 * decisions and the next deadline out]
 *
 * Thread: allocated and freed by control, used by one worker in between. After transcoder_alloc()
 * nothing is allocated, locked or logged.
 */

#define TRANSCODER_FORMATS_MAX 8

/** A payload format that may arrive. */
struct transcoder_format {
    uint8_t pt;
    struct codec_spec spec; /* a codec, telephone-event, CN or red (RFC 2198) of these */
};

struct transcoder_config {
    struct transcoder_format in[TRANSCODER_FORMATS_MAX];
    unsigned n_in;

    uint8_t out_pt;
    struct codec_spec out;
    struct codec_options out_options; /* ptime, bit rate ...; pcm_rate_hz is chosen here */

    /* telephone-event towards the receiver; has_event false: events are not passed */
    bool has_event;
    uint8_t event_pt;
    uint32_t event_clock_hz;
    bool makes_tones; /* without has_event: events become DTMF tones in the audio */
    bool hears_tones; /* with has_event: DTMF tones in the audio become events in its place. For a
                         sender without telephone-event only: else digits would come twice. It takes
                         a while to be sure of a tone, and nothing of it shall pass: the audio is
                         sent TONES_SURE_MS (40) later than else */
    bool mutes_tones; /* DTMF tones in the audio are taken out, and are no events either; as late */

    /* comfort noise towards the receiver; has_cn false: silence is encoded */
    bool has_cn;
    uint8_t cn_pt;

    /* RFC 2198 towards the receiver, with the clock of `out`; sent while transcoder_adapt() has
     * told of loss */
    bool has_red;
    uint8_t red_pt;

    uint32_t reorder_window_us; /* how long a gap waits for its packet; 0: 40,000 */
};

/** @return whether both ask for the same, so that one's transcoder serves the other; names and fmtp
 *          are compared with case */
bool transcoder_config_equal(const struct transcoder_config *a, const struct transcoder_config *b);

/** One packet in or out. Numbers are in host order. */
struct transcoder_packet {
    uint8_t pt;
    bool marker;
    uint16_t seq; /* in: of the sender; out: starts at 0 */
    uint32_t ts;  /* likewise; out: in ticks of the clock of `out` */
    const uint8_t *payload;
    size_t n; /* bytes */
};

/** Counters; written by the worker, read by anybody (relaxed). */
struct transcoder_stats {
    uint64_t decoded, encoded, concealed, fec_repaired, red_repaired, lost, late, duplicate,
        reordered, bad_payload, events, silence;
};

struct transcoder;

/** @return 0; EINVAL: a format without codec; ENOMEM. *tp is written on success only. */
int transcoder_alloc(struct transcoder **tp, const struct transcoder_config *cfg);
void transcoder_free(struct transcoder *t); /* NULL is allowed */

/** A packet will be offered soon: what it will go through is asked for, into a near cache. A
 *  transcoder is some dozens of lines that nobody has looked at for 20 ms. */
void transcoder_prefetch(const struct transcoder *t);

/**
 * Offers one packet that arrived.
 * @param ssrc  of the sender: a change starts a new source without silence in between
 * @return 0; EALREADY: duplicate; ESTALE: too late; EBADMSG: payload refused and concealed;
 *         ENOENT: payload type not listed. Then call transcoder_get() until it returns EAGAIN.
 */
int transcoder_put(struct transcoder *t, const struct transcoder_packet *pkt, uint32_t ssrc,
                   uint64_t now_us);

/**
 * Takes the next packet to send.
 * @param buf  the payload is written here; cap >= CODEC_PAYLOAD_MAX; out->payload points into it
 * @return 0; EAGAIN: nothing to send now; EINVAL: cap is too small
 */
int transcoder_get(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t cap,
                   uint64_t now_us);

/** @return the RTP clock of what it gives */
uint32_t transcoder_clock_hz(const struct transcoder *t);

/** @return when to call transcoder_get() at the latest [us]; UINT64_MAX: not before a packet */
uint64_t transcoder_deadline_us(const struct transcoder *t);

/**
 * Changes what the encoder can change while it runs: bit rate, complexity, FEC, expected loss. The
 * packet time stays. Thread: the worker's.
 * @return 0; EINVAL
 */
int transcoder_set_options(struct transcoder *t, const struct codec_options *opt);

/** What the encoder should know of the world it sends into. */
struct transcoder_conditions {
    uint16_t loss_permille; /* of the receiver's last report: of what we sent */
};

/**
 * Follows a report on the conditions: expected loss, FEC and RED. FEC and RED begin at
 * TRANSCODER_LOSS_ON and end when reports have stayed below TRANSCODER_LOSS_OFF for
 * TRANSCODER_CALM_REPORTS in a row. Thread: the worker's.
 * @return 0; EINVAL
 */
int transcoder_adapt(struct transcoder *t, const struct transcoder_conditions *now);
#define TRANSCODER_LOSS_ON      10 /* [permille] */
#define TRANSCODER_LOSS_OFF     5  /* [permille] */
#define TRANSCODER_CALM_REPORTS 6

/**
 * Lets the encoder work with less complexity than the options say, down to 1: for a worker that is
 * short of time. Costs nothing where it is so already. Thread: the worker's.
 * @param steps  0: as the options say
 * @return 0; EINVAL
 */
int transcoder_save_complexity(struct transcoder *t, uint8_t steps);

/**
 * Sends one digit to the receiver, as an event or, with makes_tones, as a tone in place of the
 * audio. Digits asked for while one is on follow it. Thread: the worker's.
 * @return 0; EINVAL: no such code, or nothing but audio can be sent; ENOBUFS: too many are waiting
 */
int transcoder_play_digit(struct transcoder *t, const struct digit *digit, uint64_t now_us);
/** Whether events that arrive go no further, and those that are heard in the audio. Thread: the
 * worker's. */
void transcoder_block_events(struct transcoder *t, bool is_blocked);

const struct transcoder_stats *transcoder_stats(const struct transcoder *t);

#endif
