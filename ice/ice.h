#ifndef PICRELAY_ICE_H
#define PICRELAY_ICE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ice/candidate.h"

/**
 * The one door to libnice. An ice_leg is one libnice agent: one leg of a call, with a stream for
 * each m= line and one or two components in each.
 *
 * Threads: every function here is called on the control thread. The agents run on the ice thread,
 * each with its own GMainContext, driven by one epoll. What happens to them reaches control as
 * events through ice_dispatch(). Nothing here is ever called by a worker; the data path uses only
 * the descriptor of ice_media_fd().
 *
 * Lifetime: an ice_leg ends with ice_leg_free(); no event for it is delivered afterwards.
 */

#define ICE_STREAMS_MAX    8   /* m= lines with ICE on one leg */
#define ICE_UFRAG_MAX      257 /* RFC 8445: 256 characters, and a NUL */
#define ICE_PWD_MAX        257
#define ICE_CANDIDATES_MAX 25 /* remote ones of a component (threat model, section 4) */
#define ICE_CHECKS_MAX     32 /* addresses of which is told what was tried */

struct ice;
struct ice_leg;

/** Which ICE is spoken: decides the libnice compatibility mode. Fixed when the leg is made. */
enum ice_mode {
    ICE_MODE_RFC,     /* RFC 8445 / 5245 */
    ICE_MODE_LYNC,    /* MS-ICE2: libnice OC2007R2 */
    ICE_MODE_OCS2007, /* draft-06: libnice OC2007 */
    ICE_MODE_WLM2009, /* libnice WLM2009 */
    ICE_MODE_MSN,     /* libnice MSN */
};

enum ice_state {
    ICE_STATE_NEW,
    ICE_STATE_CHECKING,
    ICE_STATE_CONNECTED, /* a pair is selected; a better one may follow */
    ICE_STATE_READY,     /* nomination is complete */
    ICE_STATE_FAILED,    /* no pair by the time limit; one may still be found */
    ICE_STATE_LOST,      /* there was a pair; its peer does not consent any more. Until a restart */
};

struct ice_event {
    enum {
        ICE_EVENT_STATE,
        ICE_EVENT_SELECTED,
    } type;
    struct ice_leg *leg;
    void *arg;          /* of ice_leg_config */
    unsigned stream;    /* from 0 */
    unsigned component; /* 1: RTP, 2: RTCP */
    enum ice_state state;
    struct ice_candidate local, remote; /* ICE_EVENT_SELECTED: the pair */
    struct sockaddr_storage media;      /* where media goes: remote's, or the way to the relay */
};

typedef void(ice_event_h)(const struct ice_event *ev, void *arg);

/** Starts the ice thread. @return 0; ENOMEM; EMFILE; EAGAIN (no thread); ENOTSUP: see door.c */
int ice_alloc(struct ice **icep);
/** Ends the thread; every leg must have been freed. */
void ice_free(struct ice *ice);
/** @return a descriptor that is readable while events wait; belongs to ice */
int ice_event_fd(const struct ice *ice);
/** Calls h for each waiting event. */
void ice_dispatch(struct ice *ice, ice_event_h *h, void *arg);

/** What came to the ports and was not for an agent. */
struct ice_counters {
    uint64_t n_bad;         /* not STUN, or broken */
    uint64_t n_auth;        /* requests without our credentials */
    uint64_t n_unsolicited; /* answers to nothing that was asked */
    uint64_t n_answered;    /* requests on a settled pair, answered without the agent */
};
void ice_read_counters(const struct ice *ice, struct ice_counters *counters);

#define ICE_TURN_TEXT_MAX 256

/** A TURN server (RFC 8656, over UDP) that an agent asks for a relayed candidate. ICE_MODE_RFC
 * only: the other dialects have TURN of their own. */
struct ice_turn_server {
    struct sockaddr_storage addr;
    char username[ICE_TURN_TEXT_MAX], password[ICE_TURN_TEXT_MAX];
};

struct ice_leg_config {
    enum ice_mode mode;
    bool is_controlling;
    bool is_lite_peer;                  /* the peer sent a=ice-lite */
    bool is_lite;                       /* we are: answer checks, make none. ICE_MODE_RFC only */
    const struct ice_turn_server *turn; /* NULL: none. Must live as long as the leg */
    struct sockaddr_storage local;      /* interface address; its port is not used */
    struct sockaddr_storage advertise;  /* address for the candidate lines, AF_UNSPEC: as local */
    int tos;                            /* IP_TOS / traffic class of the sockets; -1: leave */
    unsigned idle_ms; /* how long after its last check a component without a pair has failed;
                       * 0: libnice's, 5000 */
    unsigned n_transmissions; /* of an unanswered check; 0: libnice's, 3 */
    unsigned timeout_ms;      /* from the peer's candidates to ICE_STATE_FAILED; 0: 20,000 */
    unsigned consent_ms;      /* between two questions for consent, about; 0: 5,000 */
    unsigned consent_life_ms; /* of an answer to one; 0: 30,000 (RFC 7675 s.5.1) */
    void *arg;                /* comes back in events */
};

