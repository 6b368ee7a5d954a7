#include <errno.h>

#include "codec/transcoder_internal.h"

/* Packets in: what each is, and its place in the sequence. */

enum { BAD_PACKET_MS = 20 }; /* what a packet that cannot be read is taken for at the start */

const struct input *transcoder_input(const struct transcoder *t, uint8_t pt)
{
    for (unsigned i = 0; i < t->n_inputs; i++) {
        if (t->inputs[i].pt == pt)
            return &t->inputs[i];
    }
    return NULL;
}

/* How long a packet plays that cannot be read: as long as the one before it. */
static uint32_t ticks_of_bad(const struct transcoder *t, const struct input *in)
{
    if (t->playout.last_ticks > 0 && t->playout.clock_hz == in->clock_hz)
        return t->playout.last_ticks;
    return in->clock_hz * BAD_PACKET_MS / 1000;
}

/* Asked behind a gap only, as it takes a look into the payload. */
static bool fills_gap(const struct transcoder *t, const struct input *in,
                      const struct playout_packet *p)
{
    return p->n > 0 && p->seq != t->playout.next_seq && in->codec->repeats && t->current == in &&
           !transcoder_makes_noise(t) && in->codec->repeats(p->payload, p->n);
}

/* What the playout is told about a packet. A packet that cannot be used still keeps its place: its
 * number must not be taken for a loss. @return 0; EBADMSG; ENOENT */
static int describe(const struct transcoder *t, const struct input *in,
                    const struct transcoder_packet *pkt, struct playout_packet *p)
{
    *p = (struct playout_packet){
        .pt = pkt->pt, .marker = pkt->marker, .seq = pkt->seq, .ts = pkt->ts};
    if (!in || in->kind == INPUT_RED) { /* RED of RED, or RED that could not be taken apart */
        p->is_timeless = true;
        p->clock_hz = t->codec->clock_hz;
        return in ? EBADMSG : ENOENT;
    }
    p->clock_hz = in->clock_hz;
    p->is_timeless = in->kind == INPUT_EVENT;
    if (pkt->n > 0 && pkt->n <= PLAYOUT_PAYLOAD_MAX) {
        p->payload = pkt->payload;
        p->n = pkt->n;
    }
    if (in->kind != INPUT_AUDIO)
        return p->n > 0 ? 0 : EBADMSG;

    p->repeats_before = fills_gap(t, in, p);
    p->ticks = p->n ? in->codec->payload_ticks(p->payload, p->n) : 0;
    if (p->ticks > 0 && p->ticks <= in->clock_hz * PACKET_MAX_MS / 1000)
        return 0;
    p->ticks = ticks_of_bad(t, in);
    p->payload = NULL;
    p->n = 0;
    return EBADMSG;
}

static void count_order(struct transcoder *t, uint16_t seq)
{
    if (t->has_newest && (int16_t)(uint16_t)(seq - t->newest_seq) < 0) {
        transcoder_count(&t->stats.reordered, 1);
        return;
    }
    t->has_newest = true;
    t->newest_seq = seq;
}

static int put_one(struct transcoder *t, const struct transcoder_packet *pkt, uint32_t ssrc,
                   uint64_t now_us)
{
    struct playout_packet p;
    const int fault = describe(t, transcoder_input(t, pkt->pt), pkt, &p);
    const int err = playout_put(&t->playout, &p, ssrc, now_us);

    if (err == EALREADY) {
        transcoder_count(&t->stats.duplicate, 1);
        return EALREADY;
    }
    if (err) {
        transcoder_count(&t->stats.late, 1);
        return ESTALE;
    }
    if (t->playout.is_restart)
        t->has_newest = false;
    count_order(t, pkt->seq);
    if (fault == EBADMSG)
        transcoder_count(&t->stats.bad_payload, 1);
    return fault;
}

/* How many packets earlier a redundant block was sent: by its time stamp, as numbers are not
 * repeated (RFC 2198 s.3). @return 0: not within the limits (red.h) */
static uint16_t distance_of(const struct input *in, const struct red_block *b)
{
    const uint32_t ticks = in->codec->payload_ticks(b->payload, b->n);
    const uint32_t distance = ticks ? b->ts_offset / ticks : 0;

    if (distance > RED_DISTANCE_MAX || distance * ticks != b->ts_offset)
        return 0;
    return (uint16_t)distance;
}

/* The packet that a redundant block repeats, if it is missing. */
static void put_repeated(struct transcoder *t, const struct transcoder_packet *red,
                         const struct red_block *b, uint32_t ssrc, uint64_t now_us)
{
    const struct input *in = transcoder_input(t, b->pt);
    const uint16_t distance = in && in->kind == INPUT_AUDIO && b->n > 0 ? distance_of(in, b) : 0;
    const struct transcoder_packet pkt = {
        .pt = b->pt,
        .seq = (uint16_t)(red->seq - distance),
        .ts = red->ts - b->ts_offset,
        .payload = b->payload,
        .n = b->n,
    };

    if (distance == 0 || !playout_is_missing(&t->playout, ssrc, pkt.seq))
        return;
    if (put_one(t, &pkt, ssrc, now_us) == 0)
        transcoder_count(&t->stats.red_repaired, 1);
}

static int put_red(struct transcoder *t, const struct transcoder_packet *red, uint32_t ssrc,
                   uint64_t now_us)
{
    struct red_block blocks[RED_BLOCKS_MAX];
    const unsigned n = red_parse(blocks, red->payload, red->n);
    struct transcoder_packet pkt = *red;

    if (n == 0)
        return put_one(t, red, ssrc, now_us);
    for (unsigned i = 0; i + 1 < n; i++) {
        if (blocks[i].pt == blocks[n - 1].pt)
            put_repeated(t, red, &blocks[i], ssrc, now_us);
    }
    pkt.pt = blocks[n - 1].pt;
    pkt.payload = blocks[n - 1].payload;
    pkt.n = blocks[n - 1].n;
    return put_one(t, &pkt, ssrc, now_us);
}

int transcoder_put(struct transcoder *t, const struct transcoder_packet *pkt, uint32_t ssrc,
                   uint64_t now_us)
{
    const struct input *in = transcoder_input(t, pkt->pt);

    if (in && in->kind == INPUT_RED)
        return put_red(t, pkt, ssrc, now_us);
    return put_one(t, pkt, ssrc, now_us);
}
