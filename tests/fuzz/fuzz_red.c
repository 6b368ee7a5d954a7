#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/red.h"

/* RFC 2198: any payload is taken apart within its bounds, and loses blocks; what is wrapped comes
 * out again. Byte 0 and 1: the step of the time stamp; the rest: a payload. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CAP = 1400, TICKS = 160 };

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static void take_apart(const uint8_t *payload, size_t n)
{
    struct red_block b[RED_BLOCKS_MAX];
    const unsigned n_blocks = red_parse(b, payload, n);

    check(n_blocks <= RED_BLOCKS_MAX);
    for (unsigned i = 0; i < n_blocks; i++) {
        check(b[i].payload >= payload && b[i].payload + b[i].n <= payload + n);
        check(b[i].pt <= 127 && b[i].ts_offset <= RED_OFFSET_MAX);
    }
}

/* Whatever is taken out, the rest is as it was. */
static void take_out(const uint8_t *payload, size_t n, uint32_t removed)
{
    struct red_block before[RED_BLOCKS_MAX], after[RED_BLOCKS_MAX];
    const unsigned n_before = red_parse(before, payload, n);
    uint8_t *copy = malloc(n ? n : 1); /* of its own, so that a byte past its end is seen */
    unsigned k = 0, n_after;

    check(copy != NULL);
    memcpy(copy, payload, n);
    if (n_before > 0) {
        struct red_block b[RED_BLOCKS_MAX];
        const size_t left = red_remove(copy, b, red_parse(b, copy, n), removed);

        check(left <= n);
        n_after = red_parse(after, copy, left);
        for (unsigned i = 0; i < n_before; i++) {
            if (i + 1 < n_before && removed >> i & 1)
                continue;
            check(k < n_after && after[k].pt == before[i].pt && after[k].n == before[i].n);
            check(memcmp(after[k].payload, before[i].payload, before[i].n) == 0);
            check(after[k++].ts_offset == before[i].ts_offset);
        }
        check(k == n_after);
    }
    free(copy);
}

static void wrap(const uint8_t *payload, size_t n, uint32_t step)
{
    struct red_block b[RED_BLOCKS_MAX];
    struct red_sender r;
    uint8_t buf[CAP];

    red_init(&r);
    for (unsigned i = 0; i < 3; i++) {
        size_t n_red;
        unsigned n_blocks;

        memcpy(buf, payload, n);
        n_red = red_wrap(&r, 96, i * step, TICKS, buf, n, sizeof(buf));
        check(n_red <= sizeof(buf));
        if (n_red == 0)
            continue;
        n_blocks = red_parse(b, buf, n_red);
        check(n_blocks >= 1 && b[n_blocks - 1].n == n);
        check(n == 0 || memcmp(b[n_blocks - 1].payload, payload, n) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    take_apart(data, n);
    for (uint32_t removed = 0; n > 0 && removed < 1 << RED_BLOCKS_MAX; removed++)
        take_out(data, n, removed);
    if (n >= 2)
        wrap(data + 2, n - 2 < CAP ? n - 2 : CAP, (uint32_t)data[0] << 8 | data[1]);
    return 0;
}
