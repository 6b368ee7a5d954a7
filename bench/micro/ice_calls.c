/*
 * What ICE costs a call, with peers of our own on loopback.
 *
 *     bench_ice_calls connect [N]           from both descriptions to the first media packet, by
 * mode bench_ice_calls load [RATE] [SECONDS] calls with ICE on both legs, set up by one thread
 *     bench_ice_calls memory [N]            of N calls with ICE on both legs
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ice/ice.h"

#define COMPONENTS  2
#define FIRST_PORT  16000
#define LAST_PORT   60000
#define CANDIDATES  8
#define CALL_LIFE_S 2
#define MEDIA_BYTES 172

struct end {
    struct ice_leg *leg;
    unsigned n_ready; /* components */
    bool has_failed;
};

/* Our leg and its peer. */
struct pair {
    struct end end[2];
};

struct call {
    struct pair leg[2];
    uint64_t began_ns;
    bool is_up;
};

/* The legs' thread and the peers'. */
struct world {
    struct ice *ice[2];
    uint16_t next_port;
};

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* ---- legs ---- */

static int try_ports(struct world *w, struct end *e)
{
    uint16_t ports[COMPONENTS];

    for (unsigned i = 0; i < COMPONENTS; i++) {
        ports[i] = w->next_port++;
        if (w->next_port >= LAST_PORT)
            w->next_port = FIRST_PORT;
    }
    return ice_leg_add_stream(e->leg, COMPONENTS, ports);
}

static void open_end(struct world *w, struct end *e, unsigned side, enum ice_mode mode)
{
    struct ice_leg_config cfg = {.mode = mode, .is_controlling = side == 0, .tos = -1, .arg = e};
    struct sockaddr_in *local = (struct sockaddr_in *)&cfg.local;
    int n = -EADDRINUSE;

    memset(e, 0, sizeof(*e));
    local->sin_family = AF_INET;
    local->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (ice_leg_alloc(&e->leg, w->ice[side], &cfg))
        die("ice_leg_alloc");
    while (n == -EADDRINUSE)
        n = try_ports(w, e);
    if (n)
        die("ice_leg_add_stream");
}

static void describe(struct end *to, const struct end *from)
{
    struct ice_candidate c[CANDIDATES];
    const size_t n = ice_local_candidates(from->leg, 0, c, CANDIDATES);

    if (!c[0].ufrag[0]) /* draft-06 has them in the candidates */
        (void)ice_set_remote_credentials(to->leg, 0, ice_local_ufrag(from->leg, 0),
                                         ice_local_pwd(from->leg, 0));
    if (ice_set_remote_candidates(to->leg, 0, c, n) != COMPONENTS)
        die("ice_set_remote_candidates");
}

static void open_pair(struct world *w, struct pair *p, enum ice_mode mode)
{
    open_end(w, &p->end[0], 0, mode);
    open_end(w, &p->end[1], 1, mode);
}

static void introduce(struct pair *p)
{
    describe(&p->end[0], &p->end[1]);
    describe(&p->end[1], &p->end[0]);
}

static void close_pair(struct pair *p)
{
    ice_leg_free(p->end[0].leg);
    ice_leg_free(p->end[1].leg);
}

static void event_h(const struct ice_event *ev, void *arg)
{
    struct end *e = ev->arg;

    (void)arg;
    if (ev->type != ICE_EVENT_STATE)
        return;
    e->n_ready += ev->state == ICE_STATE_READY;
    e->has_failed = e->has_failed || ev->state == ICE_STATE_FAILED;
}

/* Waits for news of either side, for at most some time, and takes it. */
static void run(struct world *w, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = ice_event_fd(w->ice[0]), .events = POLLIN},
                            {.fd = ice_event_fd(w->ice[1]), .events = POLLIN}};

    (void)poll(fds, 2, timeout_ms);
    ice_dispatch(w->ice[0], event_h, NULL);
    ice_dispatch(w->ice[1], event_h, NULL);
}

static void open_world(struct world *w)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    w->next_port = FIRST_PORT;
    if (ice_alloc(&w->ice[0]) || ice_alloc(&w->ice[1]))
        die("ice_alloc");
}

