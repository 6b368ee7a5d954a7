#include "bench/load/mode.h"

#include <stddef.h>
#include <string.h>

#define PCMA                                                                                       \
    {                                                                                              \
        8, "PCMA/8000", NULL                                                                       \
    }
#define PCMU                                                                                       \
    {                                                                                              \
        0, "PCMU/8000", NULL                                                                       \
    }
#define OPUS                                                                                       \
    {                                                                                              \
        96, "opus/48000/2", "useinbandfec=1"                                                       \
    }

/* Flags that both relays understand. rtpengine would offer DTLS beside SDES. */
#define COMMON "replace-origin ICE=remove DTLS=off "

static const struct load_mode modes[] = {
    {.name = "plain",
     .format = {PCMA, PCMA},
     .ticks = {160, 160},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/AVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "RTP on both legs"},
    {.name = "srtp-one",
     .format = {PCMA, PCMA},
     .ticks = {160, 160},
     .is_secure = {false, true},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/SAVP",
     .answer_flags = COMMON "RTP/AVP",
     .help = "RTP on A's leg, SRTP on B's"},
    {.name = "srtp-both",
     .format = {PCMA, PCMA},
     .ticks = {160, 160},
     .is_secure = {true, true},
     .check = LOAD_CHECK_SAME,
     .offer_flags = COMMON "RTP/SAVP",
     .answer_flags = COMMON "RTP/SAVP",
     .help = "SRTP on both legs, with different suites if the relay offers another one"},
    {.name = "transcode",
     .format = {PCMA, PCMU},
     .ticks = {160, 160},
     .check = LOAD_CHECK_LIKE,
     .offer_flags = COMMON "RTP/AVP transcode-PCMU",
     .answer_flags = COMMON "RTP/AVP",
     .help = "PCMA to PCMU and back"},
    {.name = "opus",
     .format = {PCMA, OPUS},
     .ticks = {160, 960},
     .check = LOAD_CHECK_CLOCK,
     .offer_flags = COMMON "RTP/AVP transcode-opus",
     .answer_flags = COMMON "RTP/AVP",
     .help = "PCMA to Opus and back"},
};

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
