#ifndef PICRELAY_LOOPBACK_QUIET_H
#define PICRELAY_LOOPBACK_QUIET_H

/**
 * Sound libraries write to stderr what nobody asked for: each configured device that is not there,
 * each underrun, and PortAudio a line a turn of its loop when a device was pulled out. Between
 * begin and end they write to /dev/null, and we to what stderr was. With sanitizers nothing is
 * hidden, since their reports would be. Thread: one at a time.
 */

struct quiet {
    int kept; /* stderr as it was; 0 or less: it still is */
};

void quiet_begin(struct quiet *q);
void quiet_end(struct quiet *q); /* a zeroed one is allowed */

/** A line of our own. */
__attribute__((format(printf, 2, 3))) void quiet_print(const struct quiet *q, const char *format,
                                                       ...);

#endif
