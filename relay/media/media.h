#ifndef PICRELAY_MEDIA_H
#define PICRELAY_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/transcoder.h"
#include "relay/addr.h"
#include "relay/media/drop.h"
#include "relay/media/srtp.h"

/**
 * The door between control and the data plane. All functions are called on the control thread;
 * what they ask for travels through a worker's command ring and is done between two batches.
 *
 * A media_stream is one m= line of one leg: its sockets, its SRTP sessions, what may arrive, and
 * where that goes (the stream of the other leg: its sink). All streams of a call live on one
 * worker.
 *
 * Ownership: an object given to a worker (stream, session, transcoder) belongs to it until it has
 * acknowledged; media_dispatch() takes the acknowledgements and frees what has been replaced.
 */

enum media_component { MEDIA_RTP, MEDIA_RTCP, MEDIA_COMPONENTS };

struct media;
struct media_stream;

/** By which calls of the kernel datagrams come and go. */
enum media_io { MEDIA_IO_AUTO, MEDIA_IO_URING, MEDIA_IO_EPOLL };

struct media_config {
    unsigned n_workers;
    const struct srtp_provider *srtp; /* of all sessions */
    enum media_io io;                 /* AUTO: io_uring where the kernel has it, else epoll */
    uint32_t gather_us;               /* how long packets may gather under load; 0: not at all */
    const uint16_t *cpus;             /* worker i is pinned to cpus[i % n_cpus] */
    unsigned n_cpus;                  /* 0: the kernel decides where they run */
};

/** Starts the workers. @return 0; ENOMEM; EMFILE; EAGAIN; EINVAL: a CPU that we may not run on;
 *          ENOSYS, EPERM and others: MEDIA_IO_URING, and the kernel does not give it */
int media_start(struct media **mp, const struct media_config *cfg);

/** @return what was chosen: "uring" or "epoll" */
const char *media_io_name(const struct media *m);
/** Stops the workers; all streams must have been removed and freed. */
void media_stop(struct media *m);

/** @return a descriptor that is readable while events wait */
int media_event_fd(const struct media *m);

struct media_event {
    enum {
        MEDIA_EVENT_REMOVED, /* the worker has let go: descriptors may be closed, stream freed */
        MEDIA_EVENT_DEAF,    /* the kernel refused to watch its sockets (error): no media will
                                arrive; the stream is still to be removed */
        MEDIA_EVENT_DTLS,    /* a datagram of DTLS */
    } type;
    int error;
    struct media_stream *stream;
    void *arg; /* of media_stream_config */
    /* MEDIA_EVENT_DTLS: whole records, from an address that may send here; or, is_early, from
     * anywhere, as nobody has said yet who may. Borrowed for the call. */
    bool is_early;
    enum media_component component;
    const union addr *from;
    const uint8_t *data;
    size_t n;
};
typedef void(media_event_h)(const struct media_event *ev, void *arg);
/** Takes what the workers have answered; also sends commands that waited for room in a ring. */
void media_dispatch(struct media *m, media_event_h *h, void *arg);

/** Measures the workers' load, and lets their encoders save complexity by it (saving.h). To be
 *  called a few times a second, or nothing is known of it. */
void media_measure_load(struct media *m, uint64_t now_us);
/** @return the share of the last second that a worker was busy [1/1000] */
unsigned media_load_permille(const struct media *m, unsigned worker);
/** @return by how many steps the complexity of its encoders is below what they were told */
unsigned media_complexity_saving(const struct media *m, unsigned worker);

/** @return the worker a new call should live on: the one with the least work */
unsigned media_pick_worker(const struct media *m);
unsigned media_n_workers(const struct media *m);

/** Between these two, workers are not woken for each command but once at the end: for a turn of the
 *  main loop that carries out many requests. */
void media_batch_begin(struct media *m);
void media_batch_end(struct media *m);

struct media_stream_config {
    unsigned worker;
    int fd[MEDIA_COMPONENTS]; /* bound, non-blocking; -1: none. Open until MEDIA_EVENT_REMOVED */
    uint32_t ssrc;            /* with which we send towards this leg */
    char cname[64];           /* RTCP SDES CNAME of ours */
    bool takes_dtls;          /* hands on DTLS (marked as early) before there are rules */
    void *arg;
};

