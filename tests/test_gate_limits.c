#include "relay/control/gate_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* How much a stream may carry, from what was negotiated. */

#define MARGIN 50 /* percent, the default */

static struct sdp_doc *parse(const char *media)
{
    struct sdp_doc *doc = NULL;
    char text[2048];

    snprintf(text, sizeof(text),
             "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n%s", media);
    assert_int_equal(sdp_parse(&doc, str_of(text)), 0);
    assert_int_equal(doc->n_media, 1);
    return doc;
}

/* The limits of a line all of whose formats may arrive, but one. @param dropped  -1: none */
static struct media_rules limits_but(const char *media, int dropped, unsigned margin)
{
    struct sdp_doc *doc = parse(media);
    const struct sdp_media *m = &doc->media[0];
    struct negotiated_flow flow;
    struct media_rules rules = {0};

    memset(&flow, 0, sizeof(flow));
    for (unsigned pt = 0; pt < 128; pt++)
        flow.action[pt] = MEDIA_DROP;
    for (unsigned i = 0; i < m->n_formats; i++) {
        if (m->formats[i].pt != dropped)
            flow.action[m->formats[i].pt] = MEDIA_RELAY;
    }
    gate_limits_set(&rules, &flow, m, margin);
    sdp_free(doc);
    return rules;
}

static struct media_rules limits(const char *media)
{
    return limits_but(media, -1, MARGIN);
}

/* What its peers send is within the limits: packets of 20 ms, with room for a burst. */
static void each_codec_has_room_for_what_it_needs(void **state)
{
    static const struct {
        const char *why, *media;
        uint32_t bps; /* that it needs */
    } rows[] = {
        {"G.711", "m=audio 4000 RTP/AVP 0\r\n", 64000},
        {"G.722, of 64 kbit/s whatever its clock says", "m=audio 4000 RTP/AVP 9\r\n", 64000},
        {"SIREN", "m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 SIREN/16000\r\n", 16000},
        {"RTAudio", "m=audio 4000 RTP/AVP 114\r\na=rtpmap:114 x-msrta/16000\r\n", 45000},
        {"G.722.1 at 32 kbit/s", "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 G7221/16000\r\n", 32000},
        {"Opus", "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n", 128000},
        {"Opus that was told to send more",
         "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
         "a=fmtp:96 maxaveragebitrate=510000\r\n",
         510000},
        {"a codec that nobody knows", "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 L16/8000\r\n",
         128000},
        {"the highest of several counts",
         "m=audio 4000 RTP/AVP 18 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", 64000},
        {"redundancy, two packets in each",
         "m=audio 4000 RTP/AVP 98 0\r\na=rtpmap:98 red/8000\r\na=fmtp:98 0/0/0\r\n", 3 * 64000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct media_rules r = limits(rows[i].media);
        const uint32_t packet = rows[i].bps / 8 / 50 + 12;

        print_message("  %s\n", rows[i].why);
        assert_true(r.max_bytes_ps >= packet * 50);
        assert_true(r.max_packet_bytes == 0 || r.max_packet_bytes >= packet);
        /* headers, and the margin: not twice what it is */
        assert_true(r.max_bytes_ps <= rows[i].bps / 8 * 3 / 2 + 4000);
        assert_true(r.max_pps >= 100);
    }
}

static void half_a_megabit_is_no_audio_of_any_codec_that_was_not_told_so(void **state)
{
    static const char *const media[] = {
        "m=audio 4000 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 whatever/48000\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++)
        assert_true(limits(media[i]).max_bytes_ps < 500000 / 8);
}

/* maxaveragebitrate comes from a stranger. */
static void a_peer_cannot_lift_its_limit_beyond_its_codec(void **state)
{
    static const char *const lies[] = {"99999999999999999999", "4294967297", "510001"};
    char media[256];

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        snprintf(media, sizeof(media),
                 "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
                 "a=fmtp:96 maxaveragebitrate=%s\r\n",
                 lies[i]);
        assert_int_equal(limits(media).max_bytes_ps,
                         limits("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
                                "a=fmtp:96 maxaveragebitrate=510000\r\n")
                             .max_bytes_ps);
    }
    /* nor one that is no number */
    assert_int_equal(
        limits("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
               "a=fmtp:96 maxaveragebitrate=-1\r\n")
            .max_bytes_ps,
        limits("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n").max_bytes_ps);
}

static void what_may_not_arrive_lifts_no_limit(void **state)
{
    static const char media[] = "m=audio 4000 RTP/AVP 18 96\r\na=rtpmap:96 opus/48000/2\r\n";

    (void)state;
    assert_true(limits_but(media, 96, MARGIN).max_bytes_ps < limits(media).max_bytes_ps);
}

static void the_margin_is_what_the_configuration_says(void **state)
{
    static const char media[] = "m=audio 4000 RTP/AVP 0\r\n";

    (void)state;
    assert_int_equal(limits_but(media, -1, 0).max_bytes_ps, 8000 + 4000);
    assert_int_equal(limits_but(media, -1, 50).max_bytes_ps, 12000 + 4000);
    assert_int_equal(limits_but(media, -1, 300).max_bytes_ps, 32000 + 4000);
}

static void a_packet_is_as_long_as_its_sender_said_it_would_be(void **state)
{
    const unsigned usual = limits("m=audio 4000 RTP/AVP 0\r\n").max_packet_bytes;

    (void)state;
    assert_true(usual >= 480 + 12); /* 60 ms: longer than they say */
    assert_true(usual < 1200);      /* a slice of a picture */
    assert_true(limits("m=audio 4000 RTP/AVP 0\r\na=ptime:100\r\n").max_packet_bytes >= 800 + 12);
    assert_int_equal(limits("m=audio 4000 RTP/AVP 0\r\na=ptime:10\r\n").max_packet_bytes, usual);
    /* 200 ms and no longer, whatever they say; nonsense is not heard */
    assert_int_equal(limits("m=audio 4000 RTP/AVP 0\r\na=maxptime:400\r\n").max_packet_bytes,
                     limits("m=audio 4000 RTP/AVP 0\r\na=ptime:200\r\n").max_packet_bytes);
    assert_int_equal(limits("m=audio 4000 RTP/AVP 0\r\na=maxptime:60000\r\n").max_packet_bytes,
                     usual);
}

static void pictures_have_other_limits_and_their_feedback(void **state)
{
    const struct media_rules audio = limits("m=audio 4000 RTP/AVP 0\r\n");
    const struct media_rules video = limits("m=video 4000 RTP/AVP 34\r\n");

    (void)state;
    assert_false(audio.has_pictures);
    assert_true(video.has_pictures);
    assert_int_equal(video.max_packet_bytes, 0);
    assert_true(video.max_bytes_ps > 4000000 / 8);
    assert_true(audio.ssrc_silence_us > 0); /* one voice at a time */
    assert_int_equal(video.ssrc_silence_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_codec_has_room_for_what_it_needs),
        cmocka_unit_test(half_a_megabit_is_no_audio_of_any_codec_that_was_not_told_so),
        cmocka_unit_test(a_peer_cannot_lift_its_limit_beyond_its_codec),
        cmocka_unit_test(what_may_not_arrive_lifts_no_limit),
        cmocka_unit_test(the_margin_is_what_the_configuration_says),
        cmocka_unit_test(a_packet_is_as_long_as_its_sender_said_it_would_be),
        cmocka_unit_test(pictures_have_other_limits_and_their_feedback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
