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

struct reading {
    struct exchange *x;
    char *text;
    size_t n, cap;
    long length; /* -1: not there yet */
    int err;
};

static void readable_h(int fd, void *arg)
{
    struct reading *r = arg;

    if (r->length >= 0 || r->err)
        return;
    ssize_t n = read(fd, r->text + r->n, r->cap - r->n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        r->err = errno;
        return;
    }
    r->n += (size_t)n;
    r->length = exchange_length(r->text, r->n, n == 0);
    if (r->length < 0 && r->n == r->cap)
        r->err = E2BIG;
}

static bool is_read(void *arg)
{
    const struct reading *r = arg;

    return r->length >= 0 || r->err || r->x->is_stopped(r->x->arg);
}

/* A pipe is opened for both ways, so that this does not wait for the one who writes. */
static int in_open(const struct exchange *x)
{
    struct stat st;

    if (!x->in)
        return STDIN_FILENO;
    bool is_pipe = stat(x->in, &st) == 0 && S_ISFIFO(st.st_mode);
    return open(x->in, (is_pipe ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
}

static int sdp_read(struct exchange *x, char sdp[static PEER_SDP_MAX])
{
    struct reading r = {.x = x, .text = sdp, .cap = PEER_SDP_MAX - 1, .length = -1};
    struct loop_watch *watch = NULL;
    int fd = in_open(x);

    if (fd < 0)
        return problem_set(x, errno, "%s: %s", x->in, strerror(errno));
    int err = loop_watch_alloc(&watch, x->loop, fd, readable_h, &r);
    if (!err)
        err = loop_run(x->loop, is_read, &r, loop_now_us() + PATIENCE_US);
    loop_watch_free(watch);
    if (x->in)
        close(fd);
    if (err || r.err)
        return problem_set(x, err ? err : r.err, "the other end's SDP: %s",
                           strerror(err ? err : r.err));
    if (r.length < 0)
        return problem_set(x, ECANCELED, "stopped while it waited for the other end's SDP");
    sdp[r.length] = 0;
    return 0;
}

/* ---- out -------------------------------------------------------------------------- */

static int out_open(struct exchange *x)
{
    struct stat st;

    if (x->out_fd >= 0 || !x->out)
        return 0;
    bool is_pipe = stat(x->out, &st) == 0 && S_ISFIFO(st.st_mode);
    x->out_fd =
        open(x->out, is_pipe ? O_RDWR | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
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

static int relay_pass(struct exchange *x, const char *command, const char *flags,
                      char sdp[static PEER_SDP_MAX])
{
    if (!x->signalling->ng)
        return 0;
    int err = signalling_pass(x->signalling, command, 0, flags, sdp, PEER_SDP_MAX);
    return err ? problem_set(x, err, "%s", x->signalling->problem) : 0;
}

static int offer_run(struct exchange *x, struct peer *p)
{
    char sdp[PEER_SDP_MAX];

    int err = peer_offer(p, sdp, sizeof(sdp));
    if (err)
        return problem_set(x, err, "our offer: %s", peer_strerror(err));
    err = relay_pass(x, "offer", x->offer_flags, sdp);
    if (!err)
        err = sdp_write(x, sdp);
    if (err)
        return err;
    hint(x, "answer");
    err = sdp_read(x, sdp);
    if (!err)
        err = relay_pass(x, "answer", x->answer_flags, sdp);
    if (err)
        return err;
    err = peer_take_answer(p, sdp, strlen(sdp));
    return err ? problem_set(x, err, "the answer cannot be taken: %s", peer_strerror(err)) : 0;
}

static int answer_run(struct exchange *x, struct peer *p)
{
    char sdp[PEER_SDP_MAX], answer[PEER_SDP_MAX];

    hint(x, "offer");
    int err = sdp_read(x, sdp);
    if (!err)
        err = relay_pass(x, "offer", x->offer_flags, sdp);
    if (err)
        return err;
    err = peer_answer(p, sdp, strlen(sdp), answer, sizeof(answer));
    if (err)
        return problem_set(x, err, "the offer cannot be answered: %s", peer_strerror(err));
    err = relay_pass(x, "answer", x->answer_flags, answer);
    return err ? err : sdp_write(x, answer);
}

int exchange_run(struct exchange *x, struct peer *p, unsigned side)
{
    return side ? answer_run(x, p) : offer_run(x, p);
}
