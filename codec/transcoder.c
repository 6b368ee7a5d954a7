#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "codec/fmtp.h"
#include "codec/transcoder_internal.h"

enum {
    CACHE_LINE = 64, /* [bytes] */
    NOISE_SEED = 0x70696372,
    COMPLEXITY_USUAL = 5, /* of the options that name none (codec/opus.c) */
    LOSS_STEP_PERMILLE = 20,
    LOSS_ASSUMED_PERMILLE = 1000,
};

static bool is_named(const struct codec_spec *spec, const char *name)
{
    return strncasecmp(spec->name, name, sizeof(spec->name)) == 0;
}

/* The decoder gives the encoder's rate if it can; else its own, and a resampler follows. */
static int input_open_audio(struct input *in, const struct codec_spec *spec, uint32_t rate_hz)
{
    int err;

    in->kind = INPUT_AUDIO;
    in->may_use_dtx = fmtp_number(spec->fmtp, "usedtx", 0) == 1;
    in->pcm_rate_hz = rate_hz;
    err = in->codec->decoder_alloc(&in->decoder, spec, rate_hz);
    if (err == EINVAL) {
        in->pcm_rate_hz = in->codec->pcm_rate_hz;
        err = in->codec->decoder_alloc(&in->decoder, spec, in->pcm_rate_hz);
    }
    if (!err && in->pcm_rate_hz != rate_hz)
        err = resample_alloc(&in->resample, in->pcm_rate_hz, rate_hz);
    return err;
}

static int input_open(struct input *in, const struct transcoder_format *format, uint32_t rate_hz)
{
    in->pt = format->pt;
    in->clock_hz = format->spec.clock_hz;
    if (in->clock_hz == 0)
        return EINVAL;
    if (is_named(&format->spec, "telephone-event"))
        in->kind = INPUT_EVENT;
    else if (is_named(&format->spec, "CN"))
        in->kind = INPUT_CN;
    else if (is_named(&format->spec, "red"))
        in->kind = INPUT_RED;
    else if ((in->codec = codec_find(&format->spec)))
        return input_open_audio(in, &format->spec, rate_hz);
    else
        return EINVAL;
    return 0;
}

/* No more than the best input has, no more than the output can say. */
static uint32_t choose_rate(const struct transcoder_config *cfg, const struct codec *out)
{
    uint32_t best = 0;

    for (unsigned i = 0; i < cfg->n_in; i++) {
        const struct codec *c = codec_find(&cfg->in[i].spec);

        if (c && c->pcm_rate_hz > best)
            best = c->pcm_rate_hz;
    }
    return best && best < out->pcm_rate_hz ? best : out->pcm_rate_hz;
}

static int output_open(struct transcoder *t, const struct transcoder_config *cfg)
{
    struct codec_options *opt = &t->options;
    int err;

    t->codec = codec_find(&cfg->out);
    if (!t->codec)
        return EINVAL;
    *opt = cfg->out_options;
    opt->ptime_ms = t->codec->ptime_ms(&cfg->out, opt->ptime_ms);
    opt->pcm_rate_hz = choose_rate(cfg, t->codec);
    err = t->codec->encoder_alloc(&t->encoder, &cfg->out, opt);
    if (err == EINVAL && opt->pcm_rate_hz != t->codec->pcm_rate_hz) {
        opt->pcm_rate_hz = t->codec->pcm_rate_hz;
        err = t->codec->encoder_alloc(&t->encoder, &cfg->out, opt);
    }
    if (err)
        return err;
    t->out_pt = cfg->out_pt;
    framer_init(&t->framer, opt->pcm_rate_hz, t->codec->clock_hz, opt->ptime_ms);
    return 0;
}

static int inputs_open(struct transcoder *t, const struct transcoder_config *cfg)
{
    for (unsigned i = 0; i < cfg->n_in; i++) {
        const int err = input_open(&t->inputs[i], &cfg->in[i], t->framer.rate_hz);

        t->n_inputs = i + 1; /* also one half open is freed */
        if (err)
            return err;
    }
    return 0;
}

/* Where events become tones their lengths are counted in samples, else in the receiver's clock. */
static int digits_open(struct transcoder *t, const struct transcoder_config *cfg)
{
    t->makes_tones = cfg->makes_tones && !cfg->has_event;
    t->event_hz = t->makes_tones ? t->framer.rate_hz : cfg->event_clock_hz;
    t->digits.heard = -1;
    dtmf_relay_init(&t->dtmf, t->codec->clock_hz, t->event_hz);
    t->mutes_tones = cfg->mutes_tones;
    if (!cfg->mutes_tones && (!cfg->has_event || !cfg->hears_tones))
        return 0;
    framer_hold(&t->framer, t->framer.rate_hz * TONES_SURE_MS / 1000);
    return tone_listener_alloc(&t->digits.listener, t->framer.rate_hz);
}

static void take_config(struct transcoder *t, const struct transcoder_config *cfg)
{
    t->has_event = cfg->has_event;
    t->event_pt = cfg->event_pt;
    t->has_cn = cfg->has_cn;
    t->cn_pt = cfg->cn_pt;
    t->has_red = cfg->has_red;
    t->red_pt = cfg->red_pt;
    t->flush_us = UINT64_MAX;
    playout_init(&t->playout, cfg->reorder_window_us);
    comfort_noise_init(&t->noise.source, NOISE_SEED);
}

int transcoder_alloc(struct transcoder **tp, const struct transcoder_config *cfg)
{
    struct transcoder *t;
    int err;

    if (cfg->n_in > TRANSCODER_FORMATS_MAX || (cfg->has_event && cfg->event_clock_hz == 0))
        return EINVAL;
    t = calloc(1, sizeof(*t));
    if (!t)
        return ENOMEM;

    take_config(t, cfg);
    err = output_open(t, cfg);
    if (!err)
        err = inputs_open(t, cfg);
    if (!err)
        err = digits_open(t, cfg);
    if (err)
        transcoder_free(t);
    else
        *tp = t;
    return err;
}

