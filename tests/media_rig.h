#ifndef PICRELAY_MEDIA_RIG_H
#define PICRELAY_MEDIA_RIG_H

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/media/bytes.h"
#include "relay/media/io.h"
#include "relay/media/media.h"
#include "relay/media/rtp.h"

/**
 * A call of two legs over loopback: the data plane with one worker, and for each leg the sockets of
 * its peer. Waits are for events, with a limit that is only there to end a test that has failed.
 */

#define RIG_WAIT_MS 20000
#define RIG_SKIPPED 77          /* exit status, for ctest */
#define RIG_SSRC_A  0xaaaa0001u /* what the relay sends towards A's peer */
#define RIG_SSRC_B  0xbbbb0001u
#define RIG_PEER_A  0x11111111u /* what A's peer sends with */
#define RIG_PEER_B  0x22222222u

struct rig_leg {
    struct media_stream *stream;
    int fd[MEDIA_COMPONENTS], peer_fd[MEDIA_COMPONENTS];
    union addr local[MEDIA_COMPONENTS], peer[MEDIA_COMPONENTS];
    uint32_t peer_ssrc;       /* what its peer sends with */
    struct media_rules rules; /* as last set */
};

struct rig {
    struct srtp_context *srtp; /* of this thread: for the sessions of the relay's legs */
    struct media *media;
    struct rig_leg a, b;
    unsigned n_removed;
};

/** What PICRELAY_IO asks for, so that the same tests run for each; without it, what is best here.
 */
static inline enum media_io rig_io(void)
{
    const char *name = getenv("PICRELAY_IO");

    if (!name)
        return MEDIA_IO_AUTO;
    return strcmp(name, "epoll") == 0 ? MEDIA_IO_EPOLL : MEDIA_IO_URING;
}

/** Whether the kernel refuses what PICRELAY_IO asks for: then there is nothing to test. */
static inline bool rig_io_is_refused(void)
{
    const struct io_provider *provider;
    int err = io_choose(&provider, rig_io());

    if (err)
        print_message("skipped: io_uring: %s\n", strerror(err));
    return err != 0;
}

/** No test for one way in and out passes on another. */
static inline void rig_assert_io(const struct media *m)
{
    const char *name = getenv("PICRELAY_IO");

    if (name)
        assert_string_equal(media_io_name(m), name);
}

static inline int rig_socket(union addr *addr)
{
    socklen_t len = sizeof(*addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memset(addr, 0, sizeof(*addr));
    addr->in.sin_family = AF_INET;
    addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &addr->sa, sizeof(addr->in)), 0);
    assert_int_equal(getsockname(fd, &addr->sa, &len), 0);
    return fd;
}

static inline void rig_event(const struct media_event *ev, void *arg)
{
    struct rig *rig = arg;

    if (ev->type == MEDIA_EVENT_DTLS) { /* of a stream that is still there */
        assert_true(media_stream_ssrc(ev->stream) != 0 && ev->n > 0);
        return;
    }
    assert_int_equal(ev->type, MEDIA_EVENT_REMOVED);
    rig->n_removed++;
    media_stream_free(ev->stream);
}

static inline void rig_await_removed(struct rig *rig, unsigned n)
{
    struct pollfd pfd = {.fd = media_event_fd(rig->media), .events = POLLIN};

    while (rig->n_removed < n) {
        assert_int_equal(poll(&pfd, 1, RIG_WAIT_MS), 1);
        media_dispatch(rig->media, rig_event, rig);
    }
}

/** All that was asked for before has been done: commands are done in order, and this is one. */
static inline void rig_settle(struct rig *rig)
{
    struct media_stream_config cfg = {.fd = {-1, -1}};
    struct media_stream *s;
    unsigned n = rig->n_removed + 1;

    assert_int_equal(media_stream_add(&s, rig->media, &cfg), 0);
    media_stream_remove(s);
    rig_await_removed(rig, n);
}

static inline void rig_leg_open(struct rig *rig, struct rig_leg *leg, uint32_t ssrc)
{
    struct media_stream_config cfg = {.ssrc = ssrc, .cname = "relay@test"};
    int c;

    for (c = 0; c < MEDIA_COMPONENTS; c++) {
        leg->fd[c] = rig_socket(&leg->local[c]);
        leg->peer_fd[c] = rig_socket(&leg->peer[c]);
        cfg.fd[c] = leg->fd[c];
    }
    assert_int_equal(media_stream_add(&leg->stream, rig->media, &cfg), 0);
}

/** Relays payload types 0, 8, 96 and 101 as they are, to the other leg. */
static inline void rig_leg_rules(struct rig_leg *leg, const struct rig_leg *other)
{
    static const uint8_t pts[] = {0, 8, 96, 101};
    struct media_rules *r = &leg->rules;
    size_t i;

    memset(r, 0, sizeof(*r));
    r->source = MEDIA_SOURCE_EXACT;
    memcpy(r->remote, leg->peer, sizeof(r->remote));
    for (i = 0; i < sizeof(pts); i++) {
        r->action[pts[i]] = MEDIA_RELAY;
        r->out_pt[pts[i]] = pts[i];
        r->clock_hz[pts[i]] = 8000;
    }
    r->may_receive = true;
    r->may_send = true;
    r->is_rtcp_translated = true;
    r->sink = other->stream;
}

