#ifndef PICRELAY_NEGOTIATE_H
#define PICRELAY_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/transcoder.h"
#include "relay/config.h"
#include "relay/control/ng/ng.h"
#include "relay/control/sdp/sdp.h"
#include "relay/media/media.h"

/**
 * Which payload formats each side gets to see, and what is to be done with each that arrives:
 * pass-through if both sides share it, transcoding otherwise. [pure] Thread: control.
 * Source: RFC 3264 s.5 and s.6; the codec operations of the NG protocol.
 */

#define NEGOTIATED_SETTINGS_MAX 8

/** What a request says about encoding one codec: codec-set, codec-transcode with more than a name.
 *  Zero is what was not said. */
struct negotiated_setting {
    char name[CODEC_NAME_MAX];
    uint32_t clock_hz; /* 0: of any */
    struct codec_options options;
};

/** The list of an outgoing offer. The formats' strings borrow from the offer or are static. */
struct negotiated_offer {
    struct negotiated_setting settings[NEGOTIATED_SETTINGS_MAX];
    unsigned n_settings;
    struct sdp_format formats[SDP_FORMATS_MAX];
    unsigned n_formats;
    uint64_t usable;   /* bit i: format i of the offer may be answered to its sender */
    uint64_t accepted; /* bit i: answered to its sender even if the other side refuses it */
};

/**
 * Makes the list that goes out from the list that came in. What nobody but Microsoft has (RTAudio,
 * RTVideo, SILK as Lync offers it) stays where the receiver may know it: on an interface of a
 * Microsoft dialect always, of the `rfc` dialect never, else unless the request adds codecs to
 * transcode to, by which it says that the two sides have little in common.
 * @param ops       what the request asks for; adding telephone-event means that DTMF is converted
 * @param to        interface of the receiver: its `transcode` codecs are added; may be NULL
 * @param keeps_empty  leave the list empty if nothing is left (allow-no-codec-media); otherwise the
 *                  original list is restored then
 */
void negotiate_offer(struct negotiated_offer *out, const struct sdp_media *offer,
                     const struct ng_codec_ops *ops, const struct config_interface *to,
                     bool keeps_empty);

/** What the DTMF commands want of the sound that a side sends. */
enum negotiate_digits {
    DIGITS_AS_THEY_ARE,
    DIGITS_DECODED, /* transcoded even if it could pass, so that tones can be put in its place */
    DIGITS_MUTED,   /* transcoded likewise, so that tones in it can be taken out */
};

/** The two sides of an answered m= line. */
struct negotiate_sides {
    const struct sdp_media *offer;    /* of the offerer */
    uint64_t usable, accepted;        /* of negotiated_offer */
    const struct sdp_format *offered; /* what the answerer was offered: tells the formats that its
                                         answer lists by number alone */
    unsigned n_offered;
    const struct sdp_media *answer; /* of the answerer */
    unsigned ptime_ms;              /* forced towards the answerer; 0: as it asks */
    unsigned ptime_reverse_ms;      /* forced towards the offerer; 0: as it asks */
    bool always_transcode;
    bool is_single; /* the offerer is told one codec only, and what goes with it */
    enum negotiate_digits offerer_digits, answerer_digits;
    uint32_t reorder_window_us;
    const struct negotiated_setting *settings; /* of negotiated_offer */
    unsigned n_settings;
    const struct config_interface *offerer_interface, *answerer_interface; /* NULL: defaults */
};

/** What arrives from one side, and how it goes to the other. */
struct negotiated_flow {
    uint8_t action[128]; /* enum media_action */
    uint8_t out_pt[128];
    uint32_t clock_hz[128];
    uint32_t
        event_hz; /* clock of the events that can be put between what is relayed; 0: none can */
    uint8_t event_pt;
    struct transcoder_config transcoder; /* n_in 0: none is needed */
    char codec[CODEC_NAME_MAX];          /* what the sender is expected to send, for people */
};

struct negotiated_plan {
    struct sdp_format answer[SDP_FORMATS_MAX]; /* for the offerer, in its own numbers */
    unsigned n_answer;
    /* bit i: format i of the offer, of the answer, is of a codec that we have, with an fmtp that it
     * cannot serve. It was left out. */
    uint64_t bad_offered, bad_answered;
    struct negotiated_flow from_offerer, from_answerer;
};

/**
 * @return 0; ENOENT: the sides have nothing in common and nothing can be transcoded (the m= line is
 *         to be rejected)
 */
int negotiate_answer(struct negotiated_plan *plan, const struct negotiate_sides *in);

/** Whether a flow decodes and encodes anything. */
bool negotiated_flow_transcodes(const struct negotiated_flow *flow);

#endif
