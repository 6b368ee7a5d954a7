#include "relay/media/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
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

/* What lies ready to be received into (512), what a pass works on, what waits for the codec (512),
 * and what the kernel has been given to send in the last passes. */
#define POOL_PACKETS  2048
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
    if (w->batch.n > 0)
        stats_put_batch(&w->count, w->batch.n);
    pacing_put(&w->pacing, w->batch.n, w->batch.now_us);
    counter_set(&w->count.rate_pps, w->pacing.rate_pps);
    counter_set(&w->count.gather_us, pacing_gather_us(&w->pacing));
}

/* Timers that are due: lost packets to be made up for, reports to be written. */
static void run_timers(struct worker *w, uint64_t end_us)
{
    struct batch *b = &w->batch;
    uint64_t now_us = b->now_us;
    struct wheel_node *node;

    while (!batch_is_full(b) && now_us < end_us &&
           (node = wheel_expire(&w->wheel, b->now_us)) != NULL) {
        if (node->kind == TIMER_TRANSCODER)
            transcode_due(&w->transcode, &w->wheel, stream_of_timer(node), b, b->now_us);
        else if (node->kind == TIMER_REPORT)
            reports_send(&w->wheel, stream_of_timer(node), b, next_random(w));
        else
            dial_due(dial_of_timer(node), &w->wheel, b);
        now_us = clock_now_us();
    }
}

static struct io_wait next_wait(const struct worker *w)
{
    struct io_wait wait = {.deadline_us = 0};

    if (transcode_is_idle(&w->transcode)) {
        wait.deadline_us = wheel_deadline_us(&w->wheel);
        wait.gather_us = pacing_gather_us(&w->pacing);
    }
    return wait;
}

/* Gaps and reports that are due, and the codec: the long work, a portion at a time. */
static void run_slow_lane(struct worker *w)
{
    struct batch *b = &w->batch;
    uint64_t end_us;

    if (transcode_is_idle(&w->transcode) && wheel_deadline_us(&w->wheel) > b->now_us)
        return;
    egress_flush(w->io);
    w->transcode.saving = (uint8_t)gauge_get(&w->complexity_saving);
    end_us = clock_now_us() + TRANSCODE_PORTION_US;
    run_timers(w, end_us);
    transcode_run(&w->transcode, &w->wheel, b, end_us); /* repair, decode, encode */
    secure_seal_batch(&w->secure, b);
    egress_write(w->io, b);
}

/* ---- letters ----------------------------------------------------------------------------------
 */

/* @return whether control may be asleep and has to be woken */
static bool answer(struct worker *w, struct command *c)
{
    bool was_empty = false;

    (void)ring_put(&w->events, c, &was_empty); /* never full: command.h */
    return was_empty;
}

/* The kernel is done with a socket: with the last of its stream's, the letter goes back. */
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

/* A letter goes back at once, or when the kernel is done with the sockets. */
static bool hold(struct worker *w, struct media_stream *s, struct command *c, unsigned n_unsettled)
{
    if (n_unsettled == 0)
        return answer(w, c);
    s->held = c;
    s->n_unsettled = n_unsettled;
    return false;
}

static bool obey_add(struct worker *w, struct command *letter)
{
    struct media_stream *s = letter->stream;
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
            letter->error = err;
    }
    counter_add(&w->count.n_streams, 1);
    return hold(w, s, letter, n_unsettled);
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

static void obey_set_keys(struct worker *w, struct media_stream *s, struct command_set_keys *c)
{
    stream_set_keys(s, &c->rx, &c->tx, w->batch.now_us);
    reports_schedule(&w->wheel, s, next_random(w), w->batch.now_us);
}

static void obey_set_remote(struct worker *w, struct media_stream *s,
                            const struct command_set_remote *c)
{
    stream_set_remote(s, c->component, &c->remote, w->batch.now_us);
    reports_schedule(&w->wheel, s, next_random(w), w->batch.now_us);
}

/* A digit that cannot be sent (too many wait) is left out: control has answered long ago. */
static void obey_digit(struct worker *w, struct media_stream *s, struct command_digit *c)
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

static bool obey_remove(struct worker *w, struct command *letter)
{
    struct media_stream *s = letter->stream;
    unsigned n_unsettled = 0;
    enum media_component c;
    bool has_news = false;

    if (s->n_unsettled > 0) /* it was never quite added: nobody waits for that any more */
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
    return hold(w, s, letter, n_unsettled) || has_news;
}

/* @return whether control has to be woken */
static bool obey(struct worker *w, struct command *c)
{
    switch (c->type) {
    case COMMAND_ADD:
        return obey_add(w, c);
    case COMMAND_SET:
        obey_set(w, c->stream, &((struct command_set *)c)->rules);
        break;
    case COMMAND_MUTE:
        obey_set(w, c->stream,
                 &(struct media_rules){.source = MEDIA_SOURCE_NONE,
                                       .awaits_keys = c->stream->awaits_keys});
        break;
    case COMMAND_SET_REMOTE:
        obey_set_remote(w, c->stream, (struct command_set_remote *)c);
        break;
    case COMMAND_SET_KEYS:
        obey_set_keys(w, c->stream, (struct command_set_keys *)c);
        break;
    case COMMAND_DIGIT:
        obey_digit(w, c->stream, (struct command_digit *)c);
        break;
    case COMMAND_BLOCK_EVENTS:
        stream_block_events(c->stream, ((struct command_block_events *)c)->is_blocked);
        break;
    case COMMAND_REMOVE:
        return obey_remove(w, c);
    }
    return answer(w, c);
}