/** Makes a stream and gives it to its worker; nothing is accepted or sent until media_stream_set().
 *  @return 0; ENOMEM */
int media_stream_add(struct media_stream **sp, struct media *m,
                     const struct media_stream_config *cfg);

/** What happens to a payload type that arrives. */
enum media_action {
    MEDIA_DROP,
    MEDIA_RELAY,
    MEDIA_RELAY_EVENT, /* telephone-event: relayed unless blocked */
    MEDIA_RELAY_RED,   /* RFC 2198: relayed, without its blocks of what is blocked */
    MEDIA_TRANSCODE,
};

/** Whose packets are accepted, by component (threat model, section 3). */
enum media_source {
    MEDIA_SOURCE_NONE,  /* nothing: the peer's description is not known yet */
    MEDIA_SOURCE_EXACT, /* remote[] only: ICE, strict-source */
    MEDIA_SOURCE_LEARN, /* remote[], or one learned address on its host or on learn_host */
};

/** The rules of a stream, replaced as a whole. */
struct media_rules {
    /* arrivals */
    enum media_source source;
    union addr remote[MEDIA_COMPONENTS]; /* expected source, and where we send to */
    union addr learn_host;               /* received-from; AF_UNSPEC: none */
    bool has_nat;           /* evidence of NAT: an address on these hosts locks at once */
    bool is_muxed;          /* RTCP comes and goes on the RTP component */
    uint8_t action[128];    /* enum media_action by payload type */
    uint8_t out_pt[128];    /* when relayed: payload type towards the sink */
    uint32_t clock_hz[128]; /* RTP clock by payload type, 0: not listed */
    uint32_t event_hz;      /* clock of the telephone-event by which digits of ours go to the sink
                               between what is relayed; 0: not so */
    uint8_t event_pt;
    bool takes_dtls;       /* handshakes on the RTP component are handed to control */
    bool awaits_keys;      /* nothing comes in or goes out before media_stream_set_keys() */
    bool may_receive;      /* false: this leg's RTP is dropped (hold, policy) */
    bool may_send;         /* false: no RTP is sent towards this leg. RTCP goes on in both
                              directions while held: RFC 3264 s.5.1 */
    uint32_t max_pps;      /* RTP packets that may arrive a second, in bursts of up to one second's
                              worth; 0: no limit */
    uint32_t max_bytes_ps; /* bytes of RTP that may arrive a second, likewise; 0: no limit */
    uint16_t max_packet_bytes;    /* of one RTP packet, header included; 0: no limit */
    uint32_t ssrc_silence_us;     /* how long a source must have been silent before another SSRC is
                                     heard; new rules let one follow at once. 0: any at any time */
    uint32_t ssrc_low, ssrc_high; /* a=x-ssrc-range: no other is heard; 0: none was given */
    bool is_ssrc_throttled;       /* Microsoft's rule in the place of ssrc_silence_us */
    bool needs_rtcp; /* its peer must hear RTCP at least every 5 s, whatever the other leg sends */
    bool has_pictures; /* false: feedback about pictures (RFC 4585 s.6.3) is not passed on */
    struct media_stream *sink; /* of the same worker; NULL: nowhere */
    bool is_rtcp_translated; /* true: reports are passed on with numbers translated (pass-through);
                                false: they end here, and our own are sent (transcoding) */

    /* replaced only if set_...: otherwise what is in force stays (ROC and codec state go on) */
    bool set_srtp_rx, set_srtp_tx, set_transcoder;
    /* RTCP has keys of its own, by media_stream_set_keys(), which may be still to come (DTLS
     * without rtcp-mux: RFC 5764 s.4.1); until then none of it passes */
    bool has_rtcp_keys, awaits_rtcp_keys;
    struct srtp_session *srtp_rx, *srtp_tx; /* NULL: plain RTP */
    struct transcoder *transcoder;          /* of what arrives here; NULL: none */
};

/** Gives new rules; the objects in it change owner, also on an error.
 *  @return 0; ENOMEM: the old rules stay in force */
int media_stream_set(struct media_stream *s, const struct media_rules *rules);

/** Puts keys in force, for which a stream with awaits_keys (MEDIA_RTP) or awaits_rtcp_keys has
 * waited: a handshake is done. The sessions change owner, also on an error. @return 0; ENOMEM */
