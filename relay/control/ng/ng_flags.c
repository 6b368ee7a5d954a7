#include "relay/control/ng/ng_parse.h"

#define BIT(flag) (UINT64_C(1) << NG_FLAG_##flag)

struct flag {
    struct str name;
    uint64_t bits; /* 0: known, without effect here */
};

static const struct flag flags[] = {
    {STR_INIT("trust-address"), BIT(TRUST_ADDRESS)},
    {STR_INIT("SIP-source-address"), BIT(SIP_SOURCE_ADDRESS)},
    {STR_INIT("symmetric"), BIT(SYMMETRIC)},
    {STR_INIT("asymmetric"), BIT(ASYMMETRIC)},
    {STR_INIT("strict-source"), BIT(STRICT_SOURCE)},
    {STR_INIT("media-handover"), BIT(MEDIA_HANDOVER)},
    {STR_INIT("port-latching"), BIT(PORT_LATCHING)},
    {STR_INIT("no-port-latching"), BIT(NO_PORT_LATCHING)},
    {STR_INIT("no-RTCP-attribute"), BIT(NO_RTCP_ATTRIBUTE)},
    {STR_INIT("full-RTCP-attribute"), BIT(FULL_RTCP_ATTRIBUTE)},
    {STR_INIT("record-call"), BIT(RECORD_CALL)},
    {STR_INIT("generate-mid"), BIT(GENERATE_MID)},
    {STR_INIT("loop-protect"), BIT(LOOP_PROTECT)},
    {STR_INIT("always-transcode"), BIT(ALWAYS_TRANSCODE)},
    {STR_INIT("reset"), BIT(RESET)},
    {STR_INIT("fragment"), BIT(FRAGMENT)},
    {STR_INIT("trickle-ICE"), BIT(TRICKLE_ICE)},
    {STR_INIT("reject-ICE"), BIT(REJECT_ICE)},
    {STR_INIT("original-sendrecv"), BIT(ORIGINAL_SENDRECV)},
    {STR_INIT("to-tag"), BIT(TO_TAG)},
    {STR_INIT("all"), BIT(ALL)},
    {STR_INIT("directional"), BIT(DIRECTIONAL)},
    {STR_INIT("fatal"), BIT(FATAL)},
    {STR_INIT("fast"), BIT(FAST)},
    {STR_INIT("allow-transcoding"), BIT(ALLOW_TRANSCODING)},
    {STR_INIT("allow-no-codec-media"), BIT(ALLOW_NO_CODEC_MEDIA)},
    {STR_INIT("single-codec"), BIT(SINGLE_CODEC)},
    {STR_INIT("generate-RTCP"), BIT(GENERATE_RTCP)},
    {STR_INIT("pad-crypto"), BIT(PAD_CRYPTO)},
    {STR_INIT("new-branch"), BIT(NEW_BRANCH)},
    {STR_INIT("provisional"), BIT(PROVISIONAL)},
    {STR_INIT("debug"), BIT(DEBUG)},
    {STR_INIT("inject-DTMF"), BIT(INJECT_DTMF)},
    {STR_INIT("block-DTMF"), BIT(BLOCK_DTMF)},

    /* What the relay does anyway, or what belongs to commands and media that it does not have. */
    {STR_INIT("allow-asymmetric-codecs"), 0},
    {STR_INIT("force-transcoding"), 0},
    {STR_INIT("reuse-codecs"), 0},
    {STR_INIT("no-codec-renegotiation"), 0},
    {STR_INIT("static-codecs"), 0},
    {STR_INIT("detect-DTMF"), 0},
    {STR_INIT("pierce-NAT"), 0},
    {STR_INIT("NAT-wait"), 0},
    {STR_INIT("unidirectional"), 0},
    {STR_INIT("recrypt"), 0},
    {STR_INIT("no-TLS-ID"), 0},
    {STR_INIT("no-jitter-buffer"), 0},
    {STR_INIT("no-redis-update"), 0},
    {STR_INIT("discard-recording"), 0},
    {STR_INIT("exclude-recording"), 0},
    {STR_INIT("skip-recording-db"), 0},
    {STR_INIT("recording-announcement"), 0},
    {STR_INIT("block-egress"), 0},
    {STR_INIT("early-media"), 0},
    {STR_INIT("SIPREC"), 0},
    {STR_INIT("inactive"), 0},
    {STR_INIT("bidirectional"), 0},
    {STR_INIT("mix"), 0},
    {STR_INIT("RTCP-mirror"), 0},
    {STR_INIT("unsubscribe"), 0},
    {STR_INIT("passthrough"), 0},
    {STR_INIT("no-passthrough"), 0},
    {STR_INIT("audio-player"), 0},
    {STR_INIT("no-audio-player"), 0},
    {STR_INIT("egress"), 0},
    {STR_INIT("block-short"), 0},
    {STR_INIT("strip-extmap"), 0},
    {STR_INIT("recording-VSC"), 0},
};

