#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/control/negotiate/negotiate.h"

/* ---- the offer and the answer in words ---- */

static char text[2][4096]; /* SDP borrows from its text */

/* Appends what is after the keyword as an attribute. @return whether the item begins with it */
static bool append_attribute(char *lines, size_t cap, const char *item, const char *keyword)
{
    const size_t n = strlen(keyword), at = strlen(lines);

    if (strncmp(item, keyword, n) != 0 || item[n] != ' ')
        return false;
    snprintf(lines + at, cap - at, "a=%s:%lu\r\n", keyword, strtoul(item + n, NULL, 10));
    return true;
}

/* "111 opus/48000/2 useinbandfec=1": the last two may be missing */
static void append_format(char *numbers, size_t numbers_cap, char *lines, size_t lines_cap,
                          const char *item)
{
    char *rest, name[128] = "", fmtp[128] = "";
    const unsigned long pt = strtoul(item, &rest, 10);

    assert_true(rest > item);
    (void)sscanf(rest, "%127s %127[^\n]", name, fmtp);
    snprintf(numbers + strlen(numbers), numbers_cap - strlen(numbers), " %lu", pt);
    if (name[0])
        snprintf(lines + strlen(lines), lines_cap - strlen(lines), "a=rtpmap:%lu %s\r\n", pt, name);
    if (fmtp[0])
        snprintf(lines + strlen(lines), lines_cap - strlen(lines), "a=fmtp:%lu %s\r\n", pt, fmtp);
}

/* "9 G722/8000|111 opus/48000/2 useinbandfec=1|ptime 30" */
static struct sdp_doc *parse(unsigned side, const char *kind, const char *list)
{
    char numbers[256] = "", lines[2048] = "", item[256];
    struct sdp_doc *doc = NULL;

    for (const char *at = list; *at; at += strcspn(at, "|"), at += *at == '|') {
        snprintf(item, sizeof(item), "%.*s", (int)strcspn(at, "|"), at);
        if (!append_attribute(lines, sizeof(lines), item, "ptime") &&
            !append_attribute(lines, sizeof(lines), item, "maxptime"))
            append_format(numbers, sizeof(numbers), lines, sizeof(lines), item);
    }
    snprintf(text[side], sizeof(text[side]),
             "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
             "m=%s 4000 RTP/AVP%s\r\n%s",
             kind, numbers, lines);
    assert_int_equal(sdp_parse(&doc, str_of(text[side])), 0);
    return doc;
}

/* "9 G722/8000|0 PCMU/8000" */
static const char *list_text(const struct sdp_format *formats, unsigned n)
{
    static char out[1024];

    out[0] = '\0';
    for (unsigned i = 0; i < n; i++)
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%u %.*s", i ? "|" : "",
                 formats[i].pt, (int)formats[i].name.n, formats[i].name.p);
    return out;
}

static void words(struct ng_strings *list, const char *comma_separated)
{
    list->n = 0;
    for (const char *at = comma_separated; *at; at += strcspn(at, ","), at += *at == ',')
        list->v[list->n++] = (struct str){at, strcspn(at, ",")};
}

/* One codec operation of a request: "transcode=opus mask=all". */
static void operations(struct ng_codec_ops *ops, const char *request)
{
    static char copy[512];

    memset(ops, 0, sizeof(*ops));
    snprintf(copy, sizeof(copy), "%s", request);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        const struct {
            const char *name;
            struct ng_strings *list;
        } lists[] = {
            {"strip", &ops->strip},     {"except", &ops->except},       {"offer", &ops->offer},
            {"ignore", &ops->ignore},   {"transcode", &ops->transcode}, {"mask", &ops->mask},
            {"consume", &ops->consume}, {"accept", &ops->accept},       {"set", &ops->set},
        };

        *value++ = '\0';
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
            if (strcmp(lists[i].name, word) == 0)
                words(lists[i].list, value);
        }
    }
}

/* ---- a whole negotiation ---- */

struct talk {
    struct sdp_doc *offer, *answer;
    struct negotiated_offer offered;
    struct negotiated_plan plan;
    struct negotiate_sides sides;
    struct config_interface from, to;
    int err;
};

static void talk_offer(struct talk *t, const char *offer, const char *request)
{
    struct ng_codec_ops ops;

    operations(&ops, request);
    t->offer = parse(0, "audio", offer);
    negotiate_offer(&t->offered, &t->offer->media[0], &ops, &t->to, false);
}

