#ifndef PICRELAY_LOOPBACK_TERMINAL_H
#define PICRELAY_LOOPBACK_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/** The terminal as a screen: keys as they are pressed, a page that is drawn over. Thread: any one.
 */

struct terminal {
    bool is_raw;    /* stdin gives keys */
    bool is_screen; /* stdout is a page */
    struct termios before;
};

/**
 * Keys without Enter if stdin is a terminal; Ctrl-C stays a signal.
 * @param wants_screen  a page on stdout, if that is a terminal too
 */
void terminal_open(struct terminal *t, bool wants_screen);
/** As it was. A zeroed one is allowed. */
void terminal_close(struct terminal *t);

void terminal_size(unsigned *columns, unsigned *rows);
/** Writes all or, to a reader that is gone or does not read, less. */
void terminal_write(const char *text, size_t n);

#endif
