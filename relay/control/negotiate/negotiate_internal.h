#ifndef PICRELAY_NEGOTIATE_INTERNAL_H
#define PICRELAY_NEGOTIATE_INTERNAL_H

#include "relay/control/negotiate/negotiate.h"

/** What the three parts of the choice share: negotiate_offer.c, negotiate_answer.c and
 *  negotiate_flow.c. negotiate_words.c holds the codec strings of NG requests. [pure] */

/* ---- negotiate_words.c ---- */

/** NAME[/CLOCK[/CHANNELS[/BITRATE[/PTIME[/FMTP[/OPTIONS]]]]]]; 0 and empty: any, or not said. */
struct codec_word {
    struct str name;
    uint32_t clock_hz;
    uint8_t n_channels;
    uint32_t bitrate, ptime_ms;
    struct str fmtp, options;
};

struct codec_word codec_word_read(struct str text);
bool codec_word_matches(struct str text, const struct sdp_format *f);
/** @return position in the list; -1: not in it */
int codec_words_find(const struct ng_strings *list, const struct sdp_format *f);
/** "all" or "full" */
bool codec_words_have_all(const struct ng_strings *list);
bool codec_words_have(const struct ng_strings *list, struct str word);
/** What a word says about encoding. @return whether it says anything */
bool codec_word_settings(struct negotiated_setting *s, const struct codec_word *w);

/* ---- formats, in negotiate_words.c too ---- */

bool format_is_event(const struct sdp_format *f);
bool format_is_comfort_noise(const struct sdp_format *f);
bool format_is_red(const struct sdp_format *f);
/** Repairs pictures by means that do not come through: what RFC 4588, 5109 and 8627 send beside
 *  them has an SSRC of its own, or names packets by numbers that we change. */
bool format_is_repair(const struct sdp_format *f);
/** Carries speech or pictures, not an addition to it. */
bool format_is_primary(const struct sdp_format *f);
bool format_same(const struct sdp_format *a, const struct sdp_format *b);
/** @return the first of the list that is the same; NULL: none */
const struct sdp_format *format_find_same(const struct sdp_format *list, unsigned n,
                                          const struct sdp_format *f);
/** @return its codec; NULL: we have none, or its fmtp is not one that it can serve */
const struct codec *format_codec(const struct sdp_format *f);
/** Whether we have its codec but cannot do what its fmtp asks for. */
bool format_is_bad(const struct sdp_format *f);
const struct sdp_format *format_first_transcodable(const struct sdp_format *list, unsigned n);

/* ---- negotiate_flow.c ---- */

/** One direction: what its sender may send, and what its receiver takes. */
struct negotiate_direction {
    const struct sdp_format *from, *to;
    unsigned n_from, n_to;
    unsigned ptime_ms;
    bool always_transcode;
    bool mutes_tones;
    bool is_audio;
    const struct negotiated_setting *settings;
    unsigned n_settings;
    const struct config_interface *receiver; /* NULL: defaults */
    uint32_t reorder_window_us;
};

void negotiate_flow(struct negotiated_flow *flow, const struct negotiate_direction *d);

#endif
