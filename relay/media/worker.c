#include "relay/media/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/media/classify.h"
#include "relay/media/command.h"
#include "relay/media/forward.h"
#include "relay/media/receive.h"
#include "relay/media/reports.h"
#include "relay/media/stream.h"

/* What is being received (with what lies ready for it), what waits for the codec, its results. */
#define POOL_PACKETS  (2 * BATCH_MAX + TRANSCODE_QUEUE_MAX + BATCH_MAX)
#define COMMANDS_TURN 64 /* commands between two batches */

static uint32_t next_random(struct worker *w) /* xorshift64*: Vigna, 2016 */
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (uint32_t)(w->random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static void count_arrivals(struct worker *w)
{
    uint64_t n_bytes = 0;
    unsigned i;

    for (i = 0; i < w->batch.n; i++)
        n_bytes += w->batch.pkt[i]->wire_len;
    counter_add(&w->count.batches, 1);
    counter_add(&w->count.packets_in, w->batch.n);
    counter_add(&w->count.bytes_in, n_bytes);
}

/* Timers that are due: lost packets to be made up for, reports to be written. */
static void run_timers(struct worker *w, uint64_t end_us)
{
    struct batch *b = &w->batch;
    uint64_t now_us = b->now_us;
    struct wheel_node *node;

    while (!batch_is_full(b) && now_us < end_us &&
           (node = wheel_expire(&w->wheel, b->now_us)) != NULL) {
        struct media_stream *s = stream_of_timer(node);

        if (node->kind == TIMER_TRANSCODER)
            transcode_due(&w->wheel, s, b, b->now_us);
        else
            reports_send(&w->wheel, s, b, next_random(w));
        now_us = clock_now_us();
    }
}

static uint64_t next_deadline_us(const struct worker *w)
{
    if (!transcode_is_idle(&w->transcode))
        return 0;
    return wheel_deadline_us(&w->wheel);
}

/* One batch, one pass, in the order of a packet's life. A stage leaves in the batch what goes on;
 * what it refuses it counts, by reason. What is relayed is sent before anything is transcoded. */
void worker_run_batch(struct worker *w)
{
    struct batch *b = &w->batch;
    uint64_t end_us;

    ingress_read(w->ingress, b, next_deadline_us(w)); /* what has arrived, from any socket */
    count_arrivals(w);
    classify_batch(b);                      /* STUN, DTLS, RTP, RTCP: RFC 7983 s.7 */
    receive_source_batch(b);                /* may this address send here */
    secure_open_batch(&w->secure, b);       /* authenticate, replay, decrypt: RFC 3711 s.3.3 */
    receive_accept_batch(b);                /* payload type, direction, rate; count */
    reports_batch(b);                       /* RTCP ends here, or is translated */
    transcode_take_batch(&w->transcode, b); /* into the slow lane; plain relay passes by */
    forward_batch(b);                       /* to the other leg, with its SSRC and numbers */
    secure_seal_batch(&w->secure, b);       /* encrypt and tag */
    egress_write(&w->egress, b, &w->count);

    end_us = clock_now_us() + TRANSCODE_PORTION_US;
    run_timers(w, end_us);                              /* gaps that are due, reports */
    transcode_run(&w->transcode, &w->wheel, b, end_us); /* repair, decode, encode */
    secure_seal_batch(&w->secure, b);
    egress_write(&w->egress, b, &w->count);
}

static int obey_add(struct worker *w, struct media_stream *s)
{
    enum media_component c;
    int err = 0;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS && !err; c++) {
        if (s->socket[c].fd >= 0)
            err = ingress_watch(w->ingress, &s->socket[c]);
    }
    counter_add(&w->count.n_streams, 1);
    return err;
}

static void obey_set(struct worker *w, struct media_stream *s, struct media_rules *rules)
{
    bool had_transcoder = s->transcoder != NULL;

    stream_apply(s, rules, w->batch.now_us);
    if (rules->set_transcoder) {
        wheel_cancel(&w->wheel, &s->transcoder_timer);
        counter_add(&w->count.n_transcoders,
                    (uint64_t)((s->transcoder != NULL) - (int)had_transcoder));
    }
    reports_schedule(&w->wheel, s, next_random(w), w->batch.now_us);
}

