#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "codec/transcoder.h"

/* One format in, and something other than zero in every member. */
static void fill(struct transcoder_config *c)
{
    c->n_in = 1;
    c->in[0].pt = 9;
    c->in[0].spec = (struct codec_spec){"G722", 8000, 1, "bitrate=64000"};
    c->out_pt = 111;
    c->out = (struct codec_spec){"opus", 48000, 2, "useinbandfec=1"};
    c->out_options = (struct codec_options){48000, 20, 24000, 5, 3, true, true, true};
    c->has_event = c->makes_tones = c->hears_tones = c->mutes_tones = c->has_cn = c->has_red = true;
    c->event_pt = 101;
    c->event_clock_hz = 48000;
    c->cn_pt = 13;
    c->red_pt = 121;
    c->reorder_window_us = 40000;
}

static void copies_are_equal_whatever_pads_them(void **state)
{
    struct transcoder_config a, b;

    (void)state;
    memset(&a, 0x55, sizeof(a)); /* also behind the strings and behind the last format */
    memset(&b, 0xaa, sizeof(b));
    fill(&a);
    fill(&b);
    assert_true(transcoder_config_equal(&a, &b));
}

/* What has one more bit differs, wherever the bit is. */
static void a_difference_in_any_member_is_seen(void **state)
{
#define MEMBER(member)                                                                             \
    {                                                                                              \
#member, offsetof(struct transcoder_config, member)                                        \
    }
    static const struct {
        const char *name;
        size_t at;
    } members[] = {
        MEMBER(in[0].pt),
        MEMBER(in[0].spec.name),
        MEMBER(in[0].spec.clock_hz),
        MEMBER(in[0].spec.n_channels),
        MEMBER(in[0].spec.fmtp),
        MEMBER(out_pt),
        MEMBER(out.name),
        MEMBER(out.clock_hz),
        MEMBER(out.n_channels),
        MEMBER(out.fmtp),
        MEMBER(out_options.pcm_rate_hz),
        MEMBER(out_options.ptime_ms),
        MEMBER(out_options.bitrate),
        MEMBER(out_options.complexity),
        MEMBER(out_options.loss_percent),
        MEMBER(out_options.is_fec),
        MEMBER(out_options.is_dtx),
        MEMBER(out_options.is_cbr),
        MEMBER(has_event),
        MEMBER(event_pt),
        MEMBER(event_clock_hz),
        MEMBER(makes_tones),
        MEMBER(hears_tones),
        MEMBER(mutes_tones),
        MEMBER(has_cn),
        MEMBER(cn_pt),
        MEMBER(has_red),
        MEMBER(red_pt),
        MEMBER(reorder_window_us),
    };
#undef MEMBER

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct transcoder_config a = {.n_in = 0}, b = {.n_in = 0};

        fill(&a);
        fill(&b);
        ((uint8_t *)&b)[members[i].at] ^= 1;
        if (transcoder_config_equal(&a, &b))
            fail_msg("%s", members[i].name);
    }
}

static void a_format_more_or_less_is_a_difference(void **state)
{
    struct transcoder_config a = {.n_in = 0}, b = {.n_in = 0};

    (void)state;
    fill(&a);
    fill(&b);
    b.n_in = 2;
    assert_false(transcoder_config_equal(&a, &b));
    assert_false(transcoder_config_equal(&b, &a));
    a.n_in = 2;
    assert_true(transcoder_config_equal(&a, &b));
    b.in[1].pt = 8;
    assert_false(transcoder_config_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_equal_whatever_pads_them),
        cmocka_unit_test(a_difference_in_any_member_is_seen),
        cmocka_unit_test(a_format_more_or_less_is_a_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
