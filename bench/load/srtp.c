/* SHA1_Update() and its like: the only interface of libcrypto whose state can be copied by value,
 * which is what makes an HMAC of a short packet cheap. OpenSSL 3 deprecates it, 1.1 does not. */
#define OPENSSL_API_COMPAT 0x10100000L

#include "bench/load/srtp.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

/* RFC 3711 s.4.3.2: of SRTP; those of SRTCP are three further */
enum label { LABEL_CIPHER = 0, LABEL_AUTH = 1, LABEL_SALT = 2, LABEL_RTCP = 3 };

const char *load_suite_name(enum load_suite suite)
{
    static const char *const names[] = {
        [LOAD_SUITE_SHA1_80] = "AES_CM_128_HMAC_SHA1_80",
        [LOAD_SUITE_SHA1_32] = "AES_CM_128_HMAC_SHA1_32",
    };

    return names[suite];
}

static bool ctr(EVP_CIPHER_CTX *aes, const uint8_t iv[16], uint8_t *bytes, size_t n)
{
    int n_out;

    return EVP_EncryptInit_ex(aes, NULL, NULL, NULL, iv) == 1 &&
           EVP_EncryptUpdate(aes, bytes, &n_out, bytes, (int)n) == 1;
}

/* The key stream itself is the session key, with key_derivation_rate 0: RFC 3711 s.4.3.1, 4.3.3 */
static bool derive(EVP_CIPHER_CTX *master, const uint8_t salt[14], unsigned label, uint8_t *key,
                   size_t n)
{
    uint8_t iv[16] = {0};

    memcpy(iv, salt, 14);
    iv[7] ^= (uint8_t)label;
    memset(key, 0, n);
    return ctr(master, iv, key, n);
}

static void hmac_key(SHA_CTX *state, const uint8_t key[20], uint8_t pad)
{
    uint8_t block[SHA_CBLOCK];

    memset(block, pad, sizeof(block));
    for (unsigned i = 0; i < 20; i++)
        block[i] ^= key[i];
    SHA1_Init(state);
    SHA1_Update(state, block, sizeof(block));
}

static bool keys_derive(struct load_srtp *s, const uint8_t key[LOAD_SRTP_KEY_BYTES], unsigned first)
{
    uint8_t cipher[16], auth[20];
    const uint8_t *salt = key + 16;

    if (EVP_EncryptInit_ex(s->aes, EVP_aes_128_ctr(), NULL, key, NULL) != 1 ||
        !derive(s->aes, salt, first + LABEL_CIPHER, cipher, sizeof(cipher)) ||
        !derive(s->aes, salt, first + LABEL_AUTH, auth, sizeof(auth)) ||
        !derive(s->aes, salt, first + LABEL_SALT, s->salt, sizeof(s->salt)))
        return false;
    hmac_key(&s->inner, auth, 0x36);
    hmac_key(&s->outer, auth, 0x5c);
    return EVP_EncryptInit_ex(s->aes, NULL, NULL, cipher, NULL) == 1;
}

static int init(struct load_srtp *s, unsigned tag_bytes, const uint8_t key[LOAD_SRTP_KEY_BYTES],
                unsigned first)
{
    *s = (struct load_srtp){.tag_bytes = tag_bytes};
    s->aes = EVP_CIPHER_CTX_new();
    if (s->aes && keys_derive(s, key, first))
        return 0;
    load_srtp_wipe(s);
    return ENOMEM;
}

int load_srtp_init(struct load_srtp *s, enum load_suite suite,
                   const uint8_t key[LOAD_SRTP_KEY_BYTES])
{
    return init(s, suite == LOAD_SUITE_SHA1_32 ? 4 : 10, key, LABEL_CIPHER);
}

void load_srtp_wipe(struct load_srtp *s)
{
    EVP_CIPHER_CTX_free(s->aes);
    *s = (struct load_srtp){0};
}

static void put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* IV = salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16: RFC 3711 s.4.1.1. RTP has its SSRC at byte 8,
 * RTCP at byte 4; both are encrypted from behind it on. */
static void crypt_payload(struct load_srtp *s, uint8_t *packet, size_t n, size_t header,
                          uint64_t index)
{
    const uint8_t *ssrc = packet + header - 4;
    uint8_t iv[16] = {0};

    memcpy(iv, s->salt, sizeof(s->salt));
    for (unsigned i = 0; i < 4; i++)
        iv[4 + i] ^= ssrc[i];
    for (unsigned i = 0; i < 6; i++)
        iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
    (void)ctr(s->aes, iv, packet + header, n - header);
}

