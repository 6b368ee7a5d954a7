#ifndef PICRELAY_ICE_SPLIT_H
#define PICRELAY_ICE_SPLIT_H

#include <stdbool.h>
#include <sys/socket.h>

/**
 * One UDP port, two sockets: STUN for libnice, all else for the worker. Any thread.
 *
 * Both sockets are in one SO_REUSEPORT group and a classic BPF program picks the socket of each
 * datagram by its length and first byte, so neither side ever sees the other's packets and no
 * packet passes through user space twice. Source: RFC 7983 s.7; Linux socket(7),
 * SO_ATTACH_REUSEPORT_CBPF. Neither socket may be connected: the kernel would give a connected
 * one everything and not ask the program.
 */

/** Binding requests shorter than this go to the worker, which drops them as bad: every valid check
 *  has USERNAME, MESSAGE-INTEGRITY and more, while libnice answers bare ones with more than it got.
 */
#define ICE_SPLIT_REQUEST_MIN 64 /* [bytes] */

/**
 * Puts a media socket beside stun_fd, which must be bound, alone, to the address it reports.
 *
 * @param stun_fd  first in the group; gets first bytes 0 to 3
 * @param tos      IP_TOS or IPV6_TCLASS of the media socket; -1: leave
 * @param has_turn  stun_fd also gets what a TURN server sends in channels, first bytes 64 to 79
 * @param media_fd gets the new non-blocking socket, which gets all other datagrams
 *
 * @return 0; EADDRINUSE; EMFILE, ENFILE; ENOMEM, ENOBUFS. On an error there is no new socket.
 */
int ice_split_open(int stun_fd, int tos, bool has_turn, int *media_fd);

/** Tells whether a UDP port can be had for oneself. @param fd  gets the socket that holds it.
 *  @return 0; EADDRINUSE, EADDRNOTAVAIL, EMFILE ... */
int ice_split_probe(const struct sockaddr *addr, socklen_t len, int *fd);

#endif
