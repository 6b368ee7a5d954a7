#include "ice/leg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/split.h"

#define TURNS_TO_CLOSE 8 /* a removed stream's sockets are closed in the first one */

void ice_wipe_string(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    g_free(s);
}

void ice_generation_wipe(struct ice_generation *g)
{
    ice_wipe_string(g->local_ufrag);
    ice_wipe_string(g->local_pwd);
    ice_wipe_string(g->remote_ufrag);
    ice_wipe_string(g->remote_pwd);
    memset(g, 0, sizeof(*g));
}

void ice_stream_settle(struct ice_stream *s)
{
    for (unsigned i = 0; i < s->n_components; i++)
        if (s->components[i].is_pair_old)
            return;
    ice_generation_wipe(&s->before);
}

void ice_stream_free(struct ice_stream *s)
{
    for (unsigned i = 0; i < s->n_components; i++) {
        struct ice_component *c = &s->components[i];

        if (c->media_fd >= 0)
            close(c->media_fd);
        ice_bridge_close(c);
        ice_door_close(c);
        checks_wipe(&c->checks);
    }
    ice_generation_wipe(&s->now);
    ice_generation_wipe(&s->before);
    explicit_bzero(s, sizeof(*s)); /* draft-06 passwords are in the pairs */
    free(s);
}

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
}

/* libnice says no more than that it could not gather; this tells why. All ports are held at the
 * same time: they may be the same one, or there may be descriptors for one only. */
static int why_not(const struct ice_leg *leg, unsigned n, const uint16_t *ports)
{
    struct sockaddr_storage addr = leg->cfg.local;
    int fds[ICE_COMPONENTS];
    unsigned i = 0;
    int err = 0;

    while (i < n && !err) {
        set_port(&addr, ports[i]);
        err = ice_split_probe((struct sockaddr *)&addr, ice_addr_len(&addr), &fds[i]);
        i += !err;
    }
    while (i > 0)
        close(fds[--i]);
    return err ? err : EADDRINUSE; /* it was, and is free again */
}

/* Only STUN comes to libnice's sockets, and what a relay passes on: that is media. */
static void data_h(NiceAgent *agent, guint nice_id, guint component, guint n, gchar *data,
                   gpointer arg)
{
    struct ice_stream *s = arg;

    (void)agent;
    (void)nice_id;
    if (component >= 1 && component <= s->n_components)
        ice_bridge_write(&s->components[component - 1], data, n);
}

static int gather(struct ice_leg *leg, struct ice_stream *s)
{
    ice_host_begin(leg->ice);
    s->nice_id = nice_agent_add_stream(leg->agent, s->n_components);
    ice_host_end(leg->ice);
    if (s->nice_id == 0)
        return ENOMEM;

    for (unsigned i = 0; i < s->n_components; i++) {
        const uint16_t port = s->components[i].port;

        nice_agent_attach_recv(leg->agent, s->nice_id, i + 1, leg->context, data_h, s);
        nice_agent_set_port_range(leg->agent, s->nice_id, i + 1, port, port);
    }
    ice_turn_prepare(leg, s);
    if (!nice_agent_gather_candidates(leg->agent, s->nice_id))
        return EADDRINUSE;
    if (leg->cfg.tos >= 0)
        nice_agent_set_stream_tos(leg->agent, s->nice_id, leg->cfg.tos);
    return 0;
}

/* Without TCP and TURN a component has one socket: that of its host candidate. */
static int open_media(struct ice_leg *leg, struct ice_stream *s)
{
    int err = 0;

    for (unsigned i = 0; i < s->n_components && !err; i++) {
        GPtrArray *sockets = nice_agent_get_sockets(leg->agent, s->nice_id, i + 1);

        if (sockets && sockets->len == 1) {
            ice_door_open(&s->components[i], g_ptr_array_index(sockets, 0));
            err = ice_split_open(g_socket_get_fd(s->components[i].socket), leg->cfg.tos,
                                 leg->cfg.turn != NULL, &s->components[i].media_fd);
        } else {
            err = EADDRINUSE;
        }
        if (sockets)
            g_ptr_array_unref(sockets);
    }
    return err;
}

