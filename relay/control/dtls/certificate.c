#include "relay/control/dtls/certificate.h"

#include <errno.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "relay/control/libre.h"

#define DAY_S        (24 * 60 * 60)
#define SERIAL_BYTES 8

static void certificate_destructor(void *data)
{
    struct certificate *c = data;

    X509_free(c->x509);
    EVP_PKEY_free(c->key); /* wiped by the library */
}

/* Positive and never 0: RFC 5280 s.4.1.2.2. Random, as it tells nothing about us then. */
static bool set_serial(X509 *x509)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool is_set;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    return is_set;
}

static bool set_names(X509 *x509)
{
    static const unsigned char name[] = "picrelay";
    X509_NAME *subject = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, subject) == 1;
}

static bool make_x509(struct certificate *c, unsigned days)
{
    c->key = EVP_EC_gen("P-256");
    c->x509 = X509_new();
    return c->key && c->x509 && X509_set_version(c->x509, X509_VERSION_3) == 1 &&
           set_serial(c->x509) && set_names(c->x509) &&
           X509_gmtime_adj(X509_getm_notBefore(c->x509), -DAY_S) &&
           X509_time_adj_ex(X509_getm_notAfter(c->x509), (int)days, 0, NULL) &&
           X509_set_pubkey(c->x509, c->key) == 1 && X509_sign(c->x509, c->key, EVP_sha256()) > 0;
}

int certificate_make(struct certificate **cp, unsigned days)
{
    struct certificate *c = mem_zalloc(sizeof(*c), certificate_destructor);

    if (!c)
        return ENOMEM;
    if (!make_x509(c, days)) {
        mem_deref(c);
        return EIO;
    }
    *cp = c;
    return 0;
}

int certificate_fingerprint(struct fingerprint *f, enum fingerprint_hash hash,
                            const struct x509_st *x509)
{
    static const EVP_MD *(*const digests[FINGERPRINT_HASHES])(void) = {
        [FINGERPRINT_SHA_256] = EVP_sha256,
        [FINGERPRINT_SHA_384] = EVP_sha384,
        [FINGERPRINT_SHA_512] = EVP_sha512,
    };
    unsigned n = 0;

    memset(f, 0, sizeof(*f));
    f->hash = hash;
    if (X509_digest(x509, digests[hash](), f->bytes, &n) != 1 || n != fingerprint_len(hash))
        return EIO;
    return 0;
}
