#ifndef PICRELAY_BENCH_NG_CLIENT_H
#define PICRELAY_BENCH_NG_CLIENT_H

#include <stdint.h>

#include <jansson.h>

#include "bench/peer/loop.h"

/**
 * A client of the NG control protocol over UDP, as Kamailio's module is one: a cookie for each
 * request, the same datagram again after 1 s, given up after 5 tries. Any number of requests up to
 * NG_CLIENT_REQUESTS_MAX may wait for their replies at the same time. Thread: the loop's.
 */

#define NG_CLIENT_REQUESTS_MAX 256
#define NG_CLIENT_TRIES        5
#define NG_CLIENT_RETRY_US     1000000

struct ng_client;

enum ng_encoding { NG_BENCODE, NG_JSON };

/**
 * @param err    0; ETIMEDOUT: no reply to any try; EBADMSG: a reply that could not be read
 * @param reply  borrowed for the call; NULL on an error
 */
typedef void(ng_reply_h)(int err, json_t *reply, void *arg);

struct ng_client_stats {
    uint64_t requests, retries, replies, unmatched; /* unmatched: replies without a request */
    uint64_t slowest_us; /* from the first try of a request to its reply */
};

/** @param address  "127.0.0.1:2223" or "[::1]:2223". @return 0; EINVAL; ENOMEM; or of socket() */
int ng_client_alloc(struct ng_client **cp, struct loop *l, const char *address,
                    enum ng_encoding encoding);
/** Forgets what is waiting; its handlers are not called. NULL is allowed. */
void ng_client_free(struct ng_client *c);

/**
 * Sends a request.
 * @param request  borrowed for the call
 * @return 0; EAGAIN: too many are waiting; EINVAL: cannot be encoded; EMSGSIZE
 */
int ng_client_send(struct ng_client *c, json_t *request, ng_reply_h *h, void *arg);

/**
 * Sends a request and runs the loop until its reply is there.
 * @param reply  a new reference, on success only
 * @return 0, whatever the reply's "result" says; errors of ng_client_send() and of ng_reply_h
 */
int ng_client_call(struct ng_client *c, json_t *request, json_t **reply);

const struct ng_client_stats *ng_client_stats(const struct ng_client *c);

/**
 * The keys that a SIP proxy's script would make of its flags, in the manner of Kamailio's module:
 * "key=value" becomes a string, "codec-VERB-NAME" and "transcode-NAME" members of `codec`,
 * "replace-X", "SDES-X", "rtcp-mux-X" members of these lists, a transport such as "RTP/SAVP" the
 * `transport-protocol`, all else a member of `flags`. Words are parted by blanks.
 * @return 0; ENOMEM
 */
int ng_put_script_flags(json_t *request, const char *flags);

#endif
