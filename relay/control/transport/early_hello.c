#include "relay/control/transport/early_hello.h"

#include "relay/control/dtls/association_filter.h"

struct early_hello {
    union addr from;
    struct mbuf *datagram;
};

static void early_hello_destructor(void *data)
{
    struct early_hello *e = data;

    mem_deref(e->datagram);
}

void early_hello_keep(struct stream *s, const union addr *from, const uint8_t *data, size_t n)
{
    struct early_hello *e;

    if (!association_is_hello(data, n))
        return;
    early_hello_forget(s);
    e = mem_zalloc(sizeof(*e), early_hello_destructor);
    if (!e)
        return; /* as if it had been lost: it is sent again */
    e->from = *from;
    e->datagram = mbuf_alloc(n);
    if (!e->datagram || mbuf_write_mem(e->datagram, data, n)) {
        mem_deref(e);
        return;
    }
    mbuf_set_pos(e->datagram, 0);
    s->early_hello = e;
    s->control->counters.events[CONTROL_DTLS_EARLY]++;
}

struct mbuf *early_hello_take(struct stream *s, const union addr *peer)
{
    struct early_hello *e = s->early_hello;
    struct mbuf *datagram = e && addr_equal(&e->from, peer) ? mem_ref(e->datagram) : NULL;

    early_hello_forget(s);
    return datagram;
}

void early_hello_forget(struct stream *s)
{
    s->early_hello = mem_deref(s->early_hello);
}
