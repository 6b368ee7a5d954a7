#include "bench/load/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/pattern.h"
#include "bench/load/plan.h"
#include "bench/load/stop.h"
#include "bench/load/stream.h"

#define SEND_MAX     16 /* packets that share a sending time: more would blur the delays */
#define RECEIVE_MAX  64
#define POLLED_PAIRS 2 /* up to so many the sockets are simply asked; more are behind epoll */
#define DRAIN_NS     UINT64_C(300000000) /* for packets on their way; lost ones never come */
#define STOP_EVERY   4096                /* turns */
#define PORTS        65536

struct sending {
    uint8_t packets[SEND_MAX][LOAD_PACKET_MAX];
    struct iovec iov[SEND_MAX];
    struct mmsghdr msg[SEND_MAX];
    unsigned socket[SEND_MAX];
};

struct receiving {
    uint8_t packets[RECEIVE_MAX][LOAD_PACKET_MAX];
    uint8_t control[RECEIVE_MAX][CMSG_SPACE(sizeof(struct timespec))];
    struct sockaddr_in from[RECEIVE_MAX];
    struct iovec iov[RECEIVE_MAX];
    struct mmsghdr msg[RECEIVE_MAX];
};

struct load_media {
    struct load_media_config cfg;
    struct load_plan plan;
    struct load_stream *streams;
    struct load_frames *frames[2]; /* by side; NULL: patterns are sent */
    uint64_t n_sent, begin, end;   /* packets over all streams: sent; first and last measured */
    uint64_t begin_ns;
    uint32_t by_port[2][PORTS]; /* the end + 1 that hears from this port of the relay */
    int epoll;
    struct load_media_stats *stats;
    struct sending out;
    struct receiving in;
};

static int streams_make(struct load_media *m)
{
    const struct load_media_config *cfg = &m->cfg;

    m->streams = calloc(2 * (size_t)cfg->n_calls, sizeof(*m->streams));
    if (!m->streams)
        return ENOMEM;
    for (unsigned i = 0; i < 2 * cfg->n_calls; i++) {
        const struct load_end *end = &cfg->ends[i];
        struct load_stream *s = &m->streams[i];
        uint32_t random[3];

        if (getrandom(random, sizeof(random), 0) != sizeof(random))
            return EIO;
        int err = load_stream_init(s, end);
        if (err)
            return err;
        s->ssrc = random[0];
        s->ts = random[1];
        s->seq =
            (uint16_t)(random[2] & 0x7fff); /* no wrap in the first ten minutes: RFC 3711 s.3.3.1 */
        m->by_port[i % 2][ntohs(end->relay.sin_port)] = i + 1;
    }
    return 0;
}

static int epoll_make(struct load_media *m)
{
    const struct load_sockets *s = m->cfg.sockets;

    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (m->epoll < 0)
        return errno;
    for (unsigned i = 0; i < 2 * s->n_pairs; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(m->epoll, EPOLL_CTL_ADD, s->fds[i], &e) != 0)
            return errno;
    }
    return 0;
}

int load_media_alloc(struct load_media **mp, const struct load_media_config *cfg)
{
    struct load_media *m = calloc(1, sizeof(*m));
    if (!m)
        return ENOMEM;

    m->cfg = *cfg;
    m->epoll = -1;
    m->begin = (uint64_t)cfg->warm_rounds * 2 * cfg->n_calls;
    m->end = m->begin + (uint64_t)cfg->rounds * 2 * cfg->n_calls;
    int err = streams_make(m);
    if (!err && cfg->sockets->n_pairs > POLLED_PAIRS)
        err = epoll_make(m);
    for (unsigned i = 0; i < 2 && cfg->mode->check == LOAD_CHECK_CLOCK && !err; i++)
        err = load_frames_alloc(&m->frames[i], cfg->mode->format[i].rtpmap);
    if (err)
        load_media_free(m);
    else
        *mp = m;
    return err;
}

void load_media_free(struct load_media *m)
{
    if (!m)
        return;
    for (unsigned i = 0; m->streams && i < 2 * m->cfg.n_calls; i++)
        load_stream_wipe(&m->streams[i]);
    if (m->epoll >= 0)
        close(m->epoll);
    load_frames_free(m->frames[LOAD_A]);
    load_frames_free(m->frames[LOAD_B]);
    free(m->streams);
    free(m);
}

/* ---- sending ----------------------------------------------------------------------------------
 */

