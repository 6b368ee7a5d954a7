#include "relay/media/media_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "relay/media/io.h"

/* So that of workers with as little to do, the one with fewer streams is taken. */
#define STREAM_PERMILLE_LEAST 0.001

static bool is_ring_ready(const struct crew *c)
{
    return c->n_commands < RING_SIZE;
}

static void post(struct media *m, struct crew *c, struct command *command)
{
    bool was_empty = false;

    (void)ring_put(&c->worker->commands, command, &was_empty); /* never full: is_ring_ready() */
    c->n_commands++;
    if (was_empty && m->puts_off)
        c->is_asleep = true;
    else if (was_empty)
        worker_wake(c->worker);
}

void media_batch_begin(struct media *m)
{
    m->puts_off = true;
}

void media_batch_end(struct media *m)
{
    unsigned i;

    m->puts_off = false;
    for (i = 0; i < m->n_workers; i++) {
        if (m->crew[i].is_asleep)
            worker_wake(m->crew[i].worker);
        m->crew[i].is_asleep = false;
    }
}

/* The answers that make room make the event descriptor readable too, so media_dispatch() will be
 * called. */
void media_send_command(struct media *m, struct crew *c, struct command *command)
{
    command->next = NULL;
    if (!c->first_waiting && is_ring_ready(c)) {
        post(m, c, command);
        return;
    }
    c->n_waited++;
    if (c->last_waiting)
        c->last_waiting->next = command;
    else
        c->first_waiting = command;
    c->last_waiting = command;
}

static void send_waiting(struct media *m, struct crew *c)
{
    struct command *command;

    while ((command = c->first_waiting) != NULL && is_ring_ready(c)) {
        c->first_waiting = command->next;
        if (!c->first_waiting)
            c->last_waiting = NULL;
        post(m, c, command);
    }
}

void media_free_rules_objects(const struct media_rules *rules)
{
    if (rules->set_srtp_rx)
        srtp_session_free(rules->srtp_rx);
    if (rules->set_srtp_tx)
        srtp_session_free(rules->srtp_tx);
    if (rules->set_transcoder)
        transcoder_free(rules->transcoder);
}

/* What the new rules replaced has come back: its figures stay, it goes. */
static void take_back_rules(struct command_set *set)
{
    if (set->rules.set_transcoder && set->rules.transcoder)
        stats_add_transcoder(&set->command.stream->retired,
                             transcoder_stats(set->rules.transcoder));
    media_free_rules_objects(&set->rules);
    free(set);
}

static void take_back_keys(struct command_set_keys *set)
{
    srtp_session_free(set->rx);
    srtp_session_free(set->tx);
    free(set);
}

/* Letters of a stream are read before the one that says that it is gone. */
static void take_mail(struct crew *c, media_event_h *h, void *arg)
{
    struct mail_letter *letter;

    while ((letter = mail_take(&c->worker->mail)) != NULL) {
        const struct media_event ev = {.type = MEDIA_EVENT_DTLS,
                                       .stream = letter->stream,
                                       .arg = letter->stream->arg,
                                       .is_early = letter->is_early,
                                       .component = letter->component,
                                       .from = &letter->from,
                                       .data = letter->data,
                                       .n = letter->n};

        if (h)
            h(&ev, arg);
        mail_give_back(&c->worker->mail, letter);
    }
}

void media_send_mute(struct media_stream *s)
{
    s->mute = (struct command){.type = COMMAND_MUTE, .stream = s};
    s->mute_state = MUTE_SENT;
    media_send_command(s->media, &s->media->crew[s->worker], &s->mute);
}

static void take_back_mute(struct media_stream *s)
{
    if (s->mute_state == MUTE_DUE)
        media_send_mute(s);
    else
        s->mute_state = MUTE_IDLE;
}

static void take_answer(struct crew *c, struct command *command, media_event_h *h, void *arg)
{
    struct media_stream *s = command->stream;
    struct media_event ev = {.stream = s, .error = command->error, .arg = s->arg};

    c->n_commands--;
    switch (command->type) {
    case COMMAND_SET:
        take_back_rules((struct command_set *)command);
        return;
    case COMMAND_MUTE:
        take_back_mute(s);
        return;
    case COMMAND_DIGIT:
        free(((struct command_digit *)command)->dial);
        free(command);
        return;
    case COMMAND_SET_KEYS:
        take_back_keys((struct command_set_keys *)command);
        return;
    case COMMAND_SET_REMOTE:
    case COMMAND_BLOCK_EVENTS:
        free(command);
        return;
    case COMMAND_ADD:
        if (command->error == 0)
            return;
        ev.type = MEDIA_EVENT_DEAF;
        break;
    case COMMAND_REMOVE:
        c->n_streams--;
        ev.type = MEDIA_EVENT_REMOVED;
        break;
    }
    if (h)
        h(&ev, arg); /* may free the stream, and with it the letter */
}

