#include "relay/control/dtls/association_filter.h"

#include "relay/media/dtls_record.h"

#define MESSAGE_HEADER_BYTES 12
#define CLIENT_HELLO         1

/* Messages in clear, by who sends them. Tickets and renegotiation (HelloRequest) we never offer. */
static const uint32_t of_client = 1u << CLIENT_HELLO | 1u << 11 /* Certificate */
                                  | 1u << 15                    /* CertificateVerify */
                                  | 1u << 16;                   /* ClientKeyExchange */
static const uint32_t of_server = 1u << 2                       /* ServerHello */
                                  | 1u << 3                     /* HelloVerifyRequest */
                                  | 1u << 11                    /* Certificate */
                                  | 1u << 12                    /* ServerKeyExchange */
                                  | 1u << 13                    /* CertificateRequest */
                                  | 1u << 14;                   /* ServerHelloDone */

static uint32_t be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* A record holds one fragment of a message or more: type, length, number, offset, its length. */
static bool are_messages(const struct dtls_record *r, uint32_t types)
{
    const uint8_t *at = r->data;
    size_t left = r->n;

    while (left >= MESSAGE_HEADER_BYTES) {
        const uint32_t length = be24(at + 1), offset = be24(at + 6), n = be24(at + 9);

        if (at[0] > 31 || !(types >> at[0] & 1) || length > ASSOCIATION_MESSAGE_MAX || n > length ||
            offset > length - n || n > left - MESSAGE_HEADER_BYTES)
            return false;
        if (n == 0 && length > 0)
            return false; /* an empty part of something: nobody needs it */
        at += MESSAGE_HEADER_BYTES + n;
        left -= MESSAGE_HEADER_BYTES + n;
    }
    return left == 0;
}

static enum association_verdict judge(const struct dtls_record *r, uint32_t types, uint8_t *alert)
{
    if (r->epoch != 0)
        return ASSOCIATION_PASS; /* it has to authenticate */
    switch (r->type) {
    case DTLS_HANDSHAKE:
        return are_messages(r, types) ? ASSOCIATION_PASS : ASSOCIATION_JUNK;
    case DTLS_CHANGE_CIPHER_SPEC:
        return r->n == 1 && r->data[0] == 1 ? ASSOCIATION_PASS : ASSOCIATION_JUNK;
    case DTLS_ALERT:
        if (r->n != 2)
            return ASSOCIATION_JUNK;
        *alert = r->data[1];
        return ASSOCIATION_ALERT;
    case DTLS_APPLICATION_DATA: /* in clear */
        break;
    }
    return ASSOCIATION_JUNK;
}

enum association_verdict association_filter(const uint8_t *data, size_t n, bool is_server,
                                            uint8_t *alert)
{
    struct dtls_reader reader = {.at = data, .left = n};
    struct dtls_record record;

    if (!dtls_is_whole(data, n))
        return ASSOCIATION_JUNK;
    while (dtls_reader_next(&reader, &record)) {
        enum association_verdict v = judge(&record, is_server ? of_client : of_server, alert);

        if (v != ASSOCIATION_PASS)
            return v;
    }
    return ASSOCIATION_PASS;
}

bool association_is_hello(const uint8_t *data, size_t n)
{
    struct dtls_reader reader = {.at = data, .left = n};
    struct dtls_record record;

    return dtls_reader_next(&reader, &record) && record.epoch == 0 &&
           record.type == DTLS_HANDSHAKE && record.data[0] == CLIENT_HELLO;
}
