#ifndef PICRELAY_BENCH_LOAD_RUN_H
#define PICRELAY_BENCH_LOAD_RUN_H

#include "bench/load/calls.h"
#include "bench/load/churn.h"
#include "bench/load/floor.h"
#include "bench/load/media.h"
#include "bench/load/proc.h"
#include "bench/scenario/scenario.h"

/** One measurement: calls are set up, talk for some time, and are deleted. One thread. */

/** Told once an interval of the series. */
typedef void(load_progress_h)(const struct load_point *point, const struct load_series *series,
                              void *arg);

struct load_run_config {
    const char *ng; /* NULL: the floor */
    const char *direction, *provider, *offer_flags, *answer_flags;
    const char *local;     /* address of the ends */
    const char *interface; /* NULL: sockets; else frames of this network card (packet.h) */
    const struct scenario *scenario;
    unsigned n_pairs, in_flight;
    pid_t pid; /* of the relay; 0: its costs are not known */
    enum floor_kind floor;
    bool is_gathering;                       /* the floor */
    int relay_cpu;                           /* for the floor; -1: any */
    const char *floor_address, *floor_space; /* where it listens (floor.h) */
    const struct sound *speech;              /* NULL: a voice-like sound */
    load_progress_h *progress_h;             /* NULL: nobody looks */
    void *arg;
};

/** What good calls felt in one half of a run with an attack. */
struct load_half {
    uint64_t sent, received;
    struct load_histogram delay;
};

struct load_result {
    const struct scenario *scenario;
    unsigned n_calls, n_up; /* of those that were set up before the media */
    uint64_t set_up_ns, delete_ns;
    struct load_calls_stats calls;
    struct churn_stats churn;
    struct load_media_stats media;
    struct load_series series;
    struct load_half quiet, attacked;
    bool has_halves;
    uint64_t attacks[SCENARIO_ATTACKS]; /* packets of each kind */
    bool is_forging;
    struct load_ear_score scores[LOAD_EARS_MAX];
    unsigned n_scores;
    bool has_proc;
    bool has_died; /* the relay, in the middle */
    struct load_proc idle, signalled, begin,
        end; /* before; with calls; around the measured packets */
    char problem[256];
};

/**
 * @param r  written in any case, as far as the measurement came
 * @return 0; ECONNREFUSED: no relay, or calls could not be set up; ESRCH: the relay has ended;
 *         ECANCELED: by a signal; EMFILE, ENOMEM and others of the system. r->problem says it in
 *         words.
 */
int load_run(struct load_result *r, const struct load_run_config *cfg);

/* what is read off a result */
/** Packets that did not come back. Where packets are lost on purpose, it is a guess which of them a
 *  transcoded one was; one or two more than were sent may have come then, and none is lost. */
uint64_t load_lost(uint64_t sent, uint64_t received);
double load_half_loss_percent(const struct load_half *h);
double load_result_loss(const struct load_result *r);           /* 0..1 */
double load_result_cpu_us(const struct load_result *r);         /* a packet; < 0: not known */
double load_result_cpu_share(const struct load_result *r);      /* of one core, 0..; < 0 */
double load_result_rss_bytes(const struct load_result *r);      /* a call; < 0: not known */
double load_result_growth_kb_hour(const struct load_result *r); /* in the second half; < -1e9 */
double load_result_set_ups_per_s(const struct load_result *r);  /* offers and answers */
double load_result_score(const struct load_result *r);          /* the lowest; < 0: not known */
/** Calls that were to be set up, and those that could not be. */
uint64_t load_result_asked(const struct load_result *r);
uint64_t load_result_failed(const struct load_result *r);
/** How many calls of this kind the generator itself can offer, by how busy it was; 0: not known. */
unsigned load_result_offer_max(const struct load_result *r);
/** Were all packets that came back right? */
bool load_result_is_clean(const struct load_result *r);
/** Did the generator keep its pace? If not, the figures are its own. */
bool load_result_is_paced(const struct load_result *r);

#define LOAD_GROWTH_UNKNOWN (-1e12)

#endif
