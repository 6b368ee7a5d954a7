#include "relay/media/classify.h"

#include "relay/media/dtls_record.h"
#include "relay/media/stream.h"

#define STUN_FIRST_MAX 3
#define DTLS_FIRST_MIN 20
#define DTLS_FIRST_MAX 63
#define RTP_FIRST_MIN  128
#define RTP_FIRST_MAX  191
#define RTCP_TYPE_MIN  192
#define RTCP_TYPE_MAX  223
#define RTCP_BYTES_MIN 8 /* header and SSRC */

static enum drop classify_slow(uint8_t first)
{
    if (first <= STUN_FIRST_MAX)
        return DROP_STUN_BAD; /* what is for the ICE agent went to its own socket */
    if (first >= DTLS_FIRST_MIN && first <= DTLS_FIRST_MAX)
        return DROP_DTLS_SOURCE;
    return DROP_RX_UNKNOWN;
}

enum drop classify(enum packet_kind *kind, const uint8_t *data, size_t len, bool may_rtp,
                   bool may_rtcp)
{
    bool is_rtcp;

    if (len == 0)
        return DROP_RX_UNKNOWN;
    if (data[0] < RTP_FIRST_MIN || data[0] > RTP_FIRST_MAX)
        return classify_slow(data[0]);
    if (len < 2)
        return DROP_RX_UNKNOWN;
    is_rtcp = may_rtcp && data[1] >= RTCP_TYPE_MIN && data[1] <= RTCP_TYPE_MAX;
    if (is_rtcp) {
        *kind = PACKET_RTCP;
        return len < RTCP_BYTES_MIN ? DROP_RTCP_BAD : DROP_NONE;
    }
    if (!may_rtp)
        return DROP_RTCP_BAD;
    *kind = PACKET_RTP;
    return len < RTP_HEADER_BYTES ? DROP_RTP_BAD : DROP_NONE;
}

/* DTLS of a stream that makes handshakes. Without rtcp-mux RTCP has one of its own: RFC 5764 s.4.1.
 */
static bool takes_dtls(const struct packet *p)
{
    return p->stream->takes_dtls && p->len > 0 &&
           (p->component == MEDIA_RTP || p->stream->has_rtcp_keys) &&
           p->data[0] >= DTLS_FIRST_MIN && p->data[0] <= DTLS_FIRST_MAX;
}

static enum drop check_dtls(struct packet *p)
{
    p->kind = PACKET_DTLS;
    return dtls_is_whole(p->data, p->len) ? DROP_NONE : DROP_DTLS_BAD;
}

static enum drop check(struct packet *p, const struct batch *b)
{
    const struct media_stream *s = p->stream;
    enum packet_kind kind = PACKET_RTP;
    enum drop reason;

    (void)b;
    if (p->len > PACKET_MAX)
        return DROP_OVERSIZE;
    if (takes_dtls(p))
        return check_dtls(p);
    reason = classify(&kind, p->data, p->len, p->component == MEDIA_RTP,
                      p->component == MEDIA_RTCP || s->is_muxed);
    p->kind = (uint8_t)kind;
    if (reason == DROP_NONE && (s->awaits_keys || (s->awaits_rtcp_keys && kind == PACKET_RTCP)))
        return DROP_NOT_READY; /* whatever it is, it cannot be told from a forgery yet */
    return reason;
}

void classify_batch(struct batch *b)
{
    batch_filter(b, check);
}