static void packet_make(struct load_media *m, unsigned i, uint64_t k)
{
    struct sending *out = &m->out;
    unsigned index = load_plan_stream(&m->plan, k);
    struct load_stream *s = &m->streams[index];
    const struct load_frames *frames = m->frames[index % 2];
    const struct load_frame *frame = frames ? load_frames_at(frames, s->n_sent) : NULL;

    out->socket[i] = load_sockets_index(m->cfg.sockets, index / 2, index % 2);
    out->iov[i].iov_base = out->packets[i];
    out->iov[i].iov_len = load_stream_write(s, out->packets[i], index, m->cfg.mode, frame);
}

/* Sends those of the batch that belong to the socket of packet i; the others are left. */
static void socket_send(struct load_media *m, uint64_t first, unsigned n, unsigned i)
{
    struct sending *out = &m->out;
    uint64_t wall_ns = load_wall_ns();
    unsigned socket = out->socket[i], n_msg = 0;

    for (unsigned j = i; j < n; j++) {
        if (out->socket[j] != socket)
            continue;
        struct load_stream *s = &m->streams[load_plan_stream(&m->plan, first + j)];
        out->msg[n_msg++].msg_hdr = (struct msghdr){.msg_name = &s->relay,
                                                    .msg_namelen = sizeof(s->relay),
                                                    .msg_iov = &out->iov[j],
                                                    .msg_iovlen = 1};
        s->sent_ns[(s->n_sent - 1) % LOAD_STAMPS] = wall_ns;
        out->socket[j] = UINT32_MAX;
    }
    int sent = sendmmsg(m->cfg.sockets->fds[socket], out->msg, n_msg, 0);
    m->stats->unsent += n_msg - (unsigned)(sent < 0 ? 0 : sent);
}

/* Notes where the measured packets begin, if that is among these. */
static void begin_mark(struct load_media *m, uint64_t first, unsigned n, uint64_t now_ns)
{
    if (first > m->begin || m->begin >= first + n)
        return;
    m->begin_ns = now_ns;
    m->cfg.h(LOAD_MARK_BEGIN, m->cfg.arg);
}

