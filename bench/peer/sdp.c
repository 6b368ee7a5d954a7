#include "bench/peer/sdp.h"

#include <errno.h>
#include <string.h>

const struct peer_format *peer_sdp_format(const struct peer_description *d, uint8_t pt)
{
    for (unsigned i = 0; i < d->n_formats; i++)
        if (d->formats[i].pt == pt)
            return &d->formats[i];
    return NULL;
}

const struct peer_format *peer_sdp_format_like(const struct peer_description *d,
                                               const struct codec_spec *spec)
{
    for (unsigned i = 0; i < d->n_formats; i++)
        if (codec_same(&d->formats[i].spec, spec))
            return &d->formats[i];
    return NULL;
}

const struct peer_crypto *peer_sdp_crypto_choose(const struct peer_description *d)
{
    const struct peer_crypto *with_mki = NULL;

    for (unsigned i = 0; i < d->n_cryptos; i++) {
        const struct peer_crypto *c = &d->cryptos[i];

        if (c->is_scale || strcmp(c->suite, "AES_CM_128_HMAC_SHA1_80") != 0)
            continue;
        if (!c->n_mki)
            return c;
        if (!with_mki)
            with_mki = c;
    }
    return with_mki;
}

bool peer_sdp_is_secure(const struct peer_description *d)
{
    return strncmp(d->profile, "RTP/SAVP", 8) == 0 || peer_sdp_is_dtls(d);
}

bool peer_sdp_is_dtls(const struct peer_description *d)
{
    return strncmp(d->profile, "UDP/TLS/RTP/SAVP", 16) == 0;
}

static const char *const dialect_names[] = {
    [PEER_LYNC] = "lync",       [PEER_RFC] = "rfc",         [PEER_PLAIN] = "plain",
    [PEER_OCS2007] = "ocs2007", [PEER_WLM2009] = "wlm2009", [PEER_MSN] = "msn",
};

bool peer_dialect_is_microsoft(enum peer_dialect dialect)
{
    return dialect != PEER_RFC && dialect != PEER_PLAIN;
}

bool peer_dialect_is_draft6(enum peer_dialect dialect)
{
    return dialect == PEER_OCS2007 || dialect == PEER_MSN;
}

const char *peer_dialect_name(enum peer_dialect dialect)
{
    return dialect_names[dialect];
}

int peer_dialect_find(enum peer_dialect *dialect, const char *name)
{
    for (unsigned i = 0; i < sizeof(dialect_names) / sizeof(dialect_names[0]); i++)
        if (strcmp(dialect_names[i], name) == 0) {
            *dialect = (enum peer_dialect)i;
            return 0;
        }
    return ENOENT;
}
