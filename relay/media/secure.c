#include "relay/media/secure.h"

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

/* Every packet of the batch that has a session becomes a job, in order. */
static unsigned add_job(struct secure *s, unsigned n, struct packet *p,
                        struct srtp_session *session)
{
    if (!session)
        return n;
    srtp_prefetch(session);
    s->jobs[n] = (struct srtp_job){
        .session = session,
        .data = p->data,
        .len = p->len,
        .cap = packet_room(p),
        .is_rtcp = p->kind == PACKET_RTCP,
    };
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

void secure_open_batch(struct secure *s, struct batch *b)
{
    unsigned i, j = 0, n = 0;

    for (i = 0; i < b->n; i++)
        j = add_job(s, j, b->pkt[i], b->pkt[i]->stream->srtp_rx);
    if (j == 0)
        return;
    srtp_open(s->srtp, s->jobs, j);
    for (i = 0, j = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason = DROP_NONE;

        if (p->stream->srtp_rx) {
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
        j = add_job(s, j, b->pkt[i], b->pkt[i]->out->srtp_tx);
    if (j == 0)
        return;
    srtp_seal(s->srtp, s->jobs, j);
    for (i = 0, j = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason = DROP_NONE;

        if (p->out->srtp_tx) {
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