/** A list whose members may stand among the flags, behind its name. */
struct prefix {
    struct str name;
    ng_word_h *take;
    size_t at;
};

static const struct prefix prefixes[] = {
    {STR_INIT("codec-strip-"), ng_word_codec, offsetof(struct ng_request, codec.strip)},
    {STR_INIT("codec-except-"), ng_word_codec, offsetof(struct ng_request, codec.except)},
    {STR_INIT("codec-offer-"), ng_word_codec, offsetof(struct ng_request, codec.offer)},
    {STR_INIT("codec-ignore-"), ng_word_codec, offsetof(struct ng_request, codec.ignore)},
    {STR_INIT("codec-transcode-"), ng_word_codec, offsetof(struct ng_request, codec.transcode)},
    {STR_INIT("codec-mask-"), ng_word_codec, offsetof(struct ng_request, codec.mask)},
    {STR_INIT("codec-consume-"), ng_word_codec, offsetof(struct ng_request, codec.consume)},
    {STR_INIT("codec-accept-"), ng_word_codec, offsetof(struct ng_request, codec.accept)},
    {STR_INIT("codec-set-"), ng_word_codec, offsetof(struct ng_request, codec.set)},
    {STR_INIT("transcode-"), ng_word_codec, offsetof(struct ng_request, codec.transcode)},
    {STR_INIT("SDES-"), ng_word_sdes, 0},
    {STR_INIT("ICE-"), ng_word_ice, 0},
    {STR_INIT("DTLS-"), ng_word_dtls, 0},
    {STR_INIT("RTCP-mux-"), ng_word_mux, 0},
    {STR_INIT("replace-"), ng_word_replace, 0},
    {STR_INIT("SDP-media-remove-"), ng_word_string, offsetof(struct ng_request, media_remove)},
    {STR_INIT("SDP-attr-"), ng_word_any, 0},
    {STR_INIT("T.38-"), ng_word_any, 0},
    {STR_INIT("T38-"), ng_word_any, 0},
    {STR_INIT("OSRTP-"), ng_word_any, 0},
    {STR_INIT("bundle-"), ng_word_bundle, 0},
    {STR_INIT("endpoint-learning-"), ng_word_any, 0},
    {STR_INIT("from-tags-"), ng_word_any, 0},
};

/** transport-protocol=UDP/TLS/RTP/SAVPF ICE=force trickle-ICE rtcp-mux=[offer require] ... */
static void take_webrtc(struct ng_parser *p)
{
    struct ng_request *r = p->r;

    ng_word_proto(p, 0, STR("UDP/TLS/RTP/SAVPF"));
    r->ice = NG_ICE_FORCE;
    r->rtcp_mux |= NG_MUX_OFFER | NG_MUX_REQUIRE;
    r->sdes |= NG_SDES_OFF;
    r->flags |= BIT(TRICKLE_ICE) | BIT(NO_RTCP_ATTRIBUTE) | BIT(GENERATE_MID);
}

static bool take_flag(struct ng_parser *p, struct str word)
{
    for (size_t i = 0; i < NG_N(flags); i++) {
        if (!ng_name_is(flags[i].name, word))
            continue;

        p->r->flags |= flags[i].bits;
        if (flags[i].bits == BIT(ALWAYS_TRANSCODE)) /* means codec-accept-all */
            ng_strings_add(&p->r->codec.accept, STR("all"));
        else if (flags[i].bits == BIT(PAD_CRYPTO))
            p->r->sdes |= NG_SDES_PAD;
        return true;
    }
    return false;
}

static bool take_prefixed(struct ng_parser *p, struct str word)
{
    for (size_t i = 0; i < NG_N(prefixes); i++) {
        size_t n = prefixes[i].name.n;

        if (ng_name_begins(prefixes[i].name, word))
            return prefixes[i].take(p, prefixes[i].at, (struct str){word.p + n, word.n - n});
    }
    return false;
}

bool ng_word_flag(struct ng_parser *p, size_t at, struct str word)
{
    if (ng_name_is(STR("WebRTC"), word)) {
        take_webrtc(p);
        return true;
    }
    if (ng_name_is(STR("internal"), word) || ng_name_is(STR("external"), word))
        return ng_word_direction(p, at, word);

    return take_flag(p, word) || take_prefixed(p, word) || ng_word_proto_part(p, at, word) ||
           ng_word_proto(p, at, word);
}
