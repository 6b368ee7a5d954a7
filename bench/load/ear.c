#include "bench/load/ear.h"

#include <errno.h>
#include <string.h>

#include "bench/sound/score.h"

#define FRAMES_MIN 100

struct load_ear *load_ears_take(struct load_ears *e, const char *mode,
                                const struct load_format *format, const struct load_frames *said)
{
    unsigned n_same = 0;

    for (unsigned i = 0; e && i < e->n; i++)
        n_same += e->at[i].mode == mode;
    if (!e || e->n == e->max || n_same == LOAD_EARS_MODE)
        return NULL;
    struct load_ear *ear = &e->at[e->n++];
    *ear = (struct load_ear){.format = format, .said = said, .mode = mode};
    return ear;
}

void load_ear_put(struct load_ear *ear, uint64_t number, const uint8_t *payload, size_t n)
{
    if (number < LOAD_EAR_SKIP || n > LOAD_FRAME_MAX)
        return;
    if (!ear->has_begun) {
        ear->has_begun = true;
        ear->first = number;
    }
    if (number < ear->first || number - ear->first >= LOAD_EAR_FRAMES)
        return;
    struct load_frame *f = &ear->frames[number - ear->first];
    ear->n_heard += !f->n;
    memcpy(f->bytes, payload, n);
    f->n = n;
}

/* Turns up to the last one that was heard. */
static uint32_t length_of(const struct load_ear *ear)
{
    uint32_t n = LOAD_EAR_FRAMES;

    while (n && !ear->frames[n - 1].n)
        n--;
    return n;
}

int load_ear_score(struct load_ear_score *score, const struct load_ear *ear)
{
    uint32_t n = length_of(ear);
    struct sound said = {0}, heard = {0};
    struct score s = {0};

    *score = (struct load_ear_score){.mode = ear->mode};
    if (n < FRAMES_MIN)
        return EINVAL;
    int err = load_frames_sound(&said, ear->said, ear->first, n);
    if (!err)
        err = load_frames_decode(&heard, ear->format, ear->frames, n);
    if (!err)
        err = score_compare(&s, &said, &heard);
    score->stoi = s.stoi;
    score->coverage = s.coverage;
    score->heard = (double)ear->n_heard / n;
    sound_wipe(&said);
    sound_wipe(&heard);
    return err;
}
