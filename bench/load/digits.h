#ifndef PICRELAY_BENCH_LOAD_DIGITS_H
#define PICRELAY_BENCH_LOAD_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Keys that are pressed: RFC 4733 events of 100 ms, the last packet three times, and what of them
 * is heard at the other end. [pure]
 */

#define LOAD_EVENT_BYTES 4

/** Of the sending end. A zeroed struct presses none. */
struct load_keypad {
    uint8_t digit, n_left; /* packets of this event; 0: none is under way */
    uint16_t duration;     /* [ticks of 8000 Hz] */
    uint32_t ts;
    uint64_t n_pressed;
};

/** Presses the next key, 0 to 9 in turn. @param ts  of the RTP clock, of all its packets */
void load_keypad_press(struct load_keypad *k, uint32_t ts);
/** One turn of 20 ms. @return whether payload was written; *is_first: it wants the marker */
bool load_keypad_turn(struct load_keypad *k, uint8_t payload[LOAD_EVENT_BYTES], bool *is_first);

/** Of the hearing end. */
struct load_key_ear {
    bool has_heard;
    uint32_t ts;               /* of the last event */
    uint8_t next;              /* the digit that has to come; it is not known before the first */
    uint64_t n_heard, n_wrong; /* wrong: out of turn, or no digit at all */
};

/** Takes a payload of the event format. */
void load_key_ear_put(struct load_key_ear *e, uint32_t ts, const uint8_t *payload, size_t n);

#endif
