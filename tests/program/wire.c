#include "tests/program/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    return in;
}

void wire_open(struct wire *w, const struct relay *r, const char *from)
{
    const struct sockaddr_in local = address_of(from ? from : "127.0.0.1", 0);
    const struct sockaddr_in remote = address_of(r->address, r->ng_port);
    const struct timeval patience = {.tv_sec = RELAY_PATIENCE_US / 1000000};

    memset(w, 0, sizeof(*w));
    w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(bind(w->fd, (const struct sockaddr *)&local, sizeof(local)), 0);
    assert_int_equal(connect(w->fd, (const struct sockaddr *)&remote, sizeof(remote)), 0);
}

void wire_close(struct wire *w)
{
    close(w->fd);
}

void wire_send(const struct wire *w, const void *message, size_t n)
{
    assert_int_equal(send(w->fd, message, n, 0), n);
}

void wire_receive(struct wire *w)
{
    ssize_t n = recv(w->fd, w->reply, WIRE_MAX, 0);

    assert_true(n >= 0);
    w->n = (size_t)n;
    w->reply[n] = 0;
}

const char *wire_ask(struct wire *w, const void *message, size_t n)
{
    wire_send(w, message, n);
    wire_receive(w);
    return w->reply;
}

bool wire_has_more(const struct wire *w)
{
    char c;

    return recv(w->fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
}
