#include "relay/control/negotiate/negotiate_internal.h"

#include <errno.h>
#include <string.h>

/* ---- codec strings ---- */

static struct str next_part(struct str *rest)
{
    const char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
    struct str part = {rest->p, slash ? (size_t)(slash - rest->p) : rest->n};

    *rest = slash ? (struct str){slash + 1, rest->n - part.n - 1} : (struct str){NULL, 0};
    return part;
}

static uint32_t decimal(struct str s)
{
    uint32_t value = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || value > 1000000)
            return 0;
        value = value * 10 + (uint32_t)(s.p[i] - '0');
    }
    return value;
}

struct codec_word codec_word_read(struct str text)
{
    struct codec_word w = {.name = next_part(&text)};

    w.clock_hz = decimal(next_part(&text));
    w.n_channels = (uint8_t)decimal(next_part(&text));
    w.bitrate = decimal(next_part(&text));
    w.ptime_ms = decimal(next_part(&text));
    w.fmtp = next_part(&text);
    w.options = next_part(&text);
    return w;
}

bool codec_word_matches(struct str text, const struct sdp_format *f)
{
    const struct codec_word w = codec_word_read(text);

    return str_equal_nocase(w.name, f->name) && (!w.clock_hz || w.clock_hz == f->clock_hz) &&
           (!w.n_channels || w.n_channels == f->n_channels);
}

int codec_words_find(const struct ng_strings *list, const struct sdp_format *f)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (codec_word_matches(list->v[i], f))
            return (int)i;
    }
    return -1;
}

bool codec_words_have(const struct ng_strings *list, struct str word)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (str_equal_nocase(list->v[i], word))
            return true;
    }
    return false;
}

bool codec_words_have_all(const struct ng_strings *list)
{
    return codec_words_have(list, STR("all")) || codec_words_have(list, STR("full"));
}

/* One of the OPTIONS, "complexity=8;fec=1;dtx=0;cbr=1;loss=5". Others mean nothing to us. */
static void read_option(struct codec_options *o, struct str name, uint32_t value)
{
    if (str_equal_nocase(name, STR("complexity")) && value >= 1 && value <= 10)
        o->complexity = value;
    else if (str_equal_nocase(name, STR("loss")) && value <= 100)
        o->loss_percent = (uint8_t)value;
    else if (str_equal_nocase(name, STR("fec")))
        o->is_fec = value != 0;
    else if (str_equal_nocase(name, STR("dtx")))
        o->is_dtx = value != 0;
    else if (str_equal_nocase(name, STR("cbr")))
        o->is_cbr = value != 0;
}

static void read_options(struct codec_options *o, struct str text)
{
    while (text.n > 0) {
        const char *end = memchr(text.p, ';', text.n);
        const size_t n = end ? (size_t)(end - text.p) : text.n;
        const char *equals = memchr(text.p, '=', n);

        if (equals) {
            const struct str name = {text.p, (size_t)(equals - text.p)};

            read_option(o, name, decimal((struct str){equals + 1, n - name.n - 1}));
        }
        text = end ? (struct str){end + 1, text.n - n - 1} : (struct str){NULL, 0};
    }
}

bool codec_word_settings(struct negotiated_setting *s, const struct codec_word *w)
{
    const bool says = w->bitrate || w->ptime_ms || w->options.n;

    if (!says || w->name.n == 0 || w->name.n >= sizeof(s->name))
        return false;
    memset(s, 0, sizeof(*s));
    memcpy(s->name, w->name.p, w->name.n);
    s->clock_hz = w->clock_hz;
    s->options.bitrate = w->bitrate;
    s->options.ptime_ms = w->ptime_ms;
    read_options(&s->options, w->options);
    return true;
}

/* ---- formats ---- */

bool format_is_event(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("telephone-event"));
}

bool format_is_comfort_noise(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("CN"));
}

bool format_is_red(const struct sdp_format *f)
{
    return str_equal_nocase(f->name, STR("red"));
}

bool format_is_repair(const struct sdp_format *f)
{
    static const struct str names[] = {STR_INIT("rtx"), STR_INIT("red"), STR_INIT("ulpfec"),
                                       STR_INIT("flexfec"), STR_INIT("flexfec-03")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal_nocase(f->name, names[i]))
            return true;
    }
    return false;
}

bool format_is_primary(const struct sdp_format *f)
{
    return !format_is_event(f) && !format_is_comfort_noise(f) && !format_is_red(f);
}

/* G7221 at 24 and at 32 kbit/s have one name and are two formats: codec_same() knows. What has no
 * codec here (SILK, x-msrta, H264) is compared by all of its name, which a codec_spec cuts. */
bool format_same(const struct sdp_format *a, const struct sdp_format *b)
{
    struct codec_spec of_a, of_b;

    if (str_is_empty(a->name) || str_is_empty(b->name))
        return a->pt == b->pt && str_is_empty(a->name) && str_is_empty(b->name);
    if (sdp_format_spec(&of_a, a) || sdp_format_spec(&of_b, b))
        return str_equal_nocase(a->name, b->name) && a->clock_hz == b->clock_hz &&
               a->n_channels == b->n_channels;
    return str_equal_nocase(a->name, b->name) && codec_same(&of_a, &of_b);
}

const struct sdp_format *format_find_same(const struct sdp_format *list, unsigned n,
                                          const struct sdp_format *f)
{
    for (unsigned i = 0; i < n; i++) {
        if (format_same(&list[i], f))
            return &list[i];
    }
    return NULL;
}

/* The codecs judge their fmtp themselves, as they are opened. */
static bool can_serve(const struct codec *codec, const struct codec_spec *spec)
{
    const struct codec_options opt = {.complexity = 0xff};
    struct codec_encoder *encoder = NULL;
    struct codec_decoder *decoder = NULL;
    bool can;

    if (!spec->fmtp[0])
        return true;
    can = codec->encoder_alloc(&encoder, spec, &opt) != EINVAL &&
          codec->decoder_alloc(&decoder, spec, 0) != EINVAL;
    codec->encoder_free(encoder);
    codec->decoder_free(decoder);
    return can;
}

const struct codec *format_codec(const struct sdp_format *f)
{
    struct codec_spec spec;
    const struct codec *codec = sdp_format_spec(&spec, f) ? NULL : codec_find(&spec);

    return codec && can_serve(codec, &spec) ? codec : NULL;
}

/* Known by name and clock, and yet without a codec. */
bool format_is_bad(const struct sdp_format *f)
{
    struct codec_spec spec;

    if (!format_is_primary(f) || str_is_empty(f->fmtp) || sdp_format_spec(&spec, f))
        return false;
    spec.fmtp[0] = '\0';
    return codec_find(&spec) && !format_codec(f);
}

const struct sdp_format *format_first_transcodable(const struct sdp_format *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (format_is_primary(&list[i]) && format_codec(&list[i]))
            return &list[i];
    }
    return NULL;
}
