#ifndef PICRELAY_ICE_LEG_H
#define PICRELAY_ICE_LEG_H

#include <pthread.h>
#include <stdatomic.h>

#include <nice/agent.h>

#include "ice/checks.h"
#include "ice/deadline.h"
#include "ice/ice.h"
#include "ice/stun.h"

/**
 * What the files of ice/ know of each other; nothing outside includes this.
 *
 * One thread works on a leg at a time: whoever does holds leg->lock and owns its GMainContext,
 * from ice_leg_enter() to ice_leg_leave(). The ice thread does so to dispatch, control to call
 * libnice; so control waits for one dispatch of that one leg at the most, never for other legs,
 * and sockets are closed when ice_leg_remove_stream() or ice_leg_free() return.
 *
 * Locks, in the order in which they are taken: leg->lock, then ice->lock or ice->mail.lock. The
 * latter two are held for a few instructions, never over a call of libnice.
 */

#define ICE_COMPONENTS 2

struct ice_packet;
/* A context polls its own eventfd and the sockets of its components; libnice adds none with TCP,
 * UPnP and TURN off. Some spare places. */
#define ICE_WATCHES (1 + ICE_STREAMS_MAX * ICE_COMPONENTS + 7)

struct ice_watch {
    struct ice_leg *leg;
    int fd; /* -1: a free place */
};

/** Credentials of one generation (RFC 8445 s.9), as in SDP; NULL: not known. */
struct ice_generation {
    char *local_ufrag, *local_pwd;
    char *remote_ufrag, *remote_pwd;
};

/** Consent to send on the selected pair (RFC 7675). */
struct ice_consent {
    uint64_t ask_us;     /* when it is asked for next; UINT64_MAX: not at all */
    uint64_t expires_us; /* UINT64_MAX: not at all */
    StunTransactionId id;
};

struct ice_component {
    struct ice_leg *leg;
    struct ice_stream *stream;
    uint8_t number; /* 1: RTP, 2: RTCP */
    uint16_t port;
    int media_fd;    /* -1: none */
    GSocket *socket; /* libnice's: a reference of ours; NULL: not yet known */

    struct checks checks;
    struct ice_consent consent;
    bool is_pair_old;         /* from before the last restart */
    uint64_t errors_since_us; /* of the second in which n_errors were let through */
    unsigned n_errors;
    uint64_t fails_us; /* when there must be a pair; UINT64_MAX: no limit runs */
    int bridge_fd;     /* the way of media to a relay; -1: none */

    /* Of mailbox.c, under mail.lock; written under lock too, so who holds that may read them. */
    enum ice_state state;
    bool has_pair;
    struct ice_candidate local, remote; /* the selected pair */
    struct sockaddr_storage media;      /* where media goes for it */
    bool is_state_news, is_pair_news;   /* control has not been told */
};

struct ice_stream {
    unsigned nice_id; /* libnice's number of the stream, from 1 */
    unsigned n_components;
    bool is_trickling;            /* the peer has more candidates to tell */
    struct ice_generation now;    /* what is told in SDP */
    struct ice_generation before; /* of pairs from before a restart; NULLs: none */
    struct ice_component components[ICE_COMPONENTS];
};

struct ice_leg {
    struct ice *ice;
    struct ice_leg_config cfg; /* as given; const after ice_leg_alloc() */

    /* Under lock, together with everything inside of libnice. */
    pthread_mutex_t lock;
    GMainContext *context;
    int wake_fd; /* the context's own descriptor, of which nothing is to be heard: see arm() */
    NiceAgent *agent;
    gint priority; /* what g_main_context_prepare() said last */
    gint n_polls;
    GPollFD polls[ICE_WATCHES]; /* what g_main_context_query() said last */
    struct ice_watch watches[ICE_WATCHES];
    struct ice_watch bridges[ICE_STREAMS_MAX * ICE_COMPONENTS];
    pthread_cond_t gathered;        /* is_gathering is false */
    uint64_t nice_due_us;           /* libnice's next timeout; UINT64_MAX: none */
    uint64_t tie_breaker;           /* as libnice's checks have it */
    struct ice_component *listener; /* whose packets libnice is reading; NULL: none wait */
    const struct ice_packet *unread;
    unsigned n_unread;
    bool controls; /* as its checks say */
    bool is_closed, is_gathering;
    bool is_settled; /* libnice need not wait for a peer's nomination */

    struct ice_stream *streams[ICE_STREAMS_MAX]; /* changed by control, under lock and mail.lock */

    /* Under ice->lock. */
    struct deadline deadline;
    struct ice_leg *next_dead;

    /* Under mail.lock. */
    bool has_mail;
    struct ice_leg *next_mail, *prev_mail;
};