/** Puts leg->rules in force; objects are handed over once. */
static inline void rig_leg_set(struct rig *rig, struct rig_leg *leg)
{
    assert_int_equal(media_stream_set(leg->stream, &leg->rules), 0);
    leg->rules.set_srtp_rx = leg->rules.set_srtp_tx = leg->rules.set_transcoder = false;
    rig_settle(rig);
}

static inline void rig_open_with(struct rig *rig, const struct srtp_provider *srtp)
{
    struct media_config cfg = {.n_workers = 1, .srtp = srtp, .io = rig_io()};

    memset(rig, 0, sizeof(*rig));
    assert_int_equal(srtp_context_alloc(&rig->srtp, srtp), 0);
    assert_int_equal(media_start(&rig->media, &cfg), 0);
    rig_assert_io(rig->media);
    rig_leg_open(rig, &rig->a, RIG_SSRC_A);
    rig_leg_open(rig, &rig->b, RIG_SSRC_B);
    rig->a.peer_ssrc = RIG_PEER_A;
    rig->b.peer_ssrc = RIG_PEER_B;
    rig_leg_rules(&rig->a, &rig->b);
    rig_leg_rules(&rig->b, &rig->a);
    rig_leg_set(rig, &rig->a);
    rig_leg_set(rig, &rig->b);
}

static inline void rig_open(struct rig *rig)
{
    rig_open_with(rig, srtp_provider_best());
}

static inline void rig_leg_close(struct rig_leg *leg)
{
    int c;

    for (c = 0; c < MEDIA_COMPONENTS; c++) {
        close(leg->fd[c]);
        close(leg->peer_fd[c]);
    }
}

static inline void rig_close(struct rig *rig)
{
    unsigned n;

    rig->a.rules.sink = rig->b.rules.sink = NULL;
    rig_leg_set(rig, &rig->a);
    rig_leg_set(rig, &rig->b);
    n = rig->n_removed + 2;
    media_stream_remove(rig->a.stream);
    media_stream_remove(rig->b.stream);
    rig_await_removed(rig, n);
    rig_leg_close(&rig->a);
    rig_leg_close(&rig->b);
    media_stop(rig->media);
    srtp_context_free(rig->srtp);
}

/** An RTP packet of 20 ms of 8 kHz audio. @return its length */
static inline size_t rig_rtp(uint8_t *data, uint8_t pt, uint16_t seq, uint32_t ssrc)
{
    struct rtp_packet rtp = {.pt = pt, .seq = seq, .ts = seq * 160u, .ssrc = ssrc};

    rtp_write(data, &rtp);
    memset(data + RTP_HEADER_BYTES, seq & 0xff, 160);
    return RTP_HEADER_BYTES + 160;
}

static inline void rig_send_from(int fd, const union addr *to, const uint8_t *data, size_t n)
{
    /* cppcheck-suppress uninitvar ; callers fill it in through rig_rtp() */
    assert_int_equal(sendto(fd, data, n, 0, &to->sa, addr_len(to)), (ssize_t)n);
}

/** A's (or B's) peer sends to the relay. */
static inline void rig_send(const struct rig_leg *leg, enum media_component c, const uint8_t *data,
                            size_t n)
{
    rig_send_from(leg->peer_fd[c], &leg->local[c], data, n);
}

static inline void rig_send_rtp(const struct rig_leg *leg, uint8_t pt, uint16_t seq)
{
    uint8_t data[256];

    rig_send(leg, MEDIA_RTP, data, rig_rtp(data, pt, seq, leg->peer_ssrc));
}

/** Awaits the next datagram at a leg's peer. @return its length */
static inline size_t rig_recv(const struct rig_leg *leg, enum media_component c, uint8_t *data,
                              size_t cap)
{
    struct pollfd pfd = {.fd = leg->peer_fd[c], .events = POLLIN};
    ssize_t n;

    assert_int_equal(poll(&pfd, 1, RIG_WAIT_MS), 1);
    n = recv(leg->peer_fd[c], data, cap, 0);
    assert_true(n >= 0);
    return (size_t)n;
}

/** Awaits the next RTP packet. @return its parsed header */
static inline struct rtp_packet rig_recv_rtp(const struct rig_leg *leg)
{
    uint8_t data[2048];
    struct rtp_packet rtp = {0};
    size_t n = rig_recv(leg, MEDIA_RTP, data, sizeof(data));

    assert_int_equal(rtp_parse(&rtp, data, n), 0);
    return rtp;
}

static inline uint64_t rig_drops(const struct rig_leg *leg, enum drop reason)
{
    struct media_stats stats;

    media_stream_stats(leg->stream, &stats);
    return stats.drops[reason];
}

#endif