/* @return how many were due */
static unsigned due_send(struct load_media *m)
{
    uint64_t now_ns = load_now_ns(), due = load_plan_due(&m->plan, now_ns), first = m->n_sent;

    if (due > m->end)
        due = m->end;
    unsigned n = due - first < SEND_MAX ? (unsigned)(due - first) : SEND_MAX;
    if (!n)
        return 0;
    begin_mark(m, first, n, now_ns);
    for (unsigned i = 0; i < n; i++) {
        packet_make(m, i, first + i);
        if (first + i < m->begin)
            continue;
        m->stats->sent++;
        load_histogram_put(&m->stats->late, now_ns - load_plan_due_ns(&m->plan, first + i));
    }
    m->n_sent += n;
    for (unsigned i = 0; i < n; i++)
        if (m->out.socket[i] != UINT32_MAX)
            socket_send(m, first, n, i);
    return n;
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static uint64_t stamp_read(struct msghdr *h)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    struct timespec ts;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
        return load_wall_ns();
    memcpy(&ts, CMSG_DATA(c), sizeof(ts));
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* @return UINT32_MAX: nobody */
static uint32_t end_find(const struct load_media *m, enum load_side side,
                         const struct sockaddr_in *from, const uint8_t *packet, size_t n)
{
    uint32_t stream, number;

    if (m->cfg.is_one_port) {
        if (n != LOAD_RTP_HEADER + LOAD_PATTERN_BYTES)
            return UINT32_MAX;
        load_pattern_read(packet + LOAD_RTP_HEADER, &stream, &number);
        return (stream ^ 1) % 2 == side && stream < m->plan.n_streams ? stream ^ 1 : UINT32_MAX;
    }
    uint32_t end = m->by_port[side][ntohs(from->sin_port)] - 1;
    if (end == UINT32_MAX || m->streams[end].relay.sin_addr.s_addr != from->sin_addr.s_addr)
        return UINT32_MAX;
    return end;
}

static void good_take(struct load_media *m, uint32_t end, uint64_t number, uint64_t came_ns)
{
    const struct load_stream *from = &m->streams[end ^ 1];
    struct load_media_stats *stats = m->stats;
    enum load_track_verdict v = load_track_put(&m->streams[end].track, number);

    if (number < m->cfg.warm_rounds)
        return;
    stats->reordered += v == LOAD_TRACK_REORDERED;
    if (v == LOAD_TRACK_DUPLICATE || v == LOAD_TRACK_STALE) {
        stats->duplicates++;
        return;
    }
    stats->received++;
    uint64_t sent_ns = from->sent_ns[number % LOAD_STAMPS];
    if (from->n_sent - number >
        LOAD_STAMPS) /* the stamp is of a later one: count the least it was */
        load_histogram_put(&stats->delay, LOAD_STAMPS * LOAD_MEDIA_INTERVAL_NS);
    else
        load_histogram_put(&stats->delay, came_ns > sent_ns ? came_ns - sent_ns : 0);
}

static void packet_take(struct load_media *m, enum load_side side, unsigned i)
{
    struct receiving *in = &m->in;
    struct msghdr *h = &in->msg[i].msg_hdr;
    struct load_media_stats *stats = m->stats;
    uint64_t number;

    uint32_t end = end_find(m, side, &in->from[i], in->packets[i], in->msg[i].msg_len);
    if (end == UINT32_MAX) {
        stats->stray++;
        return;
    }
    enum load_verdict v = load_stream_read(&m->streams[end], &m->streams[end ^ 1], end, m->cfg.mode,
                                           in->packets[i], in->msg[i].msg_len, &number);
    stats->stray += v == LOAD_STRAY;
    stats->unauthentic += v == LOAD_UNAUTHENTIC;
    stats->corrupted += v == LOAD_CORRUPTED;
    stats->misrouted += v == LOAD_MISROUTED;
    stats->renumbered += v == LOAD_RENUMBERED;
    if (v == LOAD_GOOD || v == LOAD_RENUMBERED)
        good_take(m, end, number, stamp_read(h));
}

/* @return how many came */
static unsigned socket_receive(struct load_media *m, unsigned socket)
{
    struct receiving *in = &m->in;

    for (unsigned i = 0; i < RECEIVE_MAX; i++) {
        in->iov[i] = (struct iovec){in->packets[i], LOAD_PACKET_MAX};
        in->msg[i].msg_hdr = (struct msghdr){.msg_name = &in->from[i],
                                             .msg_namelen = sizeof(in->from[i]),
                                             .msg_iov = &in->iov[i],
                                             .msg_iovlen = 1,
                                             .msg_control = in->control[i],
                                             .msg_controllen = sizeof(in->control[i])};
    }
    int n = recvmmsg(m->cfg.sockets->fds[socket], in->msg, RECEIVE_MAX, 0, NULL);
    for (int i = 0; i < n; i++)
        packet_take(m, socket % 2, (unsigned)i);
    return n > 0 ? (unsigned)n : 0;
}

static unsigned all_receive(struct load_media *m)
{
    struct epoll_event events[RECEIVE_MAX];
    unsigned n = 0;

    if (m->epoll < 0) {
        for (unsigned i = 0; i < 2 * m->cfg.sockets->n_pairs; i++)
            n += socket_receive(m, i);
        return n;
    }
    int n_events = epoll_wait(m->epoll, events, RECEIVE_MAX, 0);
    for (int i = 0; i < n_events; i++)
        n += socket_receive(m, events[i].data.u32);
    return n;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Until shortly before the next packet is due. What comes meanwhile waits in the sockets, with the
 * kernel's time on it. */
static void rest(const struct load_media *m)
{
    uint64_t due_ns = load_plan_due_ns(&m->plan, m->n_sent);

    if (due_ns > load_now_ns() + LOAD_MEDIA_SPIN_NS)
        load_sleep_until(due_ns - LOAD_MEDIA_SPIN_NS / 2);
}

static void drain(struct load_media *m)
{
    uint64_t until_ns = load_now_ns() + DRAIN_NS;

    while (m->stats->received < m->stats->sent && load_now_ns() < until_ns)
        if (!all_receive(m))
            load_sleep_until(load_now_ns() + LOAD_MEDIA_SPIN_NS);
}

void load_media_run(struct load_media *m, struct load_media_stats *stats)
{
    unsigned turns = 0;

    m->stats = stats;
    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* [ns]; 50 us otherwise */
    m->plan = (struct load_plan){.start_ns = load_now_ns(),
                                 .interval_ns = LOAD_MEDIA_INTERVAL_NS,
                                 .n_streams = 2 * m->cfg.n_calls};
    while (m->n_sent < m->end && !stats->is_stopped) {
        unsigned n = due_send(m);

        n += all_receive(m);
        if (!n)
            rest(m);
        if (++turns % STOP_EVERY == 0)
            stats->is_stopped = load_stop_is_asked();
    }
    stats->duration_ns = m->begin_ns ? load_now_ns() - m->begin_ns : 0;
    m->cfg.h(LOAD_MARK_END, m->cfg.arg);
    drain(m);
}
