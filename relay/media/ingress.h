#ifndef PICRELAY_INGRESS_H
#define PICRELAY_INGRESS_H

#include "relay/media/packet.h"

/**
 * Batches from any number of sockets. Thread: the worker. One implementation is linked in:
 * ingress_epoll.c.
 */

struct ingress;
struct media_socket;

/** @param wake_fd  an eventfd; written to, it ends the wait of ingress_read(). It is never read.
 *  @return 0; ENOMEM; EMFILE and other errors of epoll_create1() */
int ingress_alloc(struct ingress **ip, struct pool *pool, int wake_fd);
void ingress_free(struct ingress *in); /* NULL is allowed; before its pool is wiped */

/** @return 0; ENOSPC, ENOMEM, EPERM: the kernel will not watch it */
int ingress_watch(struct ingress *in, struct media_socket *socket);
void ingress_unwatch(struct ingress *in, struct media_socket *socket);

/**
 * Waits until a socket has something, the worker is woken or the deadline has come, and fills an
 * empty batch with what has arrived. Of one socket it takes a bounded number in each pass, and it
 * goes on where it stopped, so that a flood on one does not starve the others.
 * @param deadline_us  0: does not wait; UINT64_MAX: for ever
 */
void ingress_read(struct ingress *in, struct batch *b, uint64_t deadline_us);

#endif
