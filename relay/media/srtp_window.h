#ifndef PICRELAY_SRTP_WINDOW_H
#define PICRELAY_SRTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Which packets of a source have been there: the highest index, and the 128 up to it. [pure]
 * An SRTP packet's index is 2^16 * ROC + SEQ, of which the wire shows SEQ alone; an SRTCP packet
 * carries its whole index. Source: RFC 3711 s.3.3.1, 3.3.2 and appendix A.
 *
 * A window of zeros is that of a source from which nothing has come yet: its ROC is 0. Only what
 * has been authenticated may be added.
 */

#define SRTP_WINDOW_PACKETS 128
#define SRTP_INDEX_MAX      UINT64_C(0xffffffffffff) /* 48 bits: then the keys are used up */
#define SRTCP_INDEX_MAX     UINT64_C(0x7fffffff)

struct srtp_window {
    uint64_t highest;
    uint64_t seen[SRTP_WINDOW_PACKETS / 64]; /* bit d of seen[0] .. [1]: highest - d was there */
};

/** @return the index of a packet with this sequence number that is nearest to the highest one.
 *          The ROC is never guessed to be below 0; it may come out above SRTP_INDEX_MAX. */
uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq);

/**
 * The guess is wrong after a gap of more than 2^15 packets, and for a source that is joined late:
 * the ROC is higher then. A packet that fails under its guess, or is old under it, is tried once
 * more under one of the next ROCs, each such packet under another of them: so a source is found
 * within 8 packets (the next ROC with the first), and what is forged costs twice at the most.
 */
#define SRTP_RETRY_ROCS 8

/** @param n_failed  packets since the last that was genuine
 *  @return the index to try; it may come out above SRTP_INDEX_MAX */
uint64_t srtp_window_retry(uint64_t guess, unsigned n_failed);

/** @return false: it was there before, is older than the window, or beyond SRTP_INDEX_MAX */
bool srtp_window_is_fresh(const struct srtp_window *w, uint64_t index);

/** Notes that a packet was there. @param index  fresh */
void srtp_window_add(struct srtp_window *w, uint64_t index);

#endif
