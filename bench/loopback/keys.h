#ifndef PICRELAY_LOOPBACK_KEYS_H
#define PICRELAY_LOOPBACK_KEYS_H

#include <stddef.h>

/** The keys of a run. [pure] */

enum key_action {
    KEY_NONE,
    KEY_MUTE,
    KEY_HOLD,
    KEY_DIGIT,
    KEY_LOSS,
    KEY_CODEC,
    KEY_RESTART,
    KEY_MARKER,
    KEY_QUIT,
};

struct key {
    enum key_action action;
    const char *keys;  /* all that do it */
    const char *shown; /* in the help */
    const char *word;  /* on the screen's last line */
    const char *help;
};

/** The i-th row; NULL after the last. */
const struct key *keys_at(size_t i);
enum key_action keys_find(char c);

#endif
