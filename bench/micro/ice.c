/*
 * What a STUN packet costs the ice thread, by the number of agents, and what a leg costs control.
 *
 *     bench_ice [packets]
 *
 * Valid binding requests go to agents picked at random, WINDOW at a time, and each is answered; the
 * CPU time is that of the thread named "ice", by the kernel's account. Both figures must stay flat.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
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

struct target {
    struct ice_leg *leg;
    struct sockaddr_in addr;
    uint8_t request[REQUEST_MAX];
    size_t n;
};

static void die(const char *what)
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
static void make_request(struct target *t)
{
    StunAgent agent;
    StunMessage msg;
    StunTransactionId id;
    char username[ICE_UFRAG_MAX + 8];
    const char *pwd = ice_local_pwd(t->leg, 0);
    const int n = snprintf(username, sizeof(username), "%s:peer", ice_local_ufrag(t->leg, 0));

    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    t->n = stun_usage_ice_conncheck_create(&agent, &msg, t->request, sizeof(t->request),
                                           (const uint8_t *)username, (size_t)n,
                                           (const uint8_t *)pwd, strlen(pwd), false, true, 1, 1,
                                           NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    stun_message_id(&msg, id);
    stun_agent_forget_transaction(&agent, id);
}

static void open_target(struct target *t, struct ice *ice, uint16_t port)
{
    struct ice_leg_config cfg = {.mode = ICE_MODE_RFC, .tos = -1};
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
static unsigned exchange(const struct target *targets, unsigned n_targets, unsigned n_packets)
{
    const struct timeval second = {.tv_sec = 1};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    unsigned seed = SEED, n_answers = 0;
    uint8_t answer[1500];

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
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
    close(fd);
    return n_answers;
}

static void measure(unsigned n_targets, unsigned n_packets)
{
    struct target *targets = calloc(n_targets, sizeof(*targets));
    uint64_t *alloc_ns = calloc(n_targets, sizeof(*alloc_ns));
    struct ice *ice;
    uint64_t start, busy_ns;
    unsigned n_answers;

    if (!targets || !alloc_ns || ice_alloc(&ice))
        die("ice_alloc");
    for (unsigned i = 0; i < n_targets; i++) {
        start = now_ns();
        open_target(&targets[i], ice, (uint16_t)(FIRST_PORT + i));
        alloc_ns[i] = now_ns() - start;
        make_request(&targets[i]);
    }
    qsort(alloc_ns, n_targets, sizeof(*alloc_ns), by_value);

    exchange(targets, n_targets, n_packets / 10); /* to warm up */
    start = ice_thread_ns();
    n_answers = exchange(targets, n_targets, n_packets);
    busy_ns = ice_thread_ns() - start;
    printf("%7u  %10.1f  %9u  %12.0f  %9.0f  %9.0f\n", n_targets, us(busy_ns) / n_packets,
           n_answers, us(alloc_ns[n_targets / 2]), us(alloc_ns[n_targets - n_targets / 100 - 1]),
           us(alloc_ns[n_targets - 1]));
    fflush(stdout);

    for (unsigned i = 0; i < n_targets; i++)
        ice_leg_free(targets[i].leg);
    ice_free(ice);
    free(targets);
    free(alloc_ns);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {10, 100, 1000, 3000};
    const unsigned n_packets = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : PACKETS_DEFAULT;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max; /* five for each leg of one component */
    setrlimit(RLIMIT_NOFILE, &limit);

    printf(" agents  CPU us/pkt   answered  leg us (p50)  leg (p99)  leg (max)\n");
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        measure(sizes[i], n_packets);
    return 0;
}
