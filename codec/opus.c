#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>

#include "codec/codecs.h"
#include "codec/fmtp.h"
#include "codec/ptime.h"

/* RFC 6716, RFC 7587. The RTP clock is 48000 whatever the PCM (RFC 7587 s.4.1); PCM of 8 or 16 kHz
 * goes in and out directly, which costs a fraction of 48 kHz. Mono is sent: a stream says in each
 * packet how many channels it has, whatever its rtpmap says. Stereo is mixed down as it is decoded.
 */

enum {
    CLOCK_HZ = 48000,
    COMPLEXITY = 5,
    COMPLEXITY_DEFAULT = 0xff,  /* struct codec_options */
    BITRATE_NARROW = 16000,     /* of PCM at 8 kHz */
    BITRATE_NARROW_FEC = 20000, /* the least at which libopus spends bits on FEC at 8 kHz */
    BITRATE_WIDE = 24000,
    BITRATE_MIN = 6000, /* RFC 7587 s.6.1, maxaveragebitrate */
    BITRATE_MAX = 510000,
    /* the encoder writes no FEC while it expects no loss, even when told to; at 24 kbit/s and 16
     * kHz it wants more than 5 % */
    LOSS_ASSUMED_PERCENT = 10,
    CONCEAL_MAX_MS = 120,
};

/* What the receiver's fmtp allows (RFC 7587 s.6.1). */
struct receiver {
    uint32_t playback_hz, bitrate;
    bool takes_fec, wants_dtx, wants_cbr;
};

struct codec_encoder {
    OpusEncoder *opus;
    uint32_t rate_hz;
    struct receiver receiver;
};

struct codec_decoder {
    OpusDecoder *opus;
    uint32_t rate_hz;
};

static bool is_opus_rate(uint32_t rate_hz)
{
    return rate_hz == 8000 || rate_hz == 12000 || rate_hz == 16000 || rate_hz == 24000 ||
           rate_hz == 48000;
}

static uint32_t clamp(uint32_t v, uint32_t low, uint32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* A receiver whose wishes cannot be read is not sent what it may not be able to play. */
static bool is_readable(const char *fmtp)
{
    static const char *const numbers[] = {
        "maxplaybackrate", "maxaveragebitrate", "useinbandfec", "usedtx", "cbr", "stereo"};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (fmtp_has_bad_number(fmtp, numbers[i]))
            return false;
    }
    return true;
}

static struct receiver receiver_of(const char *fmtp)
{
    return (struct receiver){
        .playback_hz = fmtp_number(fmtp, "maxplaybackrate", CLOCK_HZ),
        .bitrate =
            clamp(fmtp_number(fmtp, "maxaveragebitrate", BITRATE_MAX), BITRATE_MIN, BITRATE_MAX),
        .takes_fec = fmtp_number(fmtp, "useinbandfec", 0) == 1,
        .wants_dtx = fmtp_number(fmtp, "usedtx", 0) == 1,
        .wants_cbr = fmtp_number(fmtp, "cbr", 0) == 1,
    };
}

/* RFC 7587 s.6.1: a receiver of less than 48 kHz throws the upper band away; it is not sent. */
static opus_int32 bandwidth_of(uint32_t playback_hz)
{
    if (playback_hz < 12000)
        return OPUS_BANDWIDTH_NARROWBAND;
    if (playback_hz < 16000)
        return OPUS_BANDWIDTH_MEDIUMBAND;
    if (playback_hz < 24000)
        return OPUS_BANDWIDTH_WIDEBAND;
    return playback_hz < CLOCK_HZ ? OPUS_BANDWIDTH_SUPERWIDEBAND : OPUS_BANDWIDTH_FULLBAND;
}

static uint32_t bitrate_of(const struct codec_encoder *e, const struct codec_options *opt,
                           bool is_fec)
{
    const uint32_t narrow = is_fec ? BITRATE_NARROW_FEC : BITRATE_NARROW;
    const uint32_t usual = e->rate_hz <= 8000 ? narrow : BITRATE_WIDE;
    const uint32_t wanted = opt->bitrate ? opt->bitrate : usual;

    return clamp(wanted, BITRATE_MIN, e->receiver.bitrate);
}

