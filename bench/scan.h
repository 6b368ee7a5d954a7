#ifndef PICRELAY_BENCH_SCAN_H
#define PICRELAY_BENCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Takes words and numbers off the front of a line. Each moves *at behind what it took, and leaves
 * it where it was if it takes nothing. [pure] Any thread.
 */

/** Takes what comes before a blank, the end or one of stops (blanks before it are skipped).
 *  @return false: nothing is there, or it does not fit into cap with its NUL */
bool scan_word(const char **at, char *word, size_t cap, const char *stops);
/** Takes a decimal number without sign (blanks before it are skipped). @return false: none, or
 *  more than max */
bool scan_number(const char **at, uint32_t max, uint32_t *number);
/** Takes this text exactly. */
bool scan_text(const char **at, const char *text);

#endif
