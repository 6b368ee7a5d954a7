#include "relay/media/worker.h"

#include <errno.h>
#include <unistd.h>

#include "relay/media/command.h"
#include "relay/media/reports.h"
#include "relay/media/stream.h"

#define COMMANDS_TURN 64 /* commands between two batches */

/* @return whether control may be asleep and has to be woken */
static bool answer(struct worker *w, struct command *c)
{
    bool was_empty = false;

    (void)ring_put(&w->events, c, &was_empty); /* never full: command.h */
    return was_empty;
}

/* The kernel is done with a socket: with the last of its stream's, the command is answered. */
static bool answer_settled(struct worker *w)
{
    struct media_socket *socket;
    bool has_news = false;

    while ((socket = ingress_settled(w->io)) != NULL) {
        struct media_stream *s = socket->stream;

        if (socket->error)
            s->held->error = socket->error;
        if (--s->n_unsettled == 0)
            has_news |= answer(w, s->held);
    }
    return has_news;
}

/* Answers at once, or when the kernel is done with the sockets. */
static bool answer_when_settled(struct worker *w, struct media_stream *s, struct command *c,
                                unsigned n_unsettled)
{
    if (n_unsettled == 0)
        return answer(w, c);
    s->held = c;
    s->n_unsettled = n_unsettled;
    return false;
}

static bool run_add(struct worker *w, struct command *command)
{
    struct media_stream *s = command->stream;
    unsigned n_unsettled = 0;
    enum media_component c;
    int err = 0;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++) {
        if (s->socket[c].fd < 0)
            continue;
        err = ingress_watch(w->io, &s->socket[c]);
        if (err == EINPROGRESS)
            n_unsettled++;
        else if (err)
            command->error = err;
    }
    counter_add(&w->count.n_streams, 1);
    return answer_when_settled(w, s, command, n_unsettled);
}

static void run_set(struct worker *w, struct media_stream *s, struct media_rules *rules)
{
    bool had_transcoder = s->transcoder != NULL;

    stream_apply(s, rules, w->batch.now_us);
    if (rules->set_transcoder) {
        wheel_cancel(&w->wheel, &s->transcoder_timer);
        counter_add(&w->count.n_transcoders,
                    (uint64_t)((s->transcoder != NULL) - (int)had_transcoder));
    }
    reports_schedule(&w->wheel, s, worker_random(w), w->batch.now_us);
}

static void run_set_keys(struct worker *w, struct media_stream *s, struct command_set_keys *c)
{
    if (c->component == MEDIA_RTP)
        stream_set_keys(s, &c->rx, &c->tx, w->batch.now_us);
    else
        stream_set_rtcp_keys(s, &c->rx, &c->tx);
    reports_schedule(&w->wheel, s, worker_random(w), w->batch.now_us);
}

static void run_set_remote(struct worker *w, struct media_stream *s,
                           const struct command_set_remote *c)
{
    stream_set_remote(s, c->component, &c->remote, w->batch.now_us);
    reports_schedule(&w->wheel, s, worker_random(w), w->batch.now_us);
}

/* A digit that cannot be sent (too many wait) is left out: control has answered long ago. */
static void run_digit(struct worker *w, struct media_stream *s, struct command_digit *c)
{
    const uint64_t now_us = w->batch.now_us;

    if (s->event_hz > 0 && !s->dial) {
        s->dial = c->dial;
        c->dial = NULL;
    }
    if (s->event_hz > 0 && s->dial)
        (void)dial_put(s->dial, &w->wheel, &c->digit, now_us);
    else if (s->transcoder && !transcoder_play_digit(s->transcoder, &c->digit, now_us))
        wheel_arm(&w->wheel, &s->transcoder_timer, transcoder_deadline_us(s->transcoder));
}

/* What it has just received, it must not find: its owner may free it. */
static void drop_arrivals(struct batch *b, const struct media_stream *s)
{
    unsigned i, n = 0;

    for (i = 0; i < b->n; i++) {
        if (b->pkt[i]->stream == s)
            batch_drop(b, b->pkt[i], DROP_LATE);
        else
            b->pkt[n++] = b->pkt[i];
    }
    b->n = n;
}

static bool run_remove(struct worker *w, struct command *command)
{
    struct media_stream *s = command->stream;
    unsigned n_unsettled = 0;
    enum media_component c;
    bool has_news = false;

    if (s->n_unsettled > 0) /* not settled yet: answered now, as nobody waits for it */
        has_news = answer(w, s->held);
    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++)
        n_unsettled += ingress_unwatch(w->io, &s->socket[c]) == EINPROGRESS;
    drop_arrivals(&w->batch, s);
    transcode_forget(&w->transcode, s, &w->batch);
    wheel_cancel(&w->wheel, &s->transcoder_timer);
    wheel_cancel(&w->wheel, &s->report_timer);
    if (s->dial)
        wheel_cancel(&w->wheel, &s->dial->timer);
    counter_add(&w->count.n_streams, UINT64_MAX); /* one less */
    if (s->transcoder)
        counter_add(&w->count.n_transcoders, UINT64_MAX);
    return answer_when_settled(w, s, command, n_unsettled) || has_news;
}

/* @return whether control has to be woken */
static bool run(struct worker *w, struct command *c)
{
    switch (c->type) {
    case COMMAND_ADD:
        return run_add(w, c);
    case COMMAND_SET:
        run_set(w, c->stream, &((struct command_set *)c)->rules);
        break;
    case COMMAND_MUTE:
        run_set(w, c->stream,
                &(struct media_rules){.source = MEDIA_SOURCE_NONE,
                                      .awaits_keys = c->stream->awaits_keys});
        break;
    case COMMAND_SET_REMOTE:
        run_set_remote(w, c->stream, (struct command_set_remote *)c);
        break;
    case COMMAND_SET_KEYS:
        run_set_keys(w, c->stream, (struct command_set_keys *)c);
        break;
    case COMMAND_DIGIT:
        run_digit(w, c->stream, (struct command_digit *)c);
        break;
    case COMMAND_BLOCK_EVENTS:
        stream_block_events(c->stream, ((struct command_block_events *)c)->is_blocked);
        break;
    case COMMAND_REMOVE:
        return run_remove(w, c);
    }
    return answer(w, c);
}

void worker_run_commands(struct worker *w)
{
    const uint64_t one = 1;
    bool has_news = answer_settled(w);
    struct command *c = NULL;
    unsigned n;

    for (n = 0; n < COMMANDS_TURN && (c = ring_get(&w->commands)) != NULL; n++)
        has_news |= run(w, c);
    if (has_news)
        (void)!write(w->event_fd, &one, sizeof(one));
    if (c) /* more of them than a turn takes: do not sleep */
        worker_wake(w);
}
