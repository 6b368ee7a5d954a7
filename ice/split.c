#include "ice/split.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Places in the group: the order in which the sockets joined it. */
#define INDEX_STUN  0
#define INDEX_MEDIA 1

#define STUN_FIRST_BYTE_MAX    3  /* RFC 7983 s.7 */
#define CHANNEL_FIRST_BYTE_MIN 64 /* TURN channels: RFC 8656 s.12 */
#define CHANNEL_FIRST_BYTE_MAX 79
#define STUN_CLASS_MASK        0x0110 /* RFC 8489 s.5; zero: a request */
#define STUN_BINDING_REQUEST   0x0001
#define FIRST_BYTES            2 /* the program reads a 16-bit type; shorter datagrams are junk */

/* Offset 0 is the first byte of the payload. The length goes first: a load beyond the end would
 * end the program with 0, which is libnice's place. Requests other than Binding (Allocate, Shared
 * Secret ...) are nothing that a peer asks, and libnice would answer each with an error. */
static const struct sock_filter program[] = {
    /*  0 */ BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
    /*  1 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_BYTES, 0, 10),
    /*  2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
    /*  3 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, STUN_FIRST_BYTE_MAX, 5, 0),
    /*  4 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
    /*  5 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, STUN_CLASS_MASK, 5, 0),
    /*  6 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STUN_BINDING_REQUEST, 0, 5),
    /*  7 */ BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
    /*  8 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ICE_SPLIT_REQUEST_MIN, 2, 3),
    /*  9 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CHANNEL_FIRST_BYTE_MIN, 0, 2),
    /* 10 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, CHANNEL_FIRST_BYTE_MAX, 1, 0),
    /* 11 */ BPF_STMT(BPF_RET | BPF_K, INDEX_STUN),
    /* 12 */ BPF_STMT(BPF_RET | BPF_K, INDEX_MEDIA),
};
#define JUMP_CHANNEL 10 /* the highest channel; without TURN there is none */

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) ? errno : 0;
}

static int set_tos(int fd, sa_family_t family, int tos)
{
    if (tos < 0)
        return 0;
    if (family == AF_INET6)
        return set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
    return set_int(fd, IPPROTO_IP, IP_TOS, tos);
}

static int attach_program(int fd, bool has_turn)
{
    struct sock_filter copy[sizeof(program) / sizeof(program[0])];
    struct sock_fprog prog = {.len = sizeof(copy) / sizeof(copy[0]), .filter = copy};

    memcpy(copy, program, sizeof(copy));
    if (!has_turn)
        copy[JUMP_CHANNEL].k = CHANNEL_FIRST_BYTE_MIN - 1;
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog)) ? errno : 0;
}

/* The kernel lets a second socket bind only if both have SO_REUSEPORT at that moment, so setting it
 * on libnice's after it was bound is early enough; libnice itself binds alone, which is how a port
 * in use is noticed. Until the program is attached a hash picks the socket: what goes astray in
 * these microseconds is ignored (media) or sent again (STUN). */
static int join_group(int media_fd, int stun_fd, const struct sockaddr *addr, socklen_t len,
                      bool has_turn)
{
    int err = set_int(stun_fd, SOL_SOCKET, SO_REUSEPORT, 1);

    if (!err)
        err = set_int(media_fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (!err && bind(media_fd, addr, len))
        err = errno;
    return err ? err : attach_program(media_fd, has_turn);
}

int ice_split_open(int stun_fd, int tos, bool has_turn, int *media_fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    int err, fd;

    if (getsockname(stun_fd, (struct sockaddr *)&addr, &len))
        return errno;

    fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;

    err = join_group(fd, stun_fd, (struct sockaddr *)&addr, len, has_turn);
    if (!err)
        err = set_tos(fd, addr.ss_family, tos);

    if (err)
        close(fd);
    else
        *media_fd = fd;
    return err;
}

int ice_split_probe(const struct sockaddr *addr, socklen_t len, int *fd)
{
    int err = 0;
    int probe = socket(addr->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (probe < 0)
        return errno;
    if (bind(probe, addr, len))
        err = errno;
    if (err)
        close(probe);
    else
        *fd = probe;
    return err;
}
