#ifndef PICRELAY_MEDIA_INTERNAL_H
#define PICRELAY_MEDIA_INTERNAL_H

#include <time.h>

#include "relay/media/command.h"
#include "relay/media/load.h"
#include "relay/media/media.h"
#include "relay/media/saving.h"
#include "relay/media/stream.h"
#include "relay/media/worker.h"

/**
 * Control's side of the data plane from the inside: what media.c (workers, letters and their
 * answers, load) and media_stream.c (streams) share. Thread: control.
 */

/** As the kernel counts: some 200 packets, 4 s of a stream at its rate, 100 ms at forty times of
 * it. */
#define RECEIVE_BUFFER_BYTES 212992

/** A worker as control sees it. */
struct crew {
    struct worker *worker;
    clockid_t cpu_clock;
    struct load load;
    struct saving saving;
    unsigned n_streams;
    unsigned n_added;                             /* streams, ever */
    unsigned n_commands;                          /* sent and not answered yet: at most RING_SIZE */
    struct command *first_waiting, *last_waiting; /* for room */
    uint64_t n_waited;
    bool is_asleep; /* a command came for it while wake-ups are put off */
};

struct media {
    const struct io_provider *io;
    int event_fd;
    unsigned n_workers;
    bool sets_rcvbuf; /* the kernel's default is smaller than RECEIVE_BUFFER_BYTES */
    bool puts_off;    /* wake-ups: between media_batch_begin() and media_batch_end() */
    struct crew crew[];
};

/** No command is lost: without room it waits, behind those that wait already. */
void media_send_command(struct media *m, struct crew *c, struct command *command);
/** The stream's own letter; at most one is under way. */
void media_send_mute(struct media_stream *s);
/** What rules hand over, if they never got to the worker, or have come back from it. */
void media_free_rules_objects(const struct media_rules *rules);

#endif
