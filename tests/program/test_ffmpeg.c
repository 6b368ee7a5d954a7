#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bench/sound/score.h"
#include "bench/sound/wav.h"
#include "tests/program/talk.h"

/* Calls in which nothing of ours but the relay touches the sound: FFmpeg encodes and sends what A
 * says, and another FFmpeg receives and decodes what comes to B, with its own codecs and its own
 * RTP. What B got is compared with what was said.
 * FFmpeg's RTP knows no SIREN, and it has no encoder of it. There GStreamer is A; as B, a phone
 * writes down what comes, and FFmpeg decodes that. */

#define HEARD_S   "4"
#define PAIRS_MAX 20

enum { SIREN_FRAME = 40, SIREN_FRAMES = 200, SIREN_WAVE_FORMAT = 0x028e };

static const char ffmpeg[] = "/usr/bin/ffmpeg";
static const char gstreamer[] = "/usr/bin/gst-launch-1.0";
static const char speech[] = PICRELAY_VECTORS "/speech_a.wav";

struct side {
    const char *name;    /* in our words */
    const char *rtpmap;  /* "G722/8000" */
    const char *encoder; /* in FFmpeg's; NULL: SIREN */
    const char *options; /* of the encoder: one more word and its value, or NULL */
    const char *value;
    uint8_t pt;
};

/* FFmpeg's RTP knows no GSM. Its g726 packs as AAL2 does, its g726le as RFC 3551. */
static const struct side sides[] = {
    {"PCMU", "PCMU/8000", "pcm_mulaw", NULL, NULL, 0},
    {"PCMA", "PCMA/8000", "pcm_alaw", NULL, NULL, 8},
    {"G722", "G722/8000", "g722", NULL, NULL, 9},
    {"opus", "opus/48000/2", "libopus", "-b:a", "32k", 111},
    {"G726-32", "G726-32/8000", "g726le", "-b:a", "32k", 115},
    {"AAL2-G726-32", "AAL2-G726-32/8000", "g726", "-b:a", "32k", 116},
    {"SIREN", "SIREN/16000", NULL, NULL, NULL, 117},
};

/* By index of sides; every codec on both ends. */
static const struct {
    uint8_t from, to;
} pairs[] = {{0, 3}, {1, 3}, {2, 3}, {4, 3}, {5, 3}, {3, 0}, {3, 1}, {3, 2}, {3, 4}, {3, 5},
             {0, 2}, {2, 1}, {4, 2}, {5, 4}, {0, 5}, {6, 3}, {3, 6}, {6, 2}, {0, 6}};
enum { N_PAIRS = sizeof(pairs) / sizeof(pairs[0]) };
_Static_assert(N_PAIRS <= PAIRS_MAX, "rooms");

struct pair {
    const struct side *from, *to;
    struct talk talk;
    struct process *receiver, *sender;
    char address[16];      /* of both */
    uint16_t port_a, port; /* of the sender, of the receiver */
    uint8_t pt;            /* that the relay was told for the receiver */
    char folder[32], sdp[64], wav[64];
    uint8_t came[SIREN_FRAMES * SIREN_FRAME];
    size_t n_came; /* SIREN, as it came */
};

static bool is_siren(const struct side *s)
{
    return !s->encoder;
}

/* ---- what the two ends tell the relay ---- */

static void write_sdp(char sdp[static 512], const char *address, uint16_t port,
                      const struct side *s, uint8_t pt)
{
    snprintf(sdp, 512,
             "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP %u\r\na=rtpmap:%u %s\r\n",
             address, address, port, pt, pt, s->rtpmap);
    if (is_siren(s))
        snprintf(sdp + strlen(sdp), 512 - strlen(sdp), "a=fmtp:%u bitrate=16000\r\n", pt);
}

static uint8_t offered_number(const struct pair *p)
{
    const struct peer_description *d = &p->talk.told[TALK_B];

    for (unsigned i = 0; i < d->n_formats; i++) {
        if (strcasecmp(d->formats[i].spec.name, p->to->name) == 0)
            return d->formats[i].pt;
    }
    fail_msg("%s was not offered", p->to->name);
    return 0;
}

/* The ports are those of two phones, which let go of them for FFmpeg when it starts: until then no
 * other pair gets them. */
static void set_up(struct pair *p, struct relay *r)
{
    char sdp[512], flags[64];

    talk_open(&p->talk, r);
    snprintf(p->address, sizeof(p->address), "%s", p->talk.phone[TALK_A].address);
    p->port_a = p->talk.phone[TALK_A].port;
    p->port = p->talk.phone[TALK_B].port;
    write_sdp(sdp, p->address, p->port_a, p->from, p->from->pt);
    snprintf(flags, sizeof(flags), "codec-transcode-%s", p->to->name);
    talk_offer(&p->talk, TALK_A, sdp, flags);
    p->pt = offered_number(p);
    write_sdp(sdp, p->address, p->port, p->to, p->pt);
    talk_answer(&p->talk, TALK_A, sdp, NULL);
    relay_write_file(p->folder, p->sdp, sdp);
    snprintf(p->wav, sizeof(p->wav), "%s/heard.wav", p->folder);
}