/** @return 0; ENOMEM; EINVAL */
int ice_leg_alloc(struct ice_leg **legp, struct ice *ice, const struct ice_leg_config *cfg);
/** Closes sockets and agent. The worker must have let go of the media descriptors before. */
void ice_leg_free(struct ice_leg *leg);

/**
 * Adds a stream on given ports and gathers its host candidates, ready when this returns; those of a
 * TURN server come later. Both the
 * port's sockets are bound then: libnice's (STUN) and the media one, told apart in the kernel.
 * @param ports  n_components (1 or 2) local ports, RTP first
 * @return stream number >= 0; -EADDRINUSE: a port is taken, nothing is left behind; -ENOMEM;
 *         -EMFILE
 */
int ice_leg_add_stream(struct ice_leg *leg, unsigned n_components, const uint16_t *ports);
void ice_leg_remove_stream(struct ice_leg *leg, unsigned stream);

/** The media socket of a component: non-blocking, gets all but STUN. Owned by the leg. */
int ice_media_fd(const struct ice_leg *leg, unsigned stream, unsigned component);

/** Local credentials for SDP (modes without per-candidate ones). Strings live as long as the leg,
 *  or until ice_leg_restart(). */
const char *ice_local_ufrag(const struct ice_leg *leg, unsigned stream);
const char *ice_local_pwd(const struct ice_leg *leg, unsigned stream);

/** Local candidates of all components, advertised addresses put in.
 *  @return how many were written */
size_t ice_local_candidates(const struct ice_leg *leg, unsigned stream, struct ice_candidate *c,
                            size_t max);

/** @return 0; EINVAL: credentials too short or with characters they cannot have */
int ice_set_remote_credentials(struct ice_leg *leg, unsigned stream, const char *ufrag,
                               const char *pwd);
/**
 * Gives the peer's candidates (again, or more of them) and starts the checks. Unusable ones (TCP,
 * other family, multicast ...) are left out.
 * @return how many were taken; -EINVAL
 */
int ice_set_remote_candidates(struct ice_leg *leg, unsigned stream, const struct ice_candidate *c,
                              size_t n);

/**
 * The peer sends its candidates as it finds them (RFC 8838): until ice_end_of_candidates() nothing
 * has failed before the time limit.
 */
void ice_set_trickling(struct ice_leg *leg, unsigned stream);
/** The peer has told all its candidates of a stream. */
void ice_end_of_candidates(struct ice_leg *leg, unsigned stream);

/**
 * Waits until a TURN server has given its candidates, or will not. Without one it returns at once.
 * What comes later is used all the same: the peer learns of it from the checks.
 * @return 0; ETIMEDOUT: ms have passed
 */
int ice_leg_await_gathering(struct ice_leg *leg, unsigned ms);

/** What was tried towards one address, and what came back. */
struct ice_check {
    struct sockaddr_storage remote;
    unsigned n_sent;     /* requests of ours */
    unsigned n_answered; /* success responses */
    unsigned n_received; /* the peer's own requests, authentic ones */
    unsigned error;      /* ERROR-CODE of the last error response; 0: none came */
};

/** @return how many were written, of one component since its last restart */
size_t ice_read_checks(struct ice_leg *leg, unsigned stream, unsigned component,
                       struct ice_check *checks, size_t max);

/** @return the state that the last ICE_EVENT_STATE told, or will tell when it is dispatched */
enum ice_state ice_component_state(const struct ice_leg *leg, unsigned stream, unsigned component);

/** The pair that media takes now. @return false: none yet, *local and *remote are as they were */
bool ice_selected_pair(const struct ice_leg *leg, unsigned stream, unsigned component,
                       struct ice_candidate *local, struct ice_candidate *remote);

/** New local credentials for all streams; call before the remote ones are given (RFC 8445 s.9). A
 *  pair that was selected stays so, with consent, until there is a new one. */
int ice_leg_restart(struct ice_leg *leg);

/** What a leg and a stream of two components take beside libnice's part [bytes]; tables of checks
 *  grow with the peer's candidates, by 36 a candidate. */
struct ice_memory {
    size_t leg, stream;
};
struct ice_memory ice_memory(void);

const char *ice_state_name(enum ice_state state);
const char *ice_mode_name(enum ice_mode mode);

#endif
