#ifndef PICRELAY_RTCP_H
#define PICRELAY_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/str.h"

/**
 * RTCP: read as a run of packets of any kind, written one behind the other. [pure]
 * Source: RFC 3550 s.6, RFC 4585 s.6, RFC 5104 s.4.3, RFC 5506 (reduced size).
 *
 * A datagram may hold any packet first, and one alone: Lync sends single SR, RR, SDES and BYE. What
 * follows the report blocks of an SR or RR (profile-specific extensions) is never looked into.
 */

enum rtcp_kind {
    RTCP_KIND_SR = 200,
    RTCP_KIND_RR = 201,
    RTCP_KIND_SDES = 202,
    RTCP_KIND_BYE = 203,
    RTCP_KIND_APP = 204,
    RTCP_KIND_RTPFB = 205, /* transport feedback */
    RTCP_KIND_PSFB = 206,  /* payload-specific feedback */
};

enum { RTCP_RTPFB_FMT_NACK = 1 };
enum { RTCP_PSFB_FMT_PLI = 1, RTCP_PSFB_FMT_FIR = 4 };

#define RTCP_FIR_ENTRY_BYTES 8

/** One packet of a datagram. */
struct rtcp_part {
    uint8_t kind;        /* enum rtcp_kind, or another of 192..223 */
    uint8_t count;       /* report count, source count, or FMT */
    const uint8_t *body; /* behind the 4 bytes of header */
    size_t n;            /* bytes of body, padding left out */
};

/** A place in a datagram; rtcp_begin() has checked all of it. */
struct rtcp_reader {
    const uint8_t *p;
    size_t n;
};

/** @return 0; EBADMSG: lengths, versions or padding that cannot be: none of it is to be believed */
int rtcp_begin(struct rtcp_reader *r, const uint8_t *data, size_t n);
/** @return false: that was the last */
bool rtcp_next(struct rtcp_reader *r, struct rtcp_part *part);

/** @return the SSRC that a part begins with; false: it is too short to have one */
bool rtcp_sender_ssrc(const struct rtcp_part *part, uint32_t *ssrc);

/** Sender information of an SR. */
struct rtcp_sender_info {
    uint64_t ntp; /* 32.32 */
    uint32_t ts, n_packets, n_bytes;
};
/** @return 0; EBADMSG: no SR, or a short one */
int rtcp_read_sender_info(struct rtcp_sender_info *si, const struct rtcp_part *part);

struct rtcp_block {
    uint32_t ssrc;
    uint8_t fraction_lost; /* [1/256] */
    int32_t lost;          /* 24 bits signed */
    uint32_t ext_seq, jitter_ts, lsr, dlsr;
};
/** Finds the report block on an SSRC in an SR or RR. @return 0; ENOENT: there is none */
int rtcp_find_block(struct rtcp_block *block, const struct rtcp_part *part, uint32_t ssrc);

/** Finds the CNAME of an SSRC, without NULs at its end. @return 0; ENOENT */
int rtcp_find_cname(struct str *cname, const struct rtcp_part *part, uint32_t ssrc);

/** Feedback: RFC 4585 s.6.1. */
struct rtcp_feedback {
    uint32_t sender_ssrc, media_ssrc;
    const uint8_t *fci;
    size_t fci_len;
};
/** @return 0; EBADMSG: no feedback packet, or a short one */
int rtcp_read_feedback(struct rtcp_feedback *fb, const struct rtcp_part *part);

/** Where packets are written; when one does not fit it is left out and is_full set. */
struct rtcp_writer {
    uint8_t *data;
    size_t n, cap;
    bool is_full;
};

/** @param si     NULL: an RR is written
 *  @param block  NULL: without report block */
void rtcp_write_report(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender_info *si,
                       const struct rtcp_block *block);
/** SDES with a CNAME alone. @param cname  at most 255 bytes count */
void rtcp_write_cname(struct rtcp_writer *w, uint32_t ssrc, struct str cname);
/** @param fb  fci_len a multiple of 4 */
void rtcp_write_feedback(struct rtcp_writer *w, enum rtcp_kind kind, uint8_t fmt,
                         const struct rtcp_feedback *fb);

#endif
