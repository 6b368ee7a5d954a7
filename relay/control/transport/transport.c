#include "relay/control/transport/transport.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "relay/control/transport/socket.h"

#define TRIES_MAX 64 /* ports in use by other programs that one stream may meet */

/* ---- ports ------------------------------------------------------------------------------------
 */

static int bind_ice(struct stream *s)
{
    uint16_t ports[MEDIA_COMPONENTS] = {s->port, (uint16_t)(s->port + 1)};
    int n = ice_leg_add_stream(s->leg->ice->agent, MEDIA_COMPONENTS, ports);

    if (n < 0)
        return -n;
    if (n < ICE_STREAMS_MAX)
        s->leg->ice->streams[n] = s;
    s->ice_stream = n;
    s->ice = mem_ref(s->leg->ice);
    for (unsigned i = 0; i < MEDIA_COMPONENTS; i++)
        s->fd[i] = ice_media_fd(s->ice->agent, (unsigned)n, i + 1);
    return 0;
}

static int bind_ports(struct stream *s)
{
    const struct config_interface *itf = &s->control->cfg->interfaces[s->interface];

    if (s->leg->ice) {
        if (!s->progress)
            s->progress = mem_zalloc(MEDIA_COMPONENTS * sizeof(*s->progress), NULL);
        return s->progress ? bind_ice(s) : ENOMEM;
    }
    return socket_open_pair(s->fd, &itf->address, s->port, s->leg->call->tos);
}

static int take_ports(struct stream *s)
{
    struct port_pool *pool = s->control->pools[s->interface];
    int err = ENOSPC;

    for (unsigned i = 0; i < TRIES_MAX; i++) {
        if (port_pool_take(pool, &s->port))
            return ENOSPC;
        err = bind_ports(s);
        if (err != EADDRINUSE)
            break;
        port_pool_bad(pool, s->port, clock_now_us());
    }
    if (err) {
        if (err != EADDRINUSE)
            port_pool_forget(pool, s->port);
        s->port = 0;
    }
    return err == EADDRINUSE ? ENOSPC : err;
}

static int join_worker(struct stream *s)
{
    struct media_stream_config cfg = {
        .worker = s->leg->call->worker,
        .fd = {s->fd[MEDIA_RTP], s->fd[MEDIA_RTCP]},
        .takes_dtls = sdp_proto_is_dtls(s->proto), /* it may begin before it has answered us */
        .arg = s};
    uint64_t random[2];

    /* of the kernel at once: the generator behind rand_u32() took a hundredth of a set-up each */
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return EIO;
    cfg.ssrc = (uint32_t)random[0];
    /* RFC 7022: a random name that tells nothing about the host */
    (void)snprintf(cfg.cname, sizeof(cfg.cname), "%016" PRIx64 "@picrelay", random[1]);
    if (cfg.ssrc == 0 || cfg.ssrc > 0xffffff00u) /* what x-ssrc-range can say */
        cfg.ssrc = 0x12345678u;
    return media_stream_add(&s->media, s->control->media, &cfg);
}

int transport_open(struct stream *s)
{
    int err;

    if (s->media)
        return 0;
    s->interface = s->leg->interface;
    err = take_ports(s);
    if (err)
        return err;
    err = join_worker(s);
    if (err) {
        if (s->ice)
            ice_leg_remove_stream(s->ice->agent, (unsigned)s->ice_stream);
        s->ice = mem_deref(s->ice);
        s->ice_stream = -1;
        socket_close(&s->fd[MEDIA_RTP]);
        socket_close(&s->fd[MEDIA_RTCP]);
        port_pool_forget(s->control->pools[s->interface], s->port);
        s->port = 0;
        return err;
    }
    s->control->n_streams++;
    return 0;
}

/* ---- our own addresses ------------------------------------------------------------------------
 */

static bool is_listener(const union addr *a, const union addr *listener)
{
    return addr_port(a) == addr_port(listener) &&
           (addr_equal_host(a, listener) || addr_is_any(listener));
}

bool transport_is_own(const struct control *c, const union addr *a)
{
    if (c->cfg->has_http && is_listener(a, &c->cfg->http))
        return true;
    for (unsigned i = 0; i < c->cfg->control.n_ng; i++) {
        if (is_listener(a, &c->cfg->control.ng[i].address))
            return true;
    }
    return false;
}

static bool is_own_candidate(const struct control *c, const struct ice_candidate *candidate)
{
    union addr a;

    memcpy(&a, &candidate->addr, sizeof(a));
    return transport_is_own(c, &a);
}

/* RTCP has the next port where nothing else is said, or muxing is not taken. */
static bool names_own(const struct control *c, const struct sdp_media *m)
{
    union addr next = m->rtp;

    addr_set_port(&next, (uint16_t)(addr_port(&m->rtp) + 1));
    return transport_is_own(c, &m->rtp) || transport_is_own(c, &m->rtcp) ||
           transport_is_own(c, &next);
}

static void set_any_host(union addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        memset(&a->in6.sin6_addr, 0, sizeof(a->in6.sin6_addr));
    else
        a->in.sin_addr.s_addr = INADDR_ANY;
}

void transport_forget_own(const struct control *c, struct sdp_doc *doc)
{
    for (unsigned i = 0; i < doc->n_media; i++) {
        struct sdp_media *m = &doc->media[i];
        unsigned n_kept = 0;

        if (names_own(c, m))
            set_any_host(&m->rtp); /* RFC 3264 s.8.4: nothing is sent there */
        for (unsigned k = 0; k < m->n_candidates; k++) {
            if (!is_own_candidate(c, &m->candidates[k]))
                m->candidates[n_kept++] = m->candidates[k];
        }
        m->n_candidates = n_kept;
    }
}