static void close_world(struct world *w)
{
    ice_free(w->ice[0]);
    ice_free(w->ice[1]);
}

/* ---- connect ---- */

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool has_pair(const struct end *e, struct ice_candidate *remote)
{
    struct ice_candidate local;

    return ice_selected_pair(e->leg, 0, 1, &local, remote);
}

/* Media goes as soon as there is a pair on our side; the peer's socket takes what comes. */
static uint64_t time_to_media(struct world *w, enum ice_mode mode)
{
    uint8_t packet[MEDIA_BYTES] = {0x80}, got[MEDIA_BYTES];
    struct ice_candidate remote;
    struct pollfd pfd = {.events = POLLIN};
    struct pair p;
    uint64_t began;

    open_pair(w, &p, mode);
    began = now_ns(CLOCK_MONOTONIC);
    introduce(&p);
    while (!has_pair(&p.end[0], &remote))
        run(w, 1000);
    pfd.fd = ice_media_fd(p.end[1].leg, 0, 1);
    (void)!sendto(ice_media_fd(p.end[0].leg, 0, 1), packet, sizeof(packet), 0,
                  (struct sockaddr *)&remote.addr, sizeof(struct sockaddr_in));
    (void)poll(&pfd, 1, 1000);
    if (recv(pfd.fd, got, sizeof(got), 0) != MEDIA_BYTES)
        die("media");
    began = now_ns(CLOCK_MONOTONIC) - began;
    close_pair(&p);
    return began;
}

static void bench_connect(unsigned n)
{
    static const enum ice_mode modes[] = {ICE_MODE_RFC, ICE_MODE_LYNC, ICE_MODE_OCS2007,
                                          ICE_MODE_WLM2009, ICE_MODE_MSN};
    uint64_t *ns = calloc(n, sizeof(*ns));
    struct world w;

    open_world(&w);
    printf("mode      median [ms]   90 %% [ms]    max [ms]   of %u, one after the other\n", n);
    for (unsigned m = 0; ns && m < sizeof(modes) / sizeof(modes[0]); m++) {
        for (unsigned i = 0; i < n; i++)
            ns[i] = time_to_media(&w, modes[m]);
        qsort(ns, n, sizeof(*ns), by_value);
        printf("%-8s  %11.1f  %10.1f  %10.1f\n", ice_mode_name(modes[m]), ms(ns[n / 2]),
               ms(ns[n * 9 / 10]), ms(ns[n - 1]));
        fflush(stdout);
    }
    free(ns);
    close_world(&w);
}

/* ---- load ---- */

struct tally {
    unsigned n_up, n_failed;
    unsigned n_sent[2], n_answered[2]; /* checks of Lync's legs, of standard ones */
};

static bool is_ready(const struct call *c)
{
    for (unsigned i = 0; i < 2; i++)
        for (unsigned side = 0; side < 2; side++)
            if (c->leg[i].end[side].n_ready < COMPONENTS)
                return false;
    return true;
}

static void count_checks(struct tally *t, unsigned leg, const struct end *e)
{
    struct ice_check checks[CANDIDATES];

    for (unsigned i = 1; i <= COMPONENTS; i++) {
        const size_t n = ice_read_checks(e->leg, 0, i, checks, CANDIDATES);

        for (size_t k = 0; k < n; k++) {
            t->n_sent[leg] += checks[k].n_sent;
            t->n_answered[leg] += checks[k].n_answered;
        }
    }
}

static void begin(struct world *w, struct call *c)
{
    memset(c, 0, sizeof(*c));
    c->began_ns = now_ns(CLOCK_MONOTONIC);
    open_pair(w, &c->leg[0], ICE_MODE_LYNC);
    open_pair(w, &c->leg[1], ICE_MODE_RFC);
    introduce(&c->leg[0]);
    introduce(&c->leg[1]);
}

static void finish(struct call *c, struct tally *t)
{
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned side = 0; side < 2; side++) {
            count_checks(t, i, &c->leg[i].end[side]);
            t->n_failed += c->leg[i].end[side].has_failed;
        }
        close_pair(&c->leg[i]);
    }
    t->n_up += c->is_up;
}

