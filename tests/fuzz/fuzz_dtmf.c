#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "codec/dtmf.h"

/* RFC 4733: any packets at any time into the relay of events. Each of 8 bytes: step of the time
 * stamp (2), of the time in ms (1), the clock (1), payload (4). What comes out is in order: a
 * marker begins each event, time stamps never go back, three ends or fewer follow, and all of it
 * ends. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { AUDIO_HZ = 48000, EVENT_HZ = 8000, RECORD = 8, OUT_MAX = 64 };

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static void drain(struct dtmf_relay *r, uint32_t *last_ts, bool *has_last, uint64_t now_us)
{
    struct dtmf_packet pkt;
    unsigned n = 0;

    while (dtmf_relay_get(r, &pkt, now_us) == 0) {
        check(++n <= OUT_MAX);
        check(pkt.event.duration > 0 && pkt.event.volume <= 63);
        check(!*has_last || !pkt.marker || (int32_t)(pkt.ts - *last_ts) >= 0);
        if (pkt.marker)
            *last_ts = pkt.ts;
        *has_last = *has_last || pkt.marker;
    }
    check(dtmf_relay_deadline_us(r) > now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint32_t clocks_hz[] = {8000, 16000, 48000, 4000};
    struct dtmf_relay r;
    uint32_t ts = 0, last_ts = 0;
    uint64_t now_us = 1000000;
    bool has_last = false;

    dtmf_relay_init(&r, AUDIO_HZ, EVENT_HZ);
    for (; n >= RECORD; data += RECORD, n -= RECORD) {
        ts += (uint32_t)(int32_t)(int16_t)(data[0] << 8 | data[1]);
        now_us += data[2] * 1000U;
        (void)dtmf_relay_put(&r, data + 4, RECORD - 4, ts, clocks_hz[data[3] & 3],
                             (uint32_t)(now_us * 48 / 1000), now_us);
        drain(&r, &last_ts, &has_last, now_us);
    }
    for (unsigned i = 0; i < 100 && dtmf_relay_deadline_us(&r) != UINT64_MAX; i++) {
        now_us = dtmf_relay_deadline_us(&r);
        drain(&r, &last_ts, &has_last, now_us);
    }
    check(dtmf_relay_deadline_us(&r) == UINT64_MAX);
    return 0;
}
