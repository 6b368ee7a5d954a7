#include "relay/control/status/record.h"

/* What a drop on the speaker's stream says about silence on the listener's. Reasons that ordinary
 * media does not bring about (junk, STUN, duplicates) say nothing: NO_PACKETS then stands. */
static const uint8_t drop_says[DROP_COUNT] = {
    [DROP_OVERSIZE] = RECORD_SILENCE_DROPPED,     [DROP_SOURCE] = RECORD_SILENCE_SOURCE,
    [DROP_NOT_READY] = RECORD_SILENCE_DROPPED,    [DROP_RTP_BAD] = RECORD_SILENCE_DROPPED,
    [DROP_PAYLOAD_TYPE] = RECORD_SILENCE_PAYLOAD, [DROP_POLICY_GATE] = RECORD_SILENCE_POLICY,
    [DROP_ON_HOLD] = RECORD_SILENCE_HOLD,         [DROP_SRTP_AUTH] = RECORD_SILENCE_AUTH,
    [DROP_SRTP_REPLAY] = RECORD_SILENCE_AUTH,     [DROP_DTLS_SOURCE] = RECORD_SILENCE_DROPPED,
    [DROP_NO_SINK] = RECORD_SILENCE_DROPPED,      [DROP_CODEC] = RECORD_SILENCE_PAYLOAD,
    [DROP_POOL] = RECORD_SILENCE_DROPPED,         [DROP_SEND] = RECORD_SILENCE_SEND,
};

static bool ice_is_stuck(const struct record_stream *s)
{
    return s->ice == RECORD_ICE_CHECKING || s->ice == RECORD_ICE_FAILED;
}

/* A handshake that has not begun waits for ICE, which is what then stands in the way. */
static bool is_unkeyed(const struct record_stream *s)
{
    return s->awaits_keys && !ice_is_stuck(s);
}

static bool is_denied(const struct call_record *r, enum media_kind kind)
{
    return r->has_decision[kind] && r->decisions[kind].verdict == POLICY_DENY;
}

/* The reason behind most of the drops. @return RECORD_HEARD: none of them tells */
static enum record_silence most_drops(const struct record_stream *listener,
                                      const struct record_stream *speaker)
{
    uint64_t n[RECORD_SILENCE_COUNT] = {0};
    enum record_silence most = RECORD_HEARD;

    for (unsigned i = 0; i < DROP_COUNT; i++)
        n[drop_says[i]] += speaker->stats.drops[i];
    n[RECORD_SILENCE_SEND] += listener->stats.drops[DROP_SEND];
    n[RECORD_HEARD] = 0;
    for (unsigned i = 0; i < RECORD_SILENCE_COUNT; i++) {
        if (n[i] > n[most])
            most = (enum record_silence)i;
    }
    return most;
}

enum record_silence record_silence_reason(const struct call_record *r,
                                          const struct record_stream *listener,
                                          const struct record_stream *speaker)
{
    enum record_silence dropped;

    if (listener->stats.out[MEDIA_RTP].packets)
        return RECORD_HEARD;
    /* from what was decided to what was seen: a packet dropped before the answer is no news */
    if (is_denied(r, listener->kind))
        return RECORD_SILENCE_POLICY;
    if (is_unkeyed(listener) || is_unkeyed(speaker))
        return RECORD_SILENCE_DTLS;
    if (listener->is_rejected || speaker->is_rejected)
        return RECORD_SILENCE_REJECTED;
    if (!r->answered_us)
        return RECORD_SILENCE_NO_ANSWER;
    if (ice_is_stuck(listener) || ice_is_stuck(speaker))
        return RECORD_SILENCE_ICE;
    dropped = most_drops(listener, speaker);
    if (dropped != RECORD_HEARD)
        return dropped;
    if (listener->is_held || speaker->is_held)
        return RECORD_SILENCE_HOLD;
    return speaker->stats.in[MEDIA_RTP].packets ? RECORD_SILENCE_DROPPED
                                                : RECORD_SILENCE_NO_PACKETS;
}

const char *record_silence_name(enum record_silence reason)
{
    static const char *const names[RECORD_SILENCE_COUNT] = {
        [RECORD_HEARD] = "heard",
        [RECORD_SILENCE_POLICY] = "policy",
        [RECORD_SILENCE_REJECTED] = "media rejected",
        [RECORD_SILENCE_NO_ANSWER] = "not answered",
        [RECORD_SILENCE_ICE] = "ICE not connected",
        [RECORD_SILENCE_DTLS] = "DTLS without keys",
        [RECORD_SILENCE_AUTH] = "authentication failures",
        [RECORD_SILENCE_SOURCE] = "wrong source",
        [RECORD_SILENCE_HOLD] = "on hold",
        [RECORD_SILENCE_PAYLOAD] = "payload not negotiated or not decodable",
        [RECORD_SILENCE_DROPPED] = "packets dropped",
        [RECORD_SILENCE_NO_PACKETS] = "no packets from the other side",
        [RECORD_SILENCE_SEND] = "sending failed",
    };
    return names[reason];
}