static void talk_answer(struct talk *t, const char *answer)
{
    t->answer = parse(1, "audio", answer);
    t->sides.offer = &t->offer->media[0];
    t->sides.answer = &t->answer->media[0];
    t->sides.usable = t->offered.usable;
    t->sides.accepted = t->offered.accepted;
    t->sides.offered = t->offered.formats;
    t->sides.n_offered = t->offered.n_formats;
    t->sides.settings = t->offered.settings;
    t->sides.n_settings = t->offered.n_settings;
    t->sides.offerer_interface = &t->from;
    t->sides.answerer_interface = &t->to;
    t->err = negotiate_answer(&t->plan, &t->sides);
}

static void talk_end(struct talk *t)
{
    sdp_free(t->offer);
    sdp_free(t->answer);
    memset(t, 0, sizeof(*t));
}

/* ---- offers ---- */

static void an_offer_becomes_what_the_request_makes_of_it(void **state)
{
    static const char lync[] = "114 x-msrta/16000 bitrate=29000|9 G722/8000|0 PCMU/8000|"
                               "97 RED/8000|13 CN/8000|101 telephone-event/8000 0-16";
    static const struct {
        const char *why, *offer, *request, *expected;
    } rows[] = {
        {"nothing asked for", "9 G722/8000|0", "", "9 G722|0 PCMU"},
        {"strip takes one out", "9 G722/8000|0", "strip=G722", "0 PCMU"},
        {"strip of all but one", "9 G722/8000|0|8", "strip=all except=PCMA", "8 PCMA"},
        {"offer is except and order", "9 G722/8000|0|8", "strip=all offer=PCMA,PCMU",
         "8 PCMA|0 PCMU"},
        {"an order alone", "9 G722/8000|0|8", "offer=PCMA", "8 PCMA|9 G722|0 PCMU"},
        {"all spares events", "0|101 telephone-event/8000", "strip=all transcode=opus",
         "96 opus|101 telephone-event|97 telephone-event"},
        {"events by name", "0|101 telephone-event/8000", "strip=telephone-event", "0 PCMU"},
        {"transcode adds", "9 G722/8000|0", "transcode=opus", "9 G722|0 PCMU|96 opus"},
        {"and events on its clock, if there are events", "0|101 telephone-event/8000",
         "transcode=opus", "0 PCMU|101 telephone-event|96 opus|97 telephone-event"},
        {"but not on a clock that has them", "0|101 telephone-event/8000", "transcode=PCMA",
         "0 PCMU|101 telephone-event|8 PCMA"},
        {"transcode adds with its static number", "9 G722/8000", "transcode=PCMA", "9 G722|8 PCMA"},
        {"a static number that is taken", "8 opus/48000/2", "transcode=PCMA", "8 opus|96 PCMA"},
        {"transcode of what is offered adds nothing", "0", "transcode=PCMU", "0 PCMU"},
        {"strip all restores what is transcoded to", "0|8", "strip=all transcode=PCMA", "8 PCMA"},
        {"full does not, it is added anew", "0|8", "strip=full transcode=PCMA", "96 PCMA"},
        {"mask hides", "9 G722/8000|0", "mask=G722", "0 PCMU"},
        {"mask all and transcode", "9 G722/8000|0", "mask=all transcode=opus", "96 opus"},
        {"a whole list of the request, in its order", "0|8", "mask=all transcode=opus,PCMA,PCMU",
         "96 opus|8 PCMA|0 PCMU"},
        {"consume hides", "9 G722/8000|0", "consume=G722", "0 PCMU"},
        {"ignore", "9 G722/8000|0", "ignore=PCMU", "9 G722"},
        {"nothing left is everything", "9 G722/8000|0", "strip=all", "9 G722|0 PCMU"},
        {"clock and channels count", "103 SILK/8000|104 SILK/16000|0", "strip=SILK/8000",
         "104 SILK|0 PCMU"},
        {"an unknown codec is not added", "0", "transcode=EVS", "0 PCMU"},
        {"events that are added", "0", "transcode=telephone-event", "0 PCMU|101 telephone-event"},
        {"what only Microsoft has goes on unchanged", lync, "",
         "114 x-msrta|9 G722|0 PCMU|97 RED|13 CN|101 telephone-event"},
        {"and is left out once codecs are added", lync, "transcode=opus",
         "9 G722|0 PCMU|97 RED|13 CN|101 telephone-event|96 opus|98 telephone-event"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct talk t = {0};

        talk_offer(&t, rows[i].offer, rows[i].request);
        if (strcmp(list_text(t.offered.formats, t.offered.n_formats), rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].why, list_text(t.offered.formats, t.offered.n_formats));
        talk_end(&t);
    }
}

static void a_dialect_tells_who_may_know_rtaudio(void **state)
{
    static const char offer[] = "114 x-msrta/16000|0";
    struct talk t = {.to.dialect = DIALECT_RFC};

    (void)state;
    talk_offer(&t, offer, "");
    assert_string_equal(list_text(t.offered.formats, t.offered.n_formats), "0 PCMU");
    talk_end(&t);
    t.to.dialect = DIALECT_LYNC;
    talk_offer(&t, offer, "transcode=opus");
    assert_string_equal(list_text(t.offered.formats, t.offered.n_formats),
                        "114 x-msrta|0 PCMU|96 opus");
    talk_end(&t);
}

static void an_interface_adds_its_codecs(void **state)
{
    struct talk t = {.to = {.transcode = {"opus", "PCMA"}, .n_transcode = 2}};

    (void)state;
    talk_offer(&t, "0", "");
    assert_string_equal(list_text(t.offered.formats, t.offered.n_formats), "0 PCMU|96 opus|8 PCMA");
    talk_end(&t);
}

static void video_is_offered_as_it_is(void **state)
{
    struct negotiated_offer out;
    struct ng_codec_ops ops;
    struct sdp_doc *doc = parse(0, "video", "122 H264/90000|34");

    (void)state;
    operations(&ops, "transcode=opus");
    negotiate_offer(&out, &doc->media[0], &ops, NULL, false);
    assert_string_equal(list_text(out.formats, out.n_formats), "122 H264|34 H263");
    sdp_free(doc);
}

/* ---- answers ---- */

static void an_answer_passes_through_or_picks_the_best_sound(void **state)
{
    static const struct {
        const char *why, *offer, *request, *answer, *expected;
        bool is_transcoded;
    } rows[] = {
        {"shared: passed through", "9 G722/8000|0|111 opus/48000/2", "", "0", "0 PCMU", false},
        {"the answerer's order", "9 G722/8000|0", "", "0|9 G722/8000", "0 PCMU|9 G722", false},
        {"the offerer's numbers", "118 opus/48000/2|0", "", "96 opus/48000/2", "118 opus", false},
        {"by number alone", "118 opus/48000/2|0", "", "118", "118 opus", false},
        {"wideband before narrowband", "0|8|9 G722/8000", "transcode=opus", "96 opus/48000/2",
         "9 G722", true},
        {"SIREN before narrowband", "0|111 SIREN/16000 bitrate=16000", "transcode=opus",
         "96 opus/48000/2", "111 SIREN", true},
        {"its own order between equals", "8|0", "transcode=opus", "96 opus/48000/2", "8 PCMA",
         true},
        {"masked, and restored for the offerer", "9 G722/8000|0", "mask=all transcode=opus",
         "96 opus/48000/2", "9 G722", true},
        {"consumed", "9 G722/8000|0", "consume=G722", "0", "0 PCMU|9 G722", true},
        {"accepted though refused", "9 G722/8000|0|8", "accept=G722", "0", "0 PCMU|9 G722", true},
        {"ignored, never answered", "9 G722/8000|0", "ignore=G722 transcode=opus",
         "96 opus/48000/2", "0 PCMU", true},
        {"RTAudio of both", "114 x-msrta/16000|0", "", "114 x-msrta/16000", "114 x-msrta", false},
        {"noise and events with it", "0|13 CN/8000|101 telephone-event/8000", "",
         "0|13|101 telephone-event/8000", "0 PCMU|13 CN|101 telephone-event", false},
        {"noise that we make, RED that we read", "0|97 RED/8000|13 CN/8000|118 CN/16000",
         "transcode=opus", "98 opus/48000/2", "0 PCMU|97 RED|13 CN", true},
        {"noise of the clock of the codec", "112 SIREN/16000 bitrate=16000|13 CN/8000|118 CN/16000",
         "transcode=opus", "96 opus/48000/2", "112 SIREN|118 CN", true},
        {"events that become tones", "0|101 telephone-event/8000", "transcode=opus",
         "96 opus/48000/2", "0 PCMU|101 telephone-event", true},
        {"events that change their clock", "0|101 telephone-event/8000", "transcode=opus",
         "96 opus/48000/2|97 telephone-event/48000", "0 PCMU|101 telephone-event", true},
        {"RED of the same numbers", "0|97 RED/8000", "", "0|97 RED/8000", "0 PCMU|97 RED", false},
        {"RED of other numbers", "100 opus/48000/2|97 red/48000/2", "",
         "101 opus/48000/2|97 red/48000/2", "100 opus", false},
        {"G7221 of another bit rate is another codec", "112 G7221/16000 bitrate=24000|0", "",
         "112 G7221/16000 bitrate=32000", "112 G7221", true},
        {"G7221 of both bit rates: the one that is shared passes through",
         "112 G7221/16000 bitrate=24000|114 G7221/16000 bitrate=32000", "",
         "96 G7221/16000 bitrate=32000", "114 G7221", false},
        {"SILK of other parameters: they are not ours to judge",
         "103 SILK/16000 maxaveragebitrate=20000", "",
         "104 SILK/16000 maxaveragebitrate=30000; usedtx=1", "103 SILK", false},
        {"names that differ far behind", "120 X-SOMEBODYS-OWN-WIDEBAND-A/16000|0", "",
         "120 X-SOMEBODYS-OWN-WIDEBAND-B/16000|0", "0 PCMU", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct talk t = {0};
        const char *got;

        talk_offer(&t, rows[i].offer, rows[i].request);
        talk_answer(&t, rows[i].answer);
        got = list_text(t.plan.answer, t.plan.n_answer);
        if (t.err || strcmp(got, rows[i].expected) != 0)
            fail_msg("%s: %d, %s", rows[i].why, t.err, got);
        if (negotiated_flow_transcodes(&t.plan.from_offerer) != rows[i].is_transcoded)
            fail_msg("%s: transcoded or not", rows[i].why);
        talk_end(&t);
    }
}

static void a_single_codec_goes_back_where_that_is_asked_for(void **state)
{
    struct talk t = {.sides.is_single = true};

    (void)state;
    talk_offer(&t, "9 G722/8000|0|118 CN/16000|13 CN/8000|101 telephone-event/8000", "");
    talk_answer(&t, "0|9 G722/8000|118 CN/16000|13 CN/8000|101 telephone-event/8000");
    assert_int_equal(t.err, 0);
    assert_string_equal(list_text(t.plan.answer, t.plan.n_answer),
                        "0 PCMU|13 CN|101 telephone-event");
    assert_int_equal(t.plan.from_offerer.action[9], MEDIA_DROP);
    talk_end(&t);
}

static void an_answer_without_anything_in_common_is_refused(void **state)
{
    struct talk t = {0};

    (void)state;
    talk_offer(&t, "114 x-msrta/16000", "");
    talk_answer(&t, "18 G729/8000");
    assert_int_equal(t.err, ENOENT);
    talk_end(&t);
}

static void a_codec_with_a_bad_fmtp_is_left_out_and_named(void **state)
{
    struct talk t = {0};

    (void)state;
    talk_offer(&t, "111 opus/48000/2 maxplaybackrate=loud|112 G7221/16000 bitrate=29000|0",
               "transcode=PCMA");
    talk_answer(&t, "8");
    assert_int_equal(t.err, 0);
    assert_string_equal(list_text(t.plan.answer, t.plan.n_answer), "0 PCMU");
    assert_int_equal(t.plan.bad_offered, 3);
    assert_int_equal(t.plan.bad_answered, 0);
    talk_end(&t);

    talk_offer(&t, "0|111 opus/48000/2", "");
    talk_answer(&t, "111 opus/48000/2 maxaveragebitrate=-1|0");
    assert_int_equal(t.err, 0);
    assert_string_equal(list_text(t.plan.answer, t.plan.n_answer), "0 PCMU");
    assert_int_equal(t.plan.bad_answered, 1);
    talk_end(&t);
}

/* ---- what is done with each payload type ---- */

static void each_direction_uses_the_numbers_of_its_ends(void **state)
{
    struct talk t = {0};
    const struct negotiated_flow *forth = &t.plan.from_offerer, *back = &t.plan.from_answerer;

    (void)state;
    talk_offer(&t, "118 opus/48000/2|0|101 telephone-event/8000", "");
    talk_answer(&t, "96 opus/48000/2|100 telephone-event/8000");
    assert_int_equal(forth->action[118], MEDIA_RELAY);
    assert_int_equal(forth->out_pt[118], 96);
    assert_int_equal(forth->out_pt[101], 100);
    assert_int_equal(forth->action[0], MEDIA_DROP);
    assert_int_equal(back->action[96], MEDIA_RELAY);
    assert_int_equal(back->out_pt[96], 118);
    assert_int_equal(back->action[118], MEDIA_DROP);
    assert_int_equal(back->clock_hz[96], 48000);
    talk_end(&t);
}

static void a_transcoder_reads_and_writes_all_that_was_agreed(void **state)
{
    struct talk t = {.from.sends_red = true};
    const struct transcoder_config *forth = &t.plan.from_offerer.transcoder;
    const struct transcoder_config *back = &t.plan.from_answerer.transcoder;

    (void)state;
    talk_offer(&t, "0|97 RED/8000|13 CN/8000|101 telephone-event/8000", "transcode=opus");
    talk_answer(&t, "98 opus/48000/2 useinbandfec=1|101 telephone-event/8000");
    assert_int_equal(t.err, 0);
    assert_int_equal(forth->n_in, 4);
    assert_int_equal(forth->out_pt, 98);
    assert_string_equal(forth->out.fmtp, "useinbandfec=1");
    assert_true(forth->has_event);
    assert_int_equal(forth->event_pt, 101);
    assert_false(forth->has_red);
    assert_false(forth->has_cn);
    assert_int_equal(back->n_in, 2);
    assert_int_equal(back->out_pt, 0);
    assert_true(back->has_cn);
    assert_int_equal(back->cn_pt, 13);
    assert_true(back->has_red);
    assert_int_equal(back->red_pt, 97);
    assert_false(back->hears_tones || back->makes_tones);
    talk_end(&t);
}

static void digits_are_converted_where_one_side_has_no_events(void **state)
{
    struct talk t = {0};
    const struct transcoder_config *forth = &t.plan.from_offerer.transcoder;
    const struct transcoder_config *back = &t.plan.from_answerer.transcoder;

    (void)state;
    talk_offer(&t, "0|101 telephone-event/8000", "transcode=opus");
    talk_answer(&t, "98 opus/48000/2");
    assert_true(forth->makes_tones && !forth->has_event);
    assert_true(back->hears_tones && back->has_event);
    talk_end(&t);

    /* added by the request: also where speech could pass */
    talk_offer(&t, "0", "transcode=telephone-event");
    talk_answer(&t, "0|101 telephone-event/8000");
    assert_string_equal(list_text(t.plan.answer, t.plan.n_answer), "0 PCMU");
    assert_true(forth->hears_tones && forth->has_event);
    assert_true(back->makes_tones && !back->has_event);
    assert_int_equal(t.plan.from_offerer.action[0], MEDIA_TRANSCODE);
    assert_int_equal(t.plan.from_answerer.action[101], MEDIA_TRANSCODE);
    talk_end(&t);

    talk_offer(&t, "0", "");
    talk_answer(&t, "0");
    assert_int_equal(forth->n_in, 0);
    talk_end(&t);
}

static void packet_times_are_those_of_the_receiver(void **state)
{
    static const struct {
        const char *why, *offer, *answer;
        unsigned forced_ms, forced_reverse_ms;
        uint32_t forth_ms, back_ms; /* 0: passed through */
    } rows[] = {
        {"as each asks", "0|ptime 30", "96 opus/48000/2|ptime 60", 0, 0, 60, 30},
        {"20 if nobody asks", "0", "96 opus/48000/2", 0, 0, 20, 20},
        {"forced", "0", "96 opus/48000/2", 40, 60, 40, 60},
        {"in whole 10 ms", "0|ptime 35", "96 opus/48000/2|ptime 200", 0, 0, 20, 30},
        {"within maxptime", "0|ptime 40|maxptime 30", "96 opus/48000/2|ptime 60|maxptime 20", 0, 0,
         20, 30},
        {"forced between equals", "0", "0", 40, 0, 40, 0},
        {"forced to what it is", "0|ptime 40", "0", 40, 0, 0, 0},
        {"longer than the other takes", "0|ptime 60", "0|maxptime 20", 0, 0, 20, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct talk t = {.sides = {.ptime_ms = rows[i].forced_ms,
                                   .ptime_reverse_ms = rows[i].forced_reverse_ms}};
        const struct transcoder_config *forth = &t.plan.from_offerer.transcoder;
        const struct transcoder_config *back = &t.plan.from_answerer.transcoder;

        talk_offer(&t, rows[i].offer, "transcode=opus");
        talk_answer(&t, rows[i].answer);
        if (t.err || (forth->n_in ? forth->out_options.ptime_ms : 0) != rows[i].forth_ms ||
            (back->n_in ? back->out_options.ptime_ms : 0) != rows[i].back_ms)
            fail_msg("%s: %u, %u", rows[i].why, forth->out_options.ptime_ms,
                     back->out_options.ptime_ms);
        talk_end(&t);
    }
}

static void an_encoder_is_set_by_interface_and_by_request(void **state)
{
    struct talk t = {.to.opus = {.bitrate = 20000, .complexity = 3, .dtx = true}};
    const struct codec_options *o = &t.plan.from_offerer.transcoder.out_options;

    (void)state;
    talk_offer(&t, "0", "transcode=opus");
    talk_answer(&t, "96 opus/48000/2");
    assert_int_equal(o->bitrate, 20000);
    assert_int_equal(o->complexity, 3);
    assert_true(o->is_dtx && !o->is_fec);
    assert_int_equal(t.plan.from_answerer.transcoder.out_options.bitrate, 0); /* PCMU */
    talk_end(&t);

    talk_offer(&t, "0", "transcode=opus/48000/2/32000 set=opus/48000/2//40//complexity=8;fec=1");
    talk_answer(&t, "96 opus/48000/2");
    assert_int_equal(o->bitrate, 32000);
    assert_int_equal(o->complexity, 8);
    assert_int_equal(o->ptime_ms, 40);
    assert_true(o->is_fec);
    talk_end(&t);
}

static void the_same_talk_again_gives_the_same_plan(void **state)
{
    static struct negotiated_plan first;
    struct talk t = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        talk_offer(&t, "9 G722/8000|101 telephone-event/8000", "transcode=opus");
        talk_answer(&t, "96 opus/48000/2|101 telephone-event/8000");
        if (i == 0)
            first = t.plan;
        else /* byte by byte: that is how control tells that nothing changed */
            assert_memory_equal(&first.from_offerer, &t.plan.from_offerer,
                                sizeof(first.from_offerer));
        talk_end(&t);
    }
}

static void hostile_lists_are_taken_as_they_come(void **state)
{
    struct talk t = {0};

    (void)state;
    talk_offer(&t, "0|0|0|127 opus/48000/2|127 PCMA/8000", "transcode=opus,opus,/,//// set=/////");
    assert_true(t.offered.n_formats <= SDP_FORMATS_MAX);
    talk_answer(&t, "127|127|99|0");
    assert_int_equal(t.err, 0);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_becomes_what_the_request_makes_of_it),
        cmocka_unit_test(a_dialect_tells_who_may_know_rtaudio),
        cmocka_unit_test(an_interface_adds_its_codecs),
        cmocka_unit_test(video_is_offered_as_it_is),
        cmocka_unit_test(an_answer_passes_through_or_picks_the_best_sound),
        cmocka_unit_test(a_single_codec_goes_back_where_that_is_asked_for),
        cmocka_unit_test(an_answer_without_anything_in_common_is_refused),
        cmocka_unit_test(a_codec_with_a_bad_fmtp_is_left_out_and_named),
        cmocka_unit_test(each_direction_uses_the_numbers_of_its_ends),
        cmocka_unit_test(a_transcoder_reads_and_writes_all_that_was_agreed),
        cmocka_unit_test(digits_are_converted_where_one_side_has_no_events),
        cmocka_unit_test(packet_times_are_those_of_the_receiver),
        cmocka_unit_test(an_encoder_is_set_by_interface_and_by_request),
        cmocka_unit_test(the_same_talk_again_gives_the_same_plan),
        cmocka_unit_test(hostile_lists_are_taken_as_they_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
