#include "relay/media/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "relay/media/stream.h"

#define PAGE_BYTES 4096 /* what a ring of buffers is aligned to */

/* Linux 6.1 has all of it. R_DISABLED: control makes the ring, and the worker that enables it
 * becomes its only issuer. */
static int open_ring(struct io_uring *ring)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = URING_COMPLETIONS,
    };

    return -io_uring_queue_init_params(URING_SUBMISSIONS, ring, &params);
}

static int uring_probe(void)
{
    struct io_uring ring;
    int err = open_ring(&ring);

    if (!err)
        io_uring_queue_exit(&ring);
    return err;
}

static void uring_free(struct io *io)
{
    struct uring *u = uring_of(io);

    if (u->has_ring)
        io_uring_queue_exit(&u->ring);
    free(u->buffers);
    free(u->free_slots);
    free(u);
}

static int register_buffers(struct uring *u)
{
    struct io_uring_buf_reg reg = {.ring_entries = URING_BUFFERS, .bgid = URING_GROUP};
    size_t n_bytes = URING_BUFFERS * sizeof(struct io_uring_buf);

    u->buffers = aligned_alloc(PAGE_BYTES, n_bytes);
    if (!u->buffers)
        return ENOMEM;
    memset(u->buffers, 0, n_bytes);
    io_uring_buf_ring_init(u->buffers);
    reg.ring_addr = (uintptr_t)u->buffers;
    return -io_uring_register_buf_ring(&u->ring, &reg, 0);
}

/* A slot for each descriptor that there can be. */
static int register_files(struct uring *u)
{
    struct rlimit limit = {0};
    unsigned i, n = URING_FILES_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < n)
        n = (unsigned)limit.rlim_cur;
    u->free_slots = calloc(n, sizeof(u->free_slots[0]));
    if (!u->free_slots)
        return ENOMEM;
    for (i = 0; i < n; i++)
        u->free_slots[i] = n - 1 - i;
    u->n_free_slots = n;
    return -io_uring_register_files_sparse(&u->ring, n);
}

static int uring_open(struct uring *u)
{
    int err = open_ring(&u->ring);

    if (err)
        return err;
    u->has_ring = true;
    err = register_buffers(u);
    return err ? err : register_files(u);
}

static int uring_alloc(struct io **iop, const struct io_config *cfg)
{
    struct uring *u = calloc(1, sizeof(*u));
    int err;

    if (!u)
        return ENOMEM;
    u->io = (struct io){.provider = &io_provider_uring, .cfg = *cfg};
    u->queue_last = &u->queue_first;
    err = uring_open(u);
    if (err)
        uring_free(&u->io);
    else
        *iop = &u->io;
    return err;
}

static int uring_begin(struct io *io)
{
    struct uring *u = uring_of(io);
    /* io_uring_enable_rings(), which liburing 2.3 declares and does not export */
    int err = -io_uring_register((unsigned)u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);

    if (err)
        return err;
    (void)io_uring_register_ring_fd(&u->ring); /* spares the look-up; does without it too */
    ingress_uring_begin(u);
    return 0;
}

void uring_submit(struct uring *u)
{
    (void)io_uring_submit_and_get_events(&u->ring);
    if (io_uring_sq_ready(&u->ring) == 0)
        egress_uring_submitted(u);
}

struct io_uring_sqe *uring_get_sqe(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

    if (!sqe) {
        uring_submit(u);
        sqe = io_uring_get_sqe(&u->ring);
    }
    return sqe;
}

static void uring_flush(struct io *io)
{
    struct uring *u = uring_of(io);

    if (u->n_laid_out != u->n_submitted)
        uring_submit(u);
}

const struct io_provider io_provider_uring = {
    .name = "uring",
    .probe = uring_probe,
    .alloc = uring_alloc,
    .free = uring_free,
    .begin = uring_begin,
    .watch = ingress_uring_watch,
    .unwatch = ingress_uring_unwatch,
    .read = ingress_uring_read,
    .write = egress_uring_write,
    .flush = uring_flush,
};
