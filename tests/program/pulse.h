#ifndef PICRELAY_TESTS_PULSE_H
#define PICRELAY_TESTS_PULSE_H

#include "tests/program/relay.h"

/**
 * A PulseAudio server of the test's own with two null sinks, which keep real time, and the way to
 * it for programs that are started afterwards: PortAudio knows "picrelay_mic" (what is played into
 * the sink mic) and "picrelay_ear", and "picrelay_fast", which has
 * no clock. Nothing of the system's sound is touched. Thread: the loop's.
 */

struct pulse {
    struct loop *loop;
    struct process *server;
    char folder[32];
};

/** Starts it, and sets ALSA_CONFIG_PATH, HOME, PULSE_SERVER for our children. */
void pulse_open(struct pulse *p, struct loop *loop);
void pulse_close(struct pulse *p); /* a zeroed one is allowed */
/** All its devices disappear, and come back. */
void pulse_stop(struct pulse *p);
void pulse_start(struct pulse *p);

/** Plays a file, four times over, into what "picrelay_mic" hears; to be freed. */
struct process *pulse_say(const struct pulse *p, const char *file);

#endif
