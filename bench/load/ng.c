#include "bench/load/ng.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/stop.h"
#include "bench/scan.h"

#define DATAGRAM_MAX 65507

struct request {
    char *datagram; /* NULL: the place is free */
    size_t n;
    unsigned tries;
    uint32_t sequence;
    uint64_t first_ns, retry_ns;
};

struct load_ng {
    int fd;
    uint32_t random, sequence;
    uint64_t retries, look_ns; /* when to look for late requests */
    uint64_t refusals;         /* ICMP: nobody listens there */
    struct request requests[LOAD_NG_PLACES_MAX];
    char datagram[DATAGRAM_MAX + 1];
};

int load_ng_connect(int *fd, const char *address)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    bool is_ip6 = scan_text(&address, "[");
    char host[64], port[8];

    if (!scan_word(&address, host, sizeof(host), is_ip6 ? "]" : ":") ||
        !scan_text(&address, is_ip6 ? "]:" : ":") || !scan_word(&address, port, sizeof(port), "") ||
        *address || getaddrinfo(host, port, &hints, &found) != 0)
        return EINVAL;
    *fd = socket(found->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = *fd < 0 || connect(*fd, found->ai_addr, found->ai_addrlen) != 0 ? errno : 0;
    freeaddrinfo(found);
    return err;
}

int load_ng_alloc(struct load_ng **np, const char *address)
{
    struct load_ng *ng = calloc(1, sizeof(*ng));
    if (!ng)
        return ENOMEM;

    ng->fd = -1;
    int err = load_ng_connect(&ng->fd, address);
    if (!err && getrandom(&ng->random, sizeof(ng->random), 0) != sizeof(ng->random))
        err = EIO;
    if (err)
        load_ng_free(ng);
    else
        *np = ng;
    return err;
}

void load_ng_free(struct load_ng *ng)
{
    if (!ng)
        return;
    if (ng->fd >= 0)
        close(ng->fd);
    for (unsigned i = 0; i < LOAD_NG_PLACES_MAX; i++)
        free(ng->requests[i].datagram);
    free(ng);
}

static void request_try(struct load_ng *ng, struct request *r)
{
    r->tries++;
    r->retry_ns = load_now_ns() + LOAD_NG_RETRY_NS;
    /* what cannot be sent now is tried again like a lost one */
    (void)send(ng->fd, r->datagram, r->n, 0);
}

int load_ng_send(struct load_ng *ng, unsigned place, struct load_text request)
{
    struct request *r = &ng->requests[place];
    char cookie[40];

    *r = (struct request){.sequence = ng->sequence++, .first_ns = load_now_ns()};
    int n = snprintf(cookie, sizeof(cookie), "%u_%u_%u ", place, r->sequence, ng->random);
    r->n = (size_t)n + request.n;
    r->datagram = malloc(r->n);
    if (!r->datagram)
        return ENOMEM;
    memcpy(r->datagram, cookie, (size_t)n);
    memcpy(r->datagram + n, request.at, request.n);
    request_try(ng, r);
    return 0;
}

/* The place is free before its handler is called, so that this may send the next one. */
static void request_end(struct request *r, unsigned place, struct load_text reply, load_ng_h *h,
                        void *arg)
{
    uint64_t took_ns = load_now_ns() - r->first_ns;

    free(r->datagram);
    r->datagram = NULL;
    h(place, reply, took_ns, arg);
}

/* A second reply to a request that was sent twice finds its place free or taken by another. */
static void datagram_take(struct load_ng *ng, size_t n, load_ng_h *h, void *arg)
{
    const char *at = ng->datagram;
    uint32_t place, sequence, random;

    ng->datagram[n] = 0;
    if (!scan_number(&at, LOAD_NG_PLACES_MAX - 1, &place) || !scan_text(&at, "_") ||
        !scan_number(&at, UINT32_MAX, &sequence) || !scan_text(&at, "_") ||
        !scan_number(&at, UINT32_MAX, &random) || !scan_text(&at, " ") || random != ng->random)
        return;
    struct request *r = &ng->requests[place];
    if (!r->datagram || r->sequence != sequence)
        return;
    request_end(r, place, (struct load_text){at, n - (size_t)(at - ng->datagram)}, h, arg);
}

static void late_ones_try(struct load_ng *ng, load_ng_h *h, void *arg)
{
    uint64_t now_ns = load_now_ns();

    if (now_ns < ng->look_ns)
        return;
    ng->look_ns = now_ns + LOAD_NG_RETRY_NS / 10;
    for (unsigned i = 0; i < LOAD_NG_PLACES_MAX; i++) {
        struct request *r = &ng->requests[i];

        if (!r->datagram || r->retry_ns > now_ns)
            continue;
        if (r->tries == LOAD_NG_TRIES) {
            request_end(r, i, (struct load_text){NULL, 0}, h, arg);
            continue;
        }
        ng->retries++;
        request_try(ng, r);
    }
}

void load_ng_poll(struct load_ng *ng, int wait_ms, load_ng_h *h, void *arg)
{
    struct pollfd p = {.fd = ng->fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, wait_ms) > 0) {
        /* An error of an earlier send (nobody listens) shows here too: it is read, and the retry
         * goes on. */
        while ((n = recv(ng->fd, ng->datagram, DATAGRAM_MAX, 0)) >= 0)
            datagram_take(ng, (size_t)n, h, arg);
        ng->refusals += errno == ECONNREFUSED;
    }
    late_ones_try(ng, h, arg);
}

static void ping_h(unsigned place, struct load_text reply, uint64_t took_ns, void *arg)
{
    int *err = arg;

    (void)place;
    (void)took_ns;
    *err = reply.n ? 0 : ETIMEDOUT;
}

int load_ng_ping(struct load_ng *ng)
{
    static const char ping[] = "d7:command4:pinge";
    int err = EINPROGRESS, out = load_ng_send(ng, 0, (struct load_text){ping, sizeof(ping) - 1});

    if (out)
        return out;
    while (err == EINPROGRESS) {
        load_ng_poll(ng, LOAD_NG_WAIT_MS, ping_h, &err);
        if (err == EINPROGRESS && load_stop_is_asked())
            return EINTR;
        if (err == EINPROGRESS && ng->refusals)
            return ECONNREFUSED;
    }
    return err;
}

uint64_t load_ng_retries(const struct load_ng *ng)
{
    return ng->retries;
}
