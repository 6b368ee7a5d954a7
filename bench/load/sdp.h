#ifndef PICRELAY_BENCH_LOAD_SDP_H
#define PICRELAY_BENCH_LOAD_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/address.h"
#include "bench/load/mode.h"
#include "bench/load/srtp.h"

/**
 * The SDP of an endpoint of a load: one codec a stream, plain or with SDES, with or without ICE.
 * Written and read without a parser's care for what a load never sends, because ten thousand
 * set-ups a second are twenty thousand bodies each way. [pure]
 */

#define LOAD_SDP_CRYPTOS_MAX 4
#define LOAD_SDP_MAX         2560 /* what load_sdp_write() needs at most */
#define LOAD_ICE_TEXT        80   /* a ufrag or a password, with its NUL */
#define LOAD_DTMF_PT         101  /* in our offers: RFC 4733 */

struct load_crypto {
    uint32_t tag;
    enum load_suite suite;
    uint8_t key[LOAD_SRTP_KEY_BYTES];
};

/** One side's name and secret of ICE (RFC 8839 s.5.4); empty: no ICE. */
struct load_ice_names {
    char ufrag[LOAD_ICE_TEXT], pwd[LOAD_ICE_TEXT];
};

/** One end of one stream of a call, as the generator plays it. */
struct load_end {
    union load_address relay, relay_rtcp; /* where it sends to, and hears from */
    struct load_crypto out, in;           /* our key; the relay's. Suite NONE: plain */
    struct load_ice_names ours, theirs;
    uint8_t pt;      /* of the codec, as this end and the relay agreed */
    uint8_t dtmf_pt; /* 0: digits were not agreed on */
};

enum load_direction { LOAD_SENDRECV, LOAD_SENDONLY, LOAD_RECVONLY };

#define LOAD_SDP_MAPS_MAX 24

/** A payload type and what it means: "opus/48000/2". */
struct load_map {
    uint8_t pt;
    char text[24];
};

/** One stream of a description. */
struct load_line {
    union load_address rtp, rtcp; /* rtp: port 0: refused */
    struct load_crypto cryptos[LOAD_SDP_CRYPTOS_MAX];
    unsigned n_cryptos;                      /* more than 0: RTP/SAVP */
    struct load_ice_names ice;               /* also of the session */
    const struct load_format *format;        /* written, not read */
    uint8_t pt;                              /* of the format; written, not read */
    uint8_t dtmf_pt;                         /* 0: none */
    struct load_map maps[LOAD_SDP_MAPS_MAX]; /* read, not written */
    unsigned n_maps;
    bool is_there;
};

struct load_description {
    struct load_line lines[LOAD_MEDIA_MAX]; /* by load_media_kind */
    enum load_direction direction;          /* written, not read */
};

/** @return bytes, without a NUL; 0: it does not fit */
size_t load_sdp_write(char *buf, size_t cap, const struct load_description *d);

/** Cryptos of other suites are left out. @return 0; EBADMSG: no audio stream with an address */
int load_sdp_read(struct load_description *d, const char *sdp, size_t n);

#endif
