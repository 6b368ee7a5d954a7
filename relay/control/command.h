#ifndef PICRELAY_COMMAND_H
#define PICRELAY_COMMAND_H

#include "relay/control/call.h"
#include "relay/control/ng/ng.h"

/**
 * What the relay is told to do about calls: the functions behind the NG commands, which anything
 * else that speaks for an edge may call as well. Thread: control.
 */

#define COMMAND_TEXT_MAX 256

struct command_result {
    enum control_result result;
    char error[COMMAND_TEXT_MAX]; /* CONTROL_ERROR: error-reason; CONTROL_LOAD_LIMIT: message */
    char *sdp;                    /* offer, answer: what to send on; room for SDP_TEXT_MAX bytes */
    size_t sdp_len;
    char warning[COMMAND_TEXT_MAX]; /* empty: none */
};

void command_offer(struct control *c, const struct ng_request *req, struct command_result *res);
void command_answer(struct control *c, const struct ng_request *req, struct command_result *res);

/** Where a request is answered; the caller keeps it from one request to the next. */
struct command_buffers {
    char reply[NG_REPLY_MAX];
    char sdp[SDP_TEXT_MAX + 1]; /* while the reply is being made */
};

/** Executes any request and writes the complete reply into b->reply.
 *  @return its length; 0: it did not fit */
size_t command_execute(struct control *c, const struct ng_request *req, struct command_buffers *b);

/** Makes the result an error with an exact text. */
void command_fail(struct command_result *res, const char *reason);
/** Reads a body of a request, multipart or not. @return 0; else res is the error */
int command_parse_sdp(struct sdp_doc **docp, struct str body, struct command_result *res);

#endif
