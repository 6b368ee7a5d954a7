#include "tests/interop/baresip.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/sound/wav.h"

#define WAV_HEADER_BYTES 44 /* as libsndfile writes it for PCM */
#define WAV_CHANNELS_AT  22
#define DUMP_MAX         (64 * 1024 * 1024)

static void write_config(const struct baresip *b, const struct baresip_config *cfg)
{
    char text[2048];
    /* Its media binds to all addresses; this is the one that it tells, and sends from. */
    int n = snprintf(text, sizeof(text),
                     "poll_method epoll\n"
                     "net_interface %s\n"
                     "sip_listen %s\n"
                     "rtp_ports 40000-59999\n"
                     "rtcp_mux %s\n"
                     "audio_source aufile,%s/say.wav\n"
                     "ausrc_srate %u\n"
                     "ausrc_channels 1\n"
                     "ausrc_format s16\n"
                     "snd_path %s\n"
                     "module_path %s\n"
                     "module %s.so\n"
                     "module aufile.so\n"
                     "module sndfile.so\n"
                     "module srtp.so\n"
                     "module dtls_srtp.so\n"
                     "module ice.so\n"
                     "module_tmp account.so\n"
                     "module_app menu.so\n",
                     cfg->media ? cfg->media : "127.0.0.1", b->address, cfg->nat ? "yes" : "no",
                     b->folder.path, cfg->rate_hz, b->folder.path, PICRELAY_BARESIP_MODULES,
                     cfg->codec);

    assert_true(n > 0 && (size_t)n < sizeof(text));
    folder_write(&b->folder, "config", text, (size_t)n);
}

static void write_account(const struct baresip *b, const struct proxy *p,
                          const struct baresip_config *cfg)
{
    char text[512];
    int n = snprintf(text, sizeof(text),
                     "<sip:%s@%s>;regint=0;answermode=auto;outbound=\"sip:%s;lr\"%s%s%s%s\n",
                     cfg->callee ? "alice" : "bob", b->address, p->address,
                     cfg->encryption ? ";mediaenc=" : "", cfg->encryption ? cfg->encryption : "",
                     cfg->nat ? ";medianat=" : "", cfg->nat ? cfg->nat : "");

    assert_true(n > 0 && (size_t)n < sizeof(text));
    folder_write(&b->folder, "accounts", text, (size_t)n);
    folder_write(&b->folder, "contacts", "", 0); /* else it makes some up */
}

static void write_sound(const struct baresip *b, const struct baresip_config *cfg)
{
    char path[FOLDER_PATH_MAX];
    struct sound says;

    assert_int_equal(sound_resample(&says, cfg->says, cfg->rate_hz), 0);
    assert_int_equal(wav_write(folder_path(path, &b->folder, "say.wav"), &says), 0);
    sound_wipe(&says);
}

struct text_wanted {
    const struct baresip *baresip;
    const char *text;
};

static bool has_written(void *arg)
{
    const struct text_wanted *w = arg;

    return strstr(process_out(w->baresip->process), w->text) ||
           process_has_ended(w->baresip->process);
}

/* Waits for a text in what it writes. */
static void wait_text(const struct baresip *b, const char *text)
{
    struct text_wanted w = {b, text};

    relay_wait(b->relay, has_written, &w, text);
    if (strstr(process_out(b->process), text))
        return;
    print_error("baresip ended without \"%s\":\n%s\n", text, process_out(b->process));
    fail();
}

void baresip_start(struct baresip *b, const struct proxy *p, const struct baresip_config *cfg)
{
    char dial[64];
    const char *argv[] = {PICRELAY_BARESIP, "-f", b->folder.path, NULL, NULL, NULL};

    memset(b, 0, sizeof(*b));
    b->relay = p->relay;
    snprintf(b->address, sizeof(b->address), "%s:%u", b->relay->address,
             relay_free_port(b->relay->address, SOCK_DGRAM));
    folder_open(&b->folder);
    write_config(b, cfg);
    write_account(b, p, cfg);
    write_sound(b, cfg);
    if (cfg->callee) {
        snprintf(dial, sizeof(dial), "/dial sip:bob@%s", cfg->callee);
        argv[3] = "-e";
        argv[4] = dial;
    }

    const struct process_config process = {.loop = b->relay->loop, .argv = argv, .is_quiet = true};
    assert_int_equal(process_start(&b->process, &process), 0);
    wait_text(b, "baresip is ready");
}

void baresip_stop(struct baresip *b)
{
    process_free(b->process);
    folder_close(&b->folder);
    memset(b, 0, sizeof(*b));
}

void baresip_wait_established(const struct baresip *b)
{
    wait_text(b, "Call established");
}

void baresip_wait_end(struct baresip *b)
{
    wait_text(b, " terminated (duration");
    process_signal(b->process, SIGTERM);
    relay_wait(b->relay, process_has_ended, b->process, "the end of baresip after SIGTERM");
}

/* ---- what it heard ----------------------------------------------------------------------------
 */

/* The file's path is in its log: "sndfile: dumping decode audio to PATH". */
static void find_recording(const struct baresip *b, char path[static FOLDER_PATH_MAX])
{
    static const char mark[] = "dumping decode audio to ";
    const char *at = strstr(process_out(b->process), mark);

    if (!at) {
        print_error("baresip decoded nothing:\n%s\n", process_out(b->process));
        fail();
        return;
    }
    at += sizeof(mark) - 1;
    size_t n = strcspn(at, "\r\n\033");
    assert_true(n < FOLDER_PATH_MAX);
    memcpy(path, at, n);
    path[n] = 0;
}

/* Two channels become the first of them: what we sent was one. @return bytes left */
static size_t keep_one_channel(uint8_t *wav, size_t n)
{
    size_t to = WAV_HEADER_BYTES;

    if (wav[WAV_CHANNELS_AT] != 2)
        return n;
    for (size_t from = WAV_HEADER_BYTES; from + 4 <= n; from += 4, to += 2)
        memmove(wav + to, wav + from, 2);
    wav[WAV_CHANNELS_AT] = 1;
    return to;
}

void baresip_heard(const struct baresip *b, struct sound *heard)
{
    char path[FOLDER_PATH_MAX];
    uint8_t *wav = malloc(DUMP_MAX);

    assert_non_null(wav);
    find_recording(b, path);
    FILE *f = fopen(path, "rbe");
    assert_non_null(f);
    size_t n = fread(wav, 1, DUMP_MAX, f);
    fclose(f);
    assert_true(n >= WAV_HEADER_BYTES);
    n = keep_one_channel(wav, n);
    assert_int_equal(wav_parse(heard, wav, n), 0);
    free(wav);
}
