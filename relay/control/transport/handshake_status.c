#include "relay/control/transport/handshake_internal.h"

/* How far a stream's DTLS has come, for whoever asks. */

bool handshake_is_used(const struct stream *s)
{
    return s->handshake != NULL;
}

bool handshake_is_pending(const struct stream *s)
{
    return s->handshake && !s->handshake->is_done;
}

bool handshake_rtcp_is_pending(const struct stream *s)
{
    return s->handshake && !s->is_muxed && !(s->handshake->rtcp && s->handshake->rtcp->is_done);
}

bool handshake_is_server(const struct stream *s)
{
    return s->handshake && s->handshake->is_server;
}

const char *handshake_status(const struct stream *s)
{
    const struct handshake *h = s->handshake;

    if (!h)
        return "";
    if (handshake_has_failed(h))
        return h->failure;
    if (h->is_done)
        return "verified";
    return h->is_started ? "handshaking" : "waiting for an address";
}