/* Control's letters are done and sent back. */
static void obey_commands(struct worker *w)
{
    const uint64_t one = 1;
    bool has_news = answer_settled(w);
    struct command *c = NULL;
    unsigned n;

    for (n = 0; n < COMMANDS_TURN && (c = ring_get(&w->commands)) != NULL; n++)
        has_news |= obey(w, c);
    if (has_news)
        (void)!write(w->event_fd, &one, sizeof(one));
    if (c) /* more of them than a turn takes: do not sleep */
        worker_wake(w);
}

static void hand_on_mail(struct worker *w)
{
    const uint64_t one = 1;

    if (mail_batch(&w->mail, &w->batch))
        (void)!write(w->event_fd, &one, sizeof(one));
}

/* ---- the pass ---------------------------------------------------------------------------------
 */

/* One batch, one pass, in the order of a packet's life. A stage leaves in the batch what goes on;
 * what it refuses it counts, by reason. What is relayed is sent before anything is transcoded. */
void worker_run_batch(struct worker *w)
{
    struct batch *b = &w->batch;
    struct io_wait wait = next_wait(w);

    ingress_read(w->io, b, &wait); /* what has arrived, from any socket */
    count_arrivals(w);
    obey_commands(w);                       /* what control said before that was sent */
    classify_batch(b);                      /* STUN, DTLS, RTP, RTCP: RFC 7983 s.7 */
    receive_source_batch(b);                /* may this address send here */
    hand_on_mail(w);                        /* DTLS is for control */
    secure_open_batch(&w->secure, b);       /* authenticate, replay, decrypt: RFC 3711 s.3.3 */
    receive_accept_batch(b);                /* payload type, direction, rate; count */
    reports_batch(b);                       /* RTCP ends here, or is translated */
    transcode_take_batch(&w->transcode, b); /* into the slow lane; plain relay passes by */
    forward_batch(b);                       /* to the other leg, with its SSRC and numbers */
    secure_seal_batch(&w->secure, b);       /* encrypt and tag */
    egress_write(w->io, b);
    run_slow_lane(w);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    w->begin_error = io_begin(w->io);
    sem_post(&w->begun);
    if (w->begin_error)
        return NULL;
    w->batch.now_us = clock_now_us();
    while (!atomic_load_explicit(&w->stop, memory_order_acquire))
        worker_run_batch(w);
    return NULL;
}

void worker_wake(struct worker *w)
{
    const uint64_t one = 1;

    (void)!write(w->wake_fd, &one, sizeof(one));
}

static void worker_free(struct worker *w)
{
    io_free(w->io);
    pool_wipe(&w->pool);
    mail_wipe(&w->mail);
    secure_wipe(&w->secure);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    (void)sem_destroy(&w->begun);
    free(w);
}

static int worker_init(struct worker *w, const struct worker_config *cfg)
{
    struct io_config io = {.pool = &w->pool, .count = &w->count};
    int err;

    ring_init(&w->commands);
    ring_init(&w->events);
    wheel_init(&w->wheel, clock_now_us());
    pacing_init(&w->pacing, cfg->gather_us);
    w->event_fd = cfg->event_fd;
    w->random = cfg->seed | 1;
    w->batch.pool = &w->pool;
    w->batch.drops = w->count.drops;
    (void)sem_init(&w->begun, 0, 0); /* fails for values only that this is not */
    w->wake_fd = io.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->wake_fd < 0)
        return errno;
    err = pool_init(&w->pool, POOL_PACKETS);
    if (!err)
        err = mail_init(&w->mail);
    if (!err)
        err = secure_init(&w->secure, cfg->srtp);
    return err ? err : io_alloc(&w->io, cfg->io, &io);
}

static int pin(pthread_attr_t *attr, int cpu)
{
    cpu_set_t set;

    if (cpu < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    return pthread_attr_setaffinity_np(attr, sizeof(set), &set);
}

/* Signals are for control: the thread is born with all of them blocked. */
static int create_thread(struct worker *w, int cpu)
{
    sigset_t all, old;
    pthread_attr_t attr;
    int err = pthread_attr_init(&attr);

    if (err)
        return err;
    err = pin(&attr, cpu);
    if (!err) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        err = pthread_create(&w->thread, &attr, worker_main, w);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    pthread_attr_destroy(&attr);
    return err;
}

static int run_thread(struct worker *w, unsigned number, int cpu)
{
    char name[16]; /* what Linux keeps of it */
    int err = create_thread(w, cpu);

    if (err)
        return err;
    (void)snprintf(name, sizeof(name), "worker %u", number);
    (void)pthread_setname_np(w->thread, name); /* for top, perf and strace */
    while (sem_wait(&w->begun) != 0)
        ; /* EINTR */
    if (w->begin_error)
        pthread_join(w->thread, NULL);
    return w->begin_error;
}

int worker_start(struct worker **wp, const struct worker_config *cfg)
{
    struct worker *w = aligned_alloc(CACHE_LINE, sizeof(*w));
    int err;

    if (!w)
        return ENOMEM;
    memset(w, 0, sizeof(*w));
    w->wake_fd = -1;
    err = worker_init(w, cfg);
    if (!err)
        err = run_thread(w, cfg->number, cfg->cpu);
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