void media_dispatch(struct media *m, media_event_h *h, void *arg)
{
    struct command *command;
    uint64_t n_events;
    unsigned i;

    (void)!read(m->event_fd, &n_events, sizeof(n_events)); /* before the rings are looked at */
    for (i = 0; i < m->n_workers; i++) {
        while ((command = ring_get(&m->crew[i].worker->events)) != NULL) {
            take_mail(&m->crew[i], h, arg);
            take_answer(&m->crew[i], command, h, arg);
        }
        take_mail(&m->crew[i], h, arg);
        send_waiting(m, &m->crew[i]);
    }
}

static int start_crew(struct media *m, unsigned i, const struct media_config *cfg)
{
    struct worker_config worker = {.srtp = cfg->srtp,
                                   .io = m->io,
                                   .gather_us = cfg->gather_us,
                                   .event_fd = m->event_fd,
                                   .number = i,
                                   .cpu = cfg->n_cpus ? cfg->cpus[i % cfg->n_cpus] : -1};
    struct crew *c = &m->crew[i];
    int err;

    if (getrandom(&worker.seed, sizeof(worker.seed), 0) != (ssize_t)sizeof(worker.seed))
        return EIO;
    err = worker_start(&c->worker, &worker);
    return err ? err : pthread_getcpuclockid(c->worker->thread, &c->cpu_clock);
}

/* Asks a socket of no other use what the kernel gives it. */
static bool default_rcvbuf_is_small(void)
{
    int n_bytes = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(n_bytes);

    if (fd < 0)
        return true;
    (void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n_bytes, &len);
    close(fd);
    return n_bytes < RECEIVE_BUFFER_BYTES;
}

int media_start(struct media **mp, const struct media_config *cfg)
{
    struct media *m = calloc(1, sizeof(*m) + cfg->n_workers * sizeof(m->crew[0]));
    int err = 0;

    if (!m)
        return ENOMEM;
    m->sets_rcvbuf = default_rcvbuf_is_small();
    m->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->event_fd < 0)
        err = errno;
    if (!err)
        err = io_choose(&m->io, cfg->io);
    while (!err && m->n_workers < cfg->n_workers) {
        err = start_crew(m, m->n_workers, cfg);
        if (m->crew[m->n_workers].worker) /* also if all but its clock is there */
            m->n_workers++;
    }
    if (err)
        media_stop(m);
    else
        *mp = m;
    return err;
}

void media_stop(struct media *m)
{
    unsigned i;

    if (!m)
        return;
    media_dispatch(m, NULL, NULL);
    for (i = 0; i < m->n_workers; i++)
        worker_stop(m->crew[i].worker);
    if (m->event_fd >= 0)
        close(m->event_fd);
    free(m);
}

int media_event_fd(const struct media *m)
{
    return m->event_fd;
}

const char *media_io_name(const struct media *m)
{
    return m->io->name;
}

/* A thread's CPU time, not a clock that anything is timed by: it stays out of clock.c. */
static uint64_t cpu_us(const struct crew *c)
{
    struct timespec cpu = {0};

    if (clock_gettime(c->cpu_clock, &cpu) != 0)
        return 0;
    return (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000;
}

void media_measure_load(struct media *m, uint64_t now_us)
{
    unsigned i;

    for (i = 0; i < m->n_workers; i++) {
        struct crew *c = &m->crew[i];

        load_put(&c->load, now_us, cpu_us(c), c->n_streams);
        gauge_set(&c->worker->complexity_saving,
                  saving_put(&c->saving, load_permille(&c->load), now_us));
    }
}

unsigned media_load_permille(const struct media *m, unsigned worker)
{
    return load_permille(&m->crew[worker].load);
}

unsigned media_complexity_saving(const struct media *m, unsigned worker)
{
    return m->crew[worker].saving.steps;
}

unsigned media_pick_worker(const struct media *m)
{
    double least = 0;
    unsigned i, best = 0;

    for (i = 0; i < m->n_workers; i++) {
        const unsigned n = m->crew[i].n_streams + 1;
        double expected = load_expected_permille(&m->crew[i].load, n) + n * STREAM_PERMILLE_LEAST;

        if (i == 0 || expected < least) {
            best = i;
            least = expected;
        }
    }
    return best;
}

unsigned media_n_workers(const struct media *m)
{
    return m->n_workers;
}

void media_worker_stats(const struct media *m, unsigned worker, struct media_worker_stats *stats)
{
    const struct crew *c = &m->crew[worker];

    memset(stats, 0, sizeof(*stats));
    stats_read_worker(stats, &c->worker->count);
    stats->cpu_us = cpu_us(c);
    stats->ring_full = c->n_waited;
}
