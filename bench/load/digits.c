#include "bench/load/digits.h"

#include "bench/load/bytes.h"

#define PACKETS    7 /* five of 20 ms, the last of them three times: RFC 4733 s.2.5.1.4 */
#define LAST_ONES  3
#define STEP_TICKS 160
#define END        0x80
#define VOLUME     10 /* [-dBm0] */
#define DIGITS     10

void load_keypad_press(struct load_keypad *k, uint32_t ts)
{
    k->digit = (uint8_t)(k->n_pressed++ % DIGITS);
    k->n_left = PACKETS;
    k->duration = 0;
    k->ts = ts;
}

bool load_keypad_turn(struct load_keypad *k, uint8_t payload[LOAD_EVENT_BYTES], bool *is_first)
{
    if (!k->n_left)
        return false;
    *is_first = k->n_left == PACKETS;
    if (k->n_left >= LAST_ONES)
        k->duration += STEP_TICKS;
    payload[0] = k->digit;
    payload[1] = VOLUME | (k->n_left <= LAST_ONES ? END : 0);
    load_put16(payload + 2, k->duration);
    k->n_left--;
    return true;
}

/* An event is counted with the first of its packets that comes. */
void load_key_ear_put(struct load_key_ear *e, uint32_t ts, const uint8_t *payload, size_t n)
{
    if (n < LOAD_EVENT_BYTES || payload[0] >= DIGITS) {
        e->n_wrong++;
        return;
    }
    if (e->has_heard && ts == e->ts)
        return;
    e->n_heard++;
    e->n_wrong += e->has_heard && payload[0] != e->next;
    e->next = (uint8_t)((payload[0] + 1) % DIGITS);
    e->has_heard = true;
    e->ts = ts;
}
