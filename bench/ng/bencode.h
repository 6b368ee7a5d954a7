#ifndef PICRELAY_BENCH_NG_BENCODE_H
#define PICRELAY_BENCH_NG_BENCODE_H

#include <stddef.h>

#include <jansson.h>

/**
 * The bencode of the NG protocol, to and from Jansson values: strings are bytes (not checked to be
 * UTF-8), keys keep their order, booleans and reals do not exist. Apart from the relay's own
 * decoder on purpose. [pure]
 */

#define NG_BENCODE_DEPTH_MAX 32

/** @param value  borrowed and not changed (Jansson iterates over non-const objects only).
 *  @return bytes written; -ENOSPC; -EINVAL: a value that bencode does not have */
long ng_bencode_write(char *buf, size_t cap, json_t *value);

/**
 * Reads one value, of any content, that fills all n bytes. On a duplicate key the first wins.
 * @return a new reference; NULL: malformed
 */
json_t *ng_bencode_read(const char *buf, size_t n);

#endif
