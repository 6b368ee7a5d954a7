#include "relay/media/transcode.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/media/forward.h"
#include "relay/media/stream.h"

static bool is_transcoded(const struct packet *p)
{
    return p->kind == PACKET_RTP &&
           formats_find(&p->stream->formats, p->rtp.pt)->action == MEDIA_TRANSCODE;
}

static enum drop enqueue(struct transcode *t, struct packet *p)
{
    enum drop reason = forward_check(p->stream->sink);

    if (reason != DROP_NONE)
        return reason;
    if (!p->stream->transcoder)
        return DROP_PAYLOAD_TYPE;
    if (t->n == TRANSCODE_QUEUE_MAX)
        return DROP_POOL;
    transcoder_prefetch(p->stream->transcoder);
    t->queue[(t->head + t->n++) % TRANSCODE_QUEUE_MAX] = p;
    return DROP_NONE;
}

void transcode_take_batch(struct transcode *t, struct batch *b)
{
    unsigned i, n = 0;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason;

        if (!is_transcoded(p)) {
            b->pkt[n++] = p;
            continue;
        }
        reason = enqueue(t, p);
        if (reason != DROP_NONE)
            batch_drop(b, p, reason);
    }
    b->n = n;
}

/* @return false: the transcoder has nothing more to give now, or there is no room for it */
static bool take_result(struct media_stream *s, struct batch *b, uint64_t now_us)
{
    struct transcoder_packet out;
    struct packet *p = batch_is_full(b) ? NULL : pool_take(b->pool);

    if (!p)
        return false;
    if (transcoder_get(s->transcoder, &out, p->data + RTP_HEADER_BYTES, CODEC_PAYLOAD_MAX,
                       now_us)) {
        pool_give(b->pool, p);
        return false;
    }
    if (out.payload != p->data + RTP_HEADER_BYTES)
        memmove(p->data + RTP_HEADER_BYTES, out.payload, out.n);
    forward_fresh(p, out.n);
    p->rtp.pt = out.pt;
    p->rtp.marker = out.marker;
    p->rtp.seq = out.seq;
    p->rtp.ts = out.ts;
    forward_transcoded(p, s, now_us);
    b->pkt[b->n++] = p;
    return true;
}

void transcode_due(const struct transcode *t, struct wheel *wheel, struct media_stream *s,
                   struct batch *b, uint64_t now_us)
{
    /* Held or without a way on, nothing is encoded: no later than its next packet, it goes on. */
    if (!s->transcoder || forward_check(s->sink) != DROP_NONE)
        return;
    (void)transcoder_save_complexity(s->transcoder, t->saving);
    while (take_result(s, b, now_us))
        ;
    wheel_arm(wheel, &s->transcoder_timer, transcoder_deadline_us(s->transcoder));
}

static enum drop put_verdict(int err)
{
    switch (err) {
    case 0:
        return DROP_NONE;
    case EALREADY:
        return DROP_DUPLICATE;
    case ESTALE:
        return DROP_TOO_LATE;
    case ENOENT:
        return DROP_PAYLOAD_TYPE;
    default:
        return DROP_CODEC;
    }
}

static void transcode_packet(const struct transcode *t, struct packet *p, struct wheel *wheel,
                             struct batch *b, uint64_t now_us)
{
    struct media_stream *s = p->stream;
    struct transcoder_packet in = {
        .pt = p->rtp.pt,
        .marker = p->rtp.marker,
        .seq = p->rtp.seq,
        .ts = p->rtp.ts,
        .payload = p->data + p->rtp.payload_start,
        .n = p->rtp.payload_len,
    };
    enum drop reason = DROP_PAYLOAD_TYPE;
    uint64_t arrived_us = p->arrived_us;
    unsigned i = b->n;

    if (s->transcoder)
        reason = put_verdict(transcoder_put(s->transcoder, &in, p->rtp.ssrc, now_us));
    if (reason == DROP_NONE && s->is_transcoder_fresh) {
        s->is_transcoder_fresh = false;
        if (s->sink)
            forward_hand_over(p, s);
    }
    if (reason == DROP_NONE)
        pool_give(b->pool, p);
    else
        batch_drop(b, p, reason);
    transcode_due(t, wheel, s, b, now_us);
    for (; i < b->n; i++)
        b->pkt[i]->arrived_us = arrived_us;
}

void transcode_run(struct transcode *t, struct wheel *wheel, struct batch *b, uint64_t end_us)
{
    /* The clock is read for each packet here: 30 ns beside a frame's 100 us, and it is what keeps
     * the portion short. The transcoders see the batch's time, as every stage does. */
    while (t->n > 0 && !batch_is_full(b)) {
        struct packet *p = t->queue[t->head];

        t->head = (t->head + 1) % TRANSCODE_QUEUE_MAX;
        t->n--;
        transcode_packet(t, p, wheel, b, b->now_us);
        if (clock_now_us() >= end_us)
            break;
    }
}

void transcode_forget(struct transcode *t, const struct media_stream *s, struct batch *b)
{
    unsigned i, n = 0;

    for (i = 0; i < t->n; i++) {
        struct packet *p = t->queue[(t->head + i) % TRANSCODE_QUEUE_MAX];

        if (p->stream == s)
            batch_drop(b, p, DROP_LATE);
        else
            t->queue[(t->head + n++) % TRANSCODE_QUEUE_MAX] = p;
    }
    t->n = n;
}
