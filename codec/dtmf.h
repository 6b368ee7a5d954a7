#ifndef PICRELAY_DTMF_H
#define PICRELAY_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * RFC 4733 events (DTMF digits and their kin): their payload, and a relay that passes them from one
 * stream to another with the clock of the other side. A digit is passed once, whatever is lost,
 * repeated or reordered, and always ends with three end packets. [pure]
 *
 * Thread: one at a time. Nothing is allocated; lives by value in its owner.
 */

#define DTMF_PAYLOAD 4 /* [bytes] */

struct dtmf_event {
    uint8_t code; /* 0..9 digits, 10 '*', 11 '#', 12..15 A..D, 16 flash */
    bool is_end;
    uint8_t volume;    /* 0..63: 0 to -63 dBm0 */
    uint16_t duration; /* since the ts of its packet [ticks of the event clock] */
};

/** Reads the first event of a payload; senders put one into each packet (RFC 4733 s.2.3).
 *  @return 0; EBADMSG: too short, or without a duration (a state, not an event) */
int dtmf_parse(struct dtmf_event *ev, const uint8_t *payload, size_t n);
void dtmf_print(const struct dtmf_event *ev, uint8_t payload[DTMF_PAYLOAD]);

/** One packet to send. */
struct dtmf_packet {
    struct dtmf_event event;
    uint32_t ts; /* of the audio clock of the output */
    bool marker;
};

/** An event as it is sent. */
struct dtmf_tone {
    uint8_t code, volume;
    bool is_open;       /* updates may still come */
    bool is_marker_due; /* nothing was sent of it */
    bool is_update_due;
    uint8_t n_ends_due;
    uint32_t ts;     /* start of the segment being sent [ticks of the audio clock] */
    uint32_t before; /* length of the segments before it [ticks of the event clock] */
    uint64_t total;  /* length so far [ticks of the event clock] */
    uint64_t due_us; /* of the next end packet; while open: when to give up waiting */
};

struct dtmf_relay {
    uint32_t audio_hz, event_hz; /* of the output */
    uint32_t own_ts;             /* of the event of ours that came last */
    bool has_input;              /* the next four describe the newest event received */
    uint32_t in_hz, in_ts;       /* start of its segment */
    uint16_t in_duration;        /* of its segment */
    uint64_t in_before;          /* length of its earlier segments */
    struct dtmf_tone previous;   /* its end packets are still to be sent */
    struct dtmf_tone tone;
};

/** @param audio_hz  RTP clock of the output's audio, in which the ts of its packets are counted
 *  @param event_hz  clock of the output's telephone-event: the unit of durations */
void dtmf_relay_init(struct dtmf_relay *r, uint32_t audio_hz, uint32_t event_hz);

/**
 * Offers one event packet.
 * @param in_hz   clock of its format
 * @param out_ts  where the event begins in the output, if it is a new one; moved behind the event
 *                before it if they would overlap
 * @return 0: of a new event or with news of it; EALREADY: says nothing new; ESTALE: of an older
 *         event; EBADMSG
 */
int dtmf_relay_put(struct dtmf_relay *r, const uint8_t *payload, size_t n, uint32_t ts,
                   uint32_t in_hz, uint32_t out_ts, uint64_t now_us);
/** An event of our own, not of a stream: how long it is by now. */
struct dtmf_own {
    uint8_t code, volume;
    bool is_new, is_end;
    uint32_t per_second; /* unit of length */
    uint64_t length;
};
/** Offers what is known of it; else as dtmf_relay_put(). */
int dtmf_relay_put_own(struct dtmf_relay *r, const struct dtmf_own *own, uint32_t out_ts,
                       uint64_t now_us);

/** Ends the event that is on: the input is another one from now on. */
void dtmf_relay_restart(struct dtmf_relay *r, uint64_t now_us);

/** @return whether the event offered last is the first packet of a new event */
bool dtmf_relay_is_new(const struct dtmf_relay *r);

/** @return 0: *pkt is to be sent now; EAGAIN: nothing before dtmf_relay_deadline_us() */
int dtmf_relay_get(struct dtmf_relay *r, struct dtmf_packet *pkt, uint64_t now_us);
/** @return when to call dtmf_relay_get() [us]; UINT64_MAX: not before a packet */
static inline uint64_t dtmf_relay_deadline_us(const struct dtmf_relay *r)
{
    if (r->previous.n_ends_due > 0 || r->tone.is_update_due)
        return 0;
    return r->tone.is_open || r->tone.n_ends_due > 0 ? r->tone.due_us : UINT64_MAX;
}

#endif
