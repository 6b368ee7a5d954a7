#ifndef PICRELAY_LISTENER_H
#define PICRELAY_LISTENER_H

#include "relay/control/command.h"

/**
 * What the kinds of listeners share: listen_udp.c, listen_tcp.c, and listen_message.c, which
 * answers what either has taken. Thread: control.
 */

struct listener;

/** Sends a whole reply to where its message came from, or counts it as lost. Never waits. */
typedef void(listener_send_h)(struct listener *l, struct str reply, const union addr *to);

/** First member of each kind. */
struct listener {
    struct le le;
    struct control *control;
    listener_send_h *send_h;
    int fd;
    struct command_buffers buffers;
};

/** Whether a source may speak; if not, that is counted and told. */
bool listener_allows(const struct listener *l, const union addr *source);
/** Answers one message, or again one that has been answered. Its bytes are overwritten: keys are
 *  among them. */
void listener_take(struct listener *l, char *message, size_t n, const union addr *from);

#endif
