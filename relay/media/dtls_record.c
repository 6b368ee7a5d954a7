#include "relay/media/dtls_record.h"

#define VERSION_MAJOR     0xfe /* ones' complement of 1 */
#define VERSION_MINOR_MIN 0xfd /* DTLS 1.2, and the hellos that still say 1.0 */
#define EPOCH_AT          3
#define LENGTH_AT         11

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

bool dtls_reader_next(struct dtls_reader *r, struct dtls_record *record)
{
    const uint8_t *p = r->at;
    size_t n;

    if (r->is_bad || r->left == 0)
        return false;
    r->is_bad = true;
    if (r->left < DTLS_HEADER_BYTES || p[0] < DTLS_CHANGE_CIPHER_SPEC ||
        p[0] > DTLS_APPLICATION_DATA || p[1] != VERSION_MAJOR || p[2] < VERSION_MINOR_MIN)
        return false;
    n = be16(p + LENGTH_AT);
    if (n == 0 || n > r->left - DTLS_HEADER_BYTES)
        return false;
    *record = (struct dtls_record){.type = (enum dtls_type)p[0],
                                   .epoch = be16(p + EPOCH_AT),
                                   .data = p + DTLS_HEADER_BYTES,
                                   .n = n};
    r->at += DTLS_HEADER_BYTES + n;
    r->left -= DTLS_HEADER_BYTES + n;
    r->is_bad = false;
    return true;
}

bool dtls_is_whole(const uint8_t *data, size_t n)
{
    struct dtls_reader r = {.at = data, .left = n};
    struct dtls_record record;
    bool has_any = false;

    while (dtls_reader_next(&r, &record))
        has_any = true;
    return has_any && !r.is_bad;
}
