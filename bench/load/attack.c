#include "bench/load/attack.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/bytes.h"
#include "bench/load/clock.h"
#include "bench/load/impair.h"
#include "bench/load/ng.h"
#include "bench/load/stun.h"

#define RTP_BYTES     172
#define GARBAGE_MAX   300
#define HEADERS_BYTES (sizeof(struct iphdr) + sizeof(struct udphdr))

/* Shared with the parent, which only reads. */
struct tally {
    uint64_t sent[SCENARIO_ATTACKS];
};

struct attack {
    struct attack_config cfg;
    pid_t pid;
    int start[2]; /* a byte in it begins the attack */
    int udp, raw, ng;
    uint64_t random;
    struct tally *tally;
};

/* ---- the process ------------------------------------------------------------------------------
 */

static uint32_t pick(struct attack *a, uint32_t n)
{
    return (uint32_t)(load_random(&a->random) * n);
}

/* The end of a call that is attacked. */
static const struct load_end *victim_of(struct attack *a, unsigned *call, unsigned *side)
{
    *call = pick(a, a->cfg.n_calls);
    *side = pick(a, 2);
    return &load_calls_at(a->cfg.calls, *call)->end[LOAD_AUDIO][*side];
}

static void fill(struct attack *a, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)pick(a, 256);
}

static void udp_send(const struct attack *a, const union load_address *to, const uint8_t *bytes,
                     size_t n)
{
    (void)sendto(a->udp, bytes, n, MSG_DONTWAIT, &to->sa, load_address_bytes(to));
}

static void garbage_send(struct attack *a, const struct load_end *end)
{
    uint8_t bytes[GARBAGE_MAX];
    size_t n = pick(a, GARBAGE_MAX);

    fill(a, bytes, n);
    udp_send(a, &end->relay, bytes, n);
}

/* From the very address and port of the good end, if the kernel lets us: IPv4, without a
 * checksum of UDP, which is optional there (RFC 768). */
static void forged_send(struct attack *a, const union load_address *from,
                        const union load_address *to, const uint8_t *bytes, size_t n)
{
    uint8_t packet[HEADERS_BYTES + GARBAGE_MAX] = {0};
    struct iphdr ip = {.version = 4,
                       .ihl = 5,
                       .ttl = 64,
                       .protocol = IPPROTO_UDP,
                       .saddr = from->in4.sin_addr.s_addr,
                       .daddr = to->in4.sin_addr.s_addr};
    struct udphdr udp = {.source = from->in4.sin_port,
                         .dest = to->in4.sin_port,
                         .len = htons((uint16_t)(sizeof(udp) + n))};

    memcpy(packet, &ip, sizeof(ip));
    memcpy(packet + sizeof(ip), &udp, sizeof(udp));
    memcpy(packet + HEADERS_BYTES, bytes, n);
    (void)sendto(a->raw, packet, HEADERS_BYTES + n, MSG_DONTWAIT, &to->sa, sizeof(to->in4));
}

static void spoof_send(struct attack *a, const struct load_end *end, unsigned call, unsigned side)
{
    const struct load_sockets *s = a->cfg.sockets;
    uint8_t bytes[RTP_BYTES];

    fill(a, bytes, sizeof(bytes));
    bytes[0] = 0x80;
    bytes[1] = 8; /* PCMA, as the good ones */
    /* a plain leg cannot know a forged packet from a good one: only those with keys are asked to */
    if (a->raw >= 0 && end->out.suite)
        forged_send(a, &s->addresses[load_sockets_index(s, call, (enum load_side)side)],
                    &end->relay, bytes, sizeof(bytes));
    else
        udp_send(a, &end->relay, bytes, sizeof(bytes));
}

static void stun_send(struct attack *a, const struct load_end *end)
{
    uint8_t packet[128], id[STUN_ID];
    struct stun_writer w;

    fill(a, id, sizeof(id));
    stun_begin(&w, packet, sizeof(packet), STUN_REQUEST, id);
    stun_put(&w, STUN_USERNAME, "nobody:somebody", 15);
    udp_send(a, &end->relay, packet, stun_end(&w, "not the password at all"));
}

static void ng_send(struct attack *a)
{
    static const char *const texts[] = {
        "a d7:command4:pin",
        "b d7:command5:offer3:sdp9999999999:v=0e",
        "c d7:command6:delete7:call-id6:nobody8:from-tag1:xe",
        "d d7:command5:offer7:call-id1:x8:from-tag1:y3:sdp4:m=xxe",
        "e llllllllllllllllllllllllllllllllllllllllllllllllllllllll",
        "no blank",
        "f d7:command5:query7:call-id6:nobodye",
    };
    const char *text = texts[pick(a, sizeof(texts) / sizeof(texts[0]))];
    char bytes[GARBAGE_MAX];
    size_t n = strlen(text);

    snprintf(bytes, sizeof(bytes), "%s", text);
    if (pick(a, 4) == 0) /* a cookie of its own: else it is answered from memory */
        bytes[0] = (char)('A' + pick(a, 26));
    (void)send(a->ng, bytes, n, MSG_DONTWAIT);
}

