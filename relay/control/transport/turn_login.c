#include "relay/control/transport/turn_login.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SHA1_BYTES 20

static int make_password(struct ice_turn_server *to, const char *secret)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (!HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)to->username,
              strlen(to->username), mac, &n) ||
        n != SHA1_BYTES)
        return EIO;
    (void)EVP_EncodeBlock((unsigned char *)to->password, mac, (int)n);
    explicit_bzero(mac, sizeof(mac));
    return 0;
}

int turn_login(struct ice_turn_server *to, const struct config_interface *itf, int64_t wall_s)
{
    memset(to, 0, sizeof(*to));
    memcpy(&to->addr, &itf->turn.server, sizeof(itf->turn.server));
    if (itf->turn.secret[0]) {
        (void)snprintf(to->username, sizeof(to->username), "%" PRId64 ":picrelay",
                       wall_s + TURN_LOGIN_LIFE_S);
        return make_password(to, itf->turn.secret);
    }
    (void)snprintf(to->username, sizeof(to->username), "%s", itf->turn.username);
    (void)snprintf(to->password, sizeof(to->password), "%s", itf->turn.password);
    return 0;
}
