#ifndef PICRELAY_BENCH_LOAD_CALLS_REQUEST_H
#define PICRELAY_BENCH_LOAD_CALLS_REQUEST_H

#include "bench/load/bencode.h"
#include "bench/load/calls.h"

/** The NG requests of calls. What is the same in all calls of a part is made once. */

struct load_fragments;

/** @return 0; ENOMEM; EINVAL: flags */
int load_fragments_alloc(struct load_fragments **fp, const struct load_calls_config *cfg);
void load_fragments_free(struct load_fragments *f); /* NULL is allowed */

/** @param address  of the end that speaks */
void load_request_write(struct load_buffer *b, const struct load_fragments *f,
                        const struct load_call *call, enum load_step step,
                        const union load_address *address);

#endif