static inline __attribute__((always_inline)) void ask_ahead(const void *p, size_t n)
{
    for (size_t at = 0; at < n; at += CACHE_LINE)
        __builtin_prefetch((const char *)p + at, 1);
}

/* A frame of 20 ms at 8 kHz; of longer ones and higher rates, the rest is asked for in time by the
 * processor itself, as it goes on in order. */
void transcoder_prefetch(const struct transcoder *t)
{
    enum { FRAME = 160 };

    ask_ahead(t->inputs, sizeof(t->inputs[0]));
    ask_ahead(&t->current,
              offsetof(struct transcoder, noise) - offsetof(struct transcoder, current));
    ask_ahead(&t->noise, offsetof(struct noise, source));
    ask_ahead(&t->dtmf, 1);
    ask_ahead(&t->digits.queue, 1);
    ask_ahead(&t->playout, offsetof(struct playout, slots[0].payload[FRAME]));
    ask_ahead(&t->framer, offsetof(struct framer, samples[FRAME]));
}

void transcoder_free(struct transcoder *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n_inputs; i++) {
        struct input *in = &t->inputs[i];

        if (in->codec)
            in->codec->decoder_free(in->decoder);
        resample_free(in->resample);
    }
    if (t->codec)
        t->codec->encoder_free(t->encoder);
    tone_listener_free(t->digits.listener);
    free(t);
}

int transcoder_get(struct transcoder *t, struct transcoder_packet *out, uint8_t *buf, size_t cap,
                   uint64_t now_us)
{
    struct playout_event ev;

    if (cap < CODEC_PAYLOAD_MAX)
        return EINVAL;
    for (;;) {
        if (transcoder_send(t, out, buf, cap, now_us))
            return 0;
        if (transcoder_has_digits(t) && transcoder_run_digits(t, now_us))
            continue;
        if (playout_is_waiting(&t->playout) && playout_get(&t->playout, &ev, now_us) == 0)
            transcoder_play(t, &ev, now_us);
        else if (!transcoder_run_noise(t, now_us) && !transcoder_run_flush(t, now_us))
            return EAGAIN;
    }
}

uint32_t transcoder_clock_hz(const struct transcoder *t)
{
    return t->codec->clock_hz;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t transcoder_deadline_us(const struct transcoder *t)
{
    uint64_t first = earlier(playout_deadline_us(&t->playout), transcoder_digits_deadline_us(t));

    if (t->noise.kind != NOISE_NONE)
        first = earlier(first, t->noise.due_us);
    return earlier(first, t->flush_us);
}

/* What is expected of the network after one more report: more at once, less only after a calm
 * time, so that the encoder is not tuned up and down by single packets. */
static uint16_t expected_loss(struct transcoder *t, uint16_t permille)
{
    if (permille >= TRANSCODER_LOSS_OFF)
        t->n_calm = 0;
    else if (t->n_calm < TRANSCODER_CALM_REPORTS)
        t->n_calm++;

    if (t->n_calm == TRANSCODER_CALM_REPORTS)
        return 0;
    if (t->loss_permille == 0)
        return permille >= TRANSCODER_LOSS_ON ? permille : 0;
    if (permille > t->loss_permille + LOSS_STEP_PERMILLE)
        return permille;
    if (permille <= TRANSCODER_LOSS_OFF)
        return t->loss_permille;
    return (uint16_t)((t->loss_permille * 3 + permille) / 4);
}

static uint32_t saved_complexity(uint32_t complexity, uint8_t saving)
{
    const uint32_t full = complexity == 0 || complexity > 10 ? COMPLEXITY_USUAL : complexity;

    return full > saving ? full - saving : 1;
}

/* Its options, as the network and the worker allow. */
static int tell_encoder(struct transcoder *t)
{
    struct codec_options opt = t->options;

    if (t->loss_permille > 0) {
        const uint8_t percent = (uint8_t)((t->loss_permille + 9) / 10);

        opt.loss_percent = percent > opt.loss_percent ? percent : opt.loss_percent;
    }
    if (t->complexity_saving > 0)
        opt.complexity = saved_complexity(opt.complexity, t->complexity_saving);
    return t->codec->encoder_set ? t->codec->encoder_set(t->encoder, &opt) : 0;
}

int transcoder_set_options(struct transcoder *t, const struct codec_options *opt)
{
    const struct codec_options before = t->options;
    int err;

    t->options = *opt;
    t->options.ptime_ms = before.ptime_ms;
    t->options.pcm_rate_hz = before.pcm_rate_hz;
    err = tell_encoder(t);
    if (err)
        t->options = before;
    return err;
}

int transcoder_adapt(struct transcoder *t, const struct transcoder_conditions *now)
{
    const uint16_t most =
        now->loss_permille < LOSS_ASSUMED_PERMILLE ? now->loss_permille : LOSS_ASSUMED_PERMILLE;

    t->loss_permille = expected_loss(t, most);
    t->is_red_on = t->has_red && t->loss_permille > 0;
    return tell_encoder(t);
}

int transcoder_save_complexity(struct transcoder *t, uint8_t steps)
{
    if (steps == t->complexity_saving)
        return 0;
    t->complexity_saving = steps;
    return tell_encoder(t);
}

void transcoder_block_events(struct transcoder *t, bool is_blocked)
{
    t->is_event_blocked = is_blocked;
}

const struct transcoder_stats *transcoder_stats(const struct transcoder *t)
{
    return &t->stats;
}
