#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/media/bytes.h"
#include "relay/media/srtp_mb.h"
#include "relay/media/srtp_window.h"
#include "tests/srtp_twins.h"

/* The multi-buffer provider beside libsrtp2, which must do the same to the same packets, and beside
 * the examples of the RFCs, which know neither. */

/* ---- the examples of the RFCs -----------------------------------------------------------------
 */

static unsigned from_hex(uint8_t *out, const char *hex)
{
    unsigned n = 0;

    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        out[n++] = (uint8_t)strtoul((char[]){hex[0], hex[1], '\0'}, NULL, 16);
        hex++;
    }
    return n;
}

static void keys_are_derived_as_in_rfc_3711_b3(void **state)
{
    struct srtp_keys keys = {.suite = SRTP_SUITE_AES_CM_128_HMAC_SHA1_80};
    struct mb_secrets secrets;
    uint8_t expected[MB_KEY_MAX];

    (void)from_hex(keys.key_salt, "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    assert_int_equal(mb_keys_derive(*state, &secrets, &keys, false), 0);
    (void)from_hex(expected, "C61E7A93744F39EE10734AFE3FF7A087");
    assert_memory_equal(secrets.key, expected, 16);
    (void)from_hex(expected, "30CBBC08863D8C85D49DB34A9AE1");
    assert_memory_equal(secrets.salt, expected, 14);
    (void)from_hex(expected, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
    assert_memory_equal(secrets.auth, expected, 20);
}

/* The examples give the session keys, which no master key is known for. */
static struct srtp_session *session_of(struct srtp_context *c, enum srtp_suite_id suite,
                                       const char *key, const char *salt)
{
    struct srtp_keys keys = {.suite = suite};
    struct mb_secrets secrets = {.auth = {0}};
    struct srtp_session *s = NULL;

    assert_int_equal(srtp_session_alloc(&s, c, &keys, SRTP_SEND), 0);
    (void)from_hex(secrets.key, key);
    (void)from_hex(secrets.salt, salt);
    mb_keys_set((struct mb_context *)c, (struct mb_session *)s, &secrets, false);
    mb_keys_set((struct mb_context *)c, (struct mb_session *)s, &secrets, true);
    return s;
}

/* RFC 3711 B.2: SSRC, ROC and SEQ are 0, so encrypting zeros lays the keystream open; the counter
 * goes up to 0xff01, which takes a packet of a megabyte. */
static void keystream_is_that_of_rfc_3711_b2(void **state)
{
    static const struct {
        uint32_t block;
        const char *keystream;
    } rows[] = {
        {0x0000, "E03EAD0935C95E80E166B16DD92B4EB4"}, {0x0001, "D23513162B02D0F72A43A2FE4A5F97AB"},
        {0x0002, "41E95B3BB0A2E8DD477901E4FCA894C0"}, {0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"},
        {0xff00, "362B7C3C6773516318A077D7FC5073AE"}, {0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"},
    };
    const uint32_t len = 12 + 0xff02 * 16;
    uint8_t *data = calloc(1, len + SRTP_TRAILER_MAX), expected[16];
    struct srtp_session *s =
        session_of(*state, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80, "2B7E151628AED2A6ABF7158809CF4F3C",
                   "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    struct srtp_job job = {.session = s, .data = data, .len = len, .cap = len + SRTP_TRAILER_MAX};
    size_t i;

    assert_non_null(data);
    data[0] = 0x80;
    srtp_seal(*state, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)from_hex(expected, rows[i].keystream);
        assert_memory_equal(data + 12 + rows[i].block * 16, expected, 16);
    }
    srtp_session_free(s);
    free(data);
}

#define KEY_128 "000102030405060708090a0b0c0d0e0f"
#define KEY_256 KEY_128 "101112131415161718191a1b1c1d1e1f"
#define SALT    "517569642070726f2071756f"
#define RTP                                                                                        \
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 "   \
    "61727465 73207472 6573"
#define RTCP                                                                                       \
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef "   \
    "deadbeef deadbeef deadbeef"
#define RTCP_INDEX 0x5d4

static const struct gcm_row {
    const char *section;
    enum srtp_suite_id suite;
    bool is_rtcp;
    const char *key, *plain, *sealed;
} gcm_rows[] = {
    {"16.1", SRTP_SUITE_AEAD_AES_128_GCM, false, KEY_128, RTP,
     "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a "
     "51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce"},
    {"16.2", SRTP_SUITE_AEAD_AES_256_GCM, false, KEY_256, RTP,
     "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 "
     "76ffae0f 1ba63799 b87b 7aa3db36 dfffd6b0 f9bb7878 d7a76c13"},
    {"17.1", SRTP_SUITE_AEAD_AES_128_GCM, true, KEY_128, RTCP,
     "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda "
     "4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"},
    {"17.2", SRTP_SUITE_AEAD_AES_256_GCM, true, KEY_256, RTCP,
     "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be "
     "8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4"},
};

static void check_gcm_row(struct srtp_context *c, const struct gcm_row *row)
{
    uint8_t data[512], plain[128] = {0}, sealed[128] = {0};
    const uint32_t n = from_hex(plain, row->plain), n_sealed = from_hex(sealed, row->sealed);
    struct srtp_session *tx = session_of(c, row->suite, row->key, SALT);
    struct srtp_session *rx = session_of(c, row->suite, row->key, SALT);
    struct srtp_job job = {
        .session = tx, .data = data, .len = n, .cap = sizeof(data), .is_rtcp = row->is_rtcp};

    print_message("    RFC 7714 s.%s\n", row->section);
    if (row->is_rtcp) /* the example is not the session's first packet */
        srtp_window_add(
            &srtp_sources_add(&((struct mb_session *)tx)->sources, get_be32(plain + 4))->rtcp,
            RTCP_INDEX - 1);
    memcpy(data, plain, n);
    srtp_seal(c, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    assert_int_equal(job.len, n_sealed);
    assert_memory_equal(data, sealed, n_sealed);
    job.session = rx;
    srtp_open(c, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    assert_int_equal(job.len, n);
    assert_memory_equal(data, plain, n);
    srtp_session_free(tx);
    srtp_session_free(rx);
}

static void packets_are_those_of_rfc_7714(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(gcm_rows) / sizeof(gcm_rows[0]); i++)
        check_gcm_row(*state, &gcm_rows[i]);
}

/* ---- beside libsrtp2 --------------------------------------------------------------------------
 */

static void twins_agree_over_random_vectors(void **state)
{
    static const unsigned sizes[] = {1, 2, 3, 15, 16, 17, 63, 64, 65, 200, 255, 256};
    struct twins *t = twins_open(*state, 1);
    unsigned i;

    for (i = 0; i < 360; i++)
        twins_send_vector(t, sizes[i % 12]);
    print_message("    sealed %u, opened %u, bad tags %u, replays %u, bad packets %u\n",
                  t->n_sealed, t->n[SRTP_OK], t->n[SRTP_BAD_AUTH], t->n[SRTP_REPLAY],
                  t->n[SRTP_BAD_PACKET]);
    assert_true(t->n[SRTP_OK] > 10000 && t->n[SRTP_REPLAY] > 500 && t->n[SRTP_BAD_AUTH] > 500 &&
                t->n[SRTP_BAD_PACKET] > 100);
    assert_true(t->n_wraps > 20);
    twins_close(t);
}

/* ---- vectors ----------------------------------------------------------------------------------
 */

#define N_MANY 200

/** Packets of one session, numbered from a first sequence number on. */
struct many {
    struct srtp_session *tx, *rx;
    struct srtp_job jobs[2 * N_MANY];
    uint8_t data[2 * N_MANY][512];
};

static void many_open(struct many *m, struct srtp_context *c, enum srtp_suite_id suite)
{
    struct srtp_keys keys = {.suite = suite, .key_salt = {1, 2, 3}};

    assert_int_equal(srtp_session_alloc(&m->tx, c, &keys, SRTP_SEND), 0);
    assert_int_equal(srtp_session_alloc(&m->rx, c, &keys, SRTP_RECEIVE), 0);
}

static void many_close(struct many *m)
{
    srtp_session_free(m->tx);
    srtp_session_free(m->rx);
}

static void many_seal(struct many *m, struct srtp_context *c, uint16_t first, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        twins_rtp(m->data[i], 7, (uint16_t)(first + i), 172);
        m->jobs[i] = (struct srtp_job){
            .session = m->tx, .data = m->data[i], .len = 172, .cap = sizeof(m->data[i])};
    }
    srtp_seal(c, m->jobs, n);
    for (i = 0; i < n; i++) {
        assert_int_equal(m->jobs[i].result, SRTP_OK);
        m->jobs[i].session = m->rx;
    }
}

/* ---- gaps ---------------------------------------------------------------------------------------
 */

#define GAPS         12
#define GAP_MAX      200000 /* three ROCs */
#define AFTER_A_GAP  12
#define GAP_RTP      60 /* bytes of a packet */
#define GAP_ROOM_MAX (GAP_RTP + SRTP_TRAILER_MAX)

/** A sender whose packets go to a receiver of each provider. */
struct gaps {
    struct srtp_context *c[2];
    struct srtp_session *tx, *rx[2];
    unsigned seq, seed, n_opened;
};

static void gaps_seal(struct gaps *g, uint8_t *data, uint32_t *len)
{
    struct srtp_job job = {.session = g->tx, .data = data, .len = GAP_RTP, .cap = GAP_ROOM_MAX};

    twins_rtp(data, 7, (uint16_t)g->seq++, GAP_RTP);
    srtp_seal(g->c[0], &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    *len = job.len;
}

/* Both must do the same with it, whatever that is. */
static void gaps_open(struct gaps *g, const uint8_t *data, uint32_t len)
{
    uint8_t copy[2][GAP_ROOM_MAX];
    struct srtp_job job[2];
    unsigned k;

    for (k = 0; k < 2; k++) {
        memcpy(copy[k], data, len);
        job[k] = (struct srtp_job){
            .session = g->rx[k], .data = copy[k], .len = len, .cap = sizeof(copy[k])};
        srtp_open(g->c[k], &job[k], 1);
    }
    assert_int_equal(job[0].result, job[1].result);
    assert_int_equal(job[0].len, job[1].len);
    if (job[0].result != SRTP_OK)
        return;
    assert_memory_equal(copy[0], copy[1], job[0].len);
    g->n_opened++;
}

static void gaps_run(struct gaps *g)
{
    uint8_t data[GAP_ROOM_MAX];
    uint32_t len;
    unsigned i, n;

    for (n = (unsigned)rand_r(&g->seed) % GAP_MAX; n > 0; n--)
        gaps_seal(g, data, &len);
    for (i = 0; i < AFTER_A_GAP; i++) {
        gaps_seal(g, data, &len);
        if (rand_r(&g->seed) % 6 == 0)
            data[len - 1] ^= 1;
        gaps_open(g, data, len);
        if (rand_r(&g->seed) % 4 == 0)
            gaps_open(g, data, len); /* a replay */
    }
}

static void twins_find_a_source_again_alike(void **state)
{
    static const enum srtp_suite_id suites[] = {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
                                                SRTP_SUITE_AES_CM_128_HMAC_SHA1_32,
                                                SRTP_SUITE_AEAD_AES_128_GCM};
    struct gaps g = {.c = {*state}, .seed = 3711};
    unsigned i, k;

    assert_int_equal(srtp_context_alloc(&g.c[1], &srtp_provider_libsrtp), 0);
    for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        const struct srtp_keys keys = {.suite = suites[i], .key_salt = {1, 2, 3}};

        g.n_opened = 0;
        assert_int_equal(srtp_session_alloc(&g.tx, g.c[0], &keys, SRTP_SEND), 0);
        for (k = 0; k < 2; k++)
            assert_int_equal(srtp_session_alloc(&g.rx[k], g.c[k], &keys, SRTP_RECEIVE), 0);
        for (k = 0; k < GAPS; k++)
            gaps_run(&g);
        assert_true(g.n_opened > GAPS * AFTER_A_GAP / 2); /* else nothing was found again */
        srtp_session_free(g.tx);
        srtp_session_free(g.rx[0]);
        srtp_session_free(g.rx[1]);
    }
    srtp_context_free(g.c[1]);
}

/* ---- vectors ------------------------------------------------------------------------------------
 */

static void packet_may_come_twice_in_one_vector(void **state)
{
    static const enum srtp_suite_id suites[] = {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
                                                SRTP_SUITE_AEAD_AES_128_GCM};
    static struct many m;
    unsigned i, k;

    for (k = 0; k < 2; k++) {
        many_open(&m, *state, suites[k]);
        many_seal(&m, *state, 65500, N_MANY); /* the ROC goes up within it */
        for (i = 0; i < N_MANY; i++) {
            m.jobs[N_MANY + i] = m.jobs[i];
            m.jobs[N_MANY + i].data = m.data[N_MANY + i];
            memcpy(m.data[N_MANY + i], m.data[i], sizeof(m.data[i]));
        }
        srtp_open(*state, m.jobs, 2 * N_MANY);
        for (i = 0; i < 2 * N_MANY; i++)
            assert_int_equal(m.jobs[i].result, i < N_MANY ? SRTP_OK : SRTP_REPLAY);
        many_close(&m);
    }
}

/* Half the numbers are skipped twice, so the guess from before the vector is wrong for its end. */
static void packet_is_judged_by_those_before_it_in_its_vector(void **state)
{
    static const uint16_t seqs[] = {100, 30000, 60000, 24464, 54464, 1};
    static const enum srtp_suite_id suites[] = {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
                                                SRTP_SUITE_AEAD_AES_256_GCM};
    static struct many m;
    unsigned i, k;

    for (k = 0; k < 2; k++) {
        many_open(&m, *state, suites[k]);
        for (i = 0; i < 6; i++) {
            twins_rtp(m.data[i], 7, seqs[i], 172);
            m.jobs[i] = (struct srtp_job){
                .session = m.tx, .data = m.data[i], .len = 172, .cap = sizeof(m.data[i])};
        }
        srtp_seal(*state, m.jobs, 6);
        for (i = 0; i < 6; i++)
            m.jobs[i].session = m.rx;
        srtp_open(*state, m.jobs, 6);
        for (i = 0; i < 6; i++)
            assert_int_equal(m.jobs[i].result, SRTP_OK);
        assert_true(srtp_sources_find(&((struct mb_session *)m.rx)->sources, 7)->rtp.highest ==
                    0x20001);
        many_close(&m);
    }
}

static void set_rtp(struct many *m, unsigned i, struct srtp_session *s, uint32_t ssrc)
{
    twins_rtp(m->data[i], ssrc, 5, 172);
    m->jobs[i] =
        (struct srtp_job){.session = s, .data = m->data[i], .len = 172, .cap = sizeof(m->data[i])};
}

/* A packet is a replay before the vector, and is not when its source has been pushed out in it. */
static void source_may_be_forgotten_within_a_vector(void **state)
{
    static struct many m, other;
    unsigned i;

    many_open(&m, *state, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80);
    many_open(&other, *state, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80); /* 16 more sources to send as */
    for (i = 0; i < 17; i++)
        set_rtp(&m, i, i == 0 ? m.tx : other.tx, 100 + i);
    srtp_seal(*state, m.jobs, 17);
    for (i = 0; i < 17; i++)
        m.jobs[i].session = m.rx;
    m.jobs[17] = m.jobs[0];
    m.jobs[17].data = m.data[17];
    memcpy(m.data[17], m.data[0], sizeof(m.data[0]));
    srtp_open(*state, &m.jobs[0], 1);
    srtp_open(*state, &m.jobs[1], 17);
    for (i = 0; i < 18; i++)
        assert_int_equal(m.jobs[i].result, SRTP_OK);
    assert_memory_equal(m.data[17], m.data[0], 172);
    many_close(&m);
    many_close(&other);
}

static void packet_that_fails_stays_as_it_was(void **state)
{
    static struct many m;
    uint8_t before[512];
    unsigned suite, i;

    for (suite = SRTP_SUITE_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
        many_open(&m, *state, (enum srtp_suite_id)suite);
        many_seal(&m, *state, 1, 20);
        for (i = 0; i < 20; i++) { /* a vector of 20 copies: one is opened, one is broken */
            m.jobs[i] = m.jobs[0];
            m.jobs[i].data = m.data[i];
            memcpy(m.data[i], m.data[0], sizeof(m.data[0]));
        }
        m.data[3][100] ^= 1;
        memcpy(before, m.data[3], sizeof(before));
        srtp_open(*state, m.jobs + 3, 17);
        assert_int_equal(m.jobs[3].result, SRTP_BAD_AUTH);
        assert_memory_equal(m.data[3], before, sizeof(before));
        assert_int_equal(m.jobs[4].result, SRTP_OK);
        assert_int_equal(m.jobs[5].result, SRTP_REPLAY);
        assert_memory_equal(m.data[5], m.data[0], sizeof(m.data[5]));
        many_close(&m);
    }
}

/* The library's assembler is out of a sanitizer's sight; a page that cannot be read is not. */
static void nothing_behind_a_packet_is_touched(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory =
        /* cppcheck-suppress invalidFunctionArg ; -1 is what MAP_ANONYMOUS asks for */
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static struct many m;
    unsigned suite, len, i;

    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
    for (suite = SRTP_SUITE_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
        many_open(&m, *state, (enum srtp_suite_id)suite);
        for (len = 12; len < 300; len++) {
            struct srtp_job *job = &m.jobs[0];

            twins_rtp(m.data[0], 7, (uint16_t)len, len);
            *job = (struct srtp_job){
                .session = m.tx, .data = m.data[0], .len = len, .cap = sizeof(m.data[0])};
            srtp_seal(*state, job, 1);
            job->session = m.rx;
            job->data = memory + page - job->len;
            memcpy(job->data, m.data[0], job->len);
            for (i = 1; i < 20; i++) { /* one alone; then as many as fill all lanes */
                m.jobs[i] = *job;
                m.jobs[i].data = m.data[i];
                memcpy(m.data[i], m.data[0], job->len);
                m.data[i][len - 1] ^= 1;
            }
            srtp_open(*state, m.jobs, len % 2 ? 1 : 20);
            assert_int_equal(job->result, SRTP_OK);
            assert_int_equal(job->len, len);
        }
        many_close(&m);
    }
    munmap(memory, 2 * page);
}

static void rtcp_in_clear_is_refused(void **state)
{
    static const uint8_t rr[8] = {0x80, 201, 0, 1, 0, 0, 0, 7};
    static struct many m;
    unsigned suite;

    for (suite = SRTP_SUITE_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
        struct srtp_job job = {.data = m.data[0], .cap = sizeof(m.data[0]), .is_rtcp = true};
        uint32_t word_at;

        many_open(&m, *state, (enum srtp_suite_id)suite);
        memcpy(m.data[0], rr, sizeof(rr));
        job.len = sizeof(rr);
        job.session = m.tx;
        srtp_seal(*state, &job, 1);
        job.session = m.rx;
        word_at = m.tx->rtcp_tail ? job.len - m.tx->rtcp_tail - 4 : job.len - 4;
        m.data[0][word_at] ^= 0x80; /* the E flag */
        srtp_open(*state, &job, 1);
        assert_int_not_equal(job.result, SRTP_OK);
        many_close(&m);
    }
}

static void sender_stops_at_the_last_rtcp_index(void **state)
{
    static struct many m;
    struct srtp_job job = {.data = m.data[0], .cap = sizeof(m.data[0]), .is_rtcp = true};
    struct mb_session *s;

    many_open(&m, *state, SRTP_SUITE_AES_CM_128_HMAC_SHA1_80);
    s = (struct mb_session *)m.tx;
    srtp_window_add(&srtp_sources_add(&s->sources, 0)->rtcp, SRTCP_INDEX_MAX - 1);
    memset(m.data[0], 0, sizeof(m.data[0]));
    job.session = m.tx;
    job.len = 8;
    srtp_seal(*state, &job, 1);
    assert_int_equal(job.result, SRTP_OK);
    job.len = 8;
    srtp_seal(*state, &job, 1);
    assert_int_equal(job.result, SRTP_BAD_PACKET);
    many_close(&m);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

void __wrap_free(void *p);
void __real_free(void *p);

/** What no freed memory may hold. */
static struct {
    uint8_t secret[16];
    bool is_watched;
    unsigned n_found;
} leak;

void __wrap_free(void *p)
{
    if (p && leak.is_watched && memmem(p, malloc_usable_size(p), leak.secret, sizeof(leak.secret)))
        leak.n_found++;
    __real_free(p);
}

static void keys_are_wiped_before_their_memory_is_given_back(void **state)
{
    static const enum srtp_suite_id suites[] = {SRTP_SUITE_AES_CM_128_HMAC_SHA1_80,
                                                SRTP_SUITE_AEAD_AES_128_GCM};
    unsigned i;

    for (i = 0; i < 2; i++) {
        struct srtp_keys keys = {.suite = suites[i], .key_salt = {7, 8, 9}};
        struct srtp_session *s = NULL;
        struct mb_secrets secrets;
        const void *schedule;

        assert_int_equal(mb_keys_derive(*state, &secrets, &keys, false), 0);
        assert_int_equal(srtp_session_alloc(&s, *state, &keys, SRTP_SEND), 0);
        schedule = i == 0 ? (const void *)((struct mb_session *)s)->rtp_keys.aes
                          : (const void *)((struct mb_session *)s)->gcm[0].expanded_keys;
        memcpy(leak.secret, secrets.key, sizeof(leak.secret)); /* the first round key is the key */
        assert_memory_equal(schedule, leak.secret, sizeof(leak.secret));
        leak.n_found = 0;
        leak.is_watched = true;
        srtp_session_free(s);
        leak.is_watched = false;
        assert_int_equal(leak.n_found, 0);
    }
}

static int setup(void **state)
{
    struct srtp_context *c;

    if (srtp_library_init() || srtp_context_alloc(&c, &srtp_provider_multibuffer))
        return -1;
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    srtp_context_free(*state);
    srtp_library_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_derived_as_in_rfc_3711_b3),
        cmocka_unit_test(keystream_is_that_of_rfc_3711_b2),
        cmocka_unit_test(packets_are_those_of_rfc_7714),
        cmocka_unit_test(twins_agree_over_random_vectors),
        cmocka_unit_test(twins_find_a_source_again_alike),
        cmocka_unit_test(packet_may_come_twice_in_one_vector),
        cmocka_unit_test(packet_is_judged_by_those_before_it_in_its_vector),
        cmocka_unit_test(source_may_be_forgotten_within_a_vector),
        cmocka_unit_test(packet_that_fails_stays_as_it_was),
        cmocka_unit_test(nothing_behind_a_packet_is_touched),
        cmocka_unit_test(rtcp_in_clear_is_refused),
        cmocka_unit_test(sender_stops_at_the_last_rtcp_index),
        cmocka_unit_test(keys_are_wiped_before_their_memory_is_given_back),
    };

    if (!srtp_provider_is_available(&srtp_provider_multibuffer)) {
        print_message("multibuffer cannot run on this CPU\n");
        return 77; /* ctest: skipped */
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
