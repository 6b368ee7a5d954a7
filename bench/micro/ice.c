/*
 * What a STUN packet costs the ice thread, by the number of agents, and what a leg costs control.
 *
 *     bench_ice [packets]
 *     bench_ice flood [seconds]
 *
 * Valid binding requests go to agents picked at random, WINDOW at a time, and each is answered; the
 * CPU time is that of the thread named "ice", by the kernel's account. Both figures must stay flat.
 * First the agents know no peer, so libnice answers; then the sender is the peer of each, on a pair
 * that is settled: what a keep-alive or a question for consent costs.
 *
 * flood: a thread sends to one agent as fast as it can, first what is not for its ufrag, then what
 * has it and a wrong MESSAGE-INTEGRITY, and another agent is asked meanwhile.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#include "ice/ice.h"

#define WINDOW          8
#define PACKETS_DEFAULT 20000
#define FIRST_PORT      20000
#define REQUEST_MAX     256
#define SEED            1u

#define PEER_UFRAG "peer"
#define PEER_PWD   "passwordpasswordpassword"

struct target {
    struct ice_leg *leg;
    struct sockaddr_in addr;
    bool is_ready;
    uint8_t request[REQUEST_MAX];
    size_t n;
};

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The same transaction every time: to the agent that is a retransmission, answered like the first.
 */
static void make_request_with(struct target *t, const char *ufrag, const char *pwd, bool nominates)
{
    StunAgent agent;
    StunMessage msg;
    StunTransactionId id;
    char username[ICE_UFRAG_MAX + 8];
    const int n = snprintf(username, sizeof(username), "%s:" PEER_UFRAG, ufrag);

    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    t->n = stun_usage_ice_conncheck_create(&agent, &msg, t->request, sizeof(t->request),
                                           (const uint8_t *)username, (size_t)n,
                                           (const uint8_t *)pwd, strlen(pwd), nominates, true, 1, 1,
                                           NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    stun_message_id(&msg, id);
    stun_agent_forget_transaction(&agent, id);
}

static void make_request(struct target *t, bool nominates)
{
    make_request_with(t, ice_local_ufrag(t->leg, 0), ice_local_pwd(t->leg, 0), nominates);
}

static void open_target(struct target *t, struct ice *ice, uint16_t port)
{
    struct ice_leg_config cfg = {.mode = ICE_MODE_RFC, .tos = -1, .arg = t};
    struct sockaddr_in *local = (struct sockaddr_in *)&cfg.local;

    local->sin_family = AF_INET;
    local->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (ice_leg_alloc(&t->leg, ice, &cfg))
        die("ice_leg_alloc");
    if (ice_leg_add_stream(t->leg, 1, &port))
        die("ice_leg_add_stream");
    t->addr = *local;
    t->addr.sin_port = htons(port);
}

/* @return the first line of a file of a task, empty if it is gone */
static const char *read_task(char *line, int cap, const char *task, const char *file)
{
    char path[300];
    FILE *f;

    line[0] = '\0';
    snprintf(path, sizeof(path), "/proc/self/task/%s/%s", task, file);
    f = fopen(path, "r");
    if (f) {
        if (!fgets(line, cap, f))
            line[0] = '\0';
        fclose(f);
    }
    return line;
}

static uint64_t ice_thread_ns(void)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry;
    char line[128];
    uint64_t ns = 0;

    while (dir && (entry = readdir(dir)))
        if (!strcmp(read_task(line, sizeof(line), entry->d_name, "comm"), "ice\n"))
            ns = strtoull(read_task(line, sizeof(line), entry->d_name, "schedstat"), NULL, 10);
    if (dir)
        closedir(dir);
    return ns;
}

