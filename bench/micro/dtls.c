#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/control/dtls/association.h"
#include "relay/control/libre.h"

/* What a DTLS handshake takes of the control thread: each end of a handshake between two
 * associations of ours, from its making to its keys and its end. CPU time of this thread. */

#define HANDSHAKES   500
#define CERTIFICATES 100
#define FLIGHT_MAX   16

struct flight {
    unsigned n;
    size_t len[FLIGHT_MAX];
    uint8_t data[FLIGHT_MAX][ASSOCIATION_DATAGRAM_MAX];
};

struct end {
    struct certificate *certificate;
    struct association *association;
    struct flight sent;
    double cpu_s;
};

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void require(bool claim, const char *what)
{
    if (claim)
        return;
    (void)fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static void send_h(const uint8_t *data, size_t n, void *arg)
{
    struct flight *f = arg;

    require(f->n < FLIGHT_MAX && n <= ASSOCIATION_DATAGRAM_MAX, "sending");
    memcpy(f->data[f->n], data, n);
    f->len[f->n++] = n;
}

static void begin(struct end *e, struct association_context *c, const struct end *other,
                  bool is_server)
{
    const double start_s = cpu_s();
    struct association_config cfg = {
        .certificate = e->certificate, .is_server = is_server, .send_h = send_h, .arg = &e->sent};

    require(certificate_fingerprint(&cfg.remote, FINGERPRINT_SHA_256, other->certificate->x509) ==
                0,
            "a fingerprint");
    require(association_alloc(&e->association, c, &cfg) == 0, "an association");
    association_begin(e->association);
    e->cpu_s += cpu_s() - start_s;
}

static bool carry(struct end *from, struct end *to)
{
    const struct flight f = from->sent;
    const double start_s = cpu_s();

    from->sent.n = 0;
    for (unsigned i = 0; i < f.n; i++)
        (void)association_put(to->association, f.data[i], f.len[i]);
    to->cpu_s += cpu_s() - start_s;
    return f.n > 0;
}

static void finish(struct end *e)
{
    const double start_s = cpu_s();
    struct srtp_keys local, remote;

    require(association_keys(e->association, &local, &remote) == 0, "a handshake");
    mem_deref(e->association);
    e->cpu_s += cpu_s() - start_s;
}

static void shake_hands(struct association_context *c, struct end *client, struct end *server)
{
    begin(server, c, client, true);
    begin(client, c, server, false);
    while (carry(client, server) || carry(server, client))
        ;
    finish(client);
    finish(server);
}

static double certificate_cost_s(void)
{
    const double start_s = cpu_s();

    for (unsigned i = 0; i < CERTIFICATES; i++) {
        struct certificate *c;

        require(certificate_make(&c, 30) == 0, "a certificate");
        mem_deref(c);
    }
    return (cpu_s() - start_s) / CERTIFICATES;
}

int main(void)
{
    static struct end client, server;
    struct association_context *c;

    require(association_context_alloc(&c) == 0, "OpenSSL");
    require(certificate_make(&client.certificate, 30) == 0, "a certificate");
    require(certificate_make(&server.certificate, 30) == 0, "a certificate");
    for (unsigned i = 0; i < HANDSHAKES; i++)
        shake_hands(c, &client, &server);
    printf("certificate %.3f ms, once a day\n", 1e3 * certificate_cost_s());
    printf("handshake as client %.3f ms, as server %.3f ms; 200 a second take %.0f %% and %.0f %% "
           "of the control thread\n",
           1e3 * client.cpu_s / HANDSHAKES, 1e3 * server.cpu_s / HANDSHAKES,
           200 * 100 * client.cpu_s / HANDSHAKES, 200 * 100 * server.cpu_s / HANDSHAKES);
    mem_deref(client.certificate);
    mem_deref(server.certificate);
    mem_deref(c);
    return 0;
}
