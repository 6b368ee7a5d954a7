#ifndef PICRELAY_JOURNAL_FILE_H
#define PICRELAY_JOURNAL_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/log.h"

/**
 * Inside of the journal: the file or pipe that its writer writes to. Thread: the writer; the
 * counters and close_by_us are anybody's.
 */

#define JOURNAL_NEVER_US UINT64_MAX

struct journal_file {
    const char *name; /* in log lines */
    char *path;       /* NULL: the descriptor is not ours */
    int fd;           /* -1: none yet */
    int stop_fd;      /* readable when close_by_us has been set */
    bool is_file;     /* never waits for a reader */
    bool is_torn;     /* ends within a line */
    bool is_dirty;    /* not synced */
    bool syncs;       /* before it leaves a file */
    uint64_t synced_us;
    atomic_uint_least64_t close_by_us;     /* when to give up a reader; JOURNAL_NEVER_US: not yet */
    atomic_uint_least64_t written, failed; /* lines */
    struct log_limit limit;
};

/** @param path  NULL: fd, which stays the caller's @return 0; ENOMEM; errno of open() */
int journal_file_open(struct journal_file *f, const char *path, int fd);
/** Accepts one that was never opened, with fd -1. */
void journal_file_close(struct journal_file *f);

/** Writes whole lines, or counts those that failed; says why. */
void journal_file_write(struct journal_file *f, const char *bytes, size_t n);
/** Waits for the disk, if something was written. */
void journal_file_sync(struct journal_file *f);
/** Opens the path anew, the old file synced if is_dirty; on failure the old one stays. */
void journal_file_reopen(struct journal_file *f);

uint64_t journal_count_lines(const char *bytes, size_t n);

#endif
