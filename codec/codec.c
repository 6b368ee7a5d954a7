#include "codec/codec.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "codec/codecs.h"
#include "codec/fmtp.h"

/* Best sound first: the order in which a choice among several is made. */
static const struct codec *const table[] = {
    &codec_opus, &codec_g722, &codec_g7221_24, &codec_g7221_32,  &codec_siren,
    &codec_pcma, &codec_pcmu, &codec_g726,     &codec_g726_aal2, &codec_gsm,
};

struct static_row {
    const char *name; /* NULL: reserved or unassigned */
    uint32_t clock_hz;
    uint8_t n_channels;
};

/* RFC 3551 tables 4 and 5. 2 is left out on purpose: it was G726-32, in both orders of packing, and
 * is reserved for that reason (s.6); an rtpmap must say which. Video has no channels: 1 here. */
static const struct static_row static_rows[] = {
    [0] = {"PCMU", 8000, 1},   [3] = {"GSM", 8000, 1},    [4] = {"G723", 8000, 1},
    [5] = {"DVI4", 8000, 1},   [6] = {"DVI4", 16000, 1},  [7] = {"LPC", 8000, 1},
    [8] = {"PCMA", 8000, 1},   [9] = {"G722", 8000, 1},   [10] = {"L16", 44100, 2},
    [11] = {"L16", 44100, 1},  [12] = {"QCELP", 8000, 1}, [13] = {"CN", 8000, 1},
    [14] = {"MPA", 90000, 1},  [15] = {"G728", 8000, 1},  [16] = {"DVI4", 11025, 1},
    [17] = {"DVI4", 22050, 1}, [18] = {"G729", 8000, 1},  [25] = {"CelB", 90000, 1},
    [26] = {"JPEG", 90000, 1}, [28] = {"nv", 90000, 1},   [31] = {"H261", 90000, 1},
    [32] = {"MPV", 90000, 1},  [33] = {"MP2T", 90000, 1}, [34] = {"H263", 90000, 1},
};

const struct codec *codec_at(size_t i)
{
    return i < sizeof(table) / sizeof(table[0]) ? table[i] : NULL;
}

/* RFC 8866 s.6.6: channels left out of an rtpmap means one. */
static uint8_t channels_or_one(uint8_t n_channels)
{
    return n_channels ? n_channels : 1;
}

static bool is_row_of(const struct codec *c, const struct codec_spec *spec)
{
    return strncasecmp(c->name, spec->name, sizeof(spec->name)) == 0 &&
           c->clock_hz == spec->clock_hz && c->n_channels == channels_or_one(spec->n_channels) &&
           (c->bitrate == 0 || fmtp_number(spec->fmtp, "bitrate", c->bitrate) == c->bitrate);
}

const struct codec *codec_find(const struct codec_spec *spec)
{
    const struct codec *c;

    for (size_t i = 0; (c = codec_at(i)); i++) {
        if (is_row_of(c, spec))
            return c;
    }
    return NULL;
}

const struct codec *codec_find_name(const char *name, size_t n)
{
    const struct codec *c;

    for (size_t i = 0; (c = codec_at(i)); i++) {
        if (strlen(c->name) == n && strncasecmp(c->name, name, n) == 0)
            return c;
    }
    return NULL;
}

int codec_static(struct codec_spec *spec, uint8_t pt)
{
    const struct static_row *row;

    if (pt >= sizeof(static_rows) / sizeof(static_rows[0]) || !static_rows[pt].name)
        return ENOENT;

    row = &static_rows[pt];
    *spec = (struct codec_spec){.clock_hz = row->clock_hz, .n_channels = row->n_channels};
    memcpy(spec->name, row->name, strlen(row->name));
    return 0;
}

bool codec_same(const struct codec_spec *a, const struct codec_spec *b)
{
    return strncasecmp(a->name, b->name, CODEC_NAME_MAX) == 0 && a->clock_hz == b->clock_hz &&
           channels_or_one(a->n_channels) == channels_or_one(b->n_channels) &&
           codec_find(a) == codec_find(b);
}