static double us(uint64_t ns)
{
    return (double)ns / 1000;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* @return how many were answered */
static unsigned exchange(int fd, const struct target *targets, unsigned n_targets,
                         unsigned n_packets)
{
    unsigned seed = SEED, n_answers = 0;
    uint8_t answer[1500];

    for (unsigned i = 0; i < n_packets + WINDOW; i++) {
        if (i < n_packets) {
            const struct target *t = &targets[(unsigned)rand_r(&seed) % n_targets];

            if (sendto(fd, t->request, t->n, 0, (const struct sockaddr *)&t->addr,
                       sizeof(t->addr)) < 0)
                die("sendto");
        }
        if (i >= WINDOW && recv(fd, answer, sizeof(answer), 0) > 0)
            n_answers++;
    }
    return n_answers;
}

/* ---- a settled pair ---- */

static bool give_password(StunAgent *agent, StunMessage *msg, uint8_t *username, uint16_t n,
                          uint8_t **password, size_t *password_len, void *arg)
{
    (void)agent;
    (void)msg;
    (void)username;
    (void)n;
    (void)arg;
    *password = (uint8_t *)PEER_PWD;
    *password_len = strlen(PEER_PWD);
    return true;
}

static void answer_check(int fd, StunAgent *agent)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    uint8_t in[1500], out[256];
    StunMessage request, msg;
    const ssize_t n = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &len);

    if (n < 2 || in[0] != 0 || in[1] != 1 ||
        stun_agent_validate(agent, &request, in, (size_t)n, give_password, NULL))
        return;
    stun_agent_init_response(agent, &msg, out, sizeof(out), &request);
    stun_message_append_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &from, len);
    (void)sendto(fd, out, stun_agent_finish_message(agent, &msg, NULL, 0), 0,
                 (struct sockaddr *)&from, len);
}

static void event_h(const struct ice_event *ev, void *arg)
{
    struct target *t = ev->arg;

    (void)arg;
    t->is_ready = t->is_ready || ev->state == ICE_STATE_READY;
}

/* The peer controls, nominates, and answers the agent's own check. */
static void settle(int fd, struct ice *ice, struct target *t)
{
    struct ice_candidate c = {.foundation = "1", .component = 1, .priority = 2130706431};
    socklen_t len = sizeof(c.addr);
    StunAgent agent;

    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    if (getsockname(fd, (struct sockaddr *)&c.addr, &len) ||
        ice_set_remote_credentials(t->leg, 0, PEER_UFRAG, PEER_PWD) ||
        ice_set_remote_candidates(t->leg, 0, &c, 1) != 1)
        die("settle");
    make_request(t, true);
    while (!t->is_ready) {
        (void)sendto(fd, t->request, t->n, 0, (const struct sockaddr *)&t->addr, sizeof(t->addr));
        answer_check(fd, &agent);
        answer_check(fd, &agent);
        ice_dispatch(ice, event_h, NULL);
    }
    make_request(t, false);
}

/* @return CPU time of the ice thread for a packet [us] */
static double cost(int fd, const struct target *targets, unsigned n_targets, unsigned n_packets,
                   unsigned *n_answers)
{
    uint64_t start;

    exchange(fd, targets, n_targets, n_packets / 10); /* to warm up */
    start = ice_thread_ns();
    *n_answers = exchange(fd, targets, n_targets, n_packets);
    return us(ice_thread_ns() - start) / n_packets;
}

static int open_peer(void)
{
    const struct timeval patience = {.tv_usec = 20000};
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
        die("socket");
    return fd;
}

static void measure(unsigned n_targets, unsigned n_packets)
{
    struct target *targets = calloc(n_targets, sizeof(*targets));
    uint64_t *alloc_ns = calloc(n_targets, sizeof(*alloc_ns));
    const int fd = open_peer();
    unsigned n_answers[2];
    struct ice *ice;
    double cpu[2];

    if (!targets || !alloc_ns || ice_alloc(&ice))
        die("ice_alloc");
    for (unsigned i = 0; i < n_targets; i++) {
        const uint64_t start = now_ns();

        open_target(&targets[i], ice, (uint16_t)(FIRST_PORT + i));
        alloc_ns[i] = now_ns() - start;
        make_request(&targets[i], false);
    }
    qsort(alloc_ns, n_targets, sizeof(*alloc_ns), by_value);

    cpu[0] = cost(fd, targets, n_targets, n_packets, &n_answers[0]);
    for (unsigned i = 0; i < n_targets; i++)
        settle(fd, ice, &targets[i]);
    cpu[1] = cost(fd, targets, n_targets, n_packets, &n_answers[1]);
    printf("%7u  %10.1f  %8u  %12.1f  %8u  %12.0f  %9.0f\n", n_targets, cpu[0], n_answers[0],
           cpu[1], n_answers[1], us(alloc_ns[n_targets / 2]),
           us(alloc_ns[n_targets - n_targets / 100 - 1]));
    fflush(stdout);

    for (unsigned i = 0; i < n_targets; i++)
        ice_leg_free(targets[i].leg);
    ice_free(ice);
    close(fd);
    free(targets);
    free(alloc_ns);
}

