#ifndef PICRELAY_LOOPBACK_SESSION_H
#define PICRELAY_LOOPBACK_SESSION_H

#include "bench/loopback/cards.h"
#include "bench/loopback/exchange.h"
#include "bench/loopback/facts.h"
#include "bench/loopback/options.h"
#include "bench/loopback/quiet.h"
#include "bench/loopback/terminal.h"
#include "bench/peer/call.h"

/**
 * One run: devices, both ends or one, the call between them, keys, screen, verdict. session.c goes
 * the way of a call, devices.c follows the devices, input.c hears keys and signals, actions.c does
 * what keys ask for, report.c tells. Thread: the loop's.
 */

#define SESSION_KEYS_MAX 64

struct session_end {
    struct mouth *mouth;
    struct ear *ear; /* NULL: this end is not here */
    struct measure measured;
    bool is_held;
    uint32_t loss_percent;
};

struct session {
    const struct options *o;
    const struct plan *plan;
    struct loop *loop;
    struct ng_client *ng;

    struct call *call;  /* both ends are here */
    struct peer *alone; /* or one is, with: */
    struct signalling signalling;
    struct exchange exchange;
    char flags[2][256]; /* of offers to the relay, by the side that offers */
    struct session_end end[2];

    struct cards *cards;
    struct quiet quiet;  /* while there are any */
    struct feed feed[2]; /* by enum card_way */
    bool has_feed[2];
    uint64_t gaps_before[2]; /* of the cards, when the call began */
    uint64_t gaps_seen[2];   /* of these, the ring is deeper for */

    struct loop_timer *step, *look;
    struct loop_watch *keys_watch, *signals_watch;
    int signals_fd;
    struct terminal terminal;
    char pressed[SESSION_KEYS_MAX];
    size_t n_pressed;

    enum facts_step at;
    int err;
    char problem[CARD_TEXT_MAX], message[160];
    bool is_interrupted, is_quitting;
    uint64_t talk_us, done_us; /* when it began; when the files were said. 0: not yet */
    uint64_t n_looks;
    enum card_state state_told[2]; /* of the devices */
    json_t *query;                 /* what the relay said in the end */
};

/** @param files  by side, for MOUTH_FILE. @return exit status */
int session_run(const struct options *o, const struct plan *plan, const struct sound files[2]);

/** NULL: that end is not here. */
struct peer *session_peer(const struct session *s, unsigned side);

/** Opens the devices that are used. @return 0; as cards_open(), with problem set */
int session_devices_open(struct session *s);
/** The call begins: what was captured before is forgotten. */
void session_devices_begin(struct session *s);
/** Looks what has become of them. */
void session_devices_follow(struct session *s);

/** Does what the pressed keys ask for, or the other end. Runs the loop while a new offer is
 * answered.
 */
void session_act(struct session *s);
/** Are keys read from stdin? */
void session_keys_read(struct session *s, bool is_on);
/** SIGINT, SIGTERM and SIGHUP end the call from now on. Before any thread is made. @return 0;
 * errors of signals and of the loop */
int session_signals_read(struct session *s);

/** Everything that is known now. */
void session_facts(struct session *s, struct facts *f);
/** Draws the screen, or writes a line once a second. */
void session_show(struct session *s);
/** A line of what just happened: on the screen's message line, or in the log. */
__attribute__((format(printf, 2, 3))) void session_tell(struct session *s, const char *format, ...);
/** Verdict and recordings. @return exit status */
int session_report(struct session *s);

#endif