/** Where the ice thread (and libnice's signals on control itself) leave news for control. The news
 *  is in the components: a newer state or pair takes the place of one that was not fetched, so a
 *  peer that keeps changing its mind costs no memory and no stale event is delivered. */
struct ice_mailbox {
    pthread_mutex_t lock;
    int event_fd;
    struct ice_leg *first, *last;
};

#define ICE_CONTEXTS_SPARE 64

#define ICE_BATCH 32 /* datagrams that one turn reads: other legs have their turns soon */

struct ice_packet {
    struct sockaddr_storage from;
    size_t n;
    uint8_t bytes[ICE_STUN_MAX];
};

struct ice {
    pthread_t thread;
    int epoll_fd;
    int wake_fd; /* tells the thread that an earlier deadline was set, or that the end has come */
    atomic_bool is_ending;
    struct ice_mailbox mail;
    guint log_handler; /* GLib's number of ours */

    pthread_mutex_t lock;
    struct deadline_heap deadlines;
    uint64_t next_wake_us; /* what the thread sleeps for; 0: it is awake and will look again */
    size_t n_legs;
    struct ice_leg *dead; /* freed legs, kept until the thread cannot hold a pointer to them */

    /* Control's alone. */
    GMainContext *idle_context; /* nobody runs it: see host.c */
    GMainContext *spare[ICE_CONTEXTS_SPARE];
    unsigned n_spare;

    /* The ice thread's alone. */
    struct ice_stun stun;
    struct ice_packet batch[ICE_BATCH];

    atomic_uint_fast64_t n_bad, n_auth, n_unsolicited, n_answered;
};

/** Counts by the one thread that writes; anybody may read. */
static inline void ice_count(atomic_uint_fast64_t *counter)
{
    const uint64_t n = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, n + 1, memory_order_relaxed);
}

/* thread.c */
void *ice_thread_run(void *arg); /* arg: struct ice */
/** An earlier deadline was set, or the end has come. */
void ice_thread_wake(const struct ice *ice);
/** Between two waits of the thread, or after its end. */
void ice_thread_free_the_dead(struct ice *ice);
void ice_leg_enter(struct ice_leg *leg);
/** @return 0; ENOMEM, ENOSPC, ENOBUFS: not all descriptors of the leg could be watched */
int ice_leg_leave(struct ice_leg *leg);
/** Takes all descriptors of the leg out of the epoll set, before control closes any. Entered legs
 *  only; ice_leg_leave() puts in again what is still there. */
void ice_leg_unwatch(struct ice_leg *leg);
/** @return 0; ENOMEM: no room for one more deadline */
int ice_leg_count_in(struct ice_leg *leg);
/** Gives the memory of a closed leg to the ice thread. */
void ice_leg_bury(struct ice_leg *leg);

/** The clock of all that is timed here. */
uint64_t ice_now_us(void);

/* door.c */
/** Makes libnice's socket of a component read and write through the door. */
void ice_door_open(struct ice_component *c, GSocket *socket);
void ice_door_close(struct ice_component *c);
/** Reads what has come to a component. @return whether some of it is for libnice, which gets it
 *  when its context is dispatched next. Thread: ice */
bool ice_door_read(struct ice_component *c, uint64_t now_us);
/** What libnice has not read by now it never will. */
void ice_door_forget(struct ice_leg *leg);
/** Whether GLib's functions are hidden by ours: the door would be open else. */
bool ice_door_is_in_force(void);
/** Sends from a component's port, past libnice. */
void ice_door_send(const struct ice_component *c, const struct sockaddr_storage *to,
                   const void *bytes, size_t n);
socklen_t ice_addr_len(const struct sockaddr_storage *addr);

/* host.c */
/** Until ice_host_end(), what libnice makes on this thread has no contexts of its own. */
void ice_host_begin(struct ice *ice);
void ice_host_end(struct ice *ice);
/** Whether libnice's and GLib's functions are hidden by ours. */
bool ice_host_is_in_force(void);

/* contexts.c */
/** @param wake_fd  gets the context's own descriptor.
 *  @return 0; EMFILE, ENFILE: too few descriptors are left */
int ice_contexts_take(struct ice *ice, GMainContext **contextp, int *wake_fd);
/** A context that nobody owns; it is kept if no socket is attached to it. */
void ice_contexts_give(struct ice *ice, GMainContext *context);
void ice_contexts_wipe(struct ice *ice);

/* vet.c */
/** Decides about a datagram. @return whether libnice is to have it. Thread: ice */
bool ice_vet(struct ice_component *c, const struct ice_packet *p, uint64_t now_us);

