#include <errno.h>
#include <string.h>

#include "relay/media/srtp_mb.h"

#define LABEL_AT      7 /* the label is xored into this byte of the salt: RFC 3711 s.4.3.1 */
#define SHA1_BLOCK    64
#define N_DERIVATIONS 3

static const struct mb_suite suites[SRTP_SUITE_COUNT] = {
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_80] = {16, 14, 10, 10, false},
    [SRTP_SUITE_AES_CM_128_HMAC_SHA1_32] = {16, 14, 4, 10, false},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_80] = {32, 14, 10, 10, false},
    [SRTP_SUITE_AES_256_CM_HMAC_SHA1_32] = {32, 14, 4, 10, false},
    [SRTP_SUITE_AEAD_AES_128_GCM] = {16, 12, 16, 16, true},
    [SRTP_SUITE_AEAD_AES_256_GCM] = {32, 12, 16, 16, true},
};

const struct mb_suite *mb_suite_find(enum srtp_suite_id suite)
{
    if ((unsigned)suite >= SRTP_SUITE_COUNT || suites[suite].key_len == 0)
        return NULL;
    return &suites[suite];
}

static void expand_aes(const struct mb_context *c, uint8_t *round_keys, const uint8_t *key,
                       unsigned key_len)
{
    _Alignas(16) uint8_t unused[15 * 16]; /* for decryption, which counter mode does not do */

    if (key_len == IMB_KEY_128_BYTES)
        IMB_AES_KEYEXP_128(c->wide, key, round_keys, unused);
    else
        IMB_AES_KEYEXP_256(c->wide, key, round_keys, unused);
    explicit_bzero(unused, sizeof(unused));
}

/* One output of the key derivation is a keystream, which encrypting zeros lays open. */
static void set_derivation(struct mb_context *c, unsigned i, uint8_t *out, unsigned n,
                           const uint8_t *round_keys, const struct srtp_keys *keys, uint8_t label)
{
    const struct mb_suite *suite = mb_suite_find(keys->suite);

    memset(out, 0, n);
    memset(c->iv[i], 0,
           SRTP_IV_BYTES); /* a salt of 12 bytes is taken as one of 14: RFC 7714 s.11 */
    memcpy(c->iv[i], keys->key_salt + suite->key_len, suite->salt_len);
    c->iv[i][LABEL_AT] ^= label;
    c->cipher[i].enc_keys = round_keys;
    c->cipher[i].key_len_in_bytes = suite->key_len;
    c->cipher[i].src = out;
    c->cipher[i].dst = out;
    c->cipher[i].cipher_start_src_offset_in_bytes = 0;
    c->cipher[i].msg_len_to_cipher_in_bytes = n;
}

int mb_keys_derive(struct mb_context *c, struct mb_secrets *out, const struct srtp_keys *keys,
                   bool is_rtcp)
{
    const struct mb_suite *suite = mb_suite_find(keys->suite);
    const uint8_t label = is_rtcp ? 3 : 0; /* of the key; those of auth and salt follow */
    _Alignas(16) uint8_t round_keys[15 * 16];
    uint32_t n;

    memset(out, 0, sizeof(*out));
    expand_aes(c, round_keys, keys->key_salt, suite->key_len);
    set_derivation(c, 0, out->key, suite->key_len, round_keys, keys, label);
    set_derivation(c, 1, out->auth, MB_AUTH_BYTES, round_keys, keys, label + 1);
    set_derivation(c, 2, out->salt, suite->salt_len, round_keys, keys, label + 2);
    n = IMB_SUBMIT_CIPHER_BURST(c->wide, c->cipher, N_DERIVATIONS, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
                                suite->key_len);
    explicit_bzero(round_keys, sizeof(round_keys));
    explicit_bzero(c->iv, N_DERIVATIONS * sizeof(c->iv[0]));
    return n == N_DERIVATIONS ? 0 : EIO;
}

/* HMAC's first block is the key alone: RFC 2104 s.4. */
static void hash_pad(const struct mb_context *c, uint8_t *out, const uint8_t *auth, uint8_t pad)
{
    uint8_t block[SHA1_BLOCK];
    unsigned i;

    memset(block, pad, sizeof(block));
    for (i = 0; i < MB_AUTH_BYTES; i++)
        block[i] ^= auth[i];
    IMB_SHA1_ONE_BLOCK(c->wide, block, out);
    explicit_bzero(block, sizeof(block));
}

void mb_keys_set(const struct mb_context *c, struct mb_session *s, const struct mb_secrets *secrets,
                 bool is_rtcp)
{
    struct mb_keys *keys = is_rtcp ? &s->rtcp_keys : &s->rtp_keys;

    memcpy(keys->salt, secrets->salt, s->suite->salt_len);
    if (!s->suite->is_gcm) {
        expand_aes(c, keys->aes, secrets->key, s->suite->key_len);
        hash_pad(c, keys->ipad, secrets->auth, 0x36);
        hash_pad(c, keys->opad, secrets->auth, 0x5c);
    } else if (s->suite->key_len == IMB_KEY_128_BYTES) {
        IMB_AES128_GCM_PRE(c->wide, secrets->key, &s->gcm[is_rtcp]);
    } else {
        IMB_AES256_GCM_PRE(c->wide, secrets->key, &s->gcm[is_rtcp]);
    }
}