static void look(struct call *calls, unsigned first, unsigned end, uint64_t *ns)
{
    for (unsigned i = first; i < end; i++) {
        if (calls[i].is_up || !is_ready(&calls[i]))
            continue;
        calls[i].is_up = true;
        ns[i] = now_ns(CLOCK_MONOTONIC) - calls[i].began_ns;
    }
}

/* One thread makes the calls of both sides, which is twice what a relay's control has to do. */
static void bench_load(unsigned rate, unsigned seconds)
{
    const unsigned n = rate * seconds, life = rate * CALL_LIFE_S;
    struct call *calls = calloc(n, sizeof(*calls));
    uint64_t *ns = calloc(n, sizeof(*ns));
    struct tally t = {0};
    struct world w;
    unsigned begun = 0, ended = 0;
    uint64_t start, cpu, own;

    if (!calls || !ns)
        die("calloc");
    open_world(&w);
    start = now_ns(CLOCK_MONOTONIC);
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    own = now_ns(CLOCK_THREAD_CPUTIME_ID);
    while (ended < n) {
        const uint64_t now = now_ns(CLOCK_MONOTONIC) - start;

        while (begun < n && now >= (uint64_t)begun * 1000000000u / rate)
            begin(&w, &calls[begun++]);
        run(&w, 1);
        look(calls, ended, begun, ns);
        while (ended < begun && now >= ((uint64_t)ended + life) * 1000000000u / rate)
            finish(&calls[ended++], &t);
    }
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    own = now_ns(CLOCK_THREAD_CPUTIME_ID) - own;
    qsort(ns, n, sizeof(*ns), by_value);
    printf(
        "%u calls at %u a second: %u up, %u legs failed; up after %.1f ms (median), %.1f (99 %%)\n",
        n, rate, t.n_up, t.n_failed, ms(ns[n / 2]), ms(ns[n * 99 / 100]));
    printf(
        "checks: rfc %u sent, %u answered; lync %u, %u (its first ones go twice: two CRC tables)\n",
        t.n_sent[1], t.n_answered[1], t.n_sent[0], t.n_answered[0]);
    printf("CPU a call, relay's and peers' sides together: control %.2f ms, ICE threads %.2f ms\n",
           ms(own) / n, ms(cpu - own) / n);
    free(calls);
    free(ns);
    close_world(&w);
}

/* ---- memory ---- */

static size_t heap_bytes(void)
{
    const struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static size_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    char line[128] = "";
    char *at = line;

    if (f) {
        if (!fgets(line, sizeof(line), f))
            line[0] = '\0';
        fclose(f);
    }
    (void)strtoul(line, &at, 10); /* all of it; then what is resident */
    return strtoul(at, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Peers' agents are not counted: only the relay's two legs of each call are made. */
static void bench_memory(unsigned n)
{
    struct end *ends = calloc(2 * (size_t)n, sizeof(*ends));
    struct ice_memory own;
    struct world w;
    size_t before, resident, used;

    if (!ends)
        die("calloc");
    open_world(&w);
    before = heap_bytes();
    resident = resident_bytes();
    for (unsigned i = 0; i < 2 * n; i++)
        open_end(&w, &ends[i], 0, i % 2 ? ICE_MODE_RFC : ICE_MODE_LYNC);
    used = heap_bytes() - before;
    resident = resident_bytes() - resident;
    own = ice_memory();
    printf(
        "%u calls with ICE on both legs: %.1f KB a call resident, %.1f of heap; %.1f are ours, the "
        "rest libnice's and GLib's\n",
        n, (double)resident / n / 1024, (double)used / n / 1024,
        2 * (double)(own.leg + own.stream) / 1024);
    for (unsigned i = 0; i < 2 * n; i++)
        ice_leg_free(ends[i].leg);
    free(ends);
    close_world(&w);
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
    return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "connect"))
        bench_connect(number(argc, argv, 2, 30));
    else if (!strcmp(what, "load"))
        bench_load(number(argc, argv, 2, 200), number(argc, argv, 3, 10));
    else if (!strcmp(what, "memory"))
        bench_memory(number(argc, argv, 2, 500));
    else
        fprintf(stderr, "bench_ice_calls connect|load|memory, see the head of its source\n");
    return 0;
}
