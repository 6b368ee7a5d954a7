#ifndef PICRELAY_LOOPBACK_FACTS_H
#define PICRELAY_LOOPBACK_FACTS_H

#include <jansson.h>

#include "bench/loopback/cards.h"
#include "bench/loopback/ear.h"
#include "bench/loopback/feed.h"
#include "bench/loopback/measure.h"
#include "bench/loopback/mouth.h"
#include "bench/peer/peer.h"

/**
 * Everything that is known of a run at one moment, by value: what the screen shows and the verdict
 * is made of. [pure]
 */

enum facts_step { /* how far the call came */
                  STEP_DEVICES,
                  STEP_SIGNALLING, /* offer and answer */
                  STEP_CONNECTING, /* ICE, or the first packets */
                  STEP_TALKING,
                  STEP_OVER,
};

/** What the relay says of one leg, in its reply to a query. */
struct facts_leg {
    bool is_known;
    uint64_t packets_in, packets_out, errors;
    char ice[24];       /* state of its pair; "": it does not say */
    char drop[64];      /* the most frequent reason; "": none */
    uint64_t n_dropped; /* by that reason */
};

/** One end that is here. */
struct facts_end {
    bool is_here;
    char letter;
    enum peer_dialect dialect;
    enum peer_state state;
    char codec_sent[40], codec_heard[40];
    bool is_secure;

    bool has_ice;
    struct peer_ice_facts ice;
    char pair[2][160];
    uint64_t connect_us;

    struct peer_counts counts;
    struct peer_sender_stats tx;
    struct peer_receiver_stats rx;
    struct peer_rtcp_stats rtcp;
    char digits[PEER_DIGITS_MAX + 1]; /* that came */

    enum mouth_kind mouth;
    struct level level_out, level_in;
    bool is_muted, is_held, has_speaker;
    uint32_t loss_percent;

    struct jitter_counts jitter;
    uint32_t held_ms, target_ms;

    bool is_scored;          /* the other end is here too, and says something that can be scored */
    struct measure measured; /* of what it hears from the other end */
    struct facts_leg leg;    /* the relay's side of it */
};

struct facts_card {
    bool is_used;
    struct card_status status;
    struct feed_counts feed;
    double ppm; /* by how much the rate is bent now */
};

struct facts {
    enum facts_step step;
    uint64_t talked_us; /* since both heard each other */
    const char *relay;  /* address; NULL: none between */
    bool has_reply;     /* the relay has ever answered */
    uint64_t offer_us, answer_us;
    char problem[CARD_TEXT_MAX]; /* why a step failed; "": none */
    int err;                     /* of that */
    bool is_interrupted;
    struct facts_end end[2];
    struct facts_card card[2]; /* by enum card_way */
};

/** Reads a leg out of a query's reply, whatever it holds. @param tag  of that end */
void facts_leg_read(struct facts_leg *leg, const json_t *query, const char *tag);
/** Fills what a peer knows. */
void facts_peer_read(struct facts_end *e, const struct peer *p);

/** Whether this end hears anything, and whether the other end sends it anything. */
bool facts_hears(const struct facts_end *e);

#endif
