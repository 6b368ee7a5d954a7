#include "relay/media/drop.h"

static const char *const drop_names[DROP_COUNT] = {
    [DROP_NONE] = "none",
    [DROP_RX_UNKNOWN] = "rx_unknown",
    [DROP_OVERSIZE] = "oversize",
    [DROP_SOURCE] = "drop_source",
    [DROP_NOT_READY] = "not_ready",
    [DROP_RTP_BAD] = "rtp_bad",
    [DROP_RTCP_BAD] = "rtcp_bad",
    [DROP_PAYLOAD_TYPE] = "payload_type",
    [DROP_POLICY_GATE] = "policy_gate",
    [DROP_SSRC_RANGE] = "ssrc_range",
    [DROP_SSRC_THROTTLED] = "ssrc_throttled",
    [DROP_ON_HOLD] = "on_hold",
    [DROP_SRTP_AUTH] = "srtp_auth",
    [DROP_SRTP_REPLAY] = "srtp_replay",
    [DROP_STUN_BAD] = "stun_bad",
    [DROP_DTLS_SOURCE] = "dtls_source",
    [DROP_DTLS_BAD] = "dtls_bad",
    [DROP_LATE] = "drop_late",
    [DROP_NO_SINK] = "no_sink",
    [DROP_DUPLICATE] = "duplicate",
    [DROP_TOO_LATE] = "too_late",
    [DROP_CODEC] = "codec_error",
    [DROP_BLOCKED] = "dtmf_blocked",
    [DROP_POOL] = "pool",
    [DROP_SEND] = "send",
    [DROP_KERNEL] = "kernel",
};

const char *drop_name(enum drop reason)
{
    if ((unsigned)reason >= DROP_COUNT || !drop_names[reason])
        return "unknown";
    return drop_names[reason];
}
