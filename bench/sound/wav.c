#include "bench/sound/wav.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAV_HEADER_BYTES 44
#define WAV_FORMAT_PCM   1
#define WAV_FILE_MAX     (WAV_HEADER_BYTES + 4096 + (size_t)SOUND_SAMPLES_MAX * 2)

static uint32_t get_le(const uint8_t *p, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

static void put_le(uint8_t *p, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void put_tag(uint8_t *p, const char *tag)
{
    memcpy(p, tag, 4);
}

/* A chunk of the file; n is what the file really holds of it. */
struct chunk {
    const uint8_t *id, *body;
    size_t n;
    bool is_cut;
};

/* Takes the chunk at *at and moves *at behind it, padded to even length. */
static bool chunk_next(struct chunk *c, const uint8_t *buf, size_t n, size_t *at)
{
    if (*at > n || n - *at < 8)
        return false;

    size_t left = n - *at - 8;
    size_t stated = get_le(buf + *at + 4, 4);
    c->id = buf + *at;
    c->body = buf + *at + 8;
    c->n = stated < left ? stated : left;
    c->is_cut = stated > left;
    *at += 8 + c->n + (c->n & 1);
    return true;
}

static int format_read(const struct chunk *c, uint32_t *rate_hz)
{
    if (c->is_cut || c->n < 16)
        return EBADMSG;
    if (get_le(c->body, 2) != WAV_FORMAT_PCM || get_le(c->body + 2, 2) != 1 ||
        get_le(c->body + 14, 2) != 16)
        return ENOTSUP;

    *rate_hz = get_le(c->body + 4, 4);
    return *rate_hz < SOUND_RATE_MIN_HZ || *rate_hz > SOUND_RATE_MAX_HZ ? ENOTSUP : 0;
}

static int data_read(struct sound *s, const struct chunk *c, uint32_t rate_hz)
{
    if (c->n / 2 > SOUND_SAMPLES_MAX)
        return EFBIG;

    int err = sound_alloc(s, (uint32_t)(c->n / 2), rate_hz);
    if (err)
        return err;
    for (uint32_t i = 0; i < s->n_samples; i++)
        s->samples[i] = (int16_t)get_le(c->body + (size_t)i * 2, 2);
    return 0;
}

int wav_parse(struct sound *s, const uint8_t *buf, size_t n)
{
    struct chunk c;
    uint32_t rate_hz = 0;
    size_t at = 12;

    if (n < 12 || memcmp(buf, "RIFF", 4) != 0 || memcmp(buf + 8, "WAVE", 4) != 0)
        return EBADMSG;

    while (chunk_next(&c, buf, n, &at)) {
        if (memcmp(c.id, "fmt ", 4) == 0) {
            int err = format_read(&c, &rate_hz);
            if (err)
                return err;
        } else if (memcmp(c.id, "data", 4) == 0) {
            return rate_hz ? data_read(s, &c, rate_hz) : EBADMSG;
        }
    }
    return EBADMSG;
}

static int file_load(uint8_t **bufp, size_t *n, FILE *f)
{
    if (fseek(f, 0, SEEK_END) != 0)
        return errno;
    long size = ftell(f);
    if (size < 0 || fseek(f, 0, SEEK_SET) != 0)
        return errno;
    if ((size_t)size > WAV_FILE_MAX)
        return EFBIG;

    uint8_t *buf = malloc((size_t)size + 1);
    if (!buf)
        return ENOMEM;
    *n = fread(buf, 1, (size_t)size, f);
    *bufp = buf;
    return 0;
}

int wav_read(struct sound *s, const char *path)
{
    uint8_t *buf = NULL;
    size_t n = 0;

    FILE *f = fopen(path, "rbe");
    if (!f)
        return errno;
    int err = file_load(&buf, &n, f);
    fclose(f);
    if (!err)
        err = wav_parse(s, buf, n);
    free(buf);
    return err;
}

static void header_print(uint8_t h[static WAV_HEADER_BYTES], const struct sound *s)
{
    uint32_t n_bytes = s->n_samples * 2;

    put_tag(h, "RIFF");
    put_le(h + 4, n_bytes + WAV_HEADER_BYTES - 8, 4);
    put_tag(h + 8, "WAVE");
    put_tag(h + 12, "fmt ");
    put_le(h + 16, 16, 4);
    put_le(h + 20, WAV_FORMAT_PCM, 2);
    put_le(h + 22, 1, 2);
    put_le(h + 24, s->rate_hz, 4);
    put_le(h + 28, s->rate_hz * 2, 4);
    put_le(h + 32, 2, 2);
    put_le(h + 34, 16, 2);
    put_tag(h + 36, "data");
    put_le(h + 40, n_bytes, 4);
}

static bool samples_put(FILE *f, const struct sound *s)
{
    uint8_t block[2048];

    for (uint32_t at = 0; at < s->n_samples;) {
        uint32_t n = s->n_samples - at < sizeof(block) / 2 ? s->n_samples - at : sizeof(block) / 2;

        for (uint32_t i = 0; i < n; i++)
            put_le(block + (size_t)i * 2, (uint16_t)s->samples[at + i], 2);
        if (fwrite(block, 2, n, f) != n)
            return false;
        at += n;
    }
    return true;
}

int wav_write(const char *path, const struct sound *s)
{
    uint8_t header[WAV_HEADER_BYTES];

    if (s->n_samples > SOUND_SAMPLES_MAX)
        return EINVAL;
    FILE *f = fopen(path, "wbe");
    if (!f)
        return errno;

    header_print(header, s);
    bool is_written = fwrite(header, 1, sizeof(header), f) == sizeof(header) && samples_put(f, s);
    int err = is_written ? 0 : errno;
    if (fclose(f) != 0 && !err)
        err = errno;
    if (err)
        remove(path);
    return err;
}
