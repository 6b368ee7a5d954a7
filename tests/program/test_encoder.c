#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bench/peer/rtcp.h"
#include "bench/sound/wav.h"
#include "codec/codec.h"
#include "codec/red.h"
#include "tests/program/talk.h"

/* How Opus is sent: as the interface and the request say, and as the receiver's reports ask for. */

enum {
    PT_OPUS = 96,
    PT_RED = 97,
    PACKETS = 20,       /* at a time: more than real time takes would be a flood */
    SPOKEN_FROM = 25,   /* packets of the speech that are left out: it begins with a pause */
    LOST_FRACTION = 51, /* of 256: 20 % */
};

static struct relay relay;

static int start(void **state)
{
    relay_start(&relay, &(struct relay_config){.skype = "red: yes, opus: {bitrate: 22000}"});
    *state = &relay;
    return 0;
}

static int stop(void **state)
{
    relay_stop(*state);
    return 0;
}

/* ---- what comes ---- */

struct heard {
    struct codec_decoder *opus; /* tells whether a packet repeats the one before it (LBRR) */
    unsigned n, n_red, n_fec;
    size_t shortest, longest; /* of payloads */
    uint32_t ssrc;
    uint16_t seq;
};

static const struct codec *opus(void)
{
    return codec_find_name("opus", 4);
}

static void hear(const struct phone_packet *packet, void *arg)
{
    static int16_t room[CODEC_PCM_MAX];
    struct pcm pcm = {.samples = room};
    struct heard *h = arg;
    struct red_block blocks[RED_BLOCKS_MAX];
    const uint8_t *payload = packet->rtp.payload;
    size_t n = packet->rtp.n;

    if (packet->rtp.pt == PT_RED) {
        const unsigned n_blocks = red_parse(blocks, payload, n);

        assert_in_range(n_blocks, 1, 2); /* the first has nothing to repeat */
        payload = blocks[n_blocks - 1].payload;
        n = blocks[n_blocks - 1].n;
        h->n_red += n_blocks == 2;
    }
    h->n++;
    h->n_fec += opus()->conceal(h->opus, payload, n, 960, &pcm) == 1;
    h->shortest = h->shortest && h->shortest < n ? h->shortest : n;
    h->longest = n > h->longest ? n : h->longest;
    h->ssrc = packet->rtp.ssrc;
    h->seq = packet->rtp.seq;
}

static void hear_with(struct phone *p, struct heard *h)
{
    const struct codec_spec spec = {"opus", 48000, 2, ""};

    memset(h, 0, sizeof(*h));
    assert_int_equal(opus()->decoder_alloc(&h->opus, &spec, 48000), 0);
    p->rtp_h = hear;
    p->arg = h;
}

static void hear_no_more(struct phone *p, struct heard *h)
{
    p->rtp_h = NULL;
    opus()->decoder_free(h->opus);
}

struct speaking {
    struct heard *heard;
    unsigned until;
};

static bool has_heard_all(void *arg)
{
    const struct speaking *s = arg;

    return s->heard->n >= s->until;
}

/* The speech that all tests say, as PCMU: encoders repeat nothing but speech. Never freed. */
static const uint8_t *spoken(unsigned i)
{
    static const struct codec_options none = {.pcm_rate_hz = 8000};
    static const struct codec_spec spec = {"PCMU", 8000, 1, ""};
    static struct sound pcmu;
    static uint8_t payload[PHONE_PAYLOAD_BYTES];
    struct codec_encoder *e = NULL;
    struct sound read = {0};
    struct pcm pcm = {.n_frames = PHONE_TICKS, .rate_hz = 8000, .n_channels = 1};

    if (!pcmu.samples) {
        assert_int_equal(wav_read(&read, PICRELAY_VECTORS "/speech_a.wav"), 0);
        assert_int_equal(sound_resample(&pcmu, &read, 8000), 0);
        sound_wipe(&read);
    }
    assert_int_equal(codec_find(&spec)->encoder_alloc(&e, &spec, &none), 0);
    pcm.samples = pcmu.samples + (size_t)i % (pcmu.n_samples / PHONE_TICKS) * PHONE_TICKS;
    assert_int_equal(codec_find(&spec)->encode(e, &pcm, payload, sizeof(payload)), PHONE_TICKS);
    codec_find(&spec)->encoder_free(e);
    return payload;
}

/* Each packet is heard before the next. */
static void say(struct talk *t, unsigned from, struct heard *h, unsigned n)
{
    struct phone *p = &t->phone[from];

    for (unsigned i = 0; i < n; i++) {
        uint8_t packet[PEER_RTP_HEADER_BYTES + PHONE_PAYLOAD_BYTES];
        const struct peer_rtp head = {.pt = 0, .seq = p->seq++, .ts = p->ts, .ssrc = p->ssrc};
        struct speaking s = {h, h->n + 1};

        p->ts += PHONE_TICKS;
        peer_rtp_write(packet, &head);
        memcpy(packet + PEER_RTP_HEADER_BYTES, spoken(SPOKEN_FROM + h->n), PHONE_PAYLOAD_BYTES);
        phone_send(p, PHONE_RTP, t->told[from].address, t->told[from].port, packet, sizeof(packet));
        relay_wait(t->relay, has_heard_all, &s, "Opus at a phone");
    }
}

/* ---- by interface and request ---- */

