#ifndef PICRELAY_DTLS_RECORD_H
#define PICRELAY_DTLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The outer form of DTLS: a datagram is one or more records, and nothing else. [pure]
 * Source: RFC 6347 s.4.1. The unified header of DTLS 1.3 (RFC 9147 s.4) is not read: it follows a
 * handshake that is not made here.
 */

enum dtls_type {
    DTLS_CHANGE_CIPHER_SPEC = 20,
    DTLS_ALERT = 21,
    DTLS_HANDSHAKE = 22,
    DTLS_APPLICATION_DATA = 23,
};

#define DTLS_HEADER_BYTES 13

struct dtls_record {
    enum dtls_type type;
    uint16_t epoch; /* 0: in clear */
    const uint8_t *data;
    size_t n;
};

/** A datagram that is read record by record. */
struct dtls_reader {
    const uint8_t *at;
    size_t left;
    bool is_bad; /* what is left is no record */
};

/** @return false: there is no further one, or it is no record: is_bad */
bool dtls_reader_next(struct dtls_reader *r, struct dtls_record *record);

/** @return whether all of it is records, at least one */
bool dtls_is_whole(const uint8_t *data, size_t n);

#endif
