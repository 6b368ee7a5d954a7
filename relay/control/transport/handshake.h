#ifndef PICRELAY_HANDSHAKE_H
#define PICRELAY_HANDSHAKE_H

#include "relay/control/call.h"
#include "relay/control/dtls/association.h"

/**
 * DTLS-SRTP of a stream: its association between signalling, ICE, timers, sockets and the data
 * plane. Thread: control. Source: RFC 5763, 5764, 8842.
 *
 * Datagrams are sent from here, on the media socket: a handshake has a handful of them, the kernel
 * takes sendto() from any thread, and the way through the worker would only add its batch's delay.
 * What arrives is read by the worker, which hands it on (MEDIA_EVENT_DTLS).
 *
 * A description begins it (handshake_answer, handshake_accept); what the data plane has of it then
 * is a stream that awaits its keys. It starts when there is an address that may be believed: the
 * pair that ICE has selected, or without ICE the one of the SDP. A hello that came before is kept
 * (early_hello.h). Without rtcp-mux RTCP has an association of its own, of the same certificates
 * and roles; if that fails the leg stays without RTCP.
 */

struct handshake;

/** Of all streams: the certificate that new legs show. @return 0; ENOMEM; EIO */
int handshake_open(struct control *c);
void handshake_close(struct control *c);
/** Makes a new certificate when the present one is old; legs that have shown theirs keep it. */
void handshake_rotate(struct control *c, uint64_t now_us);

/**
 * Takes the peer's side out of its offer, and chooses ours. The same description again changes
 * nothing; another certificate begins another association.
 * @param is_passive  take the server's part if the peer leaves the choice (NG DTLS=passive)
 * @return 0; ENOENT: no fingerprint that can be used, or roles that do not fit; ENOMEM; EIO
 */
int handshake_answer(struct stream *s, const struct sdp_media *offer, bool is_passive);
/** Takes the peer's side out of its answer to our offer. @return as handshake_answer() */
int handshake_accept(struct stream *s, const struct sdp_media *answer);

/** a=setup and a=fingerprint of the stream.
 *  @param text  FINGERPRINT_TEXT_MAX bytes
 *  @param hash  by its name; empty: SHA-256, which is also taken for one that is too weak (said in
 *               the log) */
struct str handshake_setup(const struct stream *s, bool is_offer);
struct str handshake_fingerprint(char *text, const struct stream *s, struct str hash);
/** The peer's. @return 0; ENOENT: none that can be used; said in the log, and counted */
int handshake_read_fingerprint(struct fingerprint *f, const struct stream *s,
                               const struct sdp_media *theirs);

/** The rules are with the worker, or ICE has selected a pair: it starts if it can. */
void handshake_start(struct stream *s);
/** ICE has restarted: the peer may begin another association with the same certificate. */
void handshake_expect_restart(struct stream *s);
/** MEDIA_EVENT_DTLS */
void handshake_packet(struct stream *s, const struct media_event *ev);
/** Ends it, with a word to the peer, and forgets its keys. Does nothing if there is none. */
void handshake_end(struct stream *s);

/** Whether the stream has, or will have, its keys by DTLS. */
bool handshake_is_used(const struct stream *s);
/** Whether the keys are still to come. */
bool handshake_is_pending(const struct stream *s);
/** Whether those of RTCP are: without rtcp-mux it has an association of its own. */
bool handshake_rtcp_is_pending(const struct stream *s);
/** Whether we are the server. */
bool handshake_is_server(const struct stream *s);
/** @return for people: "verified", "waiting for ICE", or why it failed; "": no DTLS */
const char *handshake_status(const struct stream *s);

#endif
