#ifndef PICRELAY_BENCH_BENCH_CODEC_H
#define PICRELAY_BENCH_BENCH_CODEC_H

#include "bench/sound/sound.h"
#include "codec/transcoder.h"

/** The parts of bench_codec. Each prints its table; errors end the program. */

/** The i-th of the codecs that are measured; NULL after the last. */
const struct codec_spec *bench_codec_spec(size_t i);
__attribute__((noreturn)) void bench_codec_die(const char *what, int err);

void bench_codec_cost(const struct sound *speech);
void bench_codec_once(const struct sound *speech);
void bench_codec_rate(const struct sound *speech);

#define BENCH_CODECS_MAX   16
#define BENCH_SPEECHES_MAX 4
struct speeches {
    struct sound speech[BENCH_SPEECHES_MAX];
    unsigned n;
};
void bench_codec_sound(const struct speeches *in);

/** Speech as one codec's packets of 20 ms. */
struct coded {
    const struct codec *codec;
    struct codec_spec spec;
    unsigned n;
    uint32_t ticks; /* of a packet */
    struct coded_packet {
        uint16_t n;
        uint8_t payload[400];
    } * packets;
};

/** @param loss_percent  that an Opus encoder expects: it then writes FEC */
void coded_make(struct coded *c, const struct codec_spec *spec, const struct sound *speech,
                uint8_t loss_percent);
void coded_free(struct coded *c);

/** A transcoder from one format to another at 20 ms; Opus at complexity 5, 24 kbit/s. */
struct transcoder *bench_transcoder(const struct codec_spec *in, const struct codec_spec *out);

/** The sampling rate at which the two of a pair meet, as the transcoder has it. */
uint32_t bench_common_rate(const struct codec *in, const struct codec *out);

#endif