int media_stream_set_keys(struct media_stream *s, enum media_component component,
                          struct srtp_session *rx, struct srtp_session *tx);

/** Gives rules by which nothing comes or goes; sessions and transcoder stay. It cannot fail, so
 *  that what policy or signalling forbids always ends. */
void media_stream_mute(struct media_stream *s);

/** Changes remote[component] alone: ICE has nominated a pair. */
int media_stream_set_remote(struct media_stream *s, enum media_component component,
                            const union addr *remote);

/** Sends a digit to the sink, as if this stream's peer had dialled it: between relayed packets
 *  (event_hz), else by the transcoder; without both nothing happens. @return 0; ENOMEM */
int media_stream_play_digit(struct media_stream *s, const struct digit *digit);
/** Whether the peer's telephone-events end here. Stays so under new rules. @return 0; ENOMEM */
int media_stream_block_events(struct media_stream *s, bool is_blocked);

/** Takes the stream from its worker. No other stream may have it as sink any more.
 *  Nothing is received or sent after the worker's next batch; then MEDIA_EVENT_REMOVED. */
void media_stream_remove(struct media_stream *s);
/** After MEDIA_EVENT_REMOVED. Frees its sessions and transcoder too. */
void media_stream_free(struct media_stream *s);

struct media_count {
    uint64_t packets, bytes; /* UDP payloads */
};

/** A snapshot of a stream's counters; each figure is exact, together they are of about one moment.
 */
struct media_stats {
    struct media_count in[MEDIA_COMPONENTS];  /* accepted */
    struct media_count out[MEDIA_COMPONENTS]; /* sent */
    uint64_t drops[DROP_COUNT];
    uint64_t last_in_us[MEDIA_COMPONENTS]; /* clock of clock_now_us(); 0: never */
    union addr source[MEDIA_COMPONENTS];   /* locked source; AF_UNSPEC: none yet */
    uint32_t ssrc_in;                      /* of the last accepted RTP packet */
    uint16_t last_seq_in;
    uint32_t last_ts_in;
    uint8_t last_pt_in;
    uint64_t lost;      /* RFC 3550 A.3, cumulative over all SSRCs */
    uint32_t jitter_ts; /* RFC 3550 A.8 [RTP clock ticks] */
    uint32_t jitter_clock_hz;
    uint32_t peer_loss_permille; /* what the peer's last report says of our packets */
    uint32_t peer_jitter_ts;
    uint32_t round_trip_us;             /* 0: not known */
    struct transcoder_stats transcoder; /* of what arrived here; zero without one */
};
void media_stream_stats(const struct media_stream *s, struct media_stats *stats);

uint32_t media_stream_ssrc(const struct media_stream *s);

/** Sizes of batches, and how long packets are here: from the kernel's receive to its send, of some
 *  streams. Each bucket has what is not above its bound and above the one before. */
#define MEDIA_BATCH_BUCKETS 9
#define MEDIA_DELAY_BUCKETS 12
extern const uint32_t media_batch_bounds[MEDIA_BATCH_BUCKETS];
extern const uint32_t media_delay_bounds_us[MEDIA_DELAY_BUCKETS]; /* UINT32_MAX: no bound */

enum media_path { MEDIA_PATH_PLAIN, MEDIA_PATH_SRTP, MEDIA_PATH_TRANSCODED, MEDIA_PATHS };

struct media_delays {
    uint64_t n[MEDIA_DELAY_BUCKETS], sum_us;
};

/** Totals of a worker, for metrics. */
struct media_worker_stats {
    uint64_t batches, packets_in, packets_out, bytes_in, bytes_out;
    uint64_t drops[DROP_COUNT];
    uint64_t n_streams, n_transcoders;
    uint64_t batch_sizes[MEDIA_BATCH_BUCKETS]; /* of those that were not empty */
    struct media_delays delays[MEDIA_PATHS];
    uint64_t rate_pps, gather_us; /* what arrives, and how long it is left to gather for that */
    uint64_t cpu_us;              /* thread CPU time */
    uint64_t ring_full;           /* commands that had to wait for room */
};
void media_worker_stats(const struct media *m, unsigned worker, struct media_worker_stats *stats);

#endif
