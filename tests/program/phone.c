#include "tests/program/phone.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIR_TRIES 256

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    return in;
}

static void packet_take(struct phone *p, unsigned component, size_t n)
{
    struct phone_packet *packet = &p->last[component];
    const uint16_t expected = (uint16_t)(packet->rtp.seq + 1);

    packet->n = n;
    if (p->datagram_h)
        p->datagram_h(packet, component, p->arg);
    if (p->srtp &&
        peer_srtp_unprotect(p->srtp, component == PHONE_RTCP, packet->bytes, &packet->n) != 0) {
        p->n_unreadable++;
        return;
    }
    if (component == PHONE_RTP && peer_rtp_read(&packet->rtp, packet->bytes, packet->n) != 0)
        memset(&packet->rtp, 0, sizeof(packet->rtp));
    p->n_gaps += component == PHONE_RTP && p->n_heard[PHONE_RTP] && packet->rtp.seq != expected;
    p->n_heard[component]++;
    if (component == PHONE_RTP && p->rtp_h)
        p->rtp_h(packet, p->arg);
}

static void readable_h(int fd, void *arg)
{
    struct phone *p = arg;
    unsigned component = fd == p->fd[PHONE_RTP] ? PHONE_RTP : PHONE_RTCP;
    struct phone_packet *packet = &p->last[component];
    socklen_t from_n = sizeof(packet->from);

    ssize_t n = recvfrom(fd, packet->bytes, sizeof(packet->bytes), 0,
                         (struct sockaddr *)&packet->from, &from_n);
    if (n >= 0) /* else: what ICMP said about an earlier packet */
        packet_take(p, component, (size_t)n);
}

static bool port_bind(int *fd, const char *address, uint16_t port)
{
    const struct sockaddr_in in = address_of(address, port);

    *fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(*fd, (const struct sockaddr *)&in, sizeof(in)) == 0)
        return true;
    close(*fd);
    *fd = -1;
    return false;
}

/* An even port that is free together with the odd one above it. */
static bool pair_bind(struct phone *p)
{
    for (unsigned i = 0; i < PAIR_TRIES; i++) {
        p->port = relay_free_port(p->address, SOCK_DGRAM);
        if (p->port % 2 || !port_bind(&p->fd[PHONE_RTP], p->address, p->port))
            continue;
        if (port_bind(&p->fd[PHONE_RTCP], p->address, (uint16_t)(p->port + 1)))
            return true;
        close(p->fd[PHONE_RTP]);
    }
    return false;
}

void phone_open(struct phone *p, struct loop *loop, const char *address)
{
    memset(p, 0, sizeof(*p));
    p->loop = loop;
    snprintf(p->address, sizeof(p->address), "%s", address ? address : "127.0.0.1");
    assert_true(pair_bind(p));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(loop_watch_alloc(&p->watch[i], loop, p->fd[i], readable_h, p), 0);
    assert_int_equal(getrandom(&p->ssrc, sizeof(p->ssrc), 0), sizeof(p->ssrc));
    p->seq = (uint16_t)p->ssrc & 0x7fff; /* does not wrap within a test */
    p->ts = p->ssrc ^ 0x5a5a5a5a;
}

void phone_close(struct phone *p)
{
    if (!p->loop)
        return;
    for (unsigned i = 0; i < 2; i++) {
        loop_watch_free(p->watch[i]);
        close(p->fd[i]);
    }
    memset(p, 0, sizeof(*p));
}

const char *phone_sdp(char sdp[static PHONE_SDP_MAX], const struct phone *p, const char *profile,
                      const char *formats, const char *lines)
{
    snprintf(sdp, PHONE_SDP_MAX,
             "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u %s %s\r\n%s",
             p->address, p->address, p->port, profile, formats, lines ? lines : "");
    return sdp;
}

void phone_send(const struct phone *p, unsigned component, const char *address, uint16_t port,
                const void *bytes, size_t n)
{
    const struct sockaddr_in to = address_of(address, port);

    /* a port that is closed by now is told by an error, which is what some tests are about */
    (void)sendto(p->fd[component], bytes, n, 0, (const struct sockaddr *)&to, sizeof(to));
}

void phone_send_rtp(struct phone *p, const struct peer_description *to, uint8_t pt, uint8_t fill)
{
    uint8_t packet[PEER_RTP_HEADER_BYTES + PHONE_PAYLOAD_BYTES + PEER_SRTP_TRAILER];
    const struct peer_rtp header = {.pt = pt, .seq = p->seq++, .ts = p->ts, .ssrc = p->ssrc};
    size_t n = PEER_RTP_HEADER_BYTES + PHONE_PAYLOAD_BYTES;

    p->ts += PHONE_TICKS;
    peer_rtp_write(packet, &header);
    memset(packet + PEER_RTP_HEADER_BYTES, fill, PHONE_PAYLOAD_BYTES);
    if (p->srtp)
        assert_int_equal(peer_srtp_protect(p->srtp, false, packet, &n), 0);
    phone_send(p, PHONE_RTP, to->address, to->port, packet, n);
}

struct hearing {
    const struct phone *phone;
    unsigned component, n;
};

static bool has_heard(void *arg)
{
    const struct hearing *h = arg;

    return h->phone->n_heard[h->component] >= h->n;
}

const struct phone_packet *phone_hear(const struct phone *p, const struct relay *r,
                                      unsigned component, unsigned n)
{
    struct hearing h = {.phone = p, .component = component, .n = n};

    relay_wait(r, has_heard, &h, component == PHONE_RTP ? "RTP at a phone" : "RTCP at a phone");
    return &p->last[component];
}
