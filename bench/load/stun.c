#include "bench/load/stun.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bench/load/bytes.h"

#define COOKIE          UINT32_C(0x2112a442)
#define INTEGRITY_BYTES 20
#define FINGERPRINT_XOR UINT32_C(0x5354554e) /* RFC 8489 s.14.7 */

void stun_begin(struct stun_writer *w, uint8_t *packet, size_t cap, enum stun_type type,
                const uint8_t id[STUN_ID])
{
    *w = (struct stun_writer){.at = packet, .n = STUN_HEADER, .cap = cap};
    load_put16(packet, (uint16_t)type);
    load_put16(packet + 2, 0);
    load_put32(packet + 4, COOKIE);
    memcpy(packet + 8, id, STUN_ID);
}

/* The length counts the attributes up to this one, which is what integrity is computed over. */
static uint8_t *reserve(struct stun_writer *w, unsigned type, size_t n)
{
    size_t padded = (n + 3) & ~(size_t)3;

    w->is_full |= w->cap - w->n < 4 + padded;
    if (w->is_full)
        return NULL;
    uint8_t *value = w->at + w->n + 4;
    load_put16(value - 4, (uint16_t)type);
    load_put16(value - 2, (uint16_t)n);
    memset(value, 0, padded);
    w->n += 4 + padded;
    load_put16(w->at + 2, (uint16_t)(w->n - STUN_HEADER));
    return value;
}

void stun_put(struct stun_writer *w, enum stun_attribute type, const void *value, size_t n)
{
    uint8_t *to = reserve(w, type, n);

    if (to && n)
        memcpy(to, value, n);
}

void stun_put_address(struct stun_writer *w, const union load_address *a)
{
    bool is_ip6 = load_address_is_ip6(a);
    const uint8_t *host =
        is_ip6 ? a->in6.sin6_addr.s6_addr : (const uint8_t *)&a->in4.sin_addr.s_addr;
    size_t n = is_ip6 ? 16 : 4;
    uint8_t *to = reserve(w, STUN_XOR_MAPPED_ADDRESS, 4 + n);

    if (!to)
        return;
    to[1] = is_ip6 ? 2 : 1;
    load_put16(to + 2, load_address_port(a) ^ (uint16_t)(COOKIE >> 16));
    for (size_t i = 0; i < n; i++)
        to[4 + i] = host[i] ^ w->at[4 + i]; /* the cookie, then the transaction */
}

static void integrity(uint8_t tag[INTEGRITY_BYTES], const uint8_t *message, size_t n,
                      const char *password)
{
    (void)HMAC(EVP_sha1(), password, (int)strlen(password), message, n, tag, NULL);
}

/* CRC-32 of ITU-T V.42 */
static uint32_t crc32_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = ~UINT32_C(0);

    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

size_t stun_end(struct stun_writer *w, const char *password)
{
    uint8_t *to = reserve(w, STUN_MESSAGE_INTEGRITY, INTEGRITY_BYTES);

    if (!to)
        return 0;
    integrity(to, w->at, w->n - 4 - INTEGRITY_BYTES, password);
    to = reserve(w, STUN_FINGERPRINT, 4);
    if (!to)
        return 0;
    load_put32(to, crc32_of(w->at, w->n - 8) ^ FINGERPRINT_XOR);
    return w->n;
}

bool stun_is_message(const uint8_t *packet, size_t n)
{
    return n >= STUN_HEADER && packet[0] < 4 && load_get32(packet + 4) == COOKIE &&
           load_get16(packet + 2) % 4 == 0 && load_get16(packet + 2) == n - STUN_HEADER;
}

enum stun_type stun_type_of(const uint8_t *packet)
{
    return (enum stun_type)load_get16(packet);
}

const uint8_t *stun_find(const uint8_t *packet, size_t n, enum stun_attribute type, size_t *n_value)
{
    for (size_t at = STUN_HEADER; n - at >= 4;) {
        unsigned here = load_get16(packet + at);
        size_t n_here = load_get16(packet + at + 2), padded = (n_here + 3) & ~(size_t)3;

        if (padded > n - at - 4)
            return NULL;
        if (here == (unsigned)type) {
            *n_value = n_here;
            return packet + at + 4;
        }
        if (here == STUN_MESSAGE_INTEGRITY)
            return NULL; /* what comes after it is not covered: RFC 8489 s.14.5 */
        at += 4 + padded;
    }
    return NULL;
}

bool stun_is_authentic(const uint8_t *packet, size_t n, const char *password)
{
    uint8_t tag[INTEGRITY_BYTES], covered[2048];
    size_t n_tag;
    const uint8_t *at = stun_find(packet, n, STUN_MESSAGE_INTEGRITY, &n_tag);

    if (!at || n_tag != INTEGRITY_BYTES)
        return false;
    size_t n_covered = (size_t)(at - 4 - packet);
    if (n_covered > sizeof(covered))
        return false;
    /* the length as if the message ended with this attribute */
    memcpy(covered, packet, n_covered);
    load_put16(covered + 2, (uint16_t)(n_covered + 4 + INTEGRITY_BYTES - STUN_HEADER));
    integrity(tag, covered, n_covered, password);
    return CRYPTO_memcmp(tag, at, INTEGRITY_BYTES) == 0;
}
