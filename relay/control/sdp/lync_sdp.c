#include "relay/control/sdp/lync_sdp.h"

int lync_choose_crypto(const struct sdp_media *media)
{
    int with_mki = -1;

    for (unsigned i = 0; i < media->n_crypto; i++) {
        const struct sdp_crypto *c = &media->crypto[i];

        if (c->is_scale || c->has_session_params || c->keys.suite == SRTP_SUITE_NONE)
            continue;
        if (c->keys.mki_len == 0)
            return (int)i;
        if (with_mki < 0)
            with_mki = (int)i;
    }
    return with_mki;
}

bool lync_is_optional_srtp(const struct sdp_media *media)
{
    return sdp_proto_is_rtp(media->proto) && !sdp_proto_is_secure(media->proto) &&
           lync_choose_crypto(media) >= 0;
}

bool lync_lacks_key(const struct sdp_media *media)
{
    return media->encryption == SDP_ENCRYPTION_REQUIRED && !sdp_proto_is_dtls(media->proto) &&
           lync_choose_crypto(media) < 0;
}