static int encoder_set(struct codec_encoder *e, const struct codec_options *opt)
{
    const uint32_t complexity = opt->complexity == 0 || opt->complexity == COMPLEXITY_DEFAULT
                                    ? COMPLEXITY
                                    : clamp(opt->complexity, 1, 10);
    const bool is_fec = e->receiver.takes_fec && (opt->is_fec || opt->loss_percent > 0);
    const bool is_cbr = e->receiver.wants_cbr || opt->is_cbr;
    const bool is_dtx = e->receiver.wants_dtx || opt->is_dtx;
    const uint32_t bitrate = bitrate_of(e, opt, is_fec);
    uint32_t loss = clamp(opt->loss_percent, 0, 100);

    if (is_fec && loss < LOSS_ASSUMED_PERCENT)
        loss = LOSS_ASSUMED_PERCENT;

    if (opus_encoder_ctl(e->opus, OPUS_SET_BITRATE((opus_int32)bitrate)) != OPUS_OK ||
        opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY((opus_int32)complexity)) != OPUS_OK ||
        opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(is_fec ? 1 : 0)) != OPUS_OK ||
        opus_encoder_ctl(e->opus, OPUS_SET_PACKET_LOSS_PERC((opus_int32)loss)) != OPUS_OK ||
        opus_encoder_ctl(e->opus, OPUS_SET_VBR(is_cbr ? 0 : 1)) != OPUS_OK ||
        opus_encoder_ctl(e->opus, OPUS_SET_DTX(is_dtx ? 1 : 0)) != OPUS_OK)
        return EINVAL;
    return 0;
}

static void encoder_free(struct codec_encoder *e)
{
    if (!e)
        return;
    if (e->opus)
        opus_encoder_destroy(e->opus);
    free(e);
}

static void decoder_free(struct codec_decoder *d)
{
    if (!d)
        return;
    if (d->opus)
        opus_decoder_destroy(d->opus);
    free(d);
}

static int encoder_open(struct codec_encoder *e, const struct codec_options *opt)
{
    const opus_int32 bandwidth = bandwidth_of(e->receiver.playback_hz);
    int status;

    e->opus = opus_encoder_create((opus_int32)e->rate_hz, 1, OPUS_APPLICATION_VOIP, &status);
    if (!e->opus)
        return ENOMEM;
    if (opus_encoder_ctl(e->opus, OPUS_SET_MAX_BANDWIDTH(bandwidth)) != OPUS_OK)
        return EINVAL;
    return encoder_set(e, opt);
}

static int encoder_new(struct codec_encoder **ep, const struct codec_spec *spec,
                       const struct codec_options *opt)
{
    struct codec_encoder *e;
    int err;

    if ((opt->pcm_rate_hz != 0 && !is_opus_rate(opt->pcm_rate_hz)) || !is_readable(spec->fmtp))
        return EINVAL;
    e = calloc(1, sizeof(*e));
    if (!e)
        return ENOMEM;
    e->rate_hz = opt->pcm_rate_hz ? opt->pcm_rate_hz : CLOCK_HZ;
    e->receiver = receiver_of(spec->fmtp);
    err = encoder_open(e, opt);
    if (err)
        encoder_free(e);
    else
        *ep = e;
    return err;
}

static int decoder_new(struct codec_decoder **dp, const struct codec_spec *spec,
                       uint32_t pcm_rate_hz)
{
    struct codec_decoder *d;
    int status;

    (void)spec; /* a decoder takes whatever Opus arrives: each packet describes itself */
    if (pcm_rate_hz != 0 && !is_opus_rate(pcm_rate_hz))
        return EINVAL;
    d = calloc(1, sizeof(*d));
    if (!d)
        return ENOMEM;
    d->rate_hz = pcm_rate_hz ? pcm_rate_hz : CLOCK_HZ;
    d->opus = opus_decoder_create((opus_int32)d->rate_hz, 1, &status);
    if (!d->opus) {
        decoder_free(d);
        return ENOMEM;
    }
    *dp = d;
    return 0;
}

static void decoder_reset(struct codec_decoder *d)
{
    opus_decoder_ctl(d->opus, OPUS_RESET_STATE);
}

static int encode(struct codec_encoder *e, const struct pcm *in, uint8_t *payload, size_t cap)
{
    opus_int32 n;

    if (in->rate_hz != e->rate_hz || in->n_channels != 1)
        return -EINVAL;
    n = opus_encode(e->opus, in->samples, (int)in->n_frames, payload, (opus_int32)cap);
    if (n == OPUS_BUFFER_TOO_SMALL)
        return -ENOBUFS;
    if (n < 0)
        return -EINVAL;
    return n <= 2 ? 0 : n; /* opus_encoder.h: two bytes or less need not be sent (DTX) */
}

static int decode(struct codec_decoder *d, const uint8_t *payload, size_t n, struct pcm *out)
{
    int n_frames;

    pcm_set(out, 0, d->rate_hz);
    if (n == 0 || n > INT32_MAX) /* to libopus no payload is a loss, not an error */
        return EBADMSG;
    n_frames = opus_decode(d->opus, payload, (opus_int32)n, out->samples,
                           (int)(d->rate_hz * CONCEAL_MAX_MS / 1000), 0);
    if (n_frames < 0)
        return EBADMSG;
    pcm_set(out, (uint32_t)n_frames, d->rate_hz);
    return 0;
}

