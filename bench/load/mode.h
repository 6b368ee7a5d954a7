#ifndef PICRELAY_BENCH_LOAD_MODE_H
#define PICRELAY_BENCH_LOAD_MODE_H

#include <stdbool.h>
#include <stdint.h>

/** What a call asks of the relay: one row a mode. [pure] */

enum load_side { LOAD_A, LOAD_B };
enum load_media_kind { LOAD_AUDIO, LOAD_VIDEO };
#define LOAD_MEDIA_MAX 2 /* audio, and video where a mode has it */

/** A payload format, as SDP names it. */
struct load_format {
    uint8_t pt;
    const char *rtpmap; /* "PCMA/8000" */
    const char *fmtp;   /* NULL: none */
    uint32_t ticks;     /* of the RTP clock in 20 ms */
};

/** How a packet that comes back is known and checked. */
enum load_check {
    LOAD_CHECK_SAME,  /* the payload, byte for byte */
    LOAD_CHECK_LIKE,  /* a payload of the other law that sounds like it */
    LOAD_CHECK_CLOCK, /* another codec: by its RTP time stamp, and its payload is there */
};

struct load_mode {
    const char *name, *help;
    struct load_format format[2]; /* of A's audio and B's */
    bool is_secure[2];
    bool has_ice;    /* on both legs */
    bool has_video;  /* x-rtvc1 beside the audio, passed through */
    bool is_refused; /* the offer has to be refused, with a reason */
    enum load_check check;
    const char *offer_flags, *answer_flags; /* as in a proxy's script */
};

/** @return NULL: no such mode */
const struct load_mode *load_mode_find(const char *name);
/** @return NULL: beyond the last */
const struct load_mode *load_mode_at(unsigned i);
const struct load_format *load_mode_format(const struct load_mode *mode, enum load_media_kind kind,
                                           enum load_side side);
/** Video and audio that is passed through is known by its bytes, whatever the audio's check is. */
enum load_check load_mode_check(const struct load_mode *mode, enum load_media_kind kind);

#endif
