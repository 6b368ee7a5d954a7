#include "relay/media/media_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define DTLS_PER_S      100 /* datagrams of a stream: a handshake has ten */
#define SAMPLED_STREAMS 16  /* of so many streams of a worker, one tells of delays */

static void init_sockets(struct media_stream *s, const struct media_stream_config *cfg)
{
    enum media_component c;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++)
        s->socket[c] =
            (struct media_socket){.stream = s, .fd = cfg->fd[c], .component = (uint8_t)c};
}

static void set_flag(int fd, int option)
{
    const int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on));
}

/* What the kernel shall do for us beside receiving. It may refuse: then there is less to know. */
static void prepare_sockets(const struct media *m, const struct media_stream_config *cfg,
                            bool is_sampled)
{
    const int n_bytes = RECEIVE_BUFFER_BYTES / 2; /* the kernel doubles it */
    enum media_component c;

    for (c = MEDIA_RTP; c < MEDIA_COMPONENTS; c++) {
        if (cfg->fd[c] < 0)
            continue;
        if (m->sets_rcvbuf)
            (void)setsockopt(cfg->fd[c], SOL_SOCKET, SO_RCVBUF, &n_bytes, sizeof(n_bytes));
        if (c != MEDIA_RTP) /* each call of the kernel counts in the rate of set-ups */
            continue;
        set_flag(cfg->fd[c], SO_RXQ_OVFL);
        if (is_sampled)
            set_flag(cfg->fd[c], SO_TIMESTAMPNS);
    }
}

static struct media_stream *stream_new(struct media *m, const struct media_stream_config *cfg)
{
    struct media_stream *s = aligned_alloc(CACHE_LINE, sizeof(*s));
    uint64_t random = 0;

    if (!s)
        return NULL;
    memset(s, 0, sizeof(*s));
    (void)!getrandom(&random, sizeof(random), 0); /* numbers to begin with, not secrets */
    init_sockets(s, cfg);
    route_init(&s->route, cfg->ssrc, random);
    s->transcoder_timer.kind = TIMER_TRANSCODER;
    s->report_timer.kind = TIMER_REPORT;
    s->is_rtcp_translated = true; /* no reports of ours before there are rules */
    s->takes_dtls = cfg->takes_dtls;
    s->media = m;
    s->arg = cfg->arg;
    s->worker = cfg->worker;
    s->ssrc = cfg->ssrc;
    rate_gate_set(&s->handshakes, &(struct media_rules){.max_pps = DTLS_PER_S});
    memcpy(s->cname, cfg->cname, sizeof(s->cname));
    s->cname[sizeof(s->cname) - 1] = '\0';
    return s;
}

int media_stream_add(struct media_stream **sp, struct media *m,
                     const struct media_stream_config *cfg)
{
    struct media_stream *s = stream_new(m, cfg);

    if (!s)
        return ENOMEM;
    prepare_sockets(m, cfg, m->crew[s->worker].n_added++ % SAMPLED_STREAMS == 0);
    m->crew[s->worker].n_streams++;
    s->add = (struct command){.type = COMMAND_ADD, .stream = s};
    media_send_command(m, &m->crew[s->worker], &s->add);
    *sp = s;
    return 0;
}

int media_stream_set(struct media_stream *s, const struct media_rules *rules)
{
    struct command_set *set = calloc(1, sizeof(*set));

    if (!set) {
        media_free_rules_objects(rules);
        return ENOMEM;
    }
    set->command = (struct command){.type = COMMAND_SET, .stream = s};
    set->rules = *rules;
    if (s->mute_state == MUTE_DUE) /* a mute that waits would undo what is sent after it */
        s->mute_state = MUTE_SENT;
    if (rules->set_transcoder)
        s->current_transcoder = rules->transcoder;
    media_send_command(s->media, &s->media->crew[s->worker], &set->command);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): comes back, and is freed by take_answer() */
    return 0;
}

int media_stream_set_keys(struct media_stream *s, enum media_component component,
                          struct srtp_session *rx, struct srtp_session *tx)
{
    struct command_set_keys *set = calloc(1, sizeof(*set));

    if (!set) {
        srtp_session_free(rx);
        srtp_session_free(tx);
        return ENOMEM;
    }
    set->command = (struct command){.type = COMMAND_SET_KEYS, .stream = s};
    set->component = component;
    set->rx = rx;
    set->tx = tx;
    media_send_command(s->media, &s->media->crew[s->worker], &set->command);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): comes back, and is freed by take_answer() */
    return 0;
}

void media_stream_mute(struct media_stream *s)
{
    if (s->mute_state == MUTE_IDLE)
        media_send_mute(s);
    else
        s->mute_state = MUTE_DUE;
}

int media_stream_set_remote(struct media_stream *s, enum media_component component,
                            const union addr *remote)
{
    struct command_set_remote *set = calloc(1, sizeof(*set));

    if (!set)
        return ENOMEM;
    set->command = (struct command){.type = COMMAND_SET_REMOTE, .stream = s};
    set->component = component;
    set->remote = *remote;
    media_send_command(s->media, &s->media->crew[s->worker], &set->command);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): comes back, and is freed by take_answer() */
    return 0;
}

/* Each letter brings what the first digit between relayed packets needs: control does not know
 * whether it was the first. */
int media_stream_play_digit(struct media_stream *s, const struct digit *digit)
{
    struct command_digit *c = calloc(1, sizeof(*c));

    if (!c)
        return ENOMEM;
    c->dial = dial_alloc(s);
    if (!c->dial) {
        free(c);
        return ENOMEM;
    }
    c->command = (struct command){.type = COMMAND_DIGIT, .stream = s};
    c->digit = *digit;
    media_send_command(s->media, &s->media->crew[s->worker], &c->command);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): comes back, and is freed by take_answer() */
    return 0;
}

int media_stream_block_events(struct media_stream *s, bool is_blocked)
{
    struct command_block_events *c = calloc(1, sizeof(*c));

    if (!c)
        return ENOMEM;
    c->command = (struct command){.type = COMMAND_BLOCK_EVENTS, .stream = s};
    c->is_blocked = is_blocked;
    media_send_command(s->media, &s->media->crew[s->worker], &c->command);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as above */
    return 0;
}

void media_stream_remove(struct media_stream *s)
{
    if (s->mute_state == MUTE_DUE)
        s->mute_state = MUTE_SENT;
    s->remove = (struct command){.type = COMMAND_REMOVE, .stream = s};
    media_send_command(s->media, &s->media->crew[s->worker], &s->remove);
}

void media_stream_free(struct media_stream *s)
{
    if (!s)
        return;
    srtp_session_free(s->srtp_rx);
    srtp_session_free(s->srtp_old);
    srtp_session_free(s->srtp_tx);
    srtp_session_free(s->srtcp_rx);
    srtp_session_free(s->srtcp_tx);
    transcoder_free(s->transcoder);
    free(s->dial);
    free(s);
}

void media_stream_stats(const struct media_stream *s, struct media_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats_read_stream(stats, &s->count);
    stats->transcoder = s->retired;
    if (s->current_transcoder)
        stats_add_transcoder(&stats->transcoder, transcoder_stats(s->current_transcoder));
}

uint32_t media_stream_ssrc(const struct media_stream *s)
{
    return s->ssrc;
}
