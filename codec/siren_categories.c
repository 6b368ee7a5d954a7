#include "codec/siren_categories.h"

#include <string.h>

enum { OFFSET_MIN = -32, SPARE_BITS = 32, FULL_RATE_BITS = 320 };

/* What a region of a category takes on average [bits], s.3.4 table 1. */
static const int expected_bits[SIREN_CATEGORIES] = {52, 47, 43, 37, 29, 22, 16, 0};

/* One end of the range of ways: it starts in the middle and is moved outwards. */
struct way {
    uint8_t category[SIREN_REGIONS];
    int bits;
};

static void way_init(struct way *w, const int power[SIREN_REGIONS], int offset)
{
    w->bits = 0;
    for (unsigned r = 0; r < SIREN_REGIONS; r++) {
        const int above = offset - power[r];
        const int category = above < 0 ? 0 : above / 2;

        w->category[r] = category > SIREN_NOISE_ONLY ? SIREN_NOISE_ONLY : (uint8_t)category;
        w->bits += expected_bits[w->category[r]];
    }
}

static void way_move(struct way *w, unsigned region, int by)
{
    if (region == SIREN_NO_REGION)
        return;
    w->bits -= expected_bits[w->category[region]];
    w->category[region] = (uint8_t)(w->category[region] + by);
    w->bits += expected_bits[w->category[region]];
}

/* How much coarser a region is quantized than its power asks for. */
static int coarseness(const struct way *w, const int power[SIREN_REGIONS], unsigned region)
{
    return 2 * w->category[region] + power[region];
}

/* The finest region, of equals the highest: it has the least to lose. */
static unsigned region_to_coarsen(const struct way *w, const int power[SIREN_REGIONS])
{
    unsigned found = SIREN_NO_REGION;

    for (unsigned r = SIREN_REGIONS; r-- > 0;) {
        if (w->category[r] == SIREN_NOISE_ONLY)
            continue;
        if (found == SIREN_NO_REGION || coarseness(w, power, r) < coarseness(w, power, found))
            found = r;
    }
    return found;
}

/* The coarsest region, of equals the lowest. */
static unsigned region_to_refine(const struct way *w, const int power[SIREN_REGIONS])
{
    unsigned found = SIREN_NO_REGION;

    for (unsigned r = 0; r < SIREN_REGIONS; r++) {
        if (w->category[r] == 0)
            continue;
        if (found == SIREN_NO_REGION || coarseness(w, power, r) > coarseness(w, power, found))
            found = r;
    }
    return found;
}

/* The largest offset, from power to category, that is expected to use the bits up, nearly. */
static int find_offset(const int power[SIREN_REGIONS], int n_bits)
{
    int offset = OFFSET_MIN;

    for (int delta = -OFFSET_MIN; delta > 0; delta /= 2) {
        struct way w;

        way_init(&w, power, offset + delta);
        if (w.bits >= n_bits - SPARE_BITS)
            offset += delta;
    }
    return offset;
}

void siren_categorize(struct siren_categories *c, const int power[SIREN_REGIONS], int n_bits)
{
    uint8_t order[2 * SIREN_CONTROL_MAX]; /* of steps, the middle being where both ways begin */
    unsigned first = SIREN_CONTROL_MAX, last = SIREN_CONTROL_MAX;
    struct way finest, coarsest;

    /* what the expected bits do not tell: at higher rates codes turn out longer than that */
    if (n_bits > FULL_RATE_BITS)
        n_bits = (n_bits - FULL_RATE_BITS) * 5 / 8 + FULL_RATE_BITS;
    way_init(&finest, power, find_offset(power, n_bits));
    coarsest = finest;
    for (unsigned i = 0; i < SIREN_CONTROL_MAX; i++) {
        if (finest.bits + coarsest.bits > 2 * n_bits) {
            order[last] = (uint8_t)region_to_coarsen(&coarsest, power);
            way_move(&coarsest, order[last++], 1);
        } else {
            order[--first] = (uint8_t)region_to_refine(&finest, power);
            way_move(&finest, order[first], -1);
        }
    }
    memcpy(c->category, finest.category, sizeof(c->category));
    memcpy(c->steps, order + first, sizeof(c->steps));
}
