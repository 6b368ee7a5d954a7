#ifndef PICRELAY_ICE_LEG_H
#define PICRELAY_ICE_LEG_H

#include <pthread.h>
#include <stdatomic.h>

#include <nice/agent.h>

#include "ice/deadline.h"
#include "ice/ice.h"

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
/* A context polls its own eventfd and the sockets of its components; libnice adds none with TCP,
 * UPnP and TURN off. Some spare places. */
#define ICE_WATCHES (1 + ICE_STREAMS_MAX * ICE_COMPONENTS + 7)

struct ice_watch {
    struct ice_leg *leg;
    int fd; /* -1: a free place */
};

struct ice_component {
    uint16_t port;
    int media_fd; /* -1: none */

    /* Of mailbox.c, under mail.lock. */
    enum ice_state state;
    bool has_pair;
    struct ice_candidate local, remote; /* the selected pair */
    bool is_state_news, is_pair_news;   /* control has not been told */
};

struct ice_stream {
    unsigned nice_id; /* libnice's number of the stream, from 1 */
    unsigned n_components;
    char *ufrag, *pwd;
    struct ice_component components[ICE_COMPONENTS];
};

struct ice_leg {
    struct ice *ice;
    struct ice_leg_config cfg; /* as given; const after ice_leg_alloc() */

    /* Under lock, together with everything inside of libnice. */
    pthread_mutex_t lock;
    bool is_closed;
    GMainContext *context;
    NiceAgent *agent;
    gint priority; /* what g_main_context_prepare() said last */
    gint n_polls;
    GPollFD polls[ICE_WATCHES]; /* what g_main_context_query() said last */
    struct ice_watch watches[ICE_WATCHES];
    int muted_fd; /* a socket that guard.c has muted; -1: none */
    uint64_t muted_until_us;

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

/** The turn that the ice thread is taking, for guard.c. */
struct ice_turn {
    uint64_t n; /* turns so far, this one with them */
    bool is_on, is_muted;
    int fd; /* the socket that is read; -1: none, a timeout */
};

struct ice {
    pthread_t thread, guard;
    int epoll_fd;
    int wake_fd; /* tells the thread that an earlier deadline was set, or that the end has come */
    atomic_bool is_ending;
    struct ice_mailbox mail;

    pthread_mutex_t lock;
    struct deadline_heap deadlines;
    uint64_t next_wake_us; /* what the thread sleeps for; 0: it is awake and will look again */
    struct ice_turn turn;
    uint64_t n_floods;
    size_t n_legs;
    struct ice_leg *dead; /* freed legs, kept until the thread cannot hold a pointer to them */
};

/* thread.c */
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

/* guard.c */
void *ice_guard_run(void *arg); /* a thread; arg: struct ice */
/** To be called when is_ending is set, before the ice thread is joined. */
void ice_guard_stop(struct ice *ice);
void ice_guard_begin(struct ice_leg *leg, int fd);
void ice_guard_end(struct ice_leg *leg, uint64_t now_us);
void ice_guard_unmute(struct ice_leg *leg);

/* agent.c */
/** @return 0; EMFILE, ENFILE: there are not n free descriptors and some more */
int ice_check_fds_left(const struct ice *ice, unsigned n);

/* stream.c */
struct ice_stream *ice_stream_of(const struct ice_leg *leg, unsigned stream);
void ice_stream_read_credentials(struct ice_leg *leg, struct ice_stream *s);
/** Closes the media sockets and frees the stream; libnice's part is not touched. */
void ice_stream_free(struct ice_stream *s);

/* mailbox.c */
int ice_mailbox_init(struct ice_mailbox *mail);
void ice_mailbox_wipe(struct ice_mailbox *mail);
void ice_mailbox_post_state(struct ice_leg *leg, struct ice_component *c, enum ice_state state);
void ice_mailbox_post_pair(struct ice_leg *leg, struct ice_component *c,
                           const struct ice_candidate *local, const struct ice_candidate *remote);
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
