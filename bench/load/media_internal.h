#ifndef PICRELAY_BENCH_LOAD_MEDIA_INTERNAL_H
#define PICRELAY_BENCH_LOAD_MEDIA_INTERNAL_H

#include "bench/load/delay_line.h"
#include "bench/load/ice.h"
#include "bench/load/media.h"
#include "bench/load/plan.h"
#include "bench/load/stream.h"
#include "bench/load/talk.h"
#include "bench/peer/rtcp.h"

/** What the files media*.c share. A stream has a slot of the plan: 2 * (call * n_media + kind) +
 *  side, and its other end is in the slot beside it. */

#define PORTS  65536
#define NOBODY UINT32_MAX

enum slot_state {
    SLOT_FREE,
    SLOT_CHECKING, /* ICE */
    SLOT_OPEN,
    SLOT_CLOSED, /* hears, but sends nothing */
};

/* What each packet touches comes first, together: see struct load_stream. */
struct slot {
    enum slot_state state;
    unsigned place; /* of the sockets */
    uint32_t serial;
    bool is_muted, has_failed;
    bool has_heard;
    const struct load_mode *mode;
    const struct load_end *end;
    const struct load_frames *frames; /* NULL: patterns are sent */
    struct load_ear *ear;
    uint64_t opened_ns, offered_ns;
    uint64_t counted_from; /* the first turn that is counted; UINT64_MAX: none yet */
    struct load_stream stream;

    uint64_t next_key_ns;
    struct load_talk talk;
    struct load_impair_state impair;
    struct load_ice ice;

    uint64_t next_rtcp_ns;
    uint32_t heard_ssrc, heard_first, heard_last, n_heard; /* sequence numbers, extended */
    struct load_srtcp rtcp_out, rtcp_in;
    struct peer_rtcp_stats rtcp;
};

#define FRAMES_MAX 16 /* formats of codecs */

struct coded {
    const struct load_format *format;
    struct load_frames *frames;
};

struct load_media {
    struct load_media_config cfg;
    struct load_plan plan;
    struct slot *slots;
    struct coded coded[FRAMES_MAX];
    unsigned n_coded;
    uint64_t n_turns, begin, end; /* of all slots: gone; first and last measured */
    uint64_t begin_ns, next_tick_ns;
    unsigned n_checking;
    bool is_impaired, is_stopping;
    double replay;
    uint64_t random;
    struct load_delay_line *line; /* NULL: nothing is ever held back */
    uint32_t by_port[2][PORTS];   /* 2 * slot + is_rtcp that hears from this port of the relay */
    struct load_media_stats *stats;

    struct load_departure out[LOAD_BATCH];
    uint32_t out_slot[LOAD_BATCH];
    uint64_t out_number[LOAD_BATCH]; /* UINT64_MAX: it has none */
    unsigned n_out;
    uint8_t packets[LOAD_BATCH][LOAD_PACKET_MAX];
};

/* media_send.c */
/** Sends what the plan has due. @return whether anything was */
bool media_send_due(struct load_media *m);
/** Sends what was held back until now. */
void media_send_held(struct load_media *m, uint64_t now_ns);
/** Sends one packet that is no media, at once. */
void media_send_now(struct load_media *m, uint32_t slot, bool is_rtcp, uint8_t *packet, size_t n);
/** Sends what has been put into the batch. */
void media_flush(struct load_media *m);

/* media_receive.c */
void media_arrival_h(const struct load_arrival *a, void *arg);
unsigned media_receive(struct load_media *m);

/* media_control.c: ICE and RTCP */
void media_ice_run(struct load_media *m, uint64_t now_ns);
void media_stun_take(struct load_media *m, uint32_t slot, bool is_rtcp,
                     const struct load_arrival *a);
void media_rtcp_run(struct load_media *m, uint64_t now_ns);
void media_rtcp_take(struct load_media *m, uint32_t slot, const struct load_arrival *a);
/** Takes over what a slot has counted. */
void media_slot_count(struct load_media *m, uint32_t slot);

#endif