static void obey_set_remote(struct worker *w, struct media_stream *s,
                            const struct command_set_remote *c)
{
    stream_set_remote(s, c->component, &c->remote, w->batch.now_us);
    reports_schedule(&w->wheel, s, next_random(w), w->batch.now_us);
}

static void obey_remove(struct worker *w, struct media_stream *s)
{
    enum media_component c;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++)
        ingress_unwatch(w->ingress, &s->socket[c]);
    transcode_forget(&w->transcode, s, &w->batch);
    wheel_cancel(&w->wheel, &s->transcoder_timer);
    wheel_cancel(&w->wheel, &s->report_timer);
    counter_add(&w->count.n_streams, UINT64_MAX); /* one less */
    if (s->transcoder)
        counter_add(&w->count.n_transcoders, UINT64_MAX);
}

static void obey(struct worker *w, struct command *c)
{
    switch (c->type) {
    case COMMAND_ADD:
        c->error = obey_add(w, c->stream);
        break;
    case COMMAND_SET:
        obey_set(w, c->stream, &((struct command_set *)c)->rules);
        break;
    case COMMAND_SET_REMOTE:
        obey_set_remote(w, c->stream, (struct command_set_remote *)c);
        break;
    case COMMAND_REMOVE:
        obey_remove(w, c->stream);
        break;
    }
}

/* Control's letters are done and sent back. @return true: there may be more */
static bool obey_commands(struct worker *w)
{
    const uint64_t one = 1;
    bool was_empty = false, has_news = false;
    struct command *c = NULL;
    unsigned n;

    for (n = 0; n < COMMANDS_TURN && (c = ring_get(&w->commands)) != NULL; n++) {
        obey(w, c);
        (void)ring_put(&w->events, c, &was_empty); /* never full: command.h */
        has_news = has_news || was_empty;
    }
    if (has_news)
        (void)!write(w->event_fd, &one, sizeof(one));
    return c != NULL;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    w->batch.now_us = clock_now_us();
    while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
        if (obey_commands(w))
            worker_wake(w); /* more commands than a turn takes: do not sleep */
        worker_run_batch(w);
    }
    return NULL;
}

void worker_wake(struct worker *w)
{
    const uint64_t one = 1;

    (void)!write(w->wake_fd, &one, sizeof(one));
}

static void worker_free(struct worker *w)
{
    ingress_free(w->ingress);
    pool_wipe(&w->pool);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    free(w);
}

static int worker_init(struct worker *w, int event_fd, uint64_t seed)
{
    int err;

    ring_init(&w->commands);
    ring_init(&w->events);
    wheel_init(&w->wheel, clock_now_us());
    w->event_fd = event_fd;
    w->random = seed | 1;
    w->batch.pool = &w->pool;
    w->batch.drops = w->count.drops;
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wake_fd < 0)
        return errno;
    err = pool_init(&w->pool, POOL_PACKETS);
    return err ? err : ingress_alloc(&w->ingress, &w->pool, w->wake_fd);
}

int worker_start(struct worker **wp, int event_fd, uint64_t seed)
{
    struct worker *w = aligned_alloc(CACHE_LINE, sizeof(*w));
    sigset_t all, old;
    int err;

    if (!w)
        return ENOMEM;
    memset(w, 0, sizeof(*w));
    w->wake_fd = -1;
    err = worker_init(w, event_fd, seed);
    if (!err) { /* signals are for control */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        err = pthread_create(&w->thread, NULL, worker_main, w);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    if (err)
        worker_free(w);
    else
        *wp = w;
    return err;
}

void worker_stop(struct worker *w)
{
    if (!w)
        return;
    atomic_store_explicit(&w->stop, true, memory_order_release);
    worker_wake(w);
    pthread_join(w->thread, NULL);
    worker_free(w);
}
