#ifndef PICRELAY_BENCH_LOAD_STUN_H
#define PICRELAY_BENCH_LOAD_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/address.h"

/** STUN messages as ICE uses them: RFC 8489 s.5, 14. [pure] */

#define STUN_HEADER 20
#define STUN_ID     12

enum stun_type {
    STUN_REQUEST = 0x0001,
    STUN_SUCCESS = 0x0101,
    STUN_ERROR = 0x0111,
};

enum stun_attribute {
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802a,
};

/** A message under way; what does not fit is left out and is_full says so. */
struct stun_writer {
    uint8_t *at;
    size_t n, cap;
    bool is_full;
};

void stun_begin(struct stun_writer *w, uint8_t *packet, size_t cap, enum stun_type type,
                const uint8_t id[STUN_ID]);
void stun_put(struct stun_writer *w, enum stun_attribute type, const void *value, size_t n);
void stun_put_address(struct stun_writer *w, const union load_address *a);
/** MESSAGE-INTEGRITY and FINGERPRINT. @return bytes of the message; 0: it did not fit */
size_t stun_end(struct stun_writer *w, const char *password);

/** @return whether it is a whole message: header, cookie, length */
bool stun_is_message(const uint8_t *packet, size_t n);
enum stun_type stun_type_of(const uint8_t *packet);
/** Finds an attribute of a whole message, before its MESSAGE-INTEGRITY or that itself.
 *  @return its value; NULL: not there */
const uint8_t *stun_find(const uint8_t *packet, size_t n, enum stun_attribute type,
                         size_t *n_value);
/** Is it there, and right with this password? */
bool stun_is_authentic(const uint8_t *packet, size_t n, const char *password);

#endif
