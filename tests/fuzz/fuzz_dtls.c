#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/control/dtls/association.h"
#include "relay/control/dtls/association_filter.h"
#include "relay/control/libre.h"
#include "relay/media/dtls_record.h"

/* Datagrams from the peer's own address, of any content, between the steps of a true handshake.
 * The first byte tells between which; then, again and again, a length of two bytes and as many
 * bytes of a datagram. Whatever they are, no association comes up that was not shaken by the true
 * peer, or with other keys than that one has; and records lie within their datagram. */

#define FLIGHT_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct flight {
    unsigned n;
    size_t len[FLIGHT_MAX];
    uint8_t data[FLIGHT_MAX][ASSOCIATION_DATAGRAM_MAX];
};

/* What is made once: keys are slow, and nothing of them changes. */
struct stage {
    struct association_context *context;
    struct certificate *certificate[2];
};

static void require(int claim)
{
    if (!claim)
        abort();
}

static void send_h(const uint8_t *data, size_t n, void *arg)
{
    struct flight *f = arg;

    require(n <= ASSOCIATION_DATAGRAM_MAX);
    if (f->n == FLIGHT_MAX)
        return;
    memcpy(f->data[f->n], data, n);
    f->len[f->n++] = n;
}

static void check_records(const uint8_t *data, size_t n)
{
    struct dtls_reader r = {.at = data, .left = n};
    struct dtls_record record;
    size_t sum = 0;

    while (dtls_reader_next(&r, &record)) {
        require(record.data >= data && record.data + record.n <= data + n && record.n > 0);
        sum += DTLS_HEADER_BYTES + record.n;
    }
    require(dtls_is_whole(data, n) == (sum == n && n > 0));
    (void)association_is_hello(data, n);
}

static void put_junk(struct association *a, const uint8_t *data, size_t n)
{
    while (n >= 2) {
        size_t len = (size_t)(data[0] << 8 | data[1]);

        if (len > n - 2)
            len = n - 2;
        check_records(data + 2, len);
        (void)association_put(a, data + 2, len);
        data += 2 + len;
        n -= 2 + len;
    }
}

static struct association *make(const struct stage *s, bool is_server, struct flight *sent)
{
    struct association_config cfg = {.certificate = s->certificate[is_server],
                                     .is_server = is_server,
                                     .send_h = send_h,
                                     .arg = sent};
    struct association *a;

    require(certificate_fingerprint(&cfg.remote, FINGERPRINT_SHA_256,
                                    s->certificate[!is_server]->x509) == 0);
    require(association_alloc(&a, s->context, &cfg) == 0);
    return a;
}

static void carry(struct flight *from, struct association *to)
{
    const struct flight f = *from;

    from->n = 0;
    for (unsigned i = 0; i < f.n; i++)
        (void)association_put(to, f.data[i], f.len[i]);
}

static void check_keys(struct association *client, struct association *server)
{
    struct srtp_keys local[2], remote[2];
    bool are_up[2] = {association_keys(client, &local[0], &remote[0]) == 0,
                      association_keys(server, &local[1], &remote[1]) == 0};

    require(!association_is_forged(server) && !association_is_forged(client));
    if (are_up[0] && are_up[1])
        require(srtp_keys_equal(&local[0], &remote[1]) && srtp_keys_equal(&remote[0], &local[1]));
}

static void play(const struct stage *s, const uint8_t *data, size_t n, unsigned when)
{
    struct flight of_client = {0}, of_server = {0};
    struct association *client = make(s, false, &of_client), *server = make(s, true, &of_server);
    struct association *victim = when & 1 ? server : client;

    association_begin(client);
    for (unsigned step = 0; step < 4; step++) {
        if ((when >> 1) % 4 == step)
            put_junk(victim, data, n);
        carry(&of_client, server);
        carry(&of_server, client);
    }
    check_keys(client, server);
    mem_deref(client);
    mem_deref(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct stage stage; /* of the process: libFuzzer has no other place for it */

    if (!stage.context) {
        require(association_context_alloc(&stage.context) == 0);
        for (unsigned i = 0; i < 2; i++)
            require(certificate_make(&stage.certificate[i], 1) == 0);
    }
    if (n > 0)
        play(&stage, data + 1, n - 1, data[0]);
    return 0;
}
