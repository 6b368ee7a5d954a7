#ifndef PICRELAY_DEMO_H
#define PICRELAY_DEMO_H

#include "relay/control/status/http.h"

/**
 * A page by which a person hears the relay in a browser: two ends of a call in one page, each with
 * DTLS-SRTP and ICE of its own, media through the relay between them. Off unless the configuration
 * says `demo: yes`. Thread: control. Source of the requests: relay/control/status/demo.html.
 *
 *     GET  /demo/        the page
 *     POST /demo/offer   {"sdp"}             -> {"call-id", "sdp"}
 *     POST /demo/answer  {"call-id", "sdp"}  -> {"sdp"}
 *     POST /demo/end     {"call-id"}         -> {}
 *
 * They go the way of NG requests, policy included, with names of our own: what a visitor sends is
 * SDP and the name of a call that was made here. Only a page of our own address may ask.
 */

#define DEMO_CALLS_MAX 4     /* at a time */
#define DEMO_BODY_MAX  32768 /* [bytes] */

http_h demo_page_h, demo_offer_h, demo_answer_h, demo_end_h; /* arg: struct control */

#endif
