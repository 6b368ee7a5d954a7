#ifndef PICRELAY_JOURNAL_H
#define PICRELAY_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "relay/config.h"

/**
 * Lines to a file or a pipe, written by a thread of their own: a disk that is slow, or a reader
 * that has stopped, never keeps the main loop waiting. Bounded: a line that finds no room is
 * refused, and counted. Thread: the one that opened it; the writer is inside.
 */

struct journal;

struct journal_config {
    const char *name; /* in log lines: "call records"; borrowed until journal_close() */
    const char *path; /* appended to, made if needed (mode 0640); NULL: fd */
    int fd;           /* stays the caller's */
    enum config_sync sync;
    size_t queue_bytes; /* of lines that wait for the writer; a multiple of 4096 */
};

/** @return 0; ENOMEM, EAGAIN: no thread; EACCES, ENOENT ... of open() */
int journal_open(struct journal **jp, const struct journal_config *cfg);

#define JOURNAL_CLOSE_MS 5000
/** Writes and syncs what waits, for at most JOURNAL_CLOSE_MS. NULL is allowed. */
void journal_close(struct journal *j);

/** Appends whole lines: they are written together, or counted as failed.
 *  @return 0; ENOBUFS: no room, counted as dropped */
int journal_append(struct journal *j, const char *lines, size_t n);
/** @return how many bytes journal_append() would take now */
size_t journal_room(struct journal *j);
/** From now on journal_append() waits for room, until JOURNAL_CLOSE_MS from now: at the end of the
 *  process there is nobody else to serve. */
void journal_be_patient(struct journal *j);

/** What is appended from now on goes to the path as it is opened anew, so that a file that was
 *  renamed is left behind. If that fails, the old one goes on being written, and the log says so.
 */
void journal_reopen(struct journal *j);

/** Where the next line will stand, in bytes since the start. */
uint64_t journal_end(const struct journal *j);
/** Everything before this place has been written, and synced as `sync` has it, or has failed. */
uint64_t journal_settled(const struct journal *j);
/** Readable when the settled place has moved on; of CONFIG_SYNC_EACH alone, else -1. Read it with
 *  journal_settled(), which takes what it says. */
int journal_event_fd(const struct journal *j);

struct journal_stats {
    uint64_t written, dropped,
        failed; /* lines; dropped: no room; failed: not written, or not synced */
};
void journal_stats(const struct journal *j, struct journal_stats *stats);

#endif
