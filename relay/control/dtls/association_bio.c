#include "relay/control/dtls/association_bio.h"

#include <string.h>

#include "relay/media/dtls_record.h"

/* The library complains, fatally and in clear, of whatever it could not go on from. We do go on,
 * and the true peer, who may have had no part in it, would believe it and end. */
static bool is_clear_alert(const uint8_t *data, size_t n)
{
    struct dtls_reader reader = {.at = data, .left = n};
    struct dtls_record record;

    return dtls_reader_next(&reader, &record) && record.type == DTLS_ALERT && record.epoch == 0;
}

static int write_h(BIO *bio, const char *data, int n)
{
    struct association_pipe *pipe = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (n <= 0)
        return -1;
    if (!is_clear_alert((const uint8_t *)data, (size_t)n))
        pipe->send_h((const uint8_t *)data, (size_t)n, pipe->arg);
    return n;
}

/* One datagram is read at once; what does not fit is lost, as with recv(). */
static int read_h(BIO *bio, char *data, int cap)
{
    struct association_pipe *pipe = BIO_get_data(bio);
    size_t n;

    BIO_clear_retry_flags(bio);
    if (!pipe->in || cap <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    n = pipe->n_in < (size_t)cap ? pipe->n_in : (size_t)cap;
    memcpy(data, pipe->in, n);
    pipe->in = NULL;
    return (int)n;
}

static long ctrl_h(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return ASSOCIATION_DATAGRAM_MAX;
    default:
        return 0;
    }
}

BIO_METHOD *association_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");

    if (method && BIO_meth_set_write(method, write_h) && BIO_meth_set_read(method, read_h) &&
        BIO_meth_set_ctrl(method, ctrl_h))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *association_bio_new(const BIO_METHOD *method, struct association_pipe *pipe)
{
    BIO *bio = BIO_new(method);

    if (!bio)
        return NULL;
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    return bio;
}
