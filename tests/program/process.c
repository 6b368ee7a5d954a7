#include "tests/program/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 65536

enum { OUT, ERR };

/* What came through one pipe. */
struct stream {
    int fd;
    struct loop_watch *watch;
    char *text;
    size_t n, cap;
};

struct process {
    struct loop *loop;
    pid_t pid;
    int pid_fd;
    struct loop_watch *pid_watch;
    struct stream stream[2];
    bool is_quiet;
    int status; /* -1: runs */
};

static void stream_close(struct stream *s)
{
    loop_watch_free(s->watch);
    if (s->fd >= 0)
        close(s->fd);
    s->watch = NULL;
    s->fd = -1;
}

static bool stream_grow(struct stream *s)
{
    if (s->cap - s->n > READ_BYTES)
        return true;

    char *text = realloc(s->text, s->cap * 2 + READ_BYTES + 1);
    if (!text)
        return false;
    s->text = text;
    s->cap = s->cap * 2 + READ_BYTES;
    return true;
}

static void readable_h(int fd, void *arg)
{
    struct process *p = arg;
    struct stream *s = fd == p->stream[OUT].fd ? &p->stream[OUT] : &p->stream[ERR];

    ssize_t n = stream_grow(s) ? read(fd, s->text + s->n, READ_BYTES) : 0;
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        stream_close(s);
        return;
    }
    if (s == &p->stream[ERR] && !p->is_quiet)
        (void)!write(STDERR_FILENO, s->text + s->n, (size_t)n);
    s->n += (size_t)n;
    s->text[s->n] = 0;
}

static void ended_h(int fd, void *arg)
{
    struct process *p = arg;
    int status;

    (void)fd;
    if (waitpid(p->pid, &status, WNOHANG) != p->pid)
        return;
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    loop_watch_free(p->pid_watch);
    p->pid_watch = NULL;
}

/* In the child, between fork() and exec(): nothing but system calls. */
static void child_run(const struct process_config *cfg, const int out[2], const int err[2])
{
    const struct rlimit limit = {.rlim_cur = cfg->n_descriptors, .rlim_max = cfg->n_descriptors};

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies takes it along */
    if (cfg->in_fd)
        dup2(cfg->in_fd, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (cfg->n_descriptors)
        setrlimit(RLIMIT_NOFILE, &limit);
    execv(cfg->argv[0], (char *const *)(void *)cfg->argv);
    _exit(127);
}

static int watch_all(struct process *p, struct loop *loop)
{
    int err = loop_watch_alloc(&p->pid_watch, loop, p->pid_fd, ended_h, p);

    for (unsigned i = 0; i < 2 && !err; i++)
        err = loop_watch_alloc(&p->stream[i].watch, loop, p->stream[i].fd, readable_h, p);
    return err;
}

static int child_start(struct process *p, const struct process_config *cfg)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        return errno; /* the test ends here */
    p->pid = fork();
    if (p->pid == 0)
        child_run(cfg, out, err);
    close(out[1]);
    close(err[1]);
    p->stream[OUT].fd = out[0];
    p->stream[ERR].fd = err[0];
    if (p->pid < 0)
        return EAGAIN;
    p->pid_fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    return p->pid_fd < 0 ? errno : watch_all(p, cfg->loop);
}

int process_start(struct process **pp, const struct process_config *cfg)
{
    struct process *p = calloc(1, sizeof(*p));
    if (!p)
        return ENOMEM;

    p->pid_fd = p->stream[OUT].fd = p->stream[ERR].fd = -1;
    p->loop = cfg->loop;
    p->status = -1;
    p->is_quiet = cfg->is_quiet;
    int err = stream_grow(&p->stream[OUT]) && stream_grow(&p->stream[ERR]) ? 0 : ENOMEM;
    if (!err) {
        *p->stream[OUT].text = *p->stream[ERR].text = 0;
        err = child_start(p, cfg);
    }
    if (err) {
        process_free(p);
        return err;
    }
    *pp = p;
    return 0;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    loop_watch_free(p->pid_watch);
    if (p->pid > 0 && p->status < 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    if (p->pid_fd >= 0)
        close(p->pid_fd);
    for (unsigned i = 0; i < 2; i++) {
        stream_close(&p->stream[i]);
        free(p->stream[i].text);
    }
    free(p);
}

const char *process_out(const struct process *p)
{
    return p->stream[OUT].text;
}

const char *process_err(const struct process *p)
{
    return p->stream[ERR].text;
}

void process_pause_out(struct process *p)
{
    loop_watch_free(p->stream[OUT].watch);
    p->stream[OUT].watch = NULL;
}

int process_resume_out(struct process *p)
{
    return loop_watch_alloc(&p->stream[OUT].watch, p->loop, p->stream[OUT].fd, readable_h, p);
}

pid_t process_id(const struct process *p)
{
    return p->pid;
}

void process_signal(const struct process *p, int signal)
{
    if (p->status < 0)
        kill(p->pid, signal);
}

bool process_has_ended(void *process)
{
    const struct process *p = process;

    return p->status >= 0 && p->stream[OUT].fd < 0 && p->stream[ERR].fd < 0;
}

int process_status(const struct process *p)
{
    return p->status;
}

unsigned long process_memory_kib(const struct process *p, const char *field)
{
    char path[64], line[256];
    unsigned long kib = 0;
    size_t n = strlen(field);

    snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    FILE *f = fopen(path, "re");
    while (f && !kib && fgets(line, sizeof(line), f))
        if (strncmp(line, field, n) == 0 && line[n] == ':')
            kib = strtoul(line + n + 1, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

unsigned process_descriptors(const struct process *p)
{
    char path[64];
    unsigned n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* ---- the network ------------------------------------------------------------------------------
 */

bool process_own_network(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    bool is_up;
    int fd;

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
    close(fd);
    return is_up;
}
