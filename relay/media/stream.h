#ifndef PICRELAY_STREAM_H
#define PICRELAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/media/command.h"
#include "relay/media/dial.h"
#include "relay/media/gate.h"
#include "relay/media/media.h"
#include "relay/media/packet.h"
#include "relay/media/reception.h"
#include "relay/media/ring.h"
#include "relay/media/route.h"
#include "relay/media/rtcp_report.h"
#include "relay/media/ssrc_gate.h"
#include "relay/media/stats.h"
#include "relay/media/wheel.h"

/**
 * A media_stream from the inside: the worker's part, its counters, and control's part, each on
 * cache lines of its own. Everything is held by value; only what control allocates is pointed to.
 */

/** A component's socket, and what waits to be sent by it in this pass. */
struct media_socket {
    struct media_stream *stream;
    int fd; /* -1: none */
    uint8_t component;
    uint8_t state;   /* the provider's own; 0: not watched */
    uint32_t slot;   /* io_uring: among the registered files */
    uint32_t n_lost; /* what the kernel said last of datagrams that found no room */
    int error;       /* of what has been settled */
    struct packet *send_first, *send_last;
    struct media_socket *next_to_send;
    struct media_socket *next, **link; /* io_uring: in its queue; link: what points here */
    struct media_socket *next_settled;
};

enum stream_timer { TIMER_TRANSCODER, TIMER_REPORT, TIMER_DIAL };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the padding is what keeps them apart */
struct media_stream {
    /* the worker's: what each packet looks at */
    _Alignas(CACHE_LINE) struct media_socket socket[MEDIA_COMPONENTS];
    struct media_stream *sink;
    struct srtp_session *srtp_rx, *srtp_tx;
    struct transcoder *transcoder;
    uint32_t transcoder_generation; /* grows when the transcoder is replaced */
    uint32_t event_hz;              /* as in the rules; so is the next */
    uint8_t event_pt;
    bool is_muxed, may_receive, may_send, is_rtcp_translated, has_pictures;
    bool takes_dtls, awaits_keys;
    bool has_old_key;                     /* what arrives may still be under srtp_old */
    bool has_rtcp_keys, awaits_rtcp_keys; /* as in the rules */
    bool needs_rtcp;
    bool is_event_blocked;    /* by the control side: of what arrives */
    bool is_transcoder_fresh; /* nothing has gone through it */
    struct rate_gate rate;
    struct rate_gate handshakes; /* DTLS, which is work for control */
    struct ssrc_gate heard;
    struct gate gate[MEDIA_COMPONENTS];
    struct gate_learning learning;
    struct formats formats;

    /* the worker's: what each packet changes */
    struct command *held;          /* to be answered when the kernel is done with our sockets */
    unsigned n_unsettled;          /* sockets with which it is not done yet */
    struct srtp_session *srtp_old; /* what srtp_rx was before; NULL: none */
    struct srtp_session *srtcp_rx, *srtcp_tx; /* of RTCP, if it has_rtcp_keys */
    uint64_t old_until_us;                    /* srtp_old is tried until then; 0: not */
    struct reception reception;               /* of what arrives here */
    struct route route;                       /* what is sent towards this leg's peer */
    struct report_state report;
    struct wheel_node transcoder_timer, report_timer;
    struct dial *dial; /* NULL: no digit was ever asked for */

    /* written by the worker, read by anybody */
    _Alignas(CACHE_LINE) struct stream_counters count;

    /* control's */
    _Alignas(CACHE_LINE) struct media *media;
    void *arg;
    struct transcoder *current_transcoder; /* as the last rules said; for its figures */
    struct transcoder_stats retired;       /* of transcoders that were replaced */
    struct command add, mute, remove;      /* made with the stream: none can fail for memory */
    enum stream_mute {
        MUTE_IDLE,
        MUTE_SENT, /* the letter is with the worker */
        MUTE_DUE,  /* and is to go again when it is back: rules were given in between */
    } mute_state;
    unsigned worker;
    uint32_t ssrc;
    char cname[64];
};

/** @return the stream of its TIMER_TRANSCODER or TIMER_REPORT */
static inline struct media_stream *stream_of_timer(struct wheel_node *node)
{
    size_t at = node->kind == TIMER_TRANSCODER ? offsetof(struct media_stream, transcoder_timer)
                                               : offsetof(struct media_stream, report_timer);

    return (struct media_stream *)(void *)((char *)node - at);
}

