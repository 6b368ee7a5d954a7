#include "tests/siren_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gst/check/gstharness.h>
#include <libavcodec/avcodec.h>

enum { FRAME = 320, FRAME_BYTES = 40, RATE_HZ = 16000 };

#define FRAME_TIME (20 * GST_MSECOND)
#define PCM_CAPS   "audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1"
#define SIREN_CAPS "audio/x-siren,dct-length=(int)320"

/* ---- GStreamer: an element between two pads of the test, without a pipeline ---- */

static GstHarness *harness_of(const char *element, const char *in_caps, const char *out_caps)
{
    GstHarness *h;

    gst_init(NULL, NULL);
    h = gst_harness_new(element);
    assert_non_null(h);
    gst_harness_set_caps_str(h, in_caps, out_caps);
    return h;
}

/* What has come out, each buffer to its place by its time. @return frames */
static size_t harness_take(GstHarness *h, uint8_t *out, size_t n_out, size_t n_frames)
{
    size_t good = 0;
    GstBuffer *b;

    while ((b = gst_harness_try_pull(h))) {
        const size_t at = GST_BUFFER_PTS(b) / FRAME_TIME, n = gst_buffer_get_size(b) / n_out;

        assert_true(at + n <= n_frames);
        gst_buffer_extract(b, 0, out + at * n_out, n * n_out);
        gst_buffer_unref(b);
        good += n;
    }
    return good;
}

/* Puts frames through, each of which becomes one of n_out bytes or, if the element drops it, zeros.
 * @return how many it did not drop */
static size_t harness_run(GstHarness *h, const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out,
                          size_t n_frames)
{
    size_t good = 0;

    memset(out, 0, n_out * n_frames);
    for (size_t i = 0; i < n_frames; i++) {
        GstBuffer *b = gst_buffer_new_memdup(in + i * n_in, n_in);

        GST_BUFFER_PTS(b) = i * FRAME_TIME;
        GST_BUFFER_DURATION(b) = FRAME_TIME;
        assert_int_equal(gst_harness_push(h, b), GST_FLOW_OK);
        good += harness_take(h, out, n_out, n_frames);
    }
    gst_harness_push_event(h, gst_event_new_eos());
    good += harness_take(h, out, n_out, n_frames);
    gst_harness_teardown(h);
    return good;
}

void siren_gst_encode(const int16_t *samples, size_t n_frames, uint8_t *bytes)
{
    GstHarness *h = harness_of("sirenenc", PCM_CAPS, SIREN_CAPS);

    assert_int_equal(harness_run(h, (const uint8_t *)samples, FRAME * sizeof(*samples), bytes,
                                 FRAME_BYTES, n_frames),
                     n_frames);
}

size_t siren_gst_decode(const uint8_t *bytes, size_t n_frames, int16_t *samples)
{
    GstHarness *h = harness_of("sirendec", SIREN_CAPS, PCM_CAPS);

    return harness_run(h, bytes, FRAME_BYTES, (uint8_t *)samples, FRAME * sizeof(*samples),
                       n_frames);
}

/* ---- libavcodec ---- */

static AVCodecContext *decoder_of(const char *name)
{
    const AVCodec *codec = avcodec_find_decoder_by_name(name);
    AVCodecContext *c;

    assert_non_null(codec);
    c = avcodec_alloc_context3(codec);
    assert_non_null(c);
    c->sample_rate = RATE_HZ;
    c->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    assert_int_equal(avcodec_open2(c, codec, NULL), 0);
    return c;
}

size_t siren_av_decode(const char *name, const uint8_t *bytes, size_t n_bytes, size_t n_frames,
                       float *samples)
{
    AVCodecContext *c = decoder_of(name);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    size_t good = 0;

    assert_true(packet && frame);
    memset(samples, 0, n_frames * FRAME * sizeof(*samples));
    for (size_t i = 0; i < n_frames; i++) {
        assert_int_equal(av_new_packet(packet, (int)n_bytes), 0);
        memcpy(packet->data, bytes + i * n_bytes, n_bytes);
        if (avcodec_send_packet(c, packet) == 0 && avcodec_receive_frame(c, frame) == 0) {
            assert_int_equal(frame->nb_samples, FRAME);
            memcpy(samples + i * FRAME, frame->data[0], FRAME * sizeof(*samples));
            good++;
        }
        av_packet_unref(packet);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&c);
    return good;
}
