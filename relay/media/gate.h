#ifndef PICRELAY_GATE_H
#define PICRELAY_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/media/drop.h"
#include "relay/media/media.h"

/**
 * What may pass: by its source, by its payload type, by its rate. [pure: addresses and a clock
 * value in, a verdict out]
 * Source: threat model, section 3.
 */

/** How long the exact address must have been silent before another port may take its place. */
#define GATE_LEARN_SILENCE_US 3000000

/** Whose packets are accepted on one component. */
struct gate {
    enum media_source rule;
    union addr expected;      /* the address of SDP, or of the nominated pair */
    union addr locked;        /* the one that is believed; AF_UNSPEC: none yet */
    uint64_t silent_since_us; /* start of the rules: a packet from `expected` would have locked */
};

/** The part of the rules that both components share. */
struct gate_learning {
    union addr host; /* received-from; AF_UNSPEC: none */
    bool has_nat;
};

/**
 * Gives new rules. A changed address unlocks; the same address keeps what was locked and how long
 * it has been silent, so that a re-INVITE changes nothing.
 */
void gate_set(struct gate *g, enum media_source rule, const union addr *expected, uint64_t now_us);

/**
 * Judges a source, and changes nothing: the packet is not authenticated yet.
 * @param may_lock  written: gate_lock() once the packet has proved to be genuine
 * @return DROP_NONE; DROP_SOURCE; DROP_NOT_READY
 */
enum drop gate_check(const struct gate *g, const struct gate_learning *learning,
                     const union addr *from, uint64_t now_us, bool *may_lock);

void gate_lock(struct gate *g, const union addr *from);

/** @return where to send: the source that is believed, else the expected one; may be AF_UNSPEC */
static inline const union addr *gate_remote(const struct gate *g)
{
    return addr_is_set(&g->locked) ? &g->locked : &g->expected;
}

/** The payload type tables of the rules in small: equal rows are kept once. */
#define FORMATS_ROWS 16
struct formats {
    uint8_t row[128]; /* by payload type; row 0 drops */
    uint8_t out_pt[128];
    struct format {
        uint32_t clock_hz;
        uint8_t action; /* enum media_action */
    } rows[FORMATS_ROWS];
};

/** What has no room any more (more than 15 different pairs of action and clock) is dropped. */
void formats_set(struct formats *f, const struct media_rules *rules);

static inline const struct format *formats_find(const struct formats *f, uint8_t pt)
{
    return &f->rows[f->row[pt & 0x7f]];
}

/** A rate limit without a timer: the generic cell rate algorithm of ITU-T I.371, annex A, once by
 *  packets and once by bytes, with bursts of up to one second's worth; and the size of a packet. */
struct rate_gate {
    uint32_t us_per_packet;                      /* 0: no limit */
    uint32_t ns_per_byte;                        /* likewise */
    uint16_t max_bytes;                          /* of one packet; 0: no limit */
    uint64_t packet_arrival_us, byte_arrival_us; /* theoretical arrival of the next */
};

/** Gives new limits; what was counted stays. */
void rate_gate_set(struct rate_gate *g, const struct media_rules *rules);
/** @param n  bytes of the packet @return true: within the limits, and counted */
bool rate_gate_take(struct rate_gate *g, size_t n, uint64_t now_us);

#endif
