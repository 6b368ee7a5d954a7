#include "relay/control/dtls/association_internal.h"

#include <errno.h>
#include <string.h>

static const struct {
    unsigned long profile;
    enum srtp_suite_id suite;
    size_t key, salt; /* [bytes] */
} profiles[] = {
    {SRTP_AES128_CM_SHA1_80, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, 16, 14},
    {SRTP_AEAD_AES_128_GCM, SRTP_SUITE_AEAD_AES_128_GCM, 16, 12},
    {SRTP_AEAD_AES_256_GCM, SRTP_SUITE_AEAD_AES_256_GCM, 32, 12},
};

/* client key, server key, client salt, server salt: RFC 5764 s.4.2 */
static int export_keys(struct association *a, struct srtp_keys *client, struct srtp_keys *server,
                       unsigned row)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    const size_t key = profiles[row].key, salt = profiles[row].salt;
    uint8_t bytes[2 * SRTP_KEY_SALT_MAX];

    if (SSL_export_keying_material(a->ssl, bytes, 2 * (key + salt), label, sizeof(label) - 1, NULL,
                                   0, 0) != 1)
        return EIO;
    client->suite = server->suite = profiles[row].suite;
    memcpy(client->key_salt, bytes, key);
    memcpy(server->key_salt, bytes + key, key);
    memcpy(client->key_salt + key, bytes + 2 * key, salt);
    memcpy(server->key_salt + key, bytes + 2 * key + salt, salt);
    explicit_bzero(bytes, sizeof(bytes));
    return 0;
}

int association_keys(struct association *a, struct srtp_keys *local, struct srtp_keys *remote)
{
    const SRTP_PROTECTION_PROFILE *chosen;

    memset(local, 0, sizeof(*local));
    memset(remote, 0, sizeof(*remote));
    if (a->state != ASSOCIATION_UP)
        return EINVAL;
    chosen = SSL_get_selected_srtp_profile(a->ssl);
    for (unsigned i = 0; chosen && i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (profiles[i].profile == chosen->id)
            return export_keys(a, a->is_server ? remote : local, a->is_server ? local : remote, i);
    }
    return EIO;
}
