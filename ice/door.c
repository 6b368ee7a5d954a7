#include "ice/leg.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/*
 * The door between the network and libnice. libnice 0.1.21 has no place where one could look at a
 * datagram before its agent does: it answers every stranger, reads a socket until it is empty, and
 * wakes its whole machinery for each keep-alive. Its sockets are GSockets, read and written by two
 * functions of GLib. They are defined here once more, and as the program comes before its libraries
 * when names are looked up, it is these that libnice calls. Sockets that are not ours (a test's own
 * agent) go on to GLib.
 *
 * So the ice thread reads a port in batches, vet.c decides about each datagram, and libnice is
 * dispatched only if there is something for it; what it sends is noted on the way.
 */

static GQuark quark(void)
{
    return g_quark_from_static_string("picrelay-ice-component");
}

static GQuark quark_of_closed(void)
{
    return g_quark_from_static_string("picrelay-ice-closed");
}

static struct ice_component *component_of(GSocket *socket)
{
    return g_object_get_qdata(G_OBJECT(socket), quark());
}

static bool is_closed(GSocket *socket)
{
    return g_object_get_qdata(G_OBJECT(socket), quark_of_closed());
}

socklen_t ice_addr_len(const struct sockaddr_storage *addr)
{
    return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

void ice_door_open(struct ice_component *c, GSocket *socket)
{
    c->socket = g_object_ref(socket);
    g_object_set_qdata(G_OBJECT(socket), quark(), c);
}

/* libnice may still send from it: what it has allocated on a TURN server is given back. It never
 * reads from it again, whose buffer has room for what the door gives only: see host.c. */
void ice_door_close(struct ice_component *c)
{
    if (!c->socket)
        return;
    g_object_set_qdata(G_OBJECT(c->socket), quark(), NULL);
    g_object_set_qdata(G_OBJECT(c->socket), quark_of_closed(), GINT_TO_POINTER(TRUE));
    g_clear_object(&c->socket);
}

/* ---- in ---- */

static unsigned receive(struct ice *ice, int fd)
{
    struct mmsghdr msgs[ICE_BATCH];
    struct iovec iov[ICE_BATCH];
    int n;

    for (unsigned i = 0; i < ICE_BATCH; i++) {
        struct ice_packet *p = &ice->batch[i];

        iov[i] = (struct iovec){.iov_base = p->bytes, .iov_len = sizeof(p->bytes)};
        msgs[i].msg_hdr = (struct msghdr){.msg_name = &p->from,
                                          .msg_namelen = sizeof(p->from),
                                          .msg_iov = &iov[i],
                                          .msg_iovlen = 1};
    }
    n = recvmmsg(fd, msgs, ICE_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
        ice->batch[i].n = (msgs[i].msg_hdr.msg_flags & MSG_TRUNC) ? 0 : msgs[i].msg_len;
    return n > 0 ? (unsigned)n : 0;
}

/* Those that pass move together at the front of the batch, where libnice finds them. */
bool ice_door_read(struct ice_component *c, uint64_t now_us)
{
    struct ice *ice = c->leg->ice;
    const unsigned n = receive(ice, g_socket_get_fd(c->socket));
    unsigned n_passed = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct ice_packet *p = &ice->batch[i];

        if (!ice_vet(c, p, now_us))
            continue;
        if (i != n_passed) {
            ice->batch[n_passed].from = p->from;
            ice->batch[n_passed].n = p->n;
            memcpy(ice->batch[n_passed].bytes, p->bytes, p->n);
        }
        n_passed++;
    }
    c->leg->listener = c;
    c->leg->unread = ice->batch;
    c->leg->n_unread = n_passed;
    return n_passed > 0;
}

void ice_door_forget(struct ice_leg *leg)
{
    leg->listener = NULL;
    leg->n_unread = 0;
}

static gssize nothing_left(GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "all was read");
    return -1;
}

static gssize read_next(struct ice_component *c, GSocketAddress **address, GInputVector *vectors,
                        gint n_vectors, GError **error)
{
    struct ice_leg *leg = c->leg;
    const struct ice_packet *p = leg->unread;
    size_t done = 0;

    if (leg->listener != c || leg->n_unread == 0)
        return nothing_left(error);
    leg->unread++;
    leg->n_unread--;
    for (gint i = 0; i < n_vectors && done < p->n; i++) {
        const size_t n = MIN(vectors[i].size, p->n - done);

        memcpy(vectors[i].buffer, p->bytes + done, n);
        done += n;
    }
    if (address)
        *address = g_socket_address_new_from_native((gpointer)&p->from, ice_addr_len(&p->from));
    return (gssize)done;
}

typedef gssize(receive_message_h)(GSocket *, GSocketAddress **, GInputVector *, gint,
                                  GSocketControlMessage ***, gint *, gint *, GCancellable *,
                                  GError **);

