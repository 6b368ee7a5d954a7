#include "relay/media/secure.h"

#include <string.h>

#include "relay/media/stream.h"

int secure_init(struct secure *s, const struct srtp_provider *provider)
{
    return srtp_context_alloc(&s->srtp, provider);
}

void secure_wipe(struct secure *s)
{
    srtp_context_free(s->srtp);
    s->srtp = NULL;
}

static struct srtp_job job_of(struct packet *p, struct srtp_session *session)
{
    return (struct srtp_job){
        .session = session,
        .data = p->data,
        .len = p->len,
        .cap = packet_room(p),
        .is_rtcp = p->kind == PACKET_RTCP,
    };
}

/* Every packet of the batch that has a session becomes a job, in order. */
static unsigned add_job(struct secure *s, unsigned n, struct packet *p,
                        struct srtp_session *session)
{
    if (!session)
        return n;
    srtp_prefetch(session);
    s->jobs[n] = job_of(p, session);
    return n + 1;
}

static enum drop open_verdict(const struct srtp_job *job)
{
    switch (job->result) {
    case SRTP_OK:
        return DROP_NONE;
    case SRTP_REPLAY:
        return DROP_SRTP_REPLAY;
    case SRTP_BAD_AUTH:
    case SRTP_BAD_PACKET: /* too short for a tag, a header that cannot be: as good as a wrong tag */
        break;
    }
    return DROP_SRTP_AUTH;
}

static enum drop seal_verdict(const struct srtp_job *job)
{
    switch (job->result) {
    case SRTP_OK:
        return DROP_NONE;
    case SRTP_REPLAY: /* the peer sent a number twice; a keystream is never used twice */
        return DROP_DUPLICATE;
    case SRTP_BAD_AUTH:
    case SRTP_BAD_PACKET:
        break;
    }
    return DROP_RTP_BAD;
}

/* ---- a change of key --------------------------------------------------------------------------
 */

static struct srtp_session *receiver_of(const struct packet *p)
{
    return stream_receiver(p->stream, p->kind == PACKET_RTCP);
}

static struct srtp_session *sender_of(const struct packet *p)
{
    return stream_sender(p->out, p->kind == PACKET_RTCP);
}

/* Decided once a batch, before any packet of it is opened: so a stream's packets go one way. */
static void look_at_old_key(struct media_stream *s, uint64_t now_us)
{
    if (s->has_old_key && now_us >= s->old_until_us)
        s->has_old_key = false;
}

static bool has_two_keys(const struct packet *p)
{
    return p->stream->has_old_key && receiver_of(p) == p->stream->srtp_rx;
}

static enum drop open_with(struct secure *s, struct packet *p, struct srtp_session *session)
{
    struct srtp_job job = job_of(p, session);

    srtp_open(s->srtp, &job, 1);
    p->len = job.len;
    return open_verdict(&job);
}

/* The rare case: each packet by itself, under the new key, then under the old one. The first that
 * is genuine under the new one ends the old one: whoever has changed does not change back. Each
 * session has windows of its own, so nothing is taken twice under one key. */
static enum drop open_slow(struct secure *s, struct packet *p)
{
    struct media_stream *stream = p->stream;
    const uint32_t len = p->len;
    uint8_t copy[PACKET_BUF_BYTES]; /* a provider may have decrypted what fails: RFC 7714 */
    enum drop reason;

    memcpy(copy, p->data, len);
    reason = open_with(s, p, stream->srtp_rx);
    if (reason == DROP_NONE)
        stream->old_until_us = 0;
    if (reason == DROP_NONE || stream->old_until_us == 0)
        return reason;
    memcpy(p->data, copy, len);
    p->len = len;
    return open_with(s, p, stream->srtp_old) == DROP_NONE ? DROP_NONE : reason;
}

/* ---- the stages -------------------------------------------------------------------------------
 */

void secure_open_batch(struct secure *s, struct batch *b)
{
    unsigned i, j = 0, n = 0;

    for (i = 0; i < b->n; i++) {
        look_at_old_key(b->pkt[i]->stream, b->now_us);
        if (!has_two_keys(b->pkt[i]))
            j = add_job(s, j, b->pkt[i], receiver_of(b->pkt[i]));
    }
    if (j > 0)
        srtp_open(s->srtp, s->jobs, j);
    for (i = 0, j = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason = DROP_NONE;

        if (has_two_keys(p)) {
            reason = open_slow(s, p);
        } else if (receiver_of(p)) {
            p->len = s->jobs[j].len;
            reason = open_verdict(&s->jobs[j++]);
        }
        if (reason == DROP_NONE)
            b->pkt[n++] = p;
        else
            batch_drop(b, p, reason);
    }
    b->n = n;
}

void secure_seal_batch(struct secure *s, struct batch *b)
{
    unsigned i, j = 0, n = 0;

    for (i = 0; i < b->n; i++)
        j = add_job(s, j, b->pkt[i], sender_of(b->pkt[i]));
    if (j == 0)
        return;
    srtp_seal(s->srtp, s->jobs, j);
    for (i = 0, j = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason = DROP_NONE;

        if (sender_of(p)) {
            p->len = s->jobs[j].len;
            reason = seal_verdict(&s->jobs[j++]);
        }
        if (reason == DROP_NONE)
            b->pkt[n++] = p;
        else
            batch_drop(b, p, reason);
    }
    b->n = n;
}
