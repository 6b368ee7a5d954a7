#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/transcoder.h"

/* Any packets at any time into a transcoder with every kind of input. Byte 0 chooses the output;
 * then packets: control byte (payload type in 3 bits, marker, SSRC, how late), steps of number and
 * time stamp (signed, 1 byte each, the latter in units of 40), length, payload. What comes out must
 * be a stream: numbers without gaps, payloads of a size that can be sent, and an end. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct reader {
    const uint8_t *at;
    size_t left;
};

static const struct transcoder_format formats[] = {
    {0, {"PCMU", 8000, 1, ""}},
    {8, {"PCMA", 8000, 1, ""}},
    {9, {"G722", 8000, 1, ""}},
    {111, {"opus", 48000, 2, "useinbandfec=1;usedtx=1"}},
    {101, {"telephone-event", 8000, 1, ""}},
    {102, {"telephone-event", 48000, 1, ""}},
    {13, {"CN", 8000, 1, ""}},
    {121, {"RED", 8000, 1, ""}},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static uint8_t take(struct reader *r)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->at++;
}

static struct transcoder *open(uint8_t choice)
{
    static const uint32_t times_ms[] = {20, 10, 40, 60};
    struct transcoder_config cfg = {
        .n_in = N_FORMATS,
        .out_pt = 96,
        .out = formats[choice & 3].spec,
        .out_options = {.ptime_ms = times_ms[choice >> 2 & 3], .complexity = 1},
        .has_event = choice >> 4 & 1,
        .event_pt = 97,
        .event_clock_hz = choice >> 5 & 1 ? 8000 : 48000,
        .has_cn = choice >> 6 & 1,
        .cn_pt = 98,
        .makes_tones = true, /* without events */
        .hears_tones = choice >> 7 & 1,
        .has_red = true,
        .red_pt = 99,
    };
    struct transcoder *t = NULL;

    memcpy(cfg.in, formats, sizeof(formats));
    check(transcoder_alloc(&t, &cfg) == 0);
    check(transcoder_adapt(t, &(struct transcoder_conditions){.loss_permille = choice}) == 0);
    return t;
}

static void drain(struct transcoder *t, uint16_t *seq, uint64_t now_us)
{
    uint8_t buf[CODEC_PAYLOAD_MAX];
    struct transcoder_packet out;
    unsigned n = 0;

    while (transcoder_get(t, &out, buf, sizeof(buf), now_us) == 0) {
        check(out.seq == (*seq)++);
        check(out.n > 0 && out.n <= sizeof(buf) && out.payload == buf);
        check(out.pt >= 96 && out.pt <= 99);
        check(++n < 1000); /* one packet in never makes a flood */
    }
    check(transcoder_deadline_us(t) > now_us);
}

static void offer(struct transcoder *t, struct reader *r, struct transcoder_packet *pkt,
                  uint64_t now_us, uint8_t control)
{
    const size_t wanted = take(r) * ((control & 0x80) ? 8U : 1U);

    pkt->pt = (control & 7) < N_FORMATS ? formats[control & 7].pt : 77;
    pkt->marker = control >> 3 & 1;
    pkt->n = wanted < r->left ? wanted : r->left;
    pkt->payload = r->at;
    r->at += pkt->n;
    r->left -= pkt->n;
    transcoder_put(t, pkt, control >> 4 & 1, now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct reader r = {data, n};
    struct transcoder_packet pkt = {0};
    struct transcoder *t = open(take(&r));
    uint16_t seq = 0;
    uint64_t now_us = 1000000;

    while (r.left >= 4) {
        const uint8_t control = take(&r);

        pkt.seq = (uint16_t)(pkt.seq + (int8_t)take(&r));
        pkt.ts += (uint32_t)((int8_t)take(&r) * 40);
        now_us += (control >> 5 & 3) * 15000ULL;
        offer(t, &r, &pkt, now_us, control);
        drain(t, &seq, now_us);
        if (control & 0x40 && transcoder_deadline_us(t) != UINT64_MAX) {
            now_us = transcoder_deadline_us(t);
            drain(t, &seq, now_us);
        }
    }
    transcoder_free(t);
    return 0;
}
