#ifndef PICRELAY_LOOPBACK_SCREEN_H
#define PICRELAY_LOOPBACK_SCREEN_H

#include "bench/loopback/facts.h"

/** Facts as text: a full screen, or one line. [pure] */

#define SCREEN_MAX 16384

/**
 * Writes a whole screen, cut to its size, with the escape codes that draw it over the one before.
 * @param message  last line: what was just done
 * @return bytes
 */
size_t screen_draw(char buf[static SCREEN_MAX], const struct facts *f, unsigned columns,
                   unsigned rows, const char *message);
/** Writes one line without its end, for a log. @return bytes */
size_t screen_line(char *buf, size_t cap, const struct facts *f);

#endif
