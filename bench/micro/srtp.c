#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/media/bytes.h"
#include "relay/media/srtp.h"

/* What SRTP costs: nanoseconds a packet of 172 bytes (20 ms of G.711), by provider, suite and
 * length of the vector, for sealing and for opening. Each packet is of another session, as in a
 * relay with many calls. The median of ROUNDS rounds; on an idle machine, pinned: taskset -c 1
 * bench_srtp */

#define PACKET_BYTES 172
#define BUF_BYTES    512
#define N_SESSIONS   256
#define N_VECTORS    6
#define ROUNDS       301
#define WARM_UP      20

static const unsigned vectors[N_VECTORS] = {1, 2, 4, 16, 64, 256};

/** All that a row needs. */
struct bench {
    struct srtp_context *c;
    struct srtp_session *tx[N_SESSIONS], *rx[N_SESSIONS];
    struct srtp_job jobs[N_SESSIONS];
    uint8_t data[N_SESSIONS][BUF_BYTES];
    uint32_t seq;
    double seal_ns[ROUNDS], open_ns[ROUNDS];
};

typedef void(srtp_verb)(struct srtp_context *, struct srtp_job *, unsigned);

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int bench_open(struct bench *b, const struct srtp_provider *provider,
                      enum srtp_suite_id suite)
{
    int err = srtp_context_alloc(&b->c, provider);

    for (unsigned i = 0; i < N_SESSIONS && !err; i++) {
        struct srtp_keys keys;

        err = srtp_keys_random(&keys, suite);
        if (!err)
            err = srtp_session_alloc(&b->tx[i], b->c, &keys, SRTP_SEND);
        if (!err)
            err = srtp_session_alloc(&b->rx[i], b->c, &keys, SRTP_RECEIVE);
        srtp_keys_wipe(&keys);
    }
    return err;
}

static void bench_close(struct bench *b)
{
    for (unsigned i = 0; i < N_SESSIONS; i++) {
        srtp_session_free(b->tx[i]);
        srtp_session_free(b->rx[i]);
    }
    srtp_context_free(b->c);
    free(b);
}

static void write_packets(struct bench *b)
{
    b->seq++;
    for (unsigned i = 0; i < N_SESSIONS; i++) {
        memset(b->data[i], 0xd5, PACKET_BYTES);
        put_be32(b->data[i], 0x80000000 | (b->seq & 0xffff));
        put_be32(b->data[i] + 8, i + 1);
        b->jobs[i] = (struct srtp_job){
            .session = b->tx[i], .data = b->data[i], .len = PACKET_BYTES, .cap = BUF_BYTES};
    }
}

/* @return nanoseconds a packet; exits if one of them failed, as that would be no measure */
static double time_verb(struct bench *b, unsigned vector, srtp_verb *verb)
{
    const double start = now_ns();
    double ns;

    for (unsigned i = 0; i < N_SESSIONS; i += vector)
        verb(b->c, b->jobs + i, vector);
    ns = (now_ns() - start) / N_SESSIONS;
    for (unsigned i = 0; i < N_SESSIONS; i++) {
        if (b->jobs[i].result != SRTP_OK) {
            (void)fprintf(stderr, "bench_srtp: packet %u of round %u failed\n", i, b->seq);
            exit(EXIT_FAILURE);
        }
    }
    return ns;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(*values), by_value);
    return values[ROUNDS / 2];
}

static void bench_vector(struct bench *b, const char *provider, const char *suite, unsigned vector)
{
    for (int i = -WARM_UP; i < ROUNDS; i++) {
        const unsigned at = i < 0 ? 0 : (unsigned)i;

        write_packets(b);
        b->seal_ns[at] = time_verb(b, vector, srtp_seal);
        for (unsigned k = 0; k < N_SESSIONS; k++)
            b->jobs[k].session = b->rx[k];
        b->open_ns[at] = time_verb(b, vector, srtp_open);
    }
    printf("%-24s %-12s %6u %8.0f %8.0f\n", suite, provider, vector, median(b->seal_ns),
           median(b->open_ns));
}

static int bench_provider(const struct srtp_provider *provider, enum srtp_suite_id suite)
{
    struct bench *b = calloc(1, sizeof(*b));
    int err;

    if (!b)
        return ENOMEM;
    err = bench_open(b, provider, suite);
    for (unsigned i = 0; i < N_VECTORS && !err; i++)
        bench_vector(b, provider->name, srtp_suite_sdp_name(suite), vectors[i]);
    bench_close(b);
    return err;
}

static int usage(void)
{
    (void)fprintf(stderr, "Usage: bench_srtp [SUITE]\n"
                          "What sealing and opening cost, for one suite by its name in SDP or for "
                          "all.\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct srtp_provider *const providers[] = {&srtp_provider_libsrtp,
                                                            &srtp_provider_multibuffer};
    const enum srtp_suite_id only = argc == 2 ? srtp_suite_find(str_of(argv[1])) : SRTP_SUITE_NONE;

    if (argc > 2 || (argc == 2 && only == SRTP_SUITE_NONE))
        return usage();
    if (srtp_library_init())
        return EXIT_FAILURE;
    printf("%-24s %-12s %6s %8s %8s   [ns a packet]\n", "suite", "provider", "vector", "seal",
           "open");
    for (enum srtp_suite_id s = SRTP_SUITE_NONE + 1; s < SRTP_SUITE_COUNT; s++) {
        for (unsigned i = 0; i < 2 && (only == SRTP_SUITE_NONE || only == s); i++) {
            const int err = bench_provider(providers[i], s);

            if (err)
                (void)fprintf(stderr, "bench_srtp: %s: %s\n", providers[i]->name, strerror(err));
        }
    }
    srtp_library_close();
    return EXIT_SUCCESS;
}
