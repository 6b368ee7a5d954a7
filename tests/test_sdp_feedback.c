#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "relay/control/negotiate/negotiate.h"
#include "relay/control/sdp/sdp_print.h"

/* What of RTCP feedback, and of the repair of pictures, each side is told of the other's. */

static char body[2][2048];

static struct sdp_doc *parse(unsigned side, const char *m_line)
{
    struct sdp_doc *doc = NULL;

    snprintf(body[side], sizeof(body[side]),
             "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n%s", m_line);
    assert_int_equal(sdp_parse(&doc, str_of(body[side])), 0);
    return doc;
}

/* @return the attributes of formats as they are written into an m= line of that protocol */
static const char *written(const struct sdp_format *formats, unsigned n, enum sdp_proto proto)
{
    static char text[1024];
    const struct sdp_media_out out = {.formats = formats, .n_formats = n, .proto = proto};
    struct sdp_printer p = {.buf = text, .cap = sizeof(text)};

    sdp_put_formats(&p, &out);
    assert_true(sdp_printed(&p) >= 0);
    return text;
}

#define BROWSER                                                                                    \
    "m=video 4000 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 VP8/90000\r\n"  \
    "a=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\n"              \
    "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:97 NACK  pli\r\n"

static const struct {
    const char *why, *offer;
    enum sdp_proto proto;
    const char *to_answerer, *answer, *to_offerer;
} rows[] = {
    {"what both know of a format comes through, the transport's does not", BROWSER,
     SDP_UDP_TLS_RTP_SAVPF,
     "a=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
     "a=rtcp-fb:96 ccm fir\r\na=rtpmap:97 VP8/90000\r\na=rtcp-fb:97 nack pli\r\n",
     "m=video 4000 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack pli\r\n"
     "a=rtcp-fb:96 nack rpsi\r\na=rtcp-fb:96 transport-cc\r\n",
     "a=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack pli\r\n"},
    {"the star is for all formats, another number for none", BROWSER, SDP_RTP_AVPF, NULL,
     "m=video 4000 RTP/AVPF 97 96\r\na=rtpmap:96 H264/90000\r\na=rtpmap:97 VP8/90000\r\n"
     "a=rtcp-fb:* nack pli\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:x nack\r\n",
     "a=rtpmap:97 VP8/90000\r\na=rtcp-fb:97 nack pli\r\n"
     "a=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack pli\r\n"},
    {"nothing of it towards a profile without feedback, nor back", BROWSER, SDP_RTP_SAVP,
     "a=rtpmap:96 H264/90000\r\na=rtpmap:97 VP8/90000\r\n",
     "m=video 4000 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n", "a=rtpmap:96 H264/90000\r\n"},
    {"a format that is answered by its number alone", BROWSER, SDP_UDP_TLS_RTP_SAVPF, NULL,
     "m=video 4000 UDP/TLS/RTP/SAVPF 97\r\n", "a=rtpmap:97 VP8/90000\r\n"},
    {"nothing of it for sound", "m=audio 4000 RTP/AVPF 0\r\na=rtcp-fb:0 nack\r\n", SDP_RTP_AVPF,
     "a=rtpmap:0 PCMU/8000\r\n", "m=audio 4000 RTP/AVPF 0\r\na=rtcp-fb:0 nack\r\n",
     "a=rtpmap:0 PCMU/8000\r\n"},
    {"what repairs pictures beside them does not come through",
     "m=video 4000 RTP/AVPF 96 97 98 99 100\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
     "a=fmtp:97 apt=96\r\na=rtpmap:98 red/90000\r\na=rtpmap:99 ulpfec/90000\r\n"
     "a=rtpmap:100 flexfec-03/90000\r\n",
     SDP_RTP_AVPF, "a=rtpmap:96 VP8/90000\r\n",
     "m=video 4000 RTP/AVPF 96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
     "a=fmtp:97 apt=96\r\na=rtpmap:98 red/90000\r\n",
     "a=rtpmap:96 VP8/90000\r\n"},
    {"redundant sound does", "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 red/8000\r\n", SDP_RTP_AVP,
     "a=rtpmap:0 PCMU/8000\r\na=rtpmap:97 red/8000\r\n",
     "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 red/8000\r\n",
     "a=rtpmap:0 PCMU/8000\r\na=rtpmap:97 red/8000\r\n"},
};

static void feedback_comes_through_where_both_sides_know_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sdp_doc *offer = parse(0, rows[i].offer), *answer = parse(1, rows[i].answer);
        struct negotiated_offer out;
        struct negotiated_plan plan;
        struct negotiate_sides sides = {.offer = &offer->media[0], .answer = &answer->media[0]};
        const struct ng_codec_ops ops = {.strip = {.n = 0}};

        print_message("    %s\n", rows[i].why);
        negotiate_offer(&out, &offer->media[0], &ops, NULL, false);
        if (rows[i].to_answerer)
            assert_string_equal(written(out.formats, out.n_formats, rows[i].proto),
                                rows[i].to_answerer);
        sides.usable = out.usable;
        sides.offered = out.formats;
        sides.n_offered = out.n_formats;
        assert_int_equal(negotiate_answer(&plan, &sides), 0);
        assert_string_equal(written(plan.answer, plan.n_answer, offer->media[0].proto),
                            rows[i].to_offerer);
        sdp_free(offer);
        sdp_free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feedback_comes_through_where_both_sides_know_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