/* libnice closes the sockets of a removed stream by a timeout of zero in the agent's context, so
 * the context gets a turn here: the ports are free when this returns. */
static void close_stream(struct ice_leg *leg, struct ice_stream *s)
{
    GPtrArray *sockets = NULL;

    if (s->nice_id) {
        ice_leg_unwatch(leg);
        sockets = nice_agent_get_sockets(leg->agent, s->nice_id, 1);
        nice_agent_remove_stream(leg->agent, s->nice_id);
    }
    for (unsigned i = 0; i < TURNS_TO_CLOSE && sockets && sockets->len > 0; i++) {
        if (g_socket_is_closed(g_ptr_array_index(sockets, 0)))
            break;
        g_main_context_iteration(leg->context, FALSE);
    }
    if (sockets)
        g_ptr_array_unref(sockets);
    ice_stream_free(s);
}

void ice_stream_read_credentials(struct ice_leg *leg, struct ice_stream *s)
{
    ice_wipe_string(s->now.local_ufrag);
    ice_wipe_string(s->now.local_pwd);
    s->now.local_ufrag = s->now.local_pwd = NULL;
    nice_agent_get_local_credentials(leg->agent, s->nice_id, &s->now.local_ufrag,
                                     &s->now.local_pwd);
}

static struct ice_stream *stream_new(struct ice_leg *leg, unsigned n_components,
                                     const uint16_t *ports)
{
    struct ice_stream *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->n_components = n_components;
    for (unsigned i = 0; i < n_components; i++) {
        struct ice_component *c = &s->components[i];

        c->leg = leg;
        c->stream = s;
        c->number = (uint8_t)(i + 1);
        c->port = ports[i];
        c->media_fd = c->bridge_fd = -1;
        c->fails_us = UINT64_MAX;
        ice_consent_stop(c);
    }
    return s;
}

static int open_stream(struct ice_leg *leg, struct ice_stream *s, unsigned place)
{
    int err, watch_err;

    ice_leg_enter(leg);
    err = gather(leg, s);
    if (!err)
        err = open_media(leg, s);
    if (!err) {
        ice_stream_read_credentials(leg, s);
        ice_mailbox_set_stream(leg, place, s);
    } else {
        close_stream(leg, s);
    }
    watch_err = ice_leg_leave(leg);
    if (!err && watch_err)
        ice_leg_remove_stream(leg, place);
    return err ? err : watch_err;
}

int ice_leg_add_stream(struct ice_leg *leg, unsigned n_components, const uint16_t *ports)
{
    struct ice_stream *s;
    unsigned place = 0;
    int err;

    while (place < ICE_STREAMS_MAX && leg->streams[place])
        place++;
    if (place == ICE_STREAMS_MAX || n_components < 1 || n_components > ICE_COMPONENTS)
        return -EINVAL;

    s = stream_new(leg, n_components, ports);
    if (!s)
        return -ENOMEM;
    err = open_stream(leg, s, place);
    if (err == EADDRINUSE)
        err = why_not(leg, n_components, ports);
    return err ? -err : (int)place;
}

struct ice_stream *ice_stream_of(const struct ice_leg *leg, unsigned stream)
{
    return stream < ICE_STREAMS_MAX ? leg->streams[stream] : NULL;
}

void ice_leg_remove_stream(struct ice_leg *leg, unsigned stream)
{
    struct ice_stream *s = ice_stream_of(leg, stream);

    if (!s)
        return;
    ice_leg_enter(leg);
    ice_mailbox_set_stream(leg, stream, NULL);
    close_stream(leg, s);
    (void)ice_leg_leave(leg); /* watches fewer descriptors than before */
}

struct ice_memory ice_memory(void)
{
    return (struct ice_memory){sizeof(struct ice_leg), sizeof(struct ice_stream)};
}
