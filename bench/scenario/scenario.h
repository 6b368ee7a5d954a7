#ifndef PICRELAY_BENCH_SCENARIO_H
#define PICRELAY_BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/load/impair.h"
#include "bench/load/mode.h"

/**
 * What a load does, and what has to hold for it to have passed: read from a YAML file, with each
 * mistake told as "FILE:LINE: what is wrong, what is expected", or one of those that are built in
 * (bench/scenario/built-in/). [pure], but for scenario_read()
 */

#define SCENARIO_PARTS_MAX 40
#define SCENARIO_CALLS_MAX 30000
#define SCENARIO_NONE      (-1.0) /* a limit that is not set */

enum scenario_kind {
    SCENARIO_MEDIA,
    SCENARIO_PLACE,   /* no media: offer and answer of all calls, then delete */
    SCENARIO_SET_UPS, /* no media: offer, answer and delete, over and over */
};

/** Calls of one mode; a share of all. */
struct scenario_part {
    char mode_name[32];
    const struct load_mode *mode;
    uint32_t weight;
    char provider[64], direction[128]; /* empty: as said on the command line */
};

enum scenario_attack_kind {
    SCENARIO_GARBAGE, /* random bytes to media ports */
    SCENARIO_SPOOF,   /* RTP that looks right, from other sources */
    SCENARIO_REPLAY,  /* genuine packets once more, from the right source */
    SCENARIO_STUN,    /* binding requests to media ports */
    SCENARIO_NG,      /* malformed and unknown commands to the control port */
    SCENARIO_ATTACKS,
};

struct scenario_attack {
    bool is_wanted[SCENARIO_ATTACKS];
    uint32_t rate; /* packets a second, of all kinds together */
};

/** The most that is allowed, but for score; SCENARIO_NONE: no limit. */
struct scenario_limits {
    double loss; /* [%] */
    double delay_p50_ms, delay_p99_ms, delay_p999_ms, delay_max_ms;
    double offer_p99_ms, answer_p99_ms, first_media_p99_ms;
    double failed_calls;   /* [%] */
    double silent_calls;   /* endpoints that heard nothing */
    double lost_checks;    /* of ICE, never answered */
    double cpu_us;         /* of the relay, a packet */
    double cpu_percent;    /* of one core */
    double rss_kb;         /* a call */
    double growth_kb_hour; /* of the resident memory, over the last half of the run */
    double score;          /* STOI of the sampled calls, at least */
    double attack_loss;    /* [%] more than in the quiet half */
    double attack_p99_ms;  /* more than in the quiet half */
};

struct scenario {
    char name[64], title[128];
    unsigned kind;  /* enum scenario_kind */
    uint32_t calls; /* at a time */
    double rate;    /* calls a second, with hold_s; 0: `calls` of them */
    double hold_s;  /* how long a call lasts, on average; 0: the whole run */
    uint32_t seconds, warm_ms;
    struct scenario_part parts[SCENARIO_PARTS_MAX];
    unsigned n_parts;
    bool has_rtcp, is_ip6, has_talk;
    double dtmf_every_s, hold_every_s, hold_for_s; /* on hold; 0: never */
    struct load_impair impair;
    struct scenario_attack attack;
    struct scenario_limits limits;
};

/** Plain calls, without limits. */
void scenario_default(struct scenario *s);

/**
 * Reads a text.
 * @param file  what it is called in messages
 * @param err   one line
 * @return 0; EINVAL: err says where and why; ENOMEM
 */
int scenario_parse(struct scenario *s, const char *text, size_t n, const char *file, char *err,
                   size_t err_cap);
/** Reads a file, or what is built in: a scenario of that name, or the mode of that name. */
int scenario_read(struct scenario *s, const char *name, char *err, size_t err_cap);
/** The calls are of one mode alone. @return false: no such mode */
bool scenario_set_mode(struct scenario *s, const char *mode);
/** Does it fit together? For what came from a command line as well. @return 0; EINVAL */
int scenario_check(const struct scenario *s, char *err, size_t err_cap);

/** What a call with this serial number is: in turn, by weight. */
const struct scenario_part *scenario_part_of(const struct scenario *s, uint64_t serial);
bool scenario_has_attack(const struct scenario *s);
const char *scenario_attack_name(unsigned kind);
/** Calls a second that are set up and torn down; 0: none, all last for the whole run. */
double scenario_rate(const struct scenario *s);

/** A built-in scenario. */
struct scenario_builtin {
    const char *name, *text;
    size_t n;
};
/** @return NULL: beyond the last */
const struct scenario_builtin *scenario_builtin_at(unsigned i);

/** Writes the whole of it as YAML that scenario_parse() takes. */
void scenario_print(const struct scenario *s, FILE *out);
/** Writes what each key means. */
void scenario_reference(FILE *out);

#endif