static void one_send(struct attack *a, enum scenario_attack_kind kind)
{
    unsigned call, side;
    const struct load_end *end = victim_of(a, &call, &side);

    switch (kind) {
    case SCENARIO_GARBAGE:
        garbage_send(a, end);
        break;
    case SCENARIO_SPOOF:
        spoof_send(a, end, call, side);
        break;
    case SCENARIO_STUN:
        stun_send(a, end);
        break;
    case SCENARIO_NG:
        ng_send(a);
        break;
    case SCENARIO_REPLAY: /* the load's */
    case SCENARIO_ATTACKS:
        return;
    }
    a->tally->sent[kind]++;
}

/* Never returns; the parent kills it. */
static void run(struct attack *a, pid_t parent)
{
    uint64_t step_ns = 1000000000 / (a->cfg.attack->rate ? a->cfg.attack->rate : 1);
    char byte;

    (void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
    if (getppid() != parent || read(a->start[0], &byte, 1) != 1)
        _exit(EXIT_FAILURE);
    uint64_t due_ns = load_now_ns();
    for (unsigned i = 0;; i++) {
        enum scenario_attack_kind kind = (enum scenario_attack_kind)(i % SCENARIO_ATTACKS);

        if (!a->cfg.attack->is_wanted[kind] || kind == SCENARIO_REPLAY)
            continue;
        one_send(a, kind);
        due_ns += step_ns;
        if (due_ns > load_now_ns() + 1000000)
            load_sleep_until(due_ns);
    }
}

/* ---- its parent -------------------------------------------------------------------------------
 */

static bool is_any_of_process(const struct scenario_attack *attack)
{
    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
        if (attack->is_wanted[i] && i != SCENARIO_REPLAY)
            return true;
    return false;
}

static int sockets_open(struct attack *a)
{
    const union load_address *local = &a->cfg.sockets->addresses[0];
    int one = 1;

    a->udp = socket(local->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (a->udp < 0)
        return errno;
    a->raw =
        load_address_is_ip6(local) ? -1 : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (a->raw >= 0 && setsockopt(a->raw, IPPROTO_IP, IP_HDRINCL, &one, sizeof(one)) != 0)
        return errno;
    return load_ng_connect(&a->ng, a->cfg.ng);
}

static int process_start(struct attack *a)
{
    pid_t parent = getpid();

    if (pipe(a->start) != 0)
        return errno;
    if (!is_any_of_process(a->cfg.attack))
        return 0;
    a->pid = fork();
    if (a->pid == 0) {
        close(a->start[1]);
        run(a, parent);
    }
    return a->pid < 0 ? errno : 0;
}

int attack_open(struct attack **ap, const struct attack_config *cfg)
{
    struct attack *a = calloc(1, sizeof(*a));
    if (!a)
        return ENOMEM;

    *a = (struct attack){.cfg = *cfg,
                         .start = {-1, -1},
                         .udp = -1,
                         .raw = -1,
                         .ng = -1,
                         .random = load_random_seed(1, cfg->attack->rate)};
    int rw = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;
    /* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) wants with MAP_ANONYMOUS */
    a->tally = mmap(NULL, sizeof(*a->tally), rw, flags, -1, 0);
    int err = a->tally == MAP_FAILED ? ENOMEM : 0;
    if (err)
        a->tally = NULL;
    if (!err)
        err = sockets_open(a);
    if (!err)
        err = process_start(a);
    if (err)
        attack_close(a);
    else
        *ap = a;
    return err;
}

void attack_begin(struct attack *a)
{
    (void)!write(a->start[1], "x", 1); /* a pipe that is empty has room */
}

static void fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

void attack_close(struct attack *a)
{
    if (!a)
        return;
    if (a->pid > 0) {
        (void)kill(a->pid, SIGKILL);
        (void)waitpid(a->pid, NULL, 0);
    }
    fd_close(a->start[0]);
    fd_close(a->start[1]);
    fd_close(a->udp);
    fd_close(a->raw);
    fd_close(a->ng);
    if (a->tally)
        (void)munmap(a->tally, sizeof(*a->tally));
    free(a);
}

uint64_t attack_sent(const struct attack *a, enum scenario_attack_kind kind)
{
    return a->tally->sent[kind];
}

bool attack_is_forging(const struct attack *a)
{
    return a->raw >= 0;
}