/* ---- the two ends ---- */

static void write_down(const struct phone_packet *packet, void *arg)
{
    struct pair *p = arg;

    if (packet->rtp.n % SIREN_FRAME || p->n_came + packet->rtp.n > sizeof(p->came))
        return;
    memcpy(p->came + p->n_came, packet->rtp.payload, packet->rtp.n);
    p->n_came += packet->rtp.n;
}

static void start_receiver(struct pair *p, struct relay *r)
{
    const char *const argv[] = {
        ffmpeg,         "-nostdin", "-loglevel", "error", "-protocol_whitelist",
        "file,udp,rtp", "-i",       p->sdp,      "-t",    HEARD_S,
        "-ac",          "1",        "-ar",       "16000", "-y",
        p->wav,         NULL};

    if (is_siren(p->to)) {
        p->talk.phone[TALK_B].rtp_h = write_down;
        p->talk.phone[TALK_B].arg = p;
        return;
    }
    assert_int_equal(
        process_start(&p->receiver, &(struct process_config){.loop = r->loop, .argv = argv}), 0);
}

static void start_siren_sender(struct pair *p, struct relay *r)
{
    const struct peer_description *to = &p->talk.told[TALK_A];
    char location[128], pt[16], host[64], port[16], bind_address[32], bind_port[24];
    const char *const argv[] = {gstreamer,
                                "-q",
                                "filesrc",
                                location,
                                "!",
                                "wavparse",
                                "!",
                                "audioconvert",
                                "!",
                                "audioresample",
                                "!",
                                "audio/x-raw,rate=16000,channels=1",
                                "!",
                                "sirenenc",
                                "!",
                                "rtpsirenpay",
                                "min-ptime=20000000",
                                "max-ptime=20000000",
                                pt,
                                "!",
                                "udpsink",
                                host,
                                port,
                                bind_address,
                                bind_port,
                                NULL};

    snprintf(location, sizeof(location), "location=%s", speech);
    snprintf(pt, sizeof(pt), "pt=%u", p->from->pt);
    snprintf(host, sizeof(host), "host=%s", to->address);
    snprintf(port, sizeof(port), "port=%u", to->port);
    snprintf(bind_address, sizeof(bind_address), "bind-address=%s", p->address);
    snprintf(bind_port, sizeof(bind_port), "bind-port=%u", p->port_a);
    assert_int_equal(
        process_start(&p->sender, &(struct process_config){.loop = r->loop, .argv = argv}), 0);
}

static void start_sender(struct pair *p, struct relay *r)
{
    const struct peer_description *to = &p->talk.told[TALK_A];
    char url[160], pt[8];
    const char *argv[32] = {ffmpeg, "-nostdin", "-loglevel", "error", "-re", "-i", speech};
    unsigned n = 7;

    snprintf(pt, sizeof(pt), "%u", p->from->pt);
    snprintf(url, sizeof(url), "rtp://%s:%u?localaddr=%s&localrtpport=%u&pkt_size=172", to->address,
             to->port, p->address, p->port_a);
    argv[n++] = "-c:a";
    argv[n++] = p->from->encoder;
    if (p->from->options) {
        argv[n++] = p->from->options;
        argv[n++] = p->from->value;
    }
    argv[n++] = "-ac";
    argv[n++] = "1";
    argv[n++] = "-ar";
    argv[n++] = p->from->pt == 111 ? "48000" : p->from->pt == 9 ? "16000" : "8000";
    argv[n++] = "-payload_type";
    argv[n++] = pt;
    argv[n++] = "-f";
    argv[n++] = "rtp";
    argv[n++] = url;
    argv[n] = NULL;
    assert_int_equal(
        process_start(&p->sender, &(struct process_config){.loop = r->loop, .argv = argv}), 0);
}

/* Whether the kernel has a UDP socket on that port. */
static bool receiver_listens(void *arg)
{
    const struct pair *p = arg;
    char line[256], local[8];
    bool is_there = false;
    FILE *f = fopen("/proc/net/udp", "r");

    snprintf(local, sizeof(local), ":%04X", p->port);
    while (f && !is_there && fgets(line, sizeof(line), f)) {
        line[strcspn(line, " ") + 24] = '\0'; /* the local address comes first */
        is_there = strstr(line, local) != NULL;
    }
    if (f)
        fclose(f);
    return is_there || process_has_ended(p->receiver);
}

static bool has_all_frames(void *arg)
{
    const struct pair *p = arg;

    return p->n_came == sizeof(p->came);
}

