#include <stdlib.h>
#include <string.h>

#include "bench/loopback/exchange.h"
#include "bench/loopback/facts.h"
#include "bench/loopback/jitter.h"
#include "bench/loopback/options.h"

/* What picrelay-loopback takes from others: packets into its jitter buffer, a relay's query, text
 * that is pasted. The first byte says which. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Each packet after six bytes: format, sequence step, time step (2), marker of a pause, length. */
static void packets_play(const uint8_t *data, size_t n)
{
    static const struct peer_format formats[] = {{0, {"PCMU", 8000, 1, ""}},
                                                 {9, {"G722", 8000, 1, ""}},
                                                 {111, {"opus", 48000, 2, ""}},
                                                 {101, {"telephone-event", 8000, 1, ""}}};
    struct peer_rtp p = {.ssrc = 1};
    struct jitter *j;
    int16_t out[320];
    uint64_t now_us = 1;

    if (jitter_alloc(&j) != 0)
        return;
    while (n >= 6) {
        size_t length = data[5] < n - 6 ? data[5] : n - 6;

        p.seq = (uint16_t)(p.seq + (int8_t)data[1] * (data[4] & 0x80 ? 100 : 1));
        p.ts += (uint32_t)(data[2] << 8 | data[3]);
        p.ssrc += data[4] == 0xff;
        p.payload = data + 6;
        p.n = length;
        now_us += data[4] * 1000U;
        jitter_put(j, &formats[data[0] % 4], &p, now_us);
        for (unsigned i = 0; i < (data[4] & 7); i++)
            jitter_get(j, out, 320);
        data += 6 + length;
        n -= 6 + length;
    }
    for (unsigned i = 0; i < 100; i++)
        jitter_get(j, out, 320);
    if (jitter_held_ms(j) > 20000)
        abort();
    jitter_free(j);
}

static void query_read(const uint8_t *data, size_t n)
{
    json_t *query = json_loadb((const char *)data, n, 0, NULL);
    struct facts_leg leg;

    facts_leg_read(&leg, query, "a");
    if (leg.n_dropped && !leg.drop[0] && !leg.is_known && !query)
        abort();
    json_decref(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    switch (data[0] % 3) {
    case 0:
        packets_play(data + 1, n - 1);
        break;
    case 1:
        query_read(data + 1, n - 1);
        break;
    default:
        if (exchange_length((const char *)data + 1, n - 1, data[0] & 0x80) > (long)n)
            abort();
    }
    return 0;
}