/* ---- flood ---- */

#define ASKED_MAX 200000
#define ASK_US    1000

struct flood {
    const struct target *target;
    uint64_t n_sent, n_answers; /* answers: errors, of which there are ten a second at most */
    atomic_bool is_over;
};

static void *flood_run(void *arg)
{
    struct flood *f = arg;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    uint8_t in[1500];

    while (!atomic_load(&f->is_over)) {
        f->n_sent += sendto(fd, f->target->request, f->target->n, 0,
                            (const struct sockaddr *)&f->target->addr, sizeof(f->target->addr)) > 0;
        f->n_answers += recv(fd, in, sizeof(in), MSG_DONTWAIT) > 0;
    }
    close(fd);
    return NULL;
}

/* One request after the other to an agent that is not flooded. @return how many were lost */
static unsigned ask(const struct target *t, unsigned seconds, uint64_t *ns, unsigned max,
                    unsigned *n)
{
    const uint64_t end = now_ns() + (uint64_t)seconds * 1000000000u;
    const int fd = open_peer();
    unsigned n_lost = 0;
    uint8_t in[1500];

    for (*n = 0; *n < max && now_ns() < end;) {
        const uint64_t start = now_ns();

        (void)sendto(fd, t->request, t->n, 0, (const struct sockaddr *)&t->addr, sizeof(t->addr));
        if (recv(fd, in, sizeof(in), 0) > 0)
            ns[(*n)++] = now_ns() - start;
        else
            n_lost++;
        (void)usleep(ASK_US); /* few enough to leave the CPU time to the flood */
    }
    close(fd);
    return n_lost;
}

static void flood(const char *name, const struct target *victim, const struct target *other,
                  unsigned seconds)
{
    uint64_t *ns = calloc(ASKED_MAX, sizeof(*ns));
    struct flood f = {.target = victim};
    unsigned n = 0, n_lost;
    pthread_t thread;
    uint64_t cpu;

    if (!ns || pthread_create(&thread, NULL, flood_run, &f))
        die("flood");
    cpu = ice_thread_ns();
    n_lost = ask(other, seconds, ns, ASKED_MAX, &n);
    cpu = ice_thread_ns() - cpu;
    atomic_store(&f.is_over, true);
    pthread_join(thread, NULL);
    qsort(ns, n, sizeof(*ns), by_value);
    if (n)
        printf("%-28s %7.0f a second, %4.1f errors; CPU %.2f us each; another agent: %u asked, %u "
               "lost, %.0f us (median), %.0f (99 %%)\n",
               name, (double)f.n_sent / seconds, (double)f.n_answers / seconds,
               us(cpu) / (double)f.n_sent, n, n_lost, us(ns[n / 2]), us(ns[n * 99 / 100]));
    free(ns);
}

static void bench_flood(unsigned seconds)
{
    struct target victim = {0}, other = {0};
    struct ice *ice;

    if (ice_alloc(&ice))
        die("ice_alloc");
    open_target(&victim, ice, FIRST_PORT);
    open_target(&other, ice, FIRST_PORT + 1);
    make_request(&other, false);
    make_request_with(&victim, ice_local_ufrag(victim.leg, 0), "wrongwrongwrongwrongwrong", false);
    flood("our ufrag, a wrong password", &victim, &other, seconds);
    make_request_with(&victim, "nobody", "wrongwrongwrongwrongwrong", false);
    flood("not for our ufrag", &victim, &other, seconds);
    memset(victim.request + STUN_MESSAGE_HEADER_LENGTH, 0, victim.n - STUN_MESSAGE_HEADER_LENGTH);
    flood("a wrong FINGERPRINT", &victim, &other, seconds);
    ice_leg_free(victim.leg);
    ice_leg_free(other.leg);
    ice_free(ice);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {10, 100, 1000, 3000};
    const bool is_flood = argc > 1 && !strcmp(argv[1], "flood");
    const unsigned n_packets = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : PACKETS_DEFAULT;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max; /* five for each leg of one component */
    setrlimit(RLIMIT_NOFILE, &limit);

    if (is_flood) {
        bench_flood(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5);
        return 0;
    }
    printf(" agents  CPU us/pkt  answered  settled us/pkt  answered  leg us (p50)  leg (p99)\n");
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        measure(sizes[i], n_packets);
    return 0;
}
