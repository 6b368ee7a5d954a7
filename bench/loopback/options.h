#ifndef PICRELAY_LOOPBACK_OPTIONS_H
#define PICRELAY_LOOPBACK_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/loopback/mouth.h"
#include "bench/peer/peer.h"

/** The command line of picrelay-loopback. [pure] */

struct options_end {
    const char *dialect, *codecs, *keys, *local, *say, *hear, *profile;
};

/** As written. */
struct options {
    const char *ng, *end, *sdp_in, *sdp_out;
    struct options_end of[2];
    const char *device_in, *device_out, *direction, *provider, *offer_flags, *answer_flags, *record,
        *dial;
    unsigned rate_in, rate_out, seconds, record_s, loss;
    bool is_list, is_plain, is_json, is_repeated, is_help;
};

enum { OPTIONS_BOTH = 2 };

/** What they mean. */
struct plan_end {
    struct peer_config peer; /* loop, source and listener are put in later */
    struct mouth_config mouth;
    const char *file; /* MOUTH_FILE: its path */
    bool has_speaker;
};

struct plan {
    unsigned side; /* 0, 1, or OPTIONS_BOTH */
    struct plan_end end[2];
};

void options_default(struct options *o);
/** @return 0; EINVAL: getopt or we have said on stderr what is wrong */
int options_read(struct options *o, int argc, char **argv);
/** The manual. */
void options_usage(FILE *out);

/** @param why  what does not fit. @return 0; EINVAL */
int options_plan(struct plan *p, const struct options *o, char *why, size_t cap);
bool plan_has(const struct plan *p, unsigned side);

#endif
