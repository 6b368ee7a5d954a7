#ifndef PICRELAY_PACKET_H
#define PICRELAY_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/media/cache.h"
#include "relay/media/counter.h"
#include "relay/media/drop.h"
#include "relay/media/rtp.h"
#include "relay/media/srtp.h"

/**
 * What travels through the stages: packets, the batch that holds them, and the pool they come from.
 * Thread: the worker that owns the pool.
 */

#define PACKET_MAX       1500 /* the longest datagram that is passed on [bytes] */
#define PACKET_TAILROOM  SRTP_TRAILER_MAX
#define PACKET_HEADROOM  104 /* where the kernel writes what it says of a datagram [bytes] */
#define PACKET_BUF_BYTES (PACKET_HEADROOM + PACKET_MAX + 4 + PACKET_TAILROOM)
#define BATCH_MAX        256

struct media_stream;

enum packet_kind { PACKET_RTP, PACKET_RTCP, PACKET_DTLS };

/** A datagram on its way. Its buffer lies behind it; data points to the first byte. */
struct packet {
    _Alignas(
        CACHE_LINE) struct packet *next; /* epoll: in its socket's queue of what is to be sent */
    uint8_t *data;
    uint32_t len;
    uint32_t wire_len;           /* as it arrived, with SRTP's trailer */
    uint8_t kind;                /* enum packet_kind */
    uint8_t component;           /* of arrival; after routing: of departure */
    bool is_early;               /* PACKET_DTLS: nobody has said yet who may send here */
    bool may_lock;               /* its source becomes the stream's, if it proves to be genuine */
    bool is_refused;             /* io_uring: the kernel did not send it */
    struct media_stream *stream; /* that it came to; NULL: made here */
    struct media_stream *out;    /* to whose peer it goes */
    uint64_t arrived_us;         /* in the kernel, if its socket is sampled for delays; else 0 */
    union addr addr;             /* its source; after routing: its destination */
    struct rtp_packet rtp;       /* PACKET_RTP, once authenticated */
    _Alignas(8) uint8_t buf[PACKET_BUF_BYTES];
};

_Static_assert(sizeof(struct packet) % 2048 != 0, "packets share the sets of a cache evenly");

/** @return room from data on [bytes] */
static inline uint32_t packet_room(const struct packet *p)
{
    return (uint32_t)(p->buf + sizeof(p->buf) - p->data);
}

/** A fixed number of packets, allocated at start. What came back last is taken first: the cache
 *  may still hold it. */
struct pool {
    struct packet *all;
    struct packet **free;
    unsigned n_free;
};

/** @return 0; ENOMEM */
int pool_init(struct pool *pool, unsigned n);
void pool_wipe(struct pool *pool);

/** Makes an empty packet of what pool_take_blank() gave. */
static inline void packet_clear(struct packet *p)
{
    p->data = p->buf + PACKET_HEADROOM;
    p->len = 0;
    p->arrived_us = 0;
}

/** @return a packet with nothing in it but what was in it last: not touched; NULL: none is free */
static inline struct packet *pool_take_blank(struct pool *pool)
{
    return pool->n_free > 0 ? pool->free[--pool->n_free] : NULL;
}

/** @return an empty packet; NULL: none is free */
static inline struct packet *pool_take(struct pool *pool)
{
    struct packet *p = pool_take_blank(pool);

    if (p)
        packet_clear(p);
    return p;
}

static inline void pool_give(struct pool *pool, struct packet *p)
{
    pool->free[pool->n_free++] = p;
}

/** The vector that every stage works on. Order of arrival is kept within a stream. */
struct batch {
    uint64_t now_us; /* read once, when the batch was received */
    unsigned n;
    struct packet *pkt[BATCH_MAX];
    struct pool *pool;
    _Atomic uint64_t *drops; /* DROP_COUNT figures of the worker */
};

static inline bool batch_is_full(const struct batch *b)
{
    return b->n == BATCH_MAX;
}

/** Ends a packet's journey: counts it with its worker and its stream, gives the buffer back.
 *  @param drops  DROP_COUNT figures of the worker */
void packet_drop(struct packet *p, enum drop reason, struct pool *pool, _Atomic uint64_t *drops);
void batch_drop(struct batch *b, struct packet *p, enum drop reason);

/** A stage's verdict on one packet. DROP_NONE: it goes on. */
typedef enum drop(packet_check_h)(struct packet *p, const struct batch *b);

/** Leaves in the batch what the check lets pass. Inlined, so that the check is no indirect call. */
static inline void batch_filter(struct batch *b, packet_check_h *check)
{
    unsigned i, n = 0;

    for (i = 0; i < b->n; i++) {
        struct packet *p = b->pkt[i];
        enum drop reason = check(p, b);

        if (reason == DROP_NONE)
            b->pkt[n++] = p;
        else
            batch_drop(b, p, reason);
    }
    b->n = n;
}

#endif
