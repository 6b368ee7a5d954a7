#ifndef PICRELAY_PLAYOUT_H
#define PICRELAY_PLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The reorder window of one RTP stream: says in which order packets are played, and what happened
 * between two of them (loss, silence, a new source). A packet that arrives in order is released at
 * once; only a gap waits, for at most the window - and if what comes behind it can give back what
 * is missing, no longer than packets of this stream have lately been overtaken for. [pure: packets
 * and a clock value in, events and the next deadline out]
 *
 * Thread: the worker that owns the stream. Nothing is allocated; lives by value in its owner.
 * Source: RFC 3550 s.5.1 and A.1, RFC 3551 s.4.1 (silence: time stamps jump, numbers do not).
 */

#define PLAYOUT_WINDOW_US   40000
#define PLAYOUT_MEMORY_US   30000000 /* how long it is remembered that a packet was overtaken */
#define PLAYOUT_SLOTS       16       /* packets held behind a gap; the next one ends the wait */
#define PLAYOUT_PAYLOAD_MAX 1500     /* [bytes] */

struct playout_packet {
    uint8_t pt;
    bool marker;
    bool is_timeless; /* not part of the audio timeline (RFC 4733 events): its ts decides nothing */
    bool repeats_before; /* it carries a copy of the packet before it (in-band FEC) */
    uint16_t seq;
    uint32_t ts;
    uint32_t ticks;    /* how long it plays; 0: it only marks a point in time (CN), or nothing */
    uint32_t clock_hz; /* of ts and ticks */
    const uint8_t *payload;
    size_t n; /* bytes */
};

enum playout_kind {
    PLAYOUT_RESTART, /* what follows is of another source, or of one that began anew */
    PLAYOUT_LOST,    /* n_lost packets of `ticks` in all will not come */
    PLAYOUT_SILENCE, /* nothing was sent for `ticks` */
    PLAYOUT_PACKET,
};

struct playout_event {
    enum playout_kind kind;
    uint32_t n_lost;
    /* LOST, SILENCE: how long. RESTART: of the pause before it, 0: none. PACKET: how long it plays;
     * if it is timeless, how far it is behind the end of the audio released so far. */
    uint32_t ticks;
    uint32_t clock_hz; /* of ticks */
    /* PACKET: the packet. LOST: the packet right after the loss (for in-band FEC), NULL if silence
     * lies between. Borrowed until the next call. */
    const struct playout_packet *packet;
};

struct playout_slot {
    struct playout_packet packet;
    uint64_t arrival_us;
    uint8_t payload[PLAYOUT_PAYLOAD_MAX];
};

struct playout {
    uint64_t window_us;
    uint32_t ssrc;
    bool is_started;
    bool is_restart;     /* to be reported before the next packet */
    bool has_clock;      /* next_ts is known: audio came before */
    bool is_after_event; /* the newest released packet was timeless */
    bool has_resync;     /* a number far off was seen: resync_seq would confirm it */
    uint16_t resync_seq;
    uint16_t next_seq; /* the number that is due */
    uint32_t next_ts;  /* where the audio released so far ends */
    uint32_t last_ticks, clock_hz;
    uint64_t seen;         /* bit i: next_seq - 1 - i was released (not lost) */
    uint64_t last_us;      /* arrival of the newest packet */
    uint64_t overtaken_us; /* how long the last packets that were overtaken came behind; 0: none */
    uint64_t overtaken_at_us; /* when one was */
    bool has_early;           /* a loss was reported before the window had passed: */
    uint16_t early_seq;       /* of this packet, */
    uint64_t early_us;        /* behind which one had come then */
    uint64_t audio_us;        /* arrival of the newest released packet that is not timeless */
    uint32_t pause_ticks;     /* of the RESTART to be reported */
    uint32_t silence;         /* SILENCE to be reported before the head packet [ticks] */
    bool is_gap_done;         /* LOST and SILENCE before the head were reported */
    unsigned n_held;
    uint8_t order[PLAYOUT_SLOTS]; /* indices of slots, by sequence number */
    struct playout_slot slots[PLAYOUT_SLOTS];
};

/** @param window_us  how long a gap waits; 0: PLAYOUT_WINDOW_US [us] */
void playout_init(struct playout *p, uint64_t window_us);

/**
 * Offers one packet; its payload is copied. Then call playout_get() until it returns EAGAIN.
 * @param now_us  arrival [us]; never earlier than in the call before
 * @return 0; EALREADY: a duplicate; ESTALE: given up as lost before, or a number far off that the
 *         next packet has to confirm (RFC 3550 A.1); ENOBUFS: playout_get() was not called;
 *         EMSGSIZE: longer than PLAYOUT_PAYLOAD_MAX. On an error nothing is held.
 */
int playout_put(struct playout *p, const struct playout_packet *pkt, uint32_t ssrc,
                uint64_t now_us);

/** @return 0: *ev was written; EAGAIN: nothing before playout_deadline_us() or another packet */
int playout_get(struct playout *p, struct playout_event *ev, uint64_t now_us);

/** @return whether a packet with that number would fill a gap that is still open, or be the next */
bool playout_is_missing(const struct playout *p, uint32_t ssrc, uint16_t seq);

/** @return when a gap has waited long enough [us]; UINT64_MAX: no gap is waiting */
uint64_t playout_deadline_us(const struct playout *p);

/** @return whether packets that overtook others are held now */
static inline bool playout_is_waiting(const struct playout *p)
{
    return p->n_held > 0;
}

#endif
