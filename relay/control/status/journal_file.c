#include "relay/control/status/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/clock.h"

static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0640);
}

static void use_fd(struct journal_file *f, int fd)
{
    struct stat st;

    f->fd = fd;
    f->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    f->is_torn = false;
}

static void complain(struct journal_file *f, const char *what, int err)
{
    if (log_limit_pass(&f->limit, f->name, clock_now_us()))
        log_error(NULL, "%s: %s: %s", f->name, what, strerror(err));
}

void journal_file_sync(struct journal_file *f)
{
    f->synced_us = clock_now_us();
    if (!f->is_dirty)
        return;
    f->is_dirty = false;
    if (fdatasync(f->fd) && errno != EINVAL && errno != EROFS) { /* not of a pipe */
        complain(f, "what was written may not be on the disk", errno);
        atomic_fetch_add_explicit(&f->failed, 1, memory_order_relaxed);
    }
}

void journal_file_reopen(struct journal_file *f)
{
    const int fd = f->path ? open_path(f->path) : -1;

    if (!f->path)
        return;
    if (fd < 0) {
        complain(f, "it cannot be opened anew, the old file goes on being written", errno);
        return;
    }
    if (f->syncs)
        journal_file_sync(f);
    f->is_dirty = false;
    close(f->fd);
    use_fd(f, fd);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* A pipe that has room takes PIPE_BUF bytes without blocking (pipe(7)); a file never blocks for
 * want of a reader. @return false: the end has come, and its time has passed */
static bool wait_for_reader(const struct journal_file *f)
{
    for (;;) {
        struct pollfd p[2] = {{.fd = f->fd, .events = POLLOUT},
                              {.fd = f->stop_fd, .events = POLLIN}};
        const uint64_t by_us = atomic_load(&f->close_by_us), now_us = clock_now_us();
        const bool is_closing = by_us != JOURNAL_NEVER_US;

        if (is_closing && now_us >= by_us)
            return false;
        if (poll(p, is_closing ? 1 : 2, is_closing ? (int)((by_us - now_us) / 1000 + 1) : -1) < 0 &&
            errno != EINTR)
            return true; /* write() will say why */
        if (p[0].revents)
            return true;
    }
}

/* @return bytes that were written */
static size_t write_bytes(struct journal_file *f, const char *bytes, size_t n)
{
    size_t done = 0;

    while (done < n) {
        const size_t left = n - done;
        ssize_t k;

        if (!f->is_file && !wait_for_reader(f))
            break;
        k = write(f->fd, bytes + done, f->is_file || left < PIPE_BUF ? left : PIPE_BUF);
        if (k < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (k <= 0) {
            complain(f, "lines are lost", k < 0 ? errno : EIO);
            break;
        }
        done += (size_t)k;
    }
    return done;
}

uint64_t journal_count_lines(const char *bytes, size_t n)
{
    uint64_t lines = 0;

    for (const char *end = bytes + n; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))); bytes++)
        lines++;
    return lines;
}

/* A line of which a part was written alone, when the disk was full, is ended before the next. */
void journal_file_write(struct journal_file *f, const char *bytes, size_t n)
{
    const uint64_t lines = journal_count_lines(bytes, n);
    size_t done;
    uint64_t whole;

    if (n == 0)
        return;
    if (f->is_torn && write_bytes(f, "\n", 1) == 1)
        f->is_torn = false;
    done = f->is_torn ? 0 : write_bytes(f, bytes, n);
    if (done) {
        f->is_dirty = true;
        f->is_torn = bytes[done - 1] != '\n';
    }
    whole = journal_count_lines(bytes, done);
    atomic_fetch_add_explicit(&f->written, whole, memory_order_relaxed);
    atomic_fetch_add_explicit(&f->failed, lines - whole, memory_order_relaxed);
}

int journal_file_open(struct journal_file *f, const char *path, int fd)
{
    f->path = path ? strdup(path) : NULL;
    if (path && !f->path)
        return ENOMEM;
    if (path)
        fd = open_path(path);
    if (fd < 0)
        return errno;
    use_fd(f, fd);
    f->synced_us = clock_now_us();
    return 0;
}

void journal_file_close(struct journal_file *f)
{
    if (f->path && f->fd >= 0)
        close(f->fd);
    free(f->path);
}
