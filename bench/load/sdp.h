#ifndef PICRELAY_BENCH_LOAD_SDP_H
#define PICRELAY_BENCH_LOAD_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include "bench/load/srtp.h"

/**
 * The SDP of an endpoint of a load: one audio stream over IPv4 with one codec, plain or with SDES,
 * no ICE. Written and read without a parser's care for what a load never sends, because ten
 * thousand set-ups a second are twenty thousand bodies each way. [pure]
 */

#define LOAD_SDP_CRYPTOS_MAX 4
#define LOAD_SDP_MAX         1024 /* what load_sdp_write() needs at most */

struct load_crypto {
    uint32_t tag;
    enum load_suite suite;
    uint8_t key[LOAD_SRTP_KEY_BYTES];
};

/** One end of a call, as the generator plays it. */
struct load_end {
    struct sockaddr_in relay;   /* where it sends to, and hears from */
    struct load_crypto out, in; /* our key; the relay's. Suite NONE: plain */
};

struct load_format {
    uint8_t pt;
    const char *rtpmap; /* "PCMA/8000" */
    const char *fmtp;   /* NULL: none */
};

struct load_description {
    struct sockaddr_in address; /* port 0: refused */
    struct load_crypto cryptos[LOAD_SDP_CRYPTOS_MAX];
    unsigned n_cryptos; /* more than 0: RTP/SAVP */
};

/** @return bytes, without a NUL; 0: it does not fit */
size_t load_sdp_write(char *buf, size_t cap, const struct load_description *d,
                      const struct load_format *format);

/** Cryptos of other suites are left out. @return 0; EBADMSG: no IPv4 address or no audio stream */
int load_sdp_read(struct load_description *d, const char *sdp, size_t n);

#endif
