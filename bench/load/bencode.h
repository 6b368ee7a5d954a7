#ifndef PICRELAY_BENCH_LOAD_BENCODE_H
#define PICRELAY_BENCH_LOAD_BENCODE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * As much bencode as a load needs, without a tree of values: ten thousand set-ups a second are
 * thirty thousand requests, and the generator must not be what limits them. [pure]
 */

struct load_text {
    const char *at;
    size_t n;
};

/** A request under way; is_full: something did not fit, and nothing more is added. */
struct load_buffer {
    char *at;
    size_t n, cap;
    bool is_full;
};

void load_put_bytes(struct load_buffer *b, const void *bytes, size_t n);
/** Appends a key and its string. */
void load_put_pair(struct load_buffer *b, const char *key, const char *value, size_t n);

/**
 * Finds a string in the outermost dictionary; bytes of any content.
 * @return false: malformed, not there, or not a string
 */
bool load_find(struct load_text *value, const char *bencode, size_t n, const char *key);

#endif