/* Microsoft's number of SIREN in a WAVE file, which FFmpeg knows. */
static void write_siren_wave(const struct pair *p, const char *path)
{
    const uint8_t head[44] = {'R',
                              'I',
                              'F',
                              'F',
                              (36 + sizeof(p->came)) & 0xff,
                              (36 + sizeof(p->came)) >> 8,
                              0,
                              0,
                              'W',
                              'A',
                              'V',
                              'E',
                              'f',
                              'm',
                              't',
                              ' ',
                              16,
                              0,
                              0,
                              0,
                              SIREN_WAVE_FORMAT & 0xff,
                              SIREN_WAVE_FORMAT >> 8,
                              1,
                              0,
                              16000 & 0xff,
                              16000 >> 8,
                              0,
                              0,
                              2000 & 0xff,
                              2000 >> 8,
                              0,
                              0,
                              SIREN_FRAME,
                              0,
                              0,
                              0,
                              'd',
                              'a',
                              't',
                              'a',
                              sizeof(p->came) & 0xff,
                              sizeof(p->came) >> 8,
                              0,
                              0};
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(head, 1, sizeof(head), f), sizeof(head));
    assert_int_equal(fwrite(p->came, 1, sizeof(p->came), f), sizeof(p->came));
    assert_int_equal(fclose(f), 0);
}

static void decode_siren(struct pair *p, struct relay *r)
{
    char coded[80];
    const char *const argv[] = {ffmpeg, "-nostdin", "-loglevel", "error", "-i",   coded, "-ac",
                                "1",    "-ar",      "16000",     "-y",    p->wav, NULL};

    snprintf(coded, sizeof(coded), "%s/siren.wav", p->folder);
    write_siren_wave(p, coded);
    assert_int_equal(
        process_start(&p->receiver, &(struct process_config){.loop = r->loop, .argv = argv}), 0);
    relay_wait(r, process_has_ended, p->receiver, "FFmpeg to decode SIREN");
    unlink(coded);
}

static void await_heard(struct pair *p, struct relay *r)
{
    char what[80];

    snprintf(what, sizeof(what), "enough of %s as %s", p->from->name, p->to->name);
    if (is_siren(p->to)) {
        relay_wait(r, has_all_frames, p, what);
        decode_siren(p, r);
    } else {
        relay_wait(r, process_has_ended, p->receiver, what);
    }
}

/* ---- what was heard ---- */

static void expect_heard(struct pair *p)
{
    struct sound said = {0}, heard = {0};
    struct score score;

    assert_int_equal(process_status(p->receiver), 0);
    assert_int_equal(wav_read(&said, speech), 0);
    assert_int_equal(wav_read(&heard, p->wav), 0);
    said.n_samples = said.rate_hz * 7 / 2; /* less than it listened for */
    assert_int_equal(score_compare(&score, &said, &heard), 0);
    print_message("%-7s to %-7s: STOI %.3f, coverage %.3f, gain %.1f dB\n", p->from->name,
                  p->to->name, score.stoi, score.coverage, score.gain_db);
    if (!score.is_pass)
        fail_msg("%s to %s: %s", p->from->name, p->to->name, score_meaning(&score));
    sound_wipe(&said);
    sound_wipe(&heard);
}

static void tear_down(struct pair *p)
{
    process_free(p->sender);
    process_free(p->receiver);
    unlink(p->wav);
    relay_remove_file(p->folder, p->sdp);
    talk_close(&p->talk);
}

static void what_others_say_ffmpeg_hears(void **state)
{
    static struct pair all[PAIRS_MAX];
    struct relay *r = *state;

    if (access(ffmpeg, X_OK) != 0 || access(gstreamer, X_OK) != 0)
        skip();
    for (size_t i = 0; i < N_PAIRS; i++) {
        all[i] = (struct pair){.from = &sides[pairs[i].from], .to = &sides[pairs[i].to]};
        set_up(&all[i], r);
    }
    for (size_t i = 0; i < N_PAIRS; i++) {
        if (!is_siren(all[i].to))
            phone_close(&all[i].talk.phone[TALK_B]);
        start_receiver(&all[i], r);
    }
    for (size_t i = 0; i < N_PAIRS; i++) {
        if (!is_siren(all[i].to))
            relay_wait_polling(r, receiver_listens, &all[i], "FFmpeg to listen");
        phone_close(&all[i].talk.phone[TALK_A]);
        if (is_siren(all[i].from))
            start_siren_sender(&all[i], r);
        else
            start_sender(&all[i], r);
    }
    for (size_t i = 0; i < N_PAIRS; i++)
        await_heard(&all[i], r);
    for (size_t i = 0; i < N_PAIRS; i++)
        expect_heard(&all[i]);
    for (size_t i = 0; i < N_PAIRS; i++)
        tear_down(&all[i]);
}

/* FFmpeg binds to all addresses, so a port of 127.0.0.1 that anybody has is in its way. */
static int setup(void **state)
{
    if (!process_own_network())
        print_message("no network namespace: the ports are shared with whatever else runs here\n");
    return relay_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_say_ffmpeg_hears),
    };

    return cmocka_run_group_tests(tests, setup, relay_teardown);
}
