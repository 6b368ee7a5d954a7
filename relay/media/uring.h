#ifndef PICRELAY_URING_H
#define PICRELAY_URING_H

#include <liburing.h>

#include "relay/media/io.h"

/**
 * Inside of the io_uring provider. One ring a worker:
 *
 * - a multishot recvmsg for each socket, which stays armed and takes its buffers from a ring of
 *   packets that we provide;
 * - sends are laid out as they come and submitted with the next wait, by the same system call.
 *   They complete in it, and only what is refused leaves a completion: the rest has left when all
 *   that had completed by then has been seen;
 * - sockets are registered files; they come and go by submissions, as registration from another
 *   thread is refused (EEXIST: SINGLE_ISSUER);
 * - completions are run when we ask for them (DEFER_TASKRUN), not in the middle of a pass.
 *
 * Every completion tells by its user data what it is of: a pointer, and in the low bits a tag.
 */

/* The kernel sizes the hash table in which it looks up requests to cancel by the length of this
 * queue: 8192 entries make 256 buckets. */
#define URING_COMPLETIONS 8192
#define URING_SUBMISSIONS 1024
#define URING_BUFFERS     512  /* provided to the kernel; a power of two */
#define URING_SENDS       2048 /* laid out, or not settled yet; a power of two */
#define URING_FILES_MAX   262144
#define URING_GROUP       0 /* of the provided buffers */

enum uring_tag {
    URING_WAKE,    /* pointer: none */
    URING_RECEIVE, /* struct media_socket */
    URING_REFUSED, /* struct packet: its send has failed */
    URING_OPEN,    /* struct media_socket: it has become a registered file */
    URING_CLEAR,   /* struct media_socket: it no longer is one */
    URING_CANCEL,  /* pointer: none */
};
#define URING_TAG_MASK 7u

/** Of a socket: the submission that is in flight for it, or that it waits in the queue to make. */
enum uring_state {
    URING_CLOSED,
    URING_OPENING,   /* becomes a registered file */
    URING_UNWANTED,  /* so, in flight, and is to be let go afterwards */
    URING_DEAF,      /* its receive is to be armed */
    URING_LISTENING, /* its receive is armed */
    URING_ENDING,    /* its receive is being cancelled */
    URING_CLEARING,  /* is taken out of the registered files */
};

struct uring {
    struct io io;
    struct io_uring ring;
    bool has_ring;
    bool is_woken;
    struct msghdr in; /* how arrivals are laid out in a buffer */
    struct io_uring_buf_ring *buffers;
    unsigned n_provided;
    struct media_socket *queue_first, **queue_last; /* of those with something to submit */

    unsigned n_free_slots;
    uint32_t *free_slots;

    /* sends, in order: settled | settling | submitted since | laid out; all counts modulo 2^32 */
    unsigned n_settled, n_settling, n_submitted, n_laid_out;
    unsigned settling_mark; /* completions up to here tell that those sends have left */
    struct packet *out[URING_SENDS];
};

static inline struct uring *uring_of(struct io *io)
{
    return (struct uring *)(void *)io; /* its first member */
}

/** @return room for a submission; NULL: the kernel takes none now */
struct io_uring_sqe *uring_get_sqe(struct uring *u);

/** Says what a submission is of. */
static inline void uring_tag(struct io_uring_sqe *sqe, enum uring_tag tag, void *of)
{
    io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)of | (uint64_t)tag);
}

/** Submits what is laid out, and lets the kernel do its part of what has completed. */
void uring_submit(struct uring *u);

/* ---- ingress_uring.c --------------------------------------------------------------------------
 */

int ingress_uring_watch(struct io *io, struct media_socket *socket);
int ingress_uring_unwatch(struct io *io, struct media_socket *socket);
void ingress_uring_read(struct io *io, struct batch *b, const struct io_wait *wait);
/** Arms the receive of the wake descriptor. */
void ingress_uring_begin(struct uring *u);

/* ---- egress_uring.c ---------------------------------------------------------------------------
 */

void egress_uring_write(struct io *io, struct batch *b);
/** A submission has taken all that was laid out. */
void egress_uring_submitted(struct uring *u);
/** All completions before this one have been seen: lets packets go that have left. */
void egress_uring_settle(struct uring *u, unsigned n_seen);

#endif
