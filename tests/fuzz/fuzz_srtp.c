#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/media/srtp.h"

/* Packets of any content, to both providers: they say the same and write the same. An input is a
 * list of packets: a byte for the suite and what is done, a byte of changes, two of length, then
 * bytes. What is sealed is opened in the same vector, as it is or changed, once or twice. */

#define N_SUITES    (SRTP_SUITE_COUNT - 1)
#define PACKET_MAX  1500
#define BUF_BYTES   (PACKET_MAX + SRTP_TRAILER_MAX)
#define JOBS_MAX    40
#define HEAD_BYTES  4
#define IS_RTCP     0x10
#define IS_SEALED   0x20 /* else opened as it comes */
#define COMES_TWICE 0x40
#define HAS_MKI     0x80

enum { MULTIBUFFER, LIBSRTP, N_SIDES };

struct side {
    struct srtp_context *c;
    struct srtp_session *session[N_SUITES][2][2]; /* by suite, MKI, direction; NULL: not used yet */
    struct srtp_job jobs[JOBS_MAX];
    uint8_t data[JOBS_MAX][BUF_BYTES];
};

const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* No packet changes them; making one takes longer than all else here. */
static struct srtp_context *contexts[N_SIDES];

static void require(int claim)
{
    if (!claim)
        abort();
}

/* NSS allocates hundreds of times for a session: to note from where takes half of the time. A find
 * is run again with ASAN_OPTIONS=malloc_context_size=30. */
const char *__asan_default_options(void) /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */
{
    return "malloc_context_size=0";
}

/* Stays open to the end: with the last session the library beneath libsrtp2 (NSS) is unloaded, and
 * loaded again with the next, which takes a hundred times as long as an input. */
static void keep_library_loaded(void)
{
    const struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80};
    static struct srtp_session *first;

    require(srtp_session_alloc(&first, contexts[LIBSRTP], &keys, SRTP_SEND) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (srtp_context_alloc(&contexts[MULTIBUFFER], &srtp_provider_multibuffer) != 0) {
        (void)fprintf(stderr, "multibuffer cannot run here: nothing to compare\n");
        exit(EXIT_SUCCESS);
    }
    require(srtp_library_init() == 0);
    require(srtp_context_alloc(&contexts[LIBSRTP], &srtp_provider_libsrtp) == 0);
    keep_library_loaded();
    return 0;
}

static struct srtp_session *session_of(struct side *s, const uint8_t *head,
                                       enum srtp_direction direction)
{
    const unsigned suite = (head[0] & 0x0f) % N_SUITES, has_mki = !!(head[0] & HAS_MKI);
    struct srtp_session **sp = &s->session[suite][has_mki][direction];
    struct srtp_keys keys = {.suite = (enum srtp_suite_id)(suite + 1),
                             .key_salt = {(uint8_t)suite, 1, 2, 3},
                             .mki = {1, 2},
                             .mki_len = (uint8_t)(has_mki * 2)};

    if (!*sp)
        require(srtp_session_alloc(sp, s->c, &keys, direction) == 0);
    return *sp;
}

static void side_close(struct side *s)
{
    for (unsigned i = 0; i < N_SUITES * 4; i++)
        srtp_session_free(s->session[i / 4][i / 2 % 2][i % 2]);
    memset(s->session, 0, sizeof(s->session));
}

static void set_job(struct side *s, unsigned i, const uint8_t *head, const uint8_t *data,
                    uint32_t len)
{
    memcpy(s->data[i], data, len);
    s->jobs[i] = (struct srtp_job){
        .session = session_of(s, head, SRTP_RECEIVE),
        .data = s->data[i],
        .len = len,
        .cap = BUF_BYTES,
        .is_rtcp = head[0] & IS_RTCP,
    };
}

/* Makes a packet genuine, then breaks it if the head says so. @return whether it can be sealed */
static int seal(struct side *s, unsigned i, const uint8_t *head)
{
    struct srtp_job job = s->jobs[i];

    job.session = session_of(s, head, SRTP_SEND);
    srtp_seal(s->c, &job, 1);
    if (job.result != SRTP_OK)
        return 0;
    if (head[1] & 1)
        s->data[i][head[1] % job.len] ^= head[1];
    s->jobs[i].len = job.len;
    return 1;
}

/* @return jobs, one or two more */
static unsigned add(struct side sides[N_SIDES], unsigned n, const uint8_t *head, uint32_t len)
{
    int is_sealed[N_SIDES] = {0};

    for (unsigned k = 0; k < N_SIDES; k++) {
        set_job(&sides[k], n, head, head + HEAD_BYTES, len);
        if (head[0] & IS_SEALED)
            is_sealed[k] = seal(&sides[k], n, head);
    }
    require(is_sealed[0] == is_sealed[1]);
    if (is_sealed[0]) {
        require(sides[0].jobs[n].len == sides[1].jobs[n].len);
        require(memcmp(sides[0].data[n], sides[1].data[n], sides[0].jobs[n].len) == 0);
    }
    if (!(head[0] & COMES_TWICE))
        return n + 1;
    for (unsigned k = 0; k < N_SIDES; k++)
        set_job(&sides[k], n + 1, head, sides[k].data[n], sides[k].jobs[n].len);
    return n + 2;
}

static void open_and_compare(struct side sides[N_SIDES], unsigned n)
{
    for (unsigned k = 0; k < N_SIDES; k++)
        srtp_open(sides[k].c, sides[k].jobs, n);
    for (unsigned i = 0; i < n; i++) {
        const struct srtp_job *a = &sides[MULTIBUFFER].jobs[i], *b = &sides[LIBSRTP].jobs[i];

        require((a->result == SRTP_OK) == (b->result == SRTP_OK));
        if (a->result != SRTP_OK)
            continue;
        require(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct side sides[N_SIDES]; /* 130 KB: zeroed, they would be most of the work */
    unsigned n_jobs = 0;

    sides[MULTIBUFFER].c = contexts[MULTIBUFFER];
    sides[LIBSRTP].c = contexts[LIBSRTP];
    while (n >= HEAD_BYTES && n_jobs + 2 <= JOBS_MAX) {
        uint32_t len = (data[2] * 256u + data[3]) % (PACKET_MAX + 1);

        if (len > n - HEAD_BYTES)
            len = (uint32_t)(n - HEAD_BYTES);
        n_jobs = add(sides, n_jobs, data, len);
        data += HEAD_BYTES + len;
        n -= HEAD_BYTES + len;
    }
    open_and_compare(sides, n_jobs);
    side_close(&sides[MULTIBUFFER]);
    side_close(&sides[LIBSRTP]);
    return 0;
}
