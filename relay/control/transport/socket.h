#ifndef PICRELAY_SOCKET_H
#define PICRELAY_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/addr.h"

/**
 * Sockets as everything here wants them: bound, non-blocking, closed on exec; IPv6 ones take no
 * IPv4. Thread: any. On an error nothing is left open and *fdp is not written; the error is the
 * errno of the call that failed: EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE, EACCES, EINVAL ...
 */

#define SOCKET_TOS_LEAVE (-1)

/**
 * @param local   with its port; port 0: the kernel chooses one
 * @param tos     IP_TOS, or the IPv6 traffic class, 0..255; SOCKET_TOS_LEAVE
 * @param rcvbuf  SO_RCVBUF [bytes]; 0: as the kernel has it
 */
int socket_open_udp(int *fdp, const union addr *local, int tos, int rcvbuf);

/** Opens rtp_port and the port above it on a host, both or none: fd[0] RTP, fd[1] RTCP. */
int socket_open_pair(int fd[2], const union addr *host, uint16_t rtp_port, int tos);

/** SO_RCVBUF [bytes]; the kernel raises it to what one datagram needs. @return 0; errno */
int socket_set_rcvbuf(int fd, int bytes);

/** Opens a listening TCP socket; a port in TIME_WAIT can be bound, one in use cannot. */
int socket_listen_tcp(int *fdp, const union addr *local, int backlog);

/** The address that a socket is bound to. @return 0; errno */
int socket_local(int fd, union addr *local);

/** Sends a datagram from a socket, connected or not. @return 0; errno */
int socket_send_to(int fd, const void *data, size_t n, const union addr *to);

/** Something waits to be read: a datagram, a stream's bytes or its end, or an error. */
bool socket_is_readable(int fd);

/** Closes it unless it is -1, and makes it -1. */
void socket_close(int *fdp);

#endif
