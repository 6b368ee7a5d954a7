#ifndef PICRELAY_BENCH_LOAD_DELAY_LINE_H
#define PICRELAY_BENCH_LOAD_DELAY_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/load/stream.h"

/** Packets that are held back until their time: a heap of fixed size. [pure] */

#define LOAD_DELAY_LINE_MAX 8192

struct load_delayed {
    uint64_t due_ns;
    uint32_t slot;   /* of the stream that made it */
    uint32_t serial; /* of that stream: the slot may have another one by then */
    uint64_t number; /* its turn */
    size_t n;
    uint8_t packet[LOAD_PACKET_MAX];
};

struct load_delay_line;

/** @return 0; ENOMEM */
int load_delay_line_alloc(struct load_delay_line **lp);
void load_delay_line_free(struct load_delay_line *l); /* NULL is allowed */
/** @return where to write the packet that leaves at that time; NULL: full */
struct load_delayed *load_delay_line_put(struct load_delay_line *l, uint64_t due_ns);
/** Takes out the next one that is due: valid until the next put. @return NULL: none is due */
struct load_delayed *load_delay_line_take(struct load_delay_line *l, uint64_t now_ns);
/** @return UINT64_MAX: it is empty */
uint64_t load_delay_line_due_ns(const struct load_delay_line *l);

#endif
