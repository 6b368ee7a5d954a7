#include "bench/loopback/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_US 3600000000U /* somebody has to carry the text: an hour */

__attribute__((format(printf, 3, 4))) static int problem_set(struct exchange *x, int err,
                                                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(x->problem, sizeof(x->problem), format, args);
    va_end(args);
    return err;
}

/* ---- in --------------------------------------------------------------------------- */

long exchange_length(const char *text, size_t n, bool is_at_end)
{
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = (end ? (size_t)(end - text) : n) - at;

        if (length && text[at + length - 1] == '\r')
            length--;
        if (end && length == strlen(EXCHANGE_END) && memcmp(text + at, EXCHANGE_END, length) == 0)
            return (long)at;
        if (!end)
            break;
        at = (size_t)(end - text) + 1;
    }
    return is_at_end ? (long)n : -1;
}

static void readable_h(int fd, void *arg)
{
    struct exchange_reader *r = arg;

    if (r->length >= 0 || r->err)
        return; /* what comes behind it has to wait */
    ssize_t n = read(fd, r->text + r->n, sizeof(r->text) - 1 - r->n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        r->err = errno;
        return;
    }
    r->n += (size_t)n;
    r->length = exchange_length(r->text, r->n, n == 0);
    if (r->length < 0 && r->n == sizeof(r->text) - 1)
        r->err = E2BIG;
}

static bool has_come(const struct exchange_reader *r)
{
    return r->length >= 0 || r->err;
}

static bool is_read(void *arg)
{
    const struct exchange *x = arg;

    return has_come(&x->reader) || x->is_stopped(x->arg);
}

static bool is_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static void reader_close(struct exchange *x)
{
    struct exchange_reader *r = &x->reader;

    loop_watch_free(r->watch);
    if (x->in && r->fd >= 0)
        close(r->fd);
    r->watch = NULL;
    r->fd = -1;
}

static void reader_empty(struct exchange_reader *r)
{
    r->n = 0;
    r->length = -1;
    r->err = 0;
}

