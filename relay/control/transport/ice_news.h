#ifndef PICRELAY_ICE_NEWS_H
#define PICRELAY_ICE_NEWS_H

#include "relay/control/call.h"

/**
 * What the ice thread tells of a leg, and what control does about it. Thread: control.
 */

/** For ice_dispatch(); arg is not used. */
void ice_news_take(const struct ice_event *ev, void *arg);

/** What was tried on a stream that has no pair, for people: "RTP 192.0.2.1:5000: 7 sent, nothing
 *  came back; ...". @return buf */
const char *ice_news_checks(char *buf, size_t cap, const struct stream *s);

/** Whether an active stream of the call has lost its peer's consent, or never had a pair. */
bool ice_news_is_lost(const struct call *call);
bool ice_news_has_failed(const struct call *call);

#endif
