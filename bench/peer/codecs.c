#include "bench/peer/codecs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bench/scan.h"

/* Formats beside the audio codecs, and the numbers that are customary. */
static const struct {
    const char *name;
    uint8_t pt;
    struct codec_spec spec;
} customary[] = {
    {"telephone-event", 101, {"telephone-event", 8000, 1, "0-16"}},
    {"telephone-event/48000", 110, {"telephone-event", 48000, 1, "0-15"}},
    {"CN", 13, {"CN", 8000, 1, ""}},
    {"CN/16000", 118, {"CN", 16000, 1, ""}},
    {"SIREN", 111, {"SIREN", 16000, 1, "bitrate=16000"}},
    {"G7221", 112, {"G7221", 16000, 1, "bitrate=24000"}},
    {"G7221/32000", 113, {"G7221", 16000, 1, "bitrate=32000"}},
    {"opus", 111, {"opus", 48000, 2, "minptime=10;useinbandfec=1"}},
};

static bool is_taken(const struct peer_description *d, uint8_t pt)
{
    return peer_sdp_format(d, pt) != NULL;
}

static uint8_t free_number(const struct peer_description *d)
{
    uint8_t pt = 96;

    while (pt < 127 && is_taken(d, pt))
        pt++;
    return pt;
}

static int format_make(struct peer_format *f, const struct peer_description *d, const char *name)
{
    for (size_t i = 0; i < sizeof(customary) / sizeof(customary[0]); i++)
        if (strcasecmp(customary[i].name, name) == 0) {
            *f = (struct peer_format){.pt = customary[i].pt, .spec = customary[i].spec};
            if (is_taken(d, f->pt))
                f->pt = free_number(d);
            return 0;
        }

    const struct codec *codec = codec_find_name(name, strlen(name));
    if (!codec)
        return EINVAL;
    *f = (struct peer_format){
        .pt = codec->static_pt != 0xff ? codec->static_pt : free_number(d),
        .spec = {.clock_hz = codec->clock_hz, .n_channels = codec->n_channels},
    };
    snprintf(f->spec.name, sizeof(f->spec.name), "%s", codec->name);
    if (codec->default_fmtp)
        snprintf(f->spec.fmtp, sizeof(f->spec.fmtp), "%s", codec->default_fmtp);
    return 0;
}

int peer_codecs_read(struct peer_description *d, const char *names)
{
    char name[CODEC_NAME_MAX + 8];

    d->n_formats = 0;
    while (scan_word(&names, name, sizeof(name), ",")) {
        if (d->n_formats == PEER_FORMATS_MAX)
            return E2BIG;
        int err = format_make(&d->formats[d->n_formats], d, name);
        if (err)
            return err;
        d->n_formats++;
        (void)scan_text(&names, ",");
    }
    return *names || !d->n_formats ? EINVAL : 0;
}

static bool is_event(const struct peer_format *f)
{
    return strcasecmp(f->spec.name, "telephone-event") == 0;
}

int peer_codecs_answer(struct peer_description *answer, const struct peer_description *own,
                       const struct peer_description *offer)
{
    bool has_audio = false;

    answer->n_formats = 0;
    for (unsigned i = 0; i < own->n_formats; i++) {
        const struct peer_format *theirs = peer_sdp_format_like(offer, &own->formats[i].spec);

        if (!theirs)
            continue;
        answer->formats[answer->n_formats] =
            (struct peer_format){.pt = theirs->pt, .spec = own->formats[i].spec};
        answer->n_formats++;
        has_audio = has_audio || codec_find(&own->formats[i].spec);
    }
    return has_audio ? 0 : ENOTSUP;
}

const struct peer_format *peer_codecs_audio(const struct peer_description *remote,
                                            const struct peer_description *local)
{
    for (unsigned i = 0; i < remote->n_formats; i++) {
        const struct peer_format *f = &remote->formats[i];

        if (codec_find(&f->spec) && peer_sdp_format_like(local, &f->spec))
            return f;
    }
    return NULL;
}

const struct peer_format *peer_codecs_event(const struct peer_description *remote,
                                            const struct peer_description *local,
                                            uint32_t audio_clock_hz)
{
    const struct peer_format *found = NULL;

    for (unsigned i = 0; i < remote->n_formats; i++) {
        const struct peer_format *f = &remote->formats[i];

        if (!is_event(f) || !peer_sdp_format_like(local, &f->spec))
            continue;
        if (f->spec.clock_hz == audio_clock_hz)
            return f;
        if (!found)
            found = f;
    }
    return found;
}