/* A stream is heard once in 20 ms, so of thousands none is in a near cache. Asked for some packets
 * ahead, what a packet's journey looks at is there when it comes. */

/** @param socket  that a packet will come to. RTP's lies at the front of its stream; ahead of
 * RTCP's the lines are others, which does no harm */
PREFETCH_INLINE void stream_prefetch_receiver(const struct media_socket *socket)
{
    const char *at = (const char *)socket;

    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + offsetof(struct media_stream, sink));
    __builtin_prefetch(at + offsetof(struct media_stream, may_receive));
    __builtin_prefetch(at + offsetof(struct media_stream, rate), 1);
    __builtin_prefetch(at + offsetof(struct media_stream, gate[MEDIA_RTP]));
    __builtin_prefetch(at + offsetof(struct media_stream, gate[MEDIA_RTP].locked));
    __builtin_prefetch(at + offsetof(struct media_stream, formats.rows[1]));
    __builtin_prefetch(at + offsetof(struct media_stream, reception), 1);
    __builtin_prefetch(at + offsetof(struct media_stream, count), 1);
    __builtin_prefetch(at + offsetof(struct media_stream, count.lost), 1);
}

/** @param s  the stream that a packet has come to: asks for what is said of its payload type, and
 *            for the stream that it will leave by */
PREFETCH_INLINE void stream_prefetch_sender(const struct media_stream *s, uint8_t pt)
{
    const struct media_stream *sink = s->sink;

    __builtin_prefetch(&s->formats.row[pt & 0x7f]);
    __builtin_prefetch(&s->formats.out_pt[pt & 0x7f]);
    if (!sink)
        return;
    __builtin_prefetch(&sink->socket[MEDIA_RTP]);
    __builtin_prefetch(&sink->srtp_tx);
    __builtin_prefetch(&sink->may_send);
    __builtin_prefetch(&sink->gate[MEDIA_RTP].locked);
    __builtin_prefetch(&sink->route, 1);
    __builtin_prefetch(&sink->route.last_ts, 1);
    __builtin_prefetch(&sink->count, 1);
}

/* What was sent under the key before is still on its way when a new one comes into force: it is
 * taken for so long, or until the peer is heard under the new one. */
#define STREAM_OLD_KEY_US 2000000u

/**
 * Puts new rules in force. Thread: the worker.
 * What they replace (sessions, transcoder) is left in *rules, for control to free; the receiving
 * session stays as srtp_old, and the one that was there before is left.
 */
void stream_apply(struct media_stream *s, struct media_rules *rules, uint64_t now_us);

/** Thread: the worker. */
void stream_block_events(struct media_stream *s, bool is_blocked);

/** Puts keys in force for which the stream has waited. What they replace is left in *rx and *tx, as
 *  by stream_apply(). Thread: the worker. */
void stream_set_keys(struct media_stream *s, struct srtp_session **rx, struct srtp_session **tx,
                     uint64_t now_us);

/** The same for RTCP that has keys of its own. */
void stream_set_rtcp_keys(struct media_stream *s, struct srtp_session **rx,
                          struct srtp_session **tx);

/** Thread: the worker. */
void stream_set_remote(struct media_stream *s, enum media_component component,
                       const union addr *remote, uint64_t now_us);

/** @return the component that RTCP towards this leg's peer leaves by */
static inline enum media_component stream_rtcp_component(const struct media_stream *s)
{
    return s->is_muxed ? MEDIA_RTP : MEDIA_RTCP;
}

/** @return the session that opens, or seals, RTCP or RTP of the stream; NULL: plain */
static inline struct srtp_session *stream_receiver(const struct media_stream *s, bool is_rtcp)
{
    return is_rtcp && s->has_rtcp_keys ? s->srtcp_rx : s->srtp_rx;
}

static inline struct srtp_session *stream_sender(const struct media_stream *s, bool is_rtcp)
{
    return is_rtcp && s->has_rtcp_keys ? s->srtcp_tx : s->srtp_tx;
}

/** @return whether there is a socket, an address to send to, and no key that is waited for */
static inline bool stream_can_send(const struct media_stream *s, enum media_component component)
{
    return s->socket[component].fd >= 0 && !s->awaits_keys &&
           !(s->awaits_rtcp_keys && component == MEDIA_RTCP) &&
           addr_is_set(gate_remote(&s->gate[component]));
}

#endif
