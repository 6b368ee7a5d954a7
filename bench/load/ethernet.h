#ifndef PICRELAY_BENCH_LOAD_ETHERNET_H
#define PICRELAY_BENCH_LOAD_ETHERNET_H

#include <stddef.h>

#include "bench/load/address.h"

/** Ethernet frames with UDP in them: RFC 768 over RFC 791 or RFC 8200. No options, no extension
 *  headers, no VLANs: they go between two ends of a cable. [pure] */

#define LOAD_MAC_BYTES    6
#define LOAD_ETHERNET_MAX 62 /* headers: Ethernet 14, IPv6 40, UDP 8 */

/**
 * Writes the headers of a datagram; both addresses are of the same family.
 * @param to_mac   and own_mac: LOAD_MAC_BYTES each
 * @param payload  n bytes, at most 1400; read for the checksum, which IPv6 asks for
 * @return bytes written
 */
size_t load_ethernet_write(uint8_t headers[LOAD_ETHERNET_MAX], const uint8_t *to_mac,
                           const uint8_t *own_mac, const union load_address *from,
                           const union load_address *to, const uint8_t *payload, size_t n);

struct load_datagram {
    union load_address from, to;
    uint8_t *at; /* its payload, in the frame */
    size_t n;
};

/** Checksums are not looked at: the relay's kernel leaves them to a card that there is none of.
 *  @param n  bytes of the frame that are there. @return false: not such a frame, or cut off */
bool load_ethernet_read(struct load_datagram *d, uint8_t *frame, size_t n);

#endif