/* consent.c */
/** A pair was selected, or the peer has consented: asks from now on. */
void ice_consent_start(struct ice_component *c, uint64_t now_us);
void ice_consent_stop(struct ice_component *c);
/** @return whether it is the answer to our last question */
bool ice_consent_is_answer(const struct ice_component *c, const uint8_t *packet);
void ice_consent_take(struct ice_component *c, const uint8_t *packet, size_t n, uint64_t now_us);
/** Asks, or gives up, if that is due. */
void ice_consent_run(struct ice_component *c, uint64_t now_us);
uint64_t ice_consent_due_us(const struct ice_component *c);

/* timers.c */
/** Does what is due of a leg, beside libnice's own timeouts. Thread: ice */
void ice_timers_run(struct ice_leg *leg, uint64_t now_us);
/** @return when it is to be called next; UINT64_MAX: never */
uint64_t ice_timers_due_us(const struct ice_leg *leg);

/* turn.c */
/** Before a stream is gathered: asks for relayed candidates, if there is a server. */
void ice_turn_prepare(struct ice_leg *leg, const struct ice_stream *s);
/** Whether a datagram comes from the leg's server: what is in it is libnice's. */
bool ice_turn_is_from_server(const struct ice_leg *leg, const struct sockaddr_storage *from);
/** What the server has passed on. @return its length; 0: nothing */
size_t ice_turn_unwrap(struct ice_stun *stun, const uint8_t *packet, size_t n,
                       const uint8_t **inner);

/* bridge.c */
/** @return 0: media goes to c->media; else errno, and there is no bridge */
int ice_bridge_open(struct ice_component *c, struct sockaddr_storage *media);
void ice_bridge_close(struct ice_component *c);
/** Passes on what the worker has sent. Thread: ice */
void ice_bridge_read(struct ice_component *c);
/** Gives the worker what came through the relay. */
void ice_bridge_write(const struct ice_component *c, const void *bytes, size_t n);

/* lite.c */
/** An authentic request came to a lite component; its answer has gone. */
void ice_lite_take(struct ice_component *c, const StunMessage *request,
                   const struct sockaddr_storage *from);
/** The peer is lite as well: the pair comes from signalling. */
void ice_lite_choose(struct ice_component *c, const struct ice_candidate *remotes, size_t n);

/* agent.c */
/** How soon libnice thinks that checks are over. */
void ice_set_idle(struct ice_leg *leg, bool is_settled);

/* stream.c */
struct ice_stream *ice_stream_of(const struct ice_leg *leg, unsigned stream);
void ice_stream_read_credentials(struct ice_leg *leg, struct ice_stream *s);
/** Frees what may be a secret. */
void ice_wipe_string(char *s);
void ice_generation_wipe(struct ice_generation *g);
/** A pair of this generation is selected: the one before is done with if no other component still
 *  has a pair of it. */
void ice_stream_settle(struct ice_stream *s);
/** Closes the media sockets and frees the stream; libnice's part is not touched. */
void ice_stream_free(struct ice_stream *s);

/* mailbox.c */
int ice_mailbox_init(struct ice_mailbox *mail);
void ice_mailbox_wipe(struct ice_mailbox *mail);
void ice_mailbox_post_state(struct ice_leg *leg, struct ice_component *c, enum ice_state state);
void ice_mailbox_post_pair(struct ice_leg *leg, struct ice_component *c,
                           const struct ice_candidate *local, const struct ice_candidate *remote,
                           const struct sockaddr_storage *media);
/** The pair is none any more. */
void ice_mailbox_post_loss(struct ice_leg *leg, struct ice_component *c);
/** Puts a stream in a place of the leg, or NULL: news of the stream that was there is gone. */
void ice_mailbox_set_stream(struct ice_leg *leg, unsigned place, struct ice_stream *stream);
/** Forgets all news of a leg. */
void ice_mailbox_forget(struct ice_leg *leg);

/* translate.c */
void ice_addr_from_nice(struct sockaddr_storage *ss, const NiceAddress *addr);
/** @return false: not an IPv4 or IPv6 address */
bool ice_addr_to_nice(NiceAddress *addr, const struct sockaddr_storage *ss);
void ice_candidate_from_nice(struct ice_candidate *c, const NiceCandidate *nice,
                             const struct ice_leg_config *cfg);
/** @return to be freed with nice_candidate_free() */
NiceCandidate *ice_candidate_to_nice(const struct ice_candidate *c,
                                     const struct ice_leg_config *cfg, unsigned nice_id);
NiceCompatibility ice_mode_to_nice(enum ice_mode mode);
NiceAgentOption ice_mode_to_nice_options(enum ice_mode mode);
enum ice_state ice_state_from_nice(guint state);
/** @return whether the mode has its credentials in the candidate lines (draft-06) */
bool ice_mode_has_line_credentials(enum ice_mode mode);

#endif
