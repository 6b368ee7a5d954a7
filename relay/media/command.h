#ifndef PICRELAY_COMMAND_H
#define PICRELAY_COMMAND_H

#include "relay/media/media.h"

/**
 * What control asks of a worker. A command comes back as its own answer: it belongs to the worker
 * while it is in the command ring or the event ring, and to control before and after. Control
 * never has more commands out than the event ring has slots, so an answer always finds room.
 */
struct command {
    enum command_type {
        COMMAND_ADD,
        COMMAND_SET,
        COMMAND_MUTE,
        COMMAND_SET_REMOTE,
        COMMAND_SET_KEYS,
        COMMAND_DIGIT,
        COMMAND_BLOCK_EVENTS,
        COMMAND_REMOVE,
    } type;
    int error; /* answer: errno */
    struct media_stream *stream;
    struct command *next; /* control: waits for room in the ring */
};

/** COMMAND_SET. Comes back with what it replaced in the place of what it brought. */
struct command_set {
    struct command command;
    struct media_rules rules;
};

/** COMMAND_DIGIT */
struct command_digit {
    struct command command;
    struct digit digit;
    struct dial *dial; /* for the stream, if it has none yet; comes back if it has; may be NULL */
};

/** COMMAND_BLOCK_EVENTS */
struct command_block_events {
    struct command command;
    bool is_blocked;
};

/** COMMAND_SET_KEYS. Comes back with the sessions that it replaced. */
struct command_set_keys {
    struct command command;
    enum media_component component;
    struct srtp_session *rx, *tx;
};

/** COMMAND_SET_REMOTE */
struct command_set_remote {
    struct command command;
    enum media_component component;
    union addr remote;
};

#endif