static void opus_is_sent_as_interface_and_request_say(void **state)
{
    static const struct {
        const char *flags, *answer; /* of whose fmtp */
        size_t bytes;               /* of a payload: constant */
    } rows[] = {
        {"codec-transcode-opus", "cbr=1", 22000 / 400}, /* the interface */
        {"codec-transcode-opus codec-set-opus/48000/2/32000/20//cbr--1", "", 32000 / 400},
        {"codec-transcode-opus/48000/2/24000", "cbr=1", 24000 / 400},
        {"codec-transcode-opus codec-set-opus/48000/2/32000", "cbr=1;maxaveragebitrate=20000",
         20000 / 400}, /* no more than the receiver takes */
        {"codec-transcode-opus codec-set-opus/48000/2/24000/40//cbr--1", "", 24000 / 200},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char sdp[PHONE_SDP_MAX], lines[128];
        struct heard h;
        struct talk t;

        print_message("    %s\n", rows[i].flags);
        talk_open(&t, *state);
        talk_offer(&t, TALK_A, NULL, rows[i].flags);
        snprintf(lines, sizeof(lines), "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d %s\r\n", PT_OPUS,
                 PT_OPUS, rows[i].answer);
        talk_answer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "96", lines), NULL);
        hear_with(&t.phone[TALK_B], &h);
        for (unsigned n = 0; n < 12; n++) /* of 40 ms: two of ours make one */
            phone_send_rtp(&t.phone[TALK_A], &t.told[TALK_A], TALK_PCMU, (uint8_t)(0x20 + n));
        relay_wait(t.relay, has_heard_all, &(struct speaking){&h, 6}, "Opus at a phone");
        assert_int_equal(h.shortest, rows[i].bytes);
        assert_int_equal(h.longest, rows[i].bytes);
        hear_no_more(&t.phone[TALK_B], &h);
        talk_close(&t);
    }
}

/* Neither side gets to use it; the call goes on with what is left, and the log names it. */
static void a_codec_with_a_bad_fmtp_is_not_answered_and_is_logged(void **state)
{
    static const char lines[] = "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 maxaveragebitrate=loud\r\n";
    char sdp[PHONE_SDP_MAX];
    struct talk t;

    talk_open(&t, *state);
    talk_offer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_A], "RTP/AVP", "96 0", lines), NULL);
    talk_answer(&t, TALK_A, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "96 0", lines), NULL);
    assert_int_equal(t.told[TALK_A].n_formats, 1);
    assert_int_equal(t.told[TALK_A].formats[0].pt, TALK_PCMU);
    assert_true(relay_has_logged(*state, "opus is not used: its fmtp cannot be served: "
                                         "maxaveragebitrate=loud"));
    (void)talk_pass(&t, TALK_A);
    talk_close(&t);
}

/* ---- by reports ---- */

static void report_loss(struct talk *t, unsigned from, const struct heard *h, uint8_t fraction)
{
    const struct peer_rtcp_report report = {.ssrc = t->phone[from].ssrc,
                                            .has_block = true,
                                            .source = h->ssrc,
                                            .highest_seq = h->seq,
                                            .fraction_lost = fraction};
    uint8_t packet[PEER_RTCP_MAX];
    const size_t n = peer_rtcp_write(packet, sizeof(packet), &report);

    phone_send(&t->phone[from], PHONE_RTCP, t->told[from].address, t->told[from].rtcp_port, packet,
               n);
    talk_settle(t, from);
}

/* B offers Opus and RED, A knows PCMU: what A says is encoded for B, who tells of its losses. */
static void losses_that_are_reported_bring_fec_and_red_until_it_is_calm(void **state)
{
    static const char lines[] = "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
                                "a=rtpmap:97 red/48000/2\r\na=fmtp:97 96/96\r\n";
    char sdp[PHONE_SDP_MAX];
    struct heard h;
    struct talk t;

    talk_open(&t, *state);
    talk_offer(&t, TALK_B, phone_sdp(sdp, &t.phone[TALK_B], "RTP/AVP", "96 97", lines),
               "codec-transcode-PCMU");
    talk_answer(&t, TALK_B, NULL, NULL);
    hear_with(&t.phone[TALK_B], &h);
    say(&t, TALK_A, &h, PACKETS);
    assert_int_equal(h.n_red + h.n_fec, 0);

    report_loss(&t, TALK_B, &h, LOST_FRACTION);
    say(&t, TALK_A, &h, PACKETS);
    assert_int_equal(h.n_red, PACKETS - 1);
    assert_in_range(h.n_fec, PACKETS / 2, PACKETS);

    for (unsigned i = 0; i < 5; i++)
        report_loss(&t, TALK_B, &h, 0); /* calm, but not for long enough */
    h.n_red = h.n_fec = 0;
    say(&t, TALK_A, &h, PACKETS);
    assert_int_equal(h.n_red, PACKETS);
    assert_in_range(h.n_fec, PACKETS / 2, PACKETS);

    report_loss(&t, TALK_B, &h, 0);
    say(&t, TALK_A, &h, 1); /* what was begun before */
    h.n_red = h.n_fec = 0;
    say(&t, TALK_A, &h, PACKETS);
    assert_int_equal(h.n_red + h.n_fec, 0);
    hear_no_more(&t.phone[TALK_B], &h);
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opus_is_sent_as_interface_and_request_say),
        cmocka_unit_test(a_codec_with_a_bad_fmtp_is_not_answered_and_is_logged),
        cmocka_unit_test(losses_that_are_reported_bring_fec_and_red_until_it_is_calm),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
