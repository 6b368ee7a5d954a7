#ifndef PICRELAY_SIM_RIG_H
#define PICRELAY_SIM_RIG_H

#include "codec/codec.h"
#include "codec/dtmf.h"
#include "codec/transcoder.h"

/** A transcoder between a sender and a receiver that checks what it gets: numbers without gaps,
 * time that goes forward, a marker where it leaps. Faults fail the running cmocka test. */

/* Payload types of these tests; the output's are other numbers, so that a mix-up shows. */
enum {
    PT_PCMU = 0,
    PT_GSM = 3,
    PT_PCMA = 8,
    PT_G722 = 9,
    PT_CN = 13,
    PT_EVENT = 101,
    PT_OPUS = 111,
    PT_G7221 = 112,
    PT_SIREN = 113,
    PT_G726 = 115,
    PT_AAL2 = 116,
    PT_OUT = 96,
    PT_OUT_EVENT = 97,
    PT_OUT_CN = 98,
    SSRC = 7,
    MS = 1000,
};

extern const struct transcoder_format rig_formats[]; /* one of each codec */
enum { RIG_EVENTS_MAX = 512 };
/* The first of them are coded at 8 kHz too; after them come those of 16 kHz alone. */
enum { RIG_N_CODECS = 7, RIG_N_FORMATS = 9 };

/** @return the row of rig_formats with that name */
const struct transcoder_format *rig_format(const char *name);
/** In: the codec, events and CN at 8000. Out: the codec and events; CN if the caller adds it. */
struct transcoder_config rig_config(const char *in, const char *out, uint32_t ptime_ms);
struct transcoder *rig_open(const struct transcoder_config *cfg);

/** One codec with its own PCM, numbers and time stamps. */
struct sender {
    const struct codec *codec;
    struct codec_encoder *encoder;
    uint32_t rate_hz, n_frame, ticks;
    struct transcoder_packet pkt;
    uint8_t payload[CODEC_PAYLOAD_MAX];
};

void sender_open(struct sender *s, const char *name, uint32_t rate_hz, uint32_t ptime_ms);
/** The next packet, of n_frame samples; borrowed until the next. */
const struct transcoder_packet *sender_next(struct sender *s, int16_t *samples);
void sender_close(struct sender *s);

/** Decodes and lays the sound on its timeline, if it has room for it. */
struct receiver {
    const struct codec *codec;
    struct codec_decoder *decoder;
    uint32_t rate_hz;
    bool has_seq;
    uint16_t seq;
    unsigned n_audio, n_event, n_cn, n_marker;
    uint32_t end_ts;        /* of the audio so far */
    uint64_t silence_ticks; /* time stamps that no audio covers */
    struct transcoder_packet last;
    uint8_t last_payload[CODEC_PAYLOAD_MAX];
    uint8_t red_pt; /* expected beside PT_OUT; 0: none. Its primary block is taken */
    struct dtmf_event events[RIG_EVENTS_MAX];
    uint32_t event_ts[RIG_EVENTS_MAX];
    bool event_marker[RIG_EVENTS_MAX];
    uint32_t pcm_ts; /* of the first sample of pcm */
    size_t n_pcm;
    int16_t *pcm; /* NULL: not decoded */
    size_t cap;
};

void receiver_open(struct receiver *r, const char *name, uint32_t rate_hz, int16_t *pcm,
                   size_t cap);
void receiver_close(struct receiver *r);

/** Takes all there is to send now. @return packets */
unsigned rig_drain(struct transcoder *t, struct receiver *r, uint64_t now_us);
/** Lets time pass as a worker does: awake at each deadline. */
void rig_pass_time(struct transcoder *t, struct receiver *r, uint64_t until_us);

/** The whole: a packet of 20 ms at a time, of a second of speech that is said again and again. */
struct line {
    struct transcoder *t;
    struct sender s;
    struct receiver r;
    uint64_t now_us;
    unsigned n_steps;
    int16_t sound[48000]; /* a second of speech at the sender's rate */
};

void line_open(struct line *l, const struct transcoder_config *cfg);
void line_close(struct line *l);
/** Makes the next packet; it is put if it is to arrive. Time goes on by 20 ms. */
int line_step(struct line *l, bool is_arriving);
/** Puts another packet of the sender's sequence, now. */
int line_put(struct line *l, uint8_t pt, uint32_t ts, const void *payload, size_t n);
/** @return the time stamp of the sender's next packet of audio */
uint32_t line_ts(const struct line *l);
/** Puts an RFC 4733 packet; time goes on by 20 ms. */
void line_event(struct line *l, uint8_t code, bool is_end, uint32_t duration, uint32_t ts);

#endif
