#include "relay/media/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/media/stream.h"

int mail_init(struct mail *m)
{
    ring_init(&m->full);
    ring_init(&m->empty);
    m->letters = calloc(MAIL_LETTERS, sizeof(*m->letters));
    if (!m->letters)
        return ENOMEM;
    for (unsigned i = 0; i < MAIL_LETTERS; i++)
        mail_give_back(m, &m->letters[i]);
    return 0;
}

void mail_wipe(struct mail *m)
{
    free(m->letters);
    m->letters = NULL;
}

/* @return DROP_NONE: it has been posted */
static enum drop post(struct mail *m, const struct packet *p, uint64_t now_us, bool *has_news)
{
    struct media_stream *s = p->stream;
    struct mail_letter *letter;
    bool was_empty = false;

    if (!rate_gate_take(&s->handshakes, p->len, now_us))
        return DROP_DTLS_BAD;
    letter = ring_get(&m->empty);
    if (!letter)
        return DROP_POOL;
    letter->stream = s;
    letter->from = p->addr;
    letter->is_early = p->is_early;
    letter->component = p->component;
    letter->n = (uint16_t)p->len;
    memcpy(letter->data, p->data, p->len);
    (void)ring_put(&m->full, letter, &was_empty); /* never full: MAIL_LETTERS */
    *has_news = *has_news || was_empty;
    return DROP_NONE;
}

bool mail_batch(struct mail *m, struct batch *b)
{
    bool has_news = false;
    unsigned i, n = 0;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason;

        if (p->kind != PACKET_DTLS) {
            b->pkt[n++] = p;
            continue;
        }
        reason = post(m, p, b->now_us, &has_news);
        if (reason == DROP_NONE)
            pool_give(b->pool, p);
        else
            batch_drop(b, p, reason);
    }
    b->n = n;
    return has_news;
}

struct mail_letter *mail_take(struct mail *m)
{
    return ring_get(&m->full);
}

void mail_give_back(struct mail *m, struct mail_letter *letter)
{
    bool was_empty;

    (void)ring_put(&m->empty, letter, &was_empty); /* as above; the worker looks by itself */
}
