#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/bencode.h"
#include "bench/load/ethernet.h"
#include "bench/load/ice.h"
#include "bench/load/negotiate.h"
#include "bench/load/sdp.h"
#include "bench/load/stream.h"
#include "bench/report/html.h"
#include "bench/report/versus.h"
#include "bench/scenario/scenario.h"

/* What a relay under test may answer: an NG reply, the SDP in it, STUN, media and the frames of
 * them; and the files that a load is told by. The first byte says which. */

static void stream_make(struct load_stream *s, const struct load_mode *mode, enum load_side side)
{
    struct load_end end = {.pt = mode->format[side].pt, .dtmf_pt = LOAD_DTMF_PT};
    struct load_stream_config cfg = {.mode = mode, .side = side, .name = side, .end = &end};

    end.in.suite = mode->is_secure[side] ? LOAD_SUITE_SHA1_80 : LOAD_SUITE_NONE;
    if (load_stream_init(s, &cfg) != 0)
        abort();
}

static void media_read(const uint8_t *data, size_t n)
{
    static const char *const modes[] = {"plain", "transcode", "opus", "srtp-both"};
    struct load_stream a, b;
    uint8_t packet[LOAD_PACKET_MAX];
    uint64_t number;

    if (!n || n > sizeof(packet))
        return;
    const struct load_mode *mode = load_mode_find(modes[data[0] % 4]);
    stream_make(&a, mode, LOAD_A);
    stream_make(&b, mode, LOAD_B);
    (void)load_stream_write(&a, packet, NULL);
    load_stream_stamp(&a, 0, 1);
    load_stream_skip(&a);
    size_t n_packet = n - 1;
    memcpy(packet, data + 1, n_packet);
    enum load_verdict v = load_stream_read(&b, &a, packet, &n_packet, &number);
    if ((v == LOAD_GOOD || v == LOAD_RENUMBERED || v == LOAD_FILLED) && number >= a.n_turns)
        abort();
    load_stream_wipe(&a);
    load_stream_wipe(&b);
}

/* What comes by a network card, of any length. */
static void frame_read(const uint8_t *data, size_t n)
{
    uint8_t *frame = malloc(n ? n : 1); /* exactly as long: what reads behind it is found */
    struct load_datagram d;

    if (!frame)
        return;
    memcpy(frame, data, n);
    if (load_ethernet_read(&d, frame, n) &&
        (d.at < frame || (size_t)(d.at - frame) > n || d.n > n - (size_t)(d.at - frame)))
        abort();
    free(frame);
}

/* An ICE agent that has sent its checks takes what comes: nothing of it is authentic. */
static void stun_read(const uint8_t *data, size_t n)
{
    struct load_end end = {.ours = {"ours", "a password that is 24 c"},
                           .theirs = {"them", "another one, of 24 chars"}};
    uint8_t answer[LOAD_STUN_MAX];
    struct load_ice ice;

    load_ice_init(&ice, &end, n % 2, 0, 1);
    for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++)
        (void)load_ice_next(&ice, c, 1, answer);
    if (load_ice_take(&ice, 0, &(union load_address){.in4.sin_family = AF_INET}, data, n, answer) >
        sizeof(answer))
        abort();
}

/* What a description makes of the ends of a call. */
static void description_read(const char *sdp, size_t n)
{
    static const char *const modes[] = {"plain", "srtp-both", "ice-srtp", "video", "opus"};
    struct load_end ends[LOAD_MEDIA_MAX][2] = {0};
    struct load_secrets secrets = {.seed = 1};
    struct load_description d;

    if (load_sdp_read(&d, sdp, n) != 0)
        return;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        const struct load_mode *mode = load_mode_find(modes[i]);

        load_end_begin(ends, mode, true, &secrets);
        (void)load_end_take(ends, mode, LOAD_B, &d, &secrets);
        (void)load_end_take(ends, mode, LOAD_A, &d, &secrets);
    }
}

static void reply_read(const char *reply, size_t n)
{
    struct load_text sdp;

    if (!load_find(&sdp, reply, n, "sdp"))
        return;
    if (sdp.at < reply || sdp.n > n || (size_t)(sdp.at - reply) > n - sdp.n)
        abort();
    description_read(sdp.at, sdp.n);
}

static void scenario_take(const char *text, size_t n)
{
    static struct scenario s;
    char err[512];

    if (scenario_parse(&s, text, n, "fuzz", err, sizeof(err)) == 0 &&
        (s.n_parts == 0 || s.n_parts > SCENARIO_PARTS_MAX || !scenario_part_of(&s, n)->mode))
        abort();
}

/* A saved report, to be made a page of. */
static void page_make(const char *text, size_t n)
{
    json_t *document = json_loadb(text, n, 0, NULL);
    char *html = NULL;
    size_t n_html;
    FILE *f = document ? open_memstream(&html, &n_html) : NULL;

    if (f) {
        report_html(f, document);
        report_versus_print(f, document);
        fclose(f);
    }
    free(html);
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    switch (data[0]) {
    case 'm':
        media_read(data + 1, n - 1);
        break;
    case 's':
        description_read((const char *)data + 1, n - 1);
        break;
    case 'i':
        stun_read(data + 1, n - 1);
        break;
    case 'f':
        frame_read(data + 1, n - 1);
        break;
    case 'h':
        page_make((const char *)data + 1, n - 1);
        break;
    case 'y':
        scenario_take((const char *)data + 1, n - 1);
        break;
    default:
        reply_read((const char *)data, n);
    }
    return 0;
}
