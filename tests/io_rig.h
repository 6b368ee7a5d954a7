#ifndef PICRELAY_IO_RIG_H
#define PICRELAY_IO_RIG_H

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "media_rig.h"
#include "relay/clock.h"
#include "relay/media/stream.h"

/**
 * A way in and out by itself: sockets of loopback, a pool and a batch; the test is the worker.
 */

struct io_rig {
    struct io *io;
    struct pool pool;
    struct batch batch;
    struct worker_counters count;
    int wake_fd, sender_fd;
    union addr sender;
};

/** A stream with a socket. */
struct io_line {
    struct media_stream *stream;
    union addr local;
};

static inline void io_rig_open(struct io_rig *rig, unsigned n_packets)
{
    const struct io_provider *provider;
    struct io_config cfg = {.pool = &rig->pool, .count = &rig->count};

    memset(rig, 0, sizeof(*rig));
    assert_int_equal(pool_init(&rig->pool, n_packets), 0);
    rig->batch.pool = &rig->pool;
    rig->batch.drops = rig->count.drops;
    rig->wake_fd = cfg.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rig->sender_fd = rig_socket(&rig->sender);
    assert_int_equal(io_choose(&provider, rig_io()), 0);
    assert_int_equal(io_alloc(&rig->io, provider, &cfg), 0);
    assert_int_equal(io_begin(rig->io), 0);
}

static inline void io_rig_close(struct io_rig *rig)
{
    io_free(rig->io);
    pool_wipe(&rig->pool);
    close(rig->wake_fd);
    close(rig->sender_fd);
}

/** Fills the batch with what is there by now, without waiting. */
static inline void io_rig_poll(struct io_rig *rig)
{
    struct io_wait wait = {.deadline_us = 0};

    rig->batch.n = 0;
    ingress_read(rig->io, &rig->batch, &wait);
}

/** The same, but waits for an event; the limit ends a test that has failed. */
static inline void io_rig_read(struct io_rig *rig)
{
    struct io_wait wait = {.deadline_us = clock_now_us() + RIG_WAIT_MS * 1000};

    rig->batch.n = 0;
    ingress_read(rig->io, &rig->batch, &wait);
}

/** What the batch holds goes back to the pool. */
static inline void io_rig_give(struct io_rig *rig)
{
    for (unsigned i = 0; i < rig->batch.n; i++)
        pool_give(&rig->pool, rig->batch.pkt[i]);
    rig->batch.n = 0;
}

/** Awaits the end of one watch or unwatch; nothing may arrive meanwhile. */
static inline struct media_socket *io_rig_await_settled(struct io_rig *rig)
{
    struct media_socket *socket;
    uint64_t end_us = clock_now_us() + RIG_WAIT_MS * 1000;

    while ((socket = ingress_settled(rig->io)) == NULL) {
        assert_true(clock_now_us() < end_us);
        io_rig_read(rig);
        assert_int_equal(rig->batch.n, 0);
    }
    return socket;
}

static inline struct io_line io_line_new(void)
{
    struct io_line line = {.stream = aligned_alloc(CACHE_LINE, sizeof(*line.stream))};

    assert_non_null(line.stream);
    memset(line.stream, 0, sizeof(*line.stream));
    line.stream->socket[0] =
        (struct media_socket){.stream = line.stream, .fd = rig_socket(&line.local)};
    return line;
}

static inline void io_line_watch(struct io_rig *rig, struct io_line *line)
{
    int err = ingress_watch(rig->io, &line->stream->socket[0]);

    if (err == EINPROGRESS) {
        assert_ptr_equal(io_rig_await_settled(rig), &line->stream->socket[0]);
        err = line->stream->socket[0].error;
    }
    assert_int_equal(err, 0);
}

static inline void io_line_unwatch(struct io_rig *rig, struct io_line *line)
{
    if (ingress_unwatch(rig->io, &line->stream->socket[0]) == EINPROGRESS)
        assert_ptr_equal(io_rig_await_settled(rig), &line->stream->socket[0]);
}

static inline struct io_line io_line_open(struct io_rig *rig)
{
    struct io_line line = io_line_new();

    io_line_watch(rig, &line);
    return line;
}

static inline void io_line_free(struct io_line *line)
{
    close(line->stream->socket[0].fd);
    free(line->stream);
}

static inline void io_line_close(struct io_rig *rig, struct io_line *line)
{
    io_line_unwatch(rig, line);
    io_line_free(line);
}

/** A datagram of n bytes comes to the line; the first two carry a number. */
static inline void io_line_feed(const struct io_rig *rig, const struct io_line *line, size_t n,
                                uint16_t number)
{
    static uint8_t data[65507];

    put_be16(data, number);
    rig_send_from(rig->sender_fd, &line->local, data, n);
}

/** Puts a datagram for `to` into the batch, to leave by the line. */
static inline void io_line_post(struct io_rig *rig, const struct io_line *line,
                                const union addr *to, uint16_t number)
{
    struct packet *p = pool_take(&rig->pool);

    assert_non_null(p);
    put_be16(p->data, number);
    p->len = 172;
    p->kind = PACKET_RTP;
    p->stream = NULL;
    p->out = line->stream;
    p->component = MEDIA_RTP;
    p->addr = *to;
    rig->batch.pkt[rig->batch.n++] = p;
}

#endif
