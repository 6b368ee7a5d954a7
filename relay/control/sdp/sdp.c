#include "relay/control/sdp/sdp.h"

#include <errno.h>

#include "relay/control/sdp/sdp_scan.h"

enum { RTP = 1, SECURE = 2, DTLS = 4, FEEDBACK = 8 };

static const struct {
    const char *name;
    unsigned traits;
} protos[] = {
    [SDP_PROTO_OTHER] = {"-", 0},
    [SDP_RTP_AVP] = {"RTP/AVP", RTP},
    [SDP_RTP_AVPF] = {"RTP/AVPF", RTP | FEEDBACK},
    [SDP_RTP_SAVP] = {"RTP/SAVP", RTP | SECURE},
    [SDP_RTP_SAVPF] = {"RTP/SAVPF", RTP | SECURE | FEEDBACK},
    [SDP_UDP_TLS_RTP_SAVP] = {"UDP/TLS/RTP/SAVP", RTP | SECURE | DTLS},
    [SDP_UDP_TLS_RTP_SAVPF] = {"UDP/TLS/RTP/SAVPF", RTP | SECURE | DTLS | FEEDBACK},
    [SDP_TCP_RTP_AVP] = {"TCP/RTP/AVP", RTP},
    [SDP_TCP_RTP_SAVP] = {"TCP/RTP/SAVP", RTP | SECURE},
};

#define N_PROTOS (sizeof(protos) / sizeof(*protos))

static bool proto_has(enum sdp_proto p, unsigned trait)
{
    return (size_t)p < N_PROTOS && (protos[p].traits & trait) != 0;
}

bool sdp_proto_is_secure(enum sdp_proto p)
{
    return proto_has(p, SECURE);
}

bool sdp_proto_is_dtls(enum sdp_proto p)
{
    return proto_has(p, DTLS);
}

bool sdp_proto_is_rtp(enum sdp_proto p)
{
    return proto_has(p, RTP);
}

bool sdp_proto_has_feedback(enum sdp_proto p)
{
    return proto_has(p, FEEDBACK);
}

const char *sdp_proto_name(enum sdp_proto p)
{
    return (size_t)p < N_PROTOS ? protos[p].name : protos[SDP_PROTO_OTHER].name;
}

enum sdp_proto sdp_proto_find(struct str text)
{
    for (size_t i = SDP_PROTO_OTHER + 1; i < N_PROTOS; i++) {
        if (str_equal_nocase(text, str_of(protos[i].name)))
            return (enum sdp_proto)i;
    }
    return SDP_PROTO_OTHER;
}

enum sdp_direction sdp_direction_reverse(enum sdp_direction d)
{
    static const enum sdp_direction reversed[] = {
        [SDP_INACTIVE] = SDP_INACTIVE,
        [SDP_SENDONLY] = SDP_RECVONLY,
        [SDP_RECVONLY] = SDP_SENDONLY,
        [SDP_SENDRECV] = SDP_SENDRECV,
    };

    return reversed[d & 3];
}

static void copy_cut(char *field, size_t cap, struct str s)
{
    size_t n = s.n < cap ? s.n : cap - 1;

    if (n > 0)
        memcpy(field, s.p, n);
    field[n] = '\0';
}

int sdp_format_spec(struct codec_spec *spec, const struct sdp_format *f)
{
    if (str_is_empty(f->name))
        return EINVAL;
    copy_cut(spec->name, sizeof(spec->name), f->name);
    copy_cut(spec->fmtp, sizeof(spec->fmtp), f->fmtp);
    spec->clock_hz = f->clock_hz;
    spec->n_channels = f->n_channels;
    return 0;
}