/* A pipe is opened for both ways, so that this does not wait for the one who writes. */
static int reader_open(struct exchange *x)
{
    struct exchange_reader *r = &x->reader;

    if (r->watch)
        return 0;
    reader_empty(r);
    r->fd = STDIN_FILENO;
    if (x->in)
        r->fd = open(x->in, (is_pipe(x->in) ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
    if (r->fd < 0)
        return problem_set(x, errno, "%s: %s", x->in, strerror(errno));
    int err = loop_watch_alloc(&r->watch, x->loop, r->fd, readable_h, r);
    return err ? problem_set(x, err, "the other end's SDP: %s", strerror(err)) : 0;
}

/* Of a pipe what comes next is heard too: it would be a further offer. */
static int sdp_read(struct exchange *x, char sdp[static PEER_SDP_MAX])
{
    struct exchange_reader *r = &x->reader;

    int err = reader_open(x);
    if (!err)
        err = loop_run(x->loop, is_read, x, loop_now_us() + PATIENCE_US);
    if (!err)
        err = r->err;
    if (err)
        (void)problem_set(x, err, "the other end's SDP: %s", strerror(err));
    else if (r->length < 0)
        err = problem_set(x, ECANCELED, "stopped while it waited for the other end's SDP");
    if (!err) {
        memcpy(sdp, r->text, (size_t)r->length);
        sdp[r->length] = 0;
    }
    reader_empty(r);
    if (!x->in || !is_pipe(x->in))
        reader_close(x);
    return err;
}

/* ---- out -------------------------------------------------------------------------- */

static int out_open(struct exchange *x)
{
    if (x->out_fd >= 0 || !x->out)
        return 0;
    int flags = is_pipe(x->out) ? O_RDWR : O_WRONLY | O_CREAT | O_TRUNC;
    x->out_fd = open(x->out, flags | O_CLOEXEC, 0666);
    return x->out_fd < 0 ? problem_set(x, errno, "%s: %s", x->out, strerror(errno)) : 0;
}

static int sdp_write(struct exchange *x, const char *sdp)
{
    static const char end[] = EXCHANGE_END "\n";
    size_t n = strlen(sdp);

    int err = out_open(x);
    if (err)
        return err;
    int fd = x->out ? x->out_fd : STDOUT_FILENO;
    if (write(fd, sdp, n) != (ssize_t)n || write(fd, end, sizeof(end) - 1) != sizeof(end) - 1)
        return problem_set(x, EIO, "the SDP for the other end cannot be written");
    return 0;
}

void exchange_close(struct exchange *x)
{
    reader_close(x);
    if (x->out_fd >= 0)
        close(x->out_fd);
    x->out_fd = -1;
}

/* ---- who offers, who answers ------------------------------------------------------ */

static void hint(const struct exchange *x, const char *what)
{
    if (!x->in)
        fprintf(stderr,
                "picrelay-loopback: paste the other end's %s, then a line with only a dot\n", what);
}

/* @param from  the side whose offer this is, or is answered by this */
static int relay_pass(struct exchange *x, const char *command, unsigned from,
                      char sdp[static PEER_SDP_MAX])
{
    const char *flags = strcmp(command, "offer") == 0 ? x->offer_flags[from] : x->answer_flags;

    if (!x->signalling->ng)
        return 0;
    int err = signalling_pass(x->signalling, command, from, flags, sdp, PEER_SDP_MAX);
    return err ? problem_set(x, err, "%s", x->signalling->problem) : 0;
}

/* An offer of ours goes its way, and the answer back. */
static int offer_pass(struct exchange *x, struct peer *p, char sdp[static PEER_SDP_MAX])
{
    int err = relay_pass(x, "offer", x->side, sdp);
    if (!err)
        err = sdp_write(x, sdp);
    if (err)
        return err;
    hint(x, "answer");
    err = sdp_read(x, sdp);
    if (!err)
        err = relay_pass(x, "answer", x->side, sdp);
    if (err)
        return err;
    err = peer_take_answer(p, sdp, strlen(sdp));
    return err ? problem_set(x, err, "the answer cannot be taken: %s", peer_strerror(err)) : 0;
}

/* The other end's offer is read, and answered. */
static int answer_run(struct exchange *x, struct peer *p)
{
    char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    int err = sdp_read(x, sdp);
    if (!err)
        err = relay_pass(x, "offer", !x->side, sdp);
    if (err)
        return err;
    err = peer_answer(p, sdp, strlen(sdp), answer, sizeof(answer));
    if (err)
        return problem_set(x, err, "the offer cannot be answered: %s", peer_strerror(err));
    err = relay_pass(x, "answer", !x->side, answer);
    return err ? err : sdp_write(x, answer);
}

int exchange_run(struct exchange *x, struct peer *p)
{
    char sdp[PEER_SDP_MAX];

    reader_empty(&x->reader);
    x->reader.fd = -1;
    if (x->side) {
        hint(x, "offer");
        return answer_run(x, p);
    }
    int err = peer_offer(p, sdp, sizeof(sdp));
    if (err)
        return problem_set(x, err, "our offer: %s", peer_strerror(err));
    return offer_pass(x, p, sdp);
}

int exchange_offer(struct exchange *x, struct peer *p, const struct peer_change *change)
{
    char sdp[PEER_SDP_MAX];

    if (x->in && !is_pipe(x->in))
        return problem_set(x, ENOTSUP,
                           "it needs a new offer, and %s is no pipe that could bring its answer",
                           x->in);
    int err = peer_reoffer(p, change, sdp, sizeof(sdp));
    if (err)
        return problem_set(x, err, "our new offer: %s", strerror(err));
    return offer_pass(x, p, sdp);
}

bool exchange_has_come(const struct exchange *x)
{
    return x->reader.watch && has_come(&x->reader);
}

int exchange_answer(struct exchange *x, struct peer *p)
{
    return answer_run(x, p);
}