/* HMAC-SHA1 over the packet and the ROC, or the index of SRTCP: RFC 3711 s.4.2 */
static void tag_make(const struct load_srtp *s, const uint8_t *packet, size_t n, uint32_t roc,
                     uint8_t tag[SHA_DIGEST_LENGTH])
{
    SHA_CTX state = s->inner;
    uint8_t roc_bytes[4];

    put32(roc_bytes, roc);
    SHA1_Update(&state, packet, n);
    SHA1_Update(&state, roc_bytes, sizeof(roc_bytes));
    SHA1_Final(tag, &state);
    state = s->outer;
    SHA1_Update(&state, tag, SHA_DIGEST_LENGTH);
    SHA1_Final(tag, &state);
}

size_t load_srtp_protect(struct load_srtp *s, uint8_t *packet, size_t n, uint64_t index)
{
    uint8_t tag[SHA_DIGEST_LENGTH];

    crypt_payload(s, packet, n, LOAD_RTP_HEADER, index);
    tag_make(s, packet, n, (uint32_t)(index >> 16), tag);
    memcpy(packet + n, tag, s->tag_bytes);
    return n + s->tag_bytes;
}

/* The index nearest to the highest one so far: RFC 3711 s.3.3.1 */
static uint64_t index_guess(const struct load_srtp *s, uint16_t seq)
{
    uint64_t here = (s->index & ~UINT64_C(0xffff)) | seq;

    if (!s->has_begun)
        return seq;
    if (here + 0x8000 < s->index)
        return here + 0x10000;
    if (here > s->index + 0x8000 && here >= 0x10000)
        return here - 0x10000;
    return here;
}

size_t load_srtp_unprotect(struct load_srtp *s, uint8_t *packet, size_t n)
{
    uint8_t tag[SHA_DIGEST_LENGTH];

    if (n < LOAD_RTP_HEADER + s->tag_bytes)
        return 0;
    n -= s->tag_bytes;

    uint64_t index = index_guess(s, (uint16_t)(packet[2] << 8 | packet[3]));
    tag_make(s, packet, n, (uint32_t)(index >> 16), tag);
    if (CRYPTO_memcmp(tag, packet + n, s->tag_bytes) != 0)
        return 0;
    crypt_payload(s, packet, n, LOAD_RTP_HEADER, index);
    if (!s->has_begun || index > s->index)
        s->index = index;
    s->has_begun = true;
    return n;
}

/* ---- SRTCP ------------------------------------------------------------------------------------
 */

#define ENCRYPTED UINT32_C(0x80000000) /* RFC 3711 s.3.4: the E bit, before the index */

int load_srtcp_init(struct load_srtcp *s, const uint8_t key[LOAD_SRTP_KEY_BYTES])
{
    s->index = 0;
    return init(&s->keyed, LOAD_SRTCP_GROWTH - 4, key, LABEL_RTCP);
}

void load_srtcp_wipe(struct load_srtcp *s)
{
    load_srtp_wipe(&s->keyed);
}

size_t load_srtcp_protect(struct load_srtcp *s, uint8_t *packet, size_t n)
{
    uint8_t tag[SHA_DIGEST_LENGTH];
    uint32_t index = s->index++;

    crypt_payload(&s->keyed, packet, n, LOAD_RTCP_HEADER, index);
    tag_make(&s->keyed, packet, n, index | ENCRYPTED, tag);
    put32(packet + n, index | ENCRYPTED);
    memcpy(packet + n + 4, tag, s->keyed.tag_bytes);
    return n + LOAD_SRTCP_GROWTH;
}

size_t load_srtcp_unprotect(struct load_srtcp *s, uint8_t *packet, size_t n)
{
    uint8_t tag[SHA_DIGEST_LENGTH];
    uint32_t index = 0;

    if (n < LOAD_RTCP_HEADER + LOAD_SRTCP_GROWTH)
        return 0;
    n -= LOAD_SRTCP_GROWTH;
    for (unsigned i = 0; i < 4; i++)
        index = index << 8 | packet[n + i];
    tag_make(&s->keyed, packet, n, index, tag);
    if (CRYPTO_memcmp(tag, packet + n + 4, s->keyed.tag_bytes) != 0)
        return 0;
    if (index & ENCRYPTED)
        crypt_payload(&s->keyed, packet, n, LOAD_RTCP_HEADER, index & ~ENCRYPTED);
    return n;
}
