#include "codec/framer.h"

#include <errno.h>
#include <string.h>

enum { FADE_MS = 2 };

void framer_init(struct framer *f, uint32_t rate_hz, uint32_t clock_hz, uint32_t ptime_ms)
{
    memset(f, 0, sizeof(*f));
    f->rate_hz = rate_hz;
    f->clock_hz = clock_hz;
    f->n_frame = rate_hz * ptime_ms / 1000;
    f->is_after_silence = true;
}

static void remove_taken(struct framer *f)
{
    if (f->n_taken == 0)
        return;
    memmove(f->samples, f->samples + f->n_taken, f->n * sizeof(f->samples[0]));
    f->n_taken = 0;
}

int16_t *framer_room(struct framer *f, uint32_t n)
{
    remove_taken(f);
    return n <= FRAMER_MAX - f->n ? f->samples + f->n : NULL;
}

void framer_put(struct framer *f, uint32_t n)
{
    f->is_ended = false;
    f->n += n;
}

void framer_unput(struct framer *f, uint32_t n)
{
    f->n -= n < f->n ? n : f->n;
}

void framer_hold(struct framer *f, uint32_t n)
{
    f->n_hold = n;
}

void framer_mute(struct framer *f)
{
    const uint32_t longest = f->rate_hz * FADE_MS / 1000;
    const uint32_t fade = longest < f->n ? longest : f->n;

    remove_taken(f);
    for (uint32_t i = 0; i < fade; i++)
        f->samples[i] = (int16_t)(f->samples[i] * (int32_t)(fade - i) / (int32_t)fade);
    memset(f->samples + fade, 0, (f->n - fade) * sizeof(f->samples[0]));
}

static void put_zeros(struct framer *f, uint32_t n)
{
    int16_t *room = framer_room(f, n);

    if (!room)
        return;
    memset(room, 0, n * sizeof(*room));
    framer_put(f, n);
}

/* Samples that the frame in work still needs; 0: none has begun. */
static uint32_t n_missing(const struct framer *f)
{
    const uint32_t begun = f->n % f->n_frame;

    return begun ? f->n_frame - begun : 0;
}

/* Some of it waits for more. */
bool framer_is_begun(const struct framer *f)
{
    return f->n % f->n_frame != 0 || (f->n_hold > 0 && f->n > 0 && !f->is_ended);
}

void framer_silence(struct framer *f, uint64_t n)
{
    const uint64_t made_up = n < f->ahead ? n : f->ahead;
    const uint32_t missing = n_missing(f);

    f->ahead -= made_up;
    n -= made_up;
    if (n < missing) {
        put_zeros(f, (uint32_t)n);
        return;
    }
    put_zeros(f, missing);
    f->jump += n - missing;
    f->is_ended = true;
}

void framer_flush(struct framer *f)
{
    const uint32_t missing = n_missing(f);

    f->is_ended = true;
    if (f->ahead > 0)
        return;
    put_zeros(f, missing);
    f->is_ended = true;
    f->ahead = missing;
}

void framer_ahead(struct framer *f, uint32_t n)
{
    f->ahead += n;
}

static uint32_t rtp_ts(const struct framer *f, uint64_t position)
{
    return (uint32_t)(position * f->clock_hz / f->rate_hz);
}

static void go_over_silence(struct framer *f)
{
    if (f->jump == 0)
        return;
    f->position += f->jump;
    f->jump = 0;
    f->is_after_silence = true;
}

int framer_get(struct framer *f, struct pcm *pcm, uint32_t *ts, bool *marker)
{
    remove_taken(f);
    if (f->n < f->n_frame)
        go_over_silence(f);
    if (f->n < f->n_frame + (f->is_ended ? 0 : f->n_hold))
        return EAGAIN;
    *pcm = (struct pcm){
        .samples = f->samples, .n_frames = f->n_frame, .rate_hz = f->rate_hz, .n_channels = 1};
    *ts = rtp_ts(f, f->position);
    *marker = f->is_after_silence;
    f->is_after_silence = false;
    f->position += f->n_frame;
    f->n -= f->n_frame;
    f->n_taken = f->n_frame;
    return 0;
}

void framer_not_sent(struct framer *f)
{
    f->is_after_silence = true;
}

uint32_t framer_ts(const struct framer *f, uint64_t after)
{
    return rtp_ts(f, f->position + f->n + f->jump + after);
}
