/*
 * What transcoding costs beside the codecs alone, and what it sounds like on a bad network.
 *
 *     bench_codec cost  SPEECH.wav     ns a 20 ms frame: bare codec calls, transcoder, their ratio
 *     bench_codec once  SPEECH.wav     the same for an instrument that counts: codec_instructions
 *     bench_codec rate  SPEECH.wav     G.711 to Opus at 8 kHz against the way through 48 kHz
 *     bench_codec sound SPEECH.wav...  STOI of each pair at 0 to 10 % loss, single and in bursts,
 *                                      and what repair gives; five minutes for two speakers
 *
 * Costs are CPU time of the thread, the median of five runs; the two sides take turns. Bare is
 * decode, the change of rate where the pair needs one, and encode, with the same settings; of
 * G.711, spandsp's. Their results: bench/results/.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/codec.h"
#include "bench/sound/wav.h"

static const struct codec_spec specs[] = {
    {"PCMU", 8000, 1, ""},
    {"PCMA", 8000, 1, ""},
    {"G722", 8000, 1, ""},
    {"G726-32", 8000, 1, ""},
    {"GSM", 8000, 1, ""},
    {"SIREN", 16000, 1, "bitrate=16000"},
    {"G7221", 16000, 1, "bitrate=24000"},
    {"opus", 48000, 2, "useinbandfec=1"},
};

const struct codec_spec *bench_codec_spec(size_t i)
{
    return i < sizeof(specs) / sizeof(specs[0]) ? &specs[i] : NULL;
}

void bench_codec_die(const char *what, int err)
{
    fprintf(stderr, "bench_codec: %s: %s\n", what, strerror(err));
    exit(EXIT_FAILURE);
}

static void measure(const char *what, const struct speeches *in)
{
    if (strcmp(what, "cost") == 0)
        bench_codec_cost(&in->speech[0]);
    else if (strcmp(what, "once") == 0)
        bench_codec_once(&in->speech[0]);
    else if (strcmp(what, "rate") == 0)
        bench_codec_rate(&in->speech[0]);
    else if (strcmp(what, "sound") == 0)
        bench_codec_sound(in);
    else
        bench_codec_die(what, EINVAL);
}

int main(int argc, char **argv)
{
    struct speeches in = {.n = 0};

    if (argc < 3 || argc - 2 > BENCH_SPEECHES_MAX) {
        fprintf(stderr, "usage: bench_codec cost|once|rate|sound SPEECH.wav...\n");
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++) {
        const int err = wav_read(&in.speech[in.n++], argv[i]);

        if (err)
            bench_codec_die(argv[i], err);
    }
    measure(argv[1], &in);
    for (unsigned i = 0; i < in.n; i++)
        sound_wipe(&in.speech[i]);
    return EXIT_SUCCESS;
}
