#ifndef PICRELAY_BENCH_PEER_SDP_H
#define PICRELAY_BENCH_PEER_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"

/**
 * The SDP of a peer: what one audio stream needs, out of a body and into one. [pure] Any thread.
 * Sources: RFC 4566, RFC 3264, RFC 8839 (candidates), RFC 4568 (crypto), MS-SDPEXT.
 */

#define PEER_SDP_MAX        16384 /* the longest body written or read [bytes] */
#define PEER_CANDIDATES_MAX 64
#define PEER_FORMATS_MAX    32
#define PEER_CRYPTO_MAX     8
#define PEER_MEDIA_MAX      16
#define PEER_KEY_BYTES      30 /* AES_CM_128_HMAC_SHA1_80: key 16, salt 14 */
#define PEER_UFRAG_MAX      257
#define PEER_CREDENTIAL_MAX 48 /* of a candidate: base64 of 32 bytes */
#define PEER_ADDRESS_MAX    46

enum peer_dialect {
    PEER_LYNC,    /* MS-SDPEXT as Lync 2013 writes it; MS-ICE2, two components */
    PEER_RFC,     /* RFC 8839 ICE with rtcp-mux, one component */
    PEER_PLAIN,   /* no ICE: the address of c= and m= */
    PEER_OCS2007, /* OCS 2007: ICE of draft-06, each candidate with credentials of its own */
    PEER_WLM2009, /* Windows Live Messenger 2009: MS-ICE2 of its own kind, nothing is encrypted */
    PEER_MSN,     /* Messenger 8: draft-06, nothing is encrypted */
};

enum peer_direction { PEER_SENDRECV, PEER_SENDONLY, PEER_RECVONLY, PEER_INACTIVE };

struct peer_candidate {
    char foundation[33];
    uint8_t component;
    char transport[12]; /* as written: "UDP", "TCP-ACT" ... */
    uint32_t priority;
    char address[PEER_ADDRESS_MAX];
    uint16_t port;
    char type[8]; /* "host", "srflx", "prflx", "relay" */
    char ufrag[PEER_CREDENTIAL_MAX], pwd[PEER_CREDENTIAL_MAX]; /* of draft-06; else empty */
};

struct peer_crypto {
    uint32_t tag;
    bool is_scale; /* a=cryptoscale, which is not for us */
    char suite[40];
    uint8_t key[PEER_KEY_BYTES];
    uint8_t n_mki; /* bytes of the MKI in packets; 0: none */
    uint32_t mki;
};

struct peer_format {
    uint8_t pt;
    struct codec_spec spec;
};

/** One m= line as far as it matters for refusing it. */
struct peer_media {
    char kind[16];
    char profile[32];
    char formats[128];
    uint16_t port;
};

/** One end of an audio stream, as its SDP tells. A zeroed struct says nothing. */
struct peer_description {
    uint32_t version; /* of the o= line */
    char address[PEER_ADDRESS_MAX];
    uint16_t port, rtcp_port; /* port 0: refused */
    char profile[32];         /* "RTP/SAVP" ... */
    bool has_rtcp_mux, is_lite;
    enum peer_direction direction;
    uint32_t ptime_ms;

    char ufrag[PEER_UFRAG_MAX], pwd[PEER_UFRAG_MAX];
    struct peer_candidate candidates[PEER_CANDIDATES_MAX];
    unsigned n_candidates;
    /* a=remote-candidates, by component; or one by its ufrag, a=remote-candidate of draft-06 */
    struct peer_candidate remote_candidates[2];
    unsigned n_remote_candidates;

    struct peer_crypto cryptos[PEER_CRYPTO_MAX];
    unsigned n_cryptos;

    struct peer_format formats[PEER_FORMATS_MAX]; /* in order of preference */
    unsigned n_formats;

    char fingerprint[128], setup[12]; /* DTLS-SRTP; empty: none */
    char mid[16], bundle[64];         /* a=mid; a=group:BUNDLE, what follows it */

    bool has_ssrc_range;
    uint32_t ssrc_low, ssrc_high;

    /* all m= lines; the audio one is media[audio] */
    struct peer_media media[PEER_MEDIA_MAX];
    unsigned n_media, audio;
};

/**
 * Reads a body of any content; takes the first audio line. Candidates and cryptos beyond the
 * maxima, of other kinds or malformed are left out, as a peer has to ignore what it does not know.
 * @return 0; EBADMSG: no v=, no address for the stream, or a malformed m= line; ENOENT: no audio;
 *         E2BIG: too long or too many m= lines
 */
int peer_sdp_read(struct peer_description *d, const char *sdp, size_t n);

/**
 * Writes a body in a dialect. Of d->media, all but the audio line are written as refused.
 * @param extra  more m= sections, as they are; NULL: none
 * @return length without the NUL; -ENOSPC
 */
int peer_sdp_write(char *buf, size_t cap, const struct peer_description *d,
                   enum peer_dialect dialect, const char *extra);

/** @return the format of a payload type; NULL: not listed */
const struct peer_format *peer_sdp_format(const struct peer_description *d, uint8_t pt);
/** @return the format that names the same codec; NULL: none */
const struct peer_format *peer_sdp_format_like(const struct peer_description *d,
                                               const struct codec_spec *spec);
/** @return a plain AES_CM_128_HMAC_SHA1_80 line, or else one with an MKI; NULL: none */
const struct peer_crypto *peer_sdp_crypto_choose(const struct peer_description *d);
bool peer_sdp_is_secure(const struct peer_description *d); /* by its profile */
bool peer_sdp_is_dtls(const struct peer_description *d);

bool peer_dialect_is_microsoft(enum peer_dialect dialect);
bool peer_dialect_is_draft6(enum peer_dialect dialect);
const char *peer_dialect_name(enum peer_dialect dialect);
/** @return 0; ENOENT */
int peer_dialect_find(enum peer_dialect *dialect, const char *name);

#endif