static receive_message_h *glib_receive(void)
{
    receive_message_h *h;

    *(void **)&h = dlsym(RTLD_NEXT, "g_socket_receive_message"); /* POSIX: how it is to be cast */
    return h;
}

__attribute__((visibility("default"))) gssize g_socket_receive_message(
    GSocket *socket, GSocketAddress **address, GInputVector *vectors, gint num_vectors,
    GSocketControlMessage ***messages, gint *num_messages, gint *flags, GCancellable *cancellable,
    GError **error)
{
    struct ice_component *c = component_of(socket);

    if (!c && is_closed(socket))
        return nothing_left(error);
    if (!c)
        return glib_receive()(socket, address, vectors, num_vectors, messages, num_messages, flags,
                              cancellable, error);
    return read_next(c, address, vectors, num_vectors, error);
}

/* ---- out ---- */

void ice_door_send(const struct ice_component *c, const struct sockaddr_storage *to,
                   const void *bytes, size_t n)
{
    /* Best effort, as all UDP: what is lost is asked again. */
    (void)!sendto(g_socket_get_fd(c->socket), bytes, n, MSG_DONTWAIT, (const struct sockaddr *)to,
                  ice_addr_len(to));
}

/* The tie-breaker and the role are libnice's own secret, but for its checks. */
static void note_role(struct ice_leg *leg, const uint8_t *bytes, size_t n)
{
    StunMessage msg = {.agent = &leg->ice->stun.rfc, .buffer = (uint8_t *)bytes, .buffer_len = n};
    uint64_t tie_breaker;

    if (!stun_message_find64(&msg, STUN_ATTRIBUTE_ICE_CONTROLLING, &tie_breaker))
        leg->controls = true;
    else if (!stun_message_find64(&msg, STUN_ATTRIBUTE_ICE_CONTROLLED, &tie_breaker))
        leg->controls = false;
    else
        return;
    leg->tie_breaker = tie_breaker;
}

static void note(struct ice_component *c, const struct sockaddr_storage *to, const uint8_t *bytes,
                 size_t n)
{
    switch (ice_stun_kind(bytes, n, c->leg->cfg.mode == ICE_MODE_RFC)) {
    case ICE_STUN_REQUEST:
        checks_sent(&c->checks, to, ice_stun_id(bytes));
        if (c->leg->cfg.mode == ICE_MODE_RFC)
            note_role(c->leg, bytes, n);
        break;
    case ICE_STUN_OTHER:
        checks_open(&c->checks, ice_stun_id(bytes));
        break;
    default:
        break;
    }
}

static gssize send_from(struct ice_component *c, GSocketAddress *address,
                        const GOutputVector *vectors, gint n_vectors, GError **error)
{
    struct sockaddr_storage to = {0};
    uint8_t bytes[ICE_STUN_MAX];
    size_t n = 0;
    ssize_t sent;

    for (gint i = 0; i < n_vectors; i++) {
        if (vectors[i].size > sizeof(bytes) - n)
            break;
        memcpy(bytes + n, vectors[i].buffer, vectors[i].size);
        n += vectors[i].size;
    }
    if (!g_socket_address_to_native(address, &to, sizeof(to), error))
        return -1;
    note(c, &to, bytes, n);
    sent = sendto(g_socket_get_fd(c->socket), bytes, n, MSG_DONTWAIT, (struct sockaddr *)&to,
                  ice_addr_len(&to));
    if (sent < 0)
        g_set_error_literal(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno), "sendto()");
    return sent;
}

typedef gssize(send_message_h)(GSocket *, GSocketAddress *, GOutputVector *, gint,
                               GSocketControlMessage **, gint, gint, GCancellable *, GError **);

static send_message_h *glib_send(void)
{
    send_message_h *h;

    *(void **)&h = dlsym(RTLD_NEXT, "g_socket_send_message");
    return h;
}

__attribute__((visibility("default"))) gssize g_socket_send_message(
    GSocket *socket, GSocketAddress *address, GOutputVector *vectors, gint num_vectors,
    GSocketControlMessage **messages, gint num_messages, gint flags, GCancellable *cancellable,
    GError **error)
{
    struct ice_component *c = component_of(socket);

    if (!c || !address)
        return glib_send()(socket, address, vectors, num_vectors, messages, num_messages, flags,
                           cancellable, error);
    return send_from(c, address, vectors, num_vectors, error);
}

bool ice_door_is_in_force(void)
{
    return dlsym(RTLD_DEFAULT, "g_socket_receive_message") == (void *)g_socket_receive_message &&
           dlsym(RTLD_DEFAULT, "g_socket_send_message") == (void *)g_socket_send_message;
}
