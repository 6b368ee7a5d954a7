#ifndef PICRELAY_CODEC_H
#define PICRELAY_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * What every audio codec gives: its RTP facts, and an encoder and a decoder over one frame format
 * (16-bit PCM, mono unless said otherwise). One codec each in its own file; codec_find() is the
 * table. Objects are allocated by the control thread and then used by one worker: encode, decode
 * and conceal take no lock, allocate nothing and make no system call.
 */

/** The longest frame of PCM that passes between codecs: 120 ms at 48 kHz stereo [samples]. */
#define CODEC_PCM_MAX (48 * 120 * 2)
/** The longest payload an encoder writes [bytes]. */
#define CODEC_PAYLOAD_MAX 1400
#define CODEC_NAME_MAX    24
#define CODEC_FMTP_MAX    256

/** PCM, host order, interleaved: n_frames * n_channels samples. The samples are borrowed. */
struct pcm {
    int16_t *samples;
    uint32_t n_frames;  /* per channel */
    uint32_t rate_hz;   /* of the samples, not of the RTP clock */
    uint8_t n_channels; /* 1 or 2 */
};

/** Says what has been written to pcm->samples: mono. */
static inline void pcm_set(struct pcm *pcm, uint32_t n_frames, uint32_t rate_hz)
{
    pcm->n_frames = n_frames;
    pcm->rate_hz = rate_hz;
    pcm->n_channels = 1;
}

/** How a peer or we describe a payload format in SDP (rtpmap and fmtp); compared without case. */
struct codec_spec {
    char name[CODEC_NAME_MAX]; /* "PCMU", "opus", "G722", "telephone-event", "CN" ... */
    uint32_t clock_hz;         /* RTP clock of the rtpmap: G722 8000, opus 48000 */
    uint8_t n_channels;        /* of the rtpmap; 1 if it names none; opus 2 */
    char fmtp[CODEC_FMTP_MAX]; /* empty: none */
};

/** What an encoder may be told besides its format. A zeroed struct asks for the codec's defaults.
 */
struct codec_options {
    uint32_t pcm_rate_hz; /* rate of the PCM it will be given; 0: the codec's own. Opus takes
                             8000, 12000, 16000, 24000, 48000, so no resampling is needed */
    uint32_t ptime_ms;    /* packet time; 0: 20 */
    uint32_t bitrate;     /* [bit/s]; 0: default */
    uint32_t complexity;  /* opus 1..10; 0 or 0xff: default */
    uint8_t loss_percent; /* expected by the encoder, 0..100 */
    bool is_fec, is_dtx, is_cbr;
};

struct codec_encoder;
struct codec_decoder;

/** One codec; a const row of the table. */
struct codec {
    const char *name;
    uint32_t clock_hz;        /* RTP clock */
    uint32_t pcm_rate_hz;     /* of its PCM when nothing else is asked for */
    uint8_t static_pt;        /* RFC 3551; 0xff: dynamic only */
    uint8_t n_channels;       /* as in the rtpmap */
    uint8_t quality;          /* sound for a choice among several: higher is better; opus 100,
                                 G722 80, PCMA/PCMU 50 */
    uint32_t bitrate;         /* that an fmtp must say if it says any: G7221 at 24000 and at 32000
                                 are two codecs; 0: not of this kind */
    const char *default_fmtp; /* what we write when we add it to an offer; NULL: none */
    bool has_dtx; /* its packets stop in silence, which conceal() fills with fitting noise */

    /** @return 0; EINVAL: fmtp or options it cannot serve; ENOMEM */
    int (*encoder_alloc)(struct codec_encoder **ep, const struct codec_spec *spec,
                         const struct codec_options *opt);
    /** @param pcm_rate_hz  the rate wanted from decode; 0: the codec's own */
    int (*decoder_alloc)(struct codec_decoder **dp, const struct codec_spec *spec,
                         uint32_t pcm_rate_hz);
    void (*encoder_free)(struct codec_encoder *e); /* NULL is allowed */
    void (*decoder_free)(struct codec_decoder *d);

    /** Encodes exactly one packet time. @return bytes written; 0: nothing to send (DTX); -errno */
    int (*encode)(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap);
    /**
     * Decodes one payload of any content and length.
     * @param out  samples points to CODEC_PCM_MAX samples; the other fields are written
     * @return 0; EBADMSG: not decodable (out is empty; the caller conceals)
     */
    int (*decode)(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out);
    /**
     * Makes up n_frames of a lost packet, at the rate of decode; at most 120 ms in one call.
     * @param next  the payload that came after the loss, for in-band FEC; NULL: not known
     * @return 0: made up; 1: the end of it was recovered from next; EINVAL: too long (out is empty)
     */
    int (*conceal)(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                   struct pcm *out);
    /** Forgets the signal so far, as if just allocated: the next payload is of another source. */
    void (*decoder_reset)(struct codec_decoder *d);
    /** Frames of PCM at the RTP clock that a payload holds, without decoding it. @return 0: bad */
    uint32_t (*payload_ticks)(const uint8_t *payload, size_t n);
    /** @return whether a payload can give back all of the packet before it through conceal(), of
     *  the same packet time. May be NULL: never */
    bool (*repeats)(const uint8_t *payload, size_t n);
    /** Changes what can change while it runs (bit rate, complexity, FEC, loss). May be NULL. */
    int (*encoder_set)(struct codec_encoder *e, const struct codec_options *opt);
    /** @return the packet time it can serve, nearest to the wanted one (0: 20) and within what the
     *  receiver's fmtp allows [ms]; also what belongs into a=ptime */
    uint32_t (*ptime_ms)(const struct codec_spec *receiver, uint32_t wanted_ms);
};

/** @return the codec of an SDP format, by name (without case), clock, channels and, where rows
 * differ by it, the fmtp's bitrate; NULL: none */
const struct codec *codec_find(const struct codec_spec *spec);
/** By name alone, with its own clock: for "codec-transcode-opus". @return NULL: none */
const struct codec *codec_find_name(const char *name, size_t n);
/** The i-th row of the table; NULL after the last. */
const struct codec *codec_at(size_t i);

/** Fills spec from a static payload type of RFC 3551 table 4/5 (audio and video, also of codecs
 *  that we cannot transcode). @return 0; ENOENT */
int codec_static(struct codec_spec *spec, uint8_t pt);
/** Whether both name the same format: name without case, clock, channels, and the bitrate as in
 *  codec_find() (nothing else of the fmtp is compared). */
bool codec_same(const struct codec_spec *a, const struct codec_spec *b);

#endif