/* Whether a payload repeats the frame before it at a lower rate (LBRR). RFC 6716 s.4.2.3: a SILK
 * frame begins with one bit of voice activity for each 20 ms, then the LBRR bit; both have even
 * odds, so the range coder leaves them as plain bits. Frames of CELT alone have none (s.3.1). */
static bool has_fec(const uint8_t *payload, size_t n)
{
    const unsigned char *frames[48];
    opus_int16 sizes[48];
    unsigned char toc;
    const int n_samples = opus_packet_get_samples_per_frame(payload, CLOCK_HZ);
    const int n_silk = n_samples > CLOCK_HZ / 50 ? n_samples / (CLOCK_HZ / 50) : 1;

    if (payload[0] & 0x80)
        return false;
    if (opus_packet_parse(payload, (opus_int32)n, &toc, frames, sizes, NULL) <= 0 || sizes[0] == 0)
        return false;
    return (frames[0][0] >> (7 - n_silk)) & 1;
}

/* Of several frames FEC gives back one. */
static bool repeats(const uint8_t *payload, size_t n)
{
    return n > 0 && n <= INT32_MAX && opus_packet_get_nb_frames(payload, (opus_int32)n) == 1 &&
           has_fec(payload, n);
}

static int conceal(struct codec_decoder *d, const uint8_t *next, size_t n, uint32_t n_frames,
                   struct pcm *out)
{
    /* libopus repairs in steps of 2.5 ms; what is over is not used */
    const uint32_t step = d->rate_hz / 400, whole = (n_frames + step - 1) / step * step;
    const bool is_fec = next && n > 0 && n <= INT32_MAX && has_fec(next, n);
    int made;

    pcm_set(out, 0, d->rate_hz);
    if (n_frames == 0)
        return 0;
    if (whole > d->rate_hz * CONCEAL_MAX_MS / 1000)
        return EINVAL;
    /* With FEC libopus conceals what came before the frame that next repeats. */
    made = opus_decode(d->opus, is_fec ? next : NULL, is_fec ? (opus_int32)n : 0, out->samples,
                       (int)whole, is_fec ? 1 : 0);
    if (made < 0) { /* a next that cannot be read: then without it */
        made = opus_decode(d->opus, NULL, 0, out->samples, (int)whole, 0);
        if (made < 0)
            return EINVAL;
    }
    pcm_set(out, n_frames < (uint32_t)made ? n_frames : (uint32_t)made, d->rate_hz);
    return is_fec ? 1 : 0;
}

static uint32_t payload_ticks(const uint8_t *payload, size_t n)
{
    const int n_samples =
        n > 0 && n <= INT32_MAX ? opus_packet_get_nb_samples(payload, (opus_int32)n, CLOCK_HZ) : 0;

    return n_samples > 0 ? (uint32_t)n_samples : 0;
}

/* A frame is 10, 20, 40 or 60 ms: 30 and 50 would take several frames in a packet, which must all
 * be of one mode (RFC 6716 s.3.2), and libopus changes modes as it sees fit. The next shorter is
 * taken. minptime and maxptime were parameters of drafts of RFC 7587 and are still written. */
static uint32_t ptime_ms(const struct codec_spec *receiver, uint32_t wanted_ms)
{
    static const uint32_t frames_ms[] = {10, 20, 40, 60};
    const uint32_t shortest = fmtp_number(receiver->fmtp, "minptime", PTIME_MIN_MS);
    const uint32_t longest = fmtp_number(receiver->fmtp, "maxptime", PTIME_MAX_MS);
    uint32_t wanted = ptime_any(receiver, wanted_ms), chosen = frames_ms[0];

    if (wanted < shortest)
        wanted = shortest;
    if (wanted > longest)
        wanted = longest;
    for (size_t i = 0; i < sizeof(frames_ms) / sizeof(frames_ms[0]); i++) {
        if (frames_ms[i] <= wanted)
            chosen = frames_ms[i];
    }
    return chosen;
}

const struct codec codec_opus = {
    .name = "opus",
    .clock_hz = CLOCK_HZ,
    .pcm_rate_hz = CLOCK_HZ,
    .static_pt = 0xff,
    .n_channels = 2,
    .quality = 100,
    .default_fmtp = "minptime=10;useinbandfec=1",
    .has_dtx = true,
    .encoder_alloc = encoder_new,
    .decoder_alloc = decoder_new,
    .encoder_free = encoder_free,
    .decoder_free = decoder_free,
    .encode = encode,
    .decode = decode,
    .conceal = conceal,
    .decoder_reset = decoder_reset,
    .payload_ticks = payload_ticks,
    .repeats = repeats,
    .encoder_set = encoder_set,
    .ptime_ms = ptime_ms,
};
