#include "bench/load/mode.h"

#include <stddef.h>
#include <string.h>

#define PCMA                                                                                       \
    {                                                                                              \
        8, "PCMA/8000", NULL, 160                                                                  \
    }
#define PCMU                                                                                       \
    {                                                                                              \
        0, "PCMU/8000", NULL, 160                                                                  \
    }
#define G722                                                                                       \
    {                                                                                              \
        9, "G722/8000", NULL, 160                                                                  \
    } /* 8000 is an error kept for ever: RFC 3551 s.4.5.2 */
#define G726                                                                                       \
    {                                                                                              \
        112, "G726-32/8000", NULL, 160                                                             \
    }
#define GSM                                                                                        \
    {                                                                                              \
        3, "GSM/8000", NULL, 160                                                                   \
    }
#define G7221                                                                                      \
    {                                                                                              \
        115, "G7221/16000", "bitrate=32000", 320                                                   \
    }
#define SIREN                                                                                      \
    {                                                                                              \
        111, "SIREN/16000", "bitrate=16000", 320                                                   \
    }
#define OPUS                                                                                       \
    {                                                                                              \
        96, "opus/48000/2", "useinbandfec=1", 960                                                  \
    }

/* Flags that both relays understand. rtpengine would offer DTLS beside SDES. */
#define COMMON   "replace-origin ICE=remove DTLS=off "
#define WITH_ICE "replace-origin ICE=force DTLS=off "

/* The relay adds B's codec to the offer; B takes only that. */
#define TRANSCODED(mode_name, a, b, b_name)                                                        \
    {                                                                                              \
        .name = (mode_name), .format = {a, b}, .check = LOAD_CHECK_CLOCK,                          \
        .offer_flags = COMMON "RTP/AVP transcode-" b_name, .answer_flags = COMMON "RTP/AVP",       \
        .help = "transcodes from codec to codec, both ways"                                        \
    }

static const struct load_mode modes[] = {
    {.name = "plain",
     .format = {PCMA, PCMA},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/AVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "RTP on both legs"},
    {.name = "srtp-one",
     .format = {PCMA, PCMA},
     .is_secure = {false, true},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/SAVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "RTP on A's leg, SRTP on B's"},
    {.name = "srtp-both",
     .format = {PCMA, PCMA},
     .is_secure = {true, true},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/SAVP",
     .answer_flags = COMMON "RTP/SAVP",
     .help = "SRTP on both legs, with different suites if the relay offers another one"},
    {.name = "ice-both",
     .format = {PCMA, PCMA},
     .has_ice = true,
     .check = LOAD_CHECK_SAME,
     .offer_flags = WITH_ICE "RTP/AVP",
     .answer_flags = WITH_ICE "RTP/AVP",
     .help = "full ICE and RTP on both legs"},
    {.name = "ice-srtp",
     .format = {PCMA, PCMA},
     .is_secure = {true, true},
     .has_ice = true,
     .check = LOAD_CHECK_SAME,
     .offer_flags = WITH_ICE "RTP/SAVP",
     .answer_flags = WITH_ICE "RTP/SAVP",
     .help = "full ICE and SRTP on both legs"},
    {.name = "transcode",
     .format = {PCMA, PCMU},
     .check = LOAD_CHECK_LIKE,
     .offer_flags = COMMON "RTP/AVP transcode-PCMU",
     .answer_flags = COMMON "RTP/AVP",
     .help = "PCMA to PCMU and back, each sample checked"},
    TRANSCODED("opus", PCMA, OPUS, "opus"),
    TRANSCODED("pcma-g722", PCMA, G722, "G722"),
    TRANSCODED("pcma-g726", PCMA, G726, "G726-32"),
    TRANSCODED("pcma-gsm", PCMA, GSM, "GSM"),
    TRANSCODED("pcma-siren", PCMA, SIREN, "SIREN"),
    TRANSCODED("pcma-g7221", PCMA, G7221, "G7221"),
    TRANSCODED("pcma-opus", PCMA, OPUS, "opus"),
    TRANSCODED("pcmu-opus", PCMU, OPUS, "opus"),
    TRANSCODED("g722-pcmu", G722, PCMU, "PCMU"),
    TRANSCODED("g722-g726", G722, G726, "G726-32"),
    TRANSCODED("g722-gsm", G722, GSM, "GSM"),
    TRANSCODED("g722-siren", G722, SIREN, "SIREN"),
    TRANSCODED("g722-g7221", G722, G7221, "G7221"),
    TRANSCODED("g722-opus", G722, OPUS, "opus"),
    TRANSCODED("g726-gsm", G726, GSM, "GSM"),
    TRANSCODED("g726-siren", G726, SIREN, "SIREN"),
    TRANSCODED("g726-g7221", G726, G7221, "G7221"),
    TRANSCODED("g726-opus", G726, OPUS, "opus"),
    TRANSCODED("gsm-siren", GSM, SIREN, "SIREN"),
    TRANSCODED("gsm-g7221", GSM, G7221, "G7221"),
    TRANSCODED("gsm-opus", GSM, OPUS, "opus"),
    TRANSCODED("siren-g7221", SIREN, G7221, "G7221"),
    TRANSCODED("siren-opus", SIREN, OPUS, "opus"),
    TRANSCODED("g7221-opus", G7221, OPUS, "opus"),
    {.name = "video",
     .format = {PCMA, PCMA},
     .has_video = true,
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/AVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "RTP, and 20 ms of RTVideo at 370 kbit/s beside the audio"},
    {.name = "refused",
     .format = {PCMA, PCMA},
     .is_refused = true,
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/AVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "offers that policy has to refuse, with a reason"},
};

/* What Messenger and Lync call RTVideo: no codec of it is needed to pass it through. */
static const struct load_format video = {121, "x-rtvc1/90000", NULL, 1800};

const struct load_mode *load_mode_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

const struct load_mode *load_mode_at(unsigned i)
{
    return i < sizeof(modes) / sizeof(modes[0]) ? &modes[i] : NULL;
}

const struct load_format *load_mode_format(const struct load_mode *mode, enum load_media_kind kind,
                                           enum load_side side)
{
    return kind == LOAD_VIDEO ? &video : &mode->format[side];
}

enum load_check load_mode_check(const struct load_mode *mode, enum load_media_kind kind)
{
    return kind == LOAD_VIDEO ? LOAD_CHECK_SAME : mode->check;
}
