#include "relay/media/srtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/media/bytes.h"
#include "relay/media/srtp_mb.h"

/* Packets of any sessions in vectors, through intel-ipsec-mb. Whatever a vector holds, the outcome
 * is that of its packets one after the other:
 *   sealing   numbers are given out in order, then all are encrypted, then all are tagged;
 *   opening   indices are guessed from the windows as they are before the vector, all are verified
 *             together, and then settled in order. A guess that an earlier packet of the vector
 *             has overtaken is the rare case: that packet is verified again, alone. */

/* ---- the library ------------------------------------------------------------------------------
 */

static unsigned lanes_of(IMB_ARCH arch)
{
    switch (arch) {
    case IMB_ARCH_AVX512:
        return 16;
    case IMB_ARCH_AVX2:
        return 8;
    case IMB_ARCH_AVX:
        return 4;
    default:
        return 1; /* with SSE the library chooses between lanes and the SHA instructions itself */
    }
}

static int open_wide(struct mb_context *c)
{
    IMB_ARCH arch = IMB_ARCH_NONE;

    c->wide = alloc_mb_mgr(0);
    if (!c->wide)
        return ENOMEM;
    init_mb_mgr_auto(c->wide, &arch);
    if (imb_get_errno(c->wide) != 0 || !(c->wide->features & IMB_FEATURE_AESNI))
        return ENOTSUP; /* without AES instructions the library emulates them: slow, and leaks */
    c->n_lanes = lanes_of(arch);
    c->narrow = c->wide;
    return 0;
}

/* The SHA instructions do a packet or two sooner than any number of lanes. */
static int open_narrow(struct mb_context *c)
{
    IMB_MGR *m;

    if (c->n_lanes == 1 || !(c->wide->features & IMB_FEATURE_SHANI))
        return 0;
    m = alloc_mb_mgr(0);
    if (!m)
        return ENOMEM;
    init_mb_mgr_sse(m);
    if (imb_get_errno(m) != 0) {
        free_mb_mgr(m);
        return 0; /* a manager that would only have been faster */
    }
    c->narrow = m;
    return 0;
}

static void context_delete(struct mb_context *c)
{
    if (c->narrow && c->narrow != c->wide)
        free_mb_mgr(c->narrow);
    if (c->wide)
        free_mb_mgr(c->wide);
    explicit_bzero(c, sizeof(*c));
    free(c);
}

static void mb_context_free(struct srtp_context *base)
{
    context_delete((struct mb_context *)base);
}

static int mb_context_alloc(struct srtp_context **cp)
{
    struct mb_context *c = aligned_alloc(_Alignof(struct mb_context), sizeof(*c));
    int err;

    if (!c)
        return ENOMEM;
    memset(c, 0, sizeof(*c));
    err = open_wide(c);
    if (!err)
        err = open_narrow(c);
    if (err) {
        context_delete(c);
        return err;
    }
    mb_crypto_init(c);
    *cp = &c->base;
    return 0;
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

static void session_delete(struct mb_session *s)
{
    if (s->gcm) {
        explicit_bzero(s->gcm, 2 * sizeof(*s->gcm));
        free(s->gcm);
    }
    explicit_bzero(s, sizeof(*s));
    free(s);
}

static void mb_session_free(struct srtp_session *base)
{
    session_delete((struct mb_session *)base);
}

static struct mb_session *session_new(const struct mb_suite *suite)
{
    struct mb_session *s = aligned_alloc(_Alignof(struct mb_session), sizeof(*s));

    if (!s)
        return NULL;
    memset(s, 0, sizeof(*s));
    s->suite = suite;
    if (!suite->is_gcm)
        return s;
    s->gcm = aligned_alloc(_Alignof(struct gcm_key_data), 2 * sizeof(*s->gcm));
    if (!s->gcm) {
        free(s);
        return NULL;
    }
    return s;
}

static int set_keys(struct mb_context *c, struct mb_session *s, const struct srtp_keys *keys)
{
    struct mb_secrets secrets;
    int err = 0;

    for (int is_rtcp = 0; is_rtcp <= 1 && !err; is_rtcp++) {
        err = mb_keys_derive(c, &secrets, keys, is_rtcp);
        mb_keys_set(c, s, &secrets, is_rtcp);
    }
    explicit_bzero(&secrets, sizeof(secrets));
    return err;
}

static int mb_session_alloc(struct srtp_session **sp, struct srtp_context *c,
                            const struct srtp_keys *keys, enum srtp_direction direction)
{
    const struct mb_suite *suite = mb_suite_find(keys->suite);
    struct mb_session *s;
    int err;

    (void)direction; /* both use the same keys: RFC 3711 s.4.3 */
    if (!suite)
        return ENOTSUP;
    s = session_new(suite);
    if (!s)
        return ENOMEM;
    err = set_keys((struct mb_context *)c, s, keys);
    if (err)
        session_delete(s);
    else
        *sp = &s->base;
    return err;
}

/* ---- one packet -------------------------------------------------------------------------------
 */

static const struct srtp_window *window_of(const struct mb_item *item)
{
    static const struct srtp_window nothing_seen;
    const struct srtp_source *source = srtp_sources_find(&item->session->sources, item->at.ssrc);

    if (!source)
        return &nothing_seen;
    return item->job->is_rtcp ? &source->rtcp : &source->rtp;
}

static void note_index(const struct mb_item *item)
{
    struct srtp_source *source = srtp_sources_find(&item->session->sources, item->at.ssrc);

    if (!source)
        source = srtp_sources_add(&item->session->sources, item->at.ssrc);
    srtp_window_add(item->job->is_rtcp ? &source->rtcp : &source->rtp, item->index);
}

/* @return whether the job can go on; else it has its result */
static bool begin_item(struct mb_item *item, struct srtp_job *job)
{
    job->result = SRTP_BAD_PACKET;
    item->job = job;
    item->session = (struct mb_session *)job->session;
    item->end = job->len;
    item->has_verdict = false;
    item->is_genuine = false;
    return srtp_layout_read(&item->at, job->data, job->len, job->is_rtcp);
}

/* ---- sealing ----------------------------------------------------------------------------------
 */

/* A keystream is never used twice, so neither is an index, and a source that has been forgotten
 * might come back to its old ones: RFC 3711 s.9.1. */
static void take_number(struct mb_item *item)
{
    const struct srtp_window *w = window_of(item);
    const struct srtp_sources *sources = &item->session->sources;

    if (item->job->is_rtcp)
        item->index = w->highest + 1;
    else
        item->index = srtp_window_guess(w, item->at.seq);
    if (!srtp_window_is_fresh(w, item->index)) {
        item->job->result = SRTP_REPLAY;
        return;
    }
    if (item->job->is_rtcp && item->index > SRTCP_INDEX_MAX)
        return;
    if (sources->n == SRTP_SOURCES_MAX &&
        !srtp_sources_find(&item->session->sources, item->at.ssrc))
        return;
    note_index(item);
    item->job->result = SRTP_OK;
}

static void seal_some(struct mb_context *c, struct srtp_job *jobs, unsigned n_jobs)
{
    unsigned i, n = 0;

    for (i = 0; i < n_jobs; i++) {
        if (!begin_item(&c->item[n], &jobs[i]) || jobs[i].cap < jobs[i].len + SRTP_TRAILER_MAX)
            continue;
        take_number(&c->item[n++]);
    }
    mb_encrypt(c, n);
}

static void mb_seal(struct srtp_context *base, struct srtp_job *jobs, unsigned n)
{
    unsigned some;

    for (; n > 0; jobs += some, n -= some) {
        some = n < MB_VECTOR ? n : MB_VECTOR;
        seal_some((struct mb_context *)base, jobs, some);
    }
}

/* ---- opening ----------------------------------------------------------------------------------
 */

/* Finds the end of the payload, and SRTCP's index. @return false: no room for a tag, or in clear */
static bool read_trailer(struct mb_item *item)
{
    const struct srtp_job *job = item->job;
    uint32_t tail = mb_item_tag_len(item) + (job->is_rtcp ? SRTCP_WORD_BYTES : 0), word;

    if (job->len < item->at.start + tail)
        return false;
    item->end = job->len - tail;
    if (!job->is_rtcp)
        return true;
    word = get_be32(job->data +
                    (item->session->suite->is_gcm ? job->len - SRTCP_WORD_BYTES : item->end));
    item->index = word & ~SRTCP_E_FLAG;
    return word & SRTCP_E_FLAG;
}

static uint64_t index_of(const struct mb_item *item, const struct srtp_window *w)
{
    return item->job->is_rtcp ? item->index : srtp_window_guess(w, item->at.seq);
}

static bool read_item(struct mb_item *item, struct srtp_job *job)
{
    const struct srtp_window *w;

    if (!begin_item(item, job) || !read_trailer(item))
        return false;
    w = window_of(item);
    item->index = index_of(item, w);
    item->is_asked = srtp_window_is_fresh(w, item->index); /* a replay is not worth a hash */
    return true;
}

/* Whether it is genuine under an index that is fresh. */
static bool is_genuine(struct mb_context *c, struct mb_item *item, uint64_t index)
{
    if (index != item->index || !item->has_verdict) {
        item->index = index;
        item->is_asked = true;
        mb_verify_one(c, item);
    }
    return item->is_genuine;
}

static bool is_genuine_later(struct mb_context *c, struct mb_item *item, uint64_t guess)
{
    uint64_t index;

    if (item->job->is_rtcp) /* SRTCP carries its whole index */
        return false;
    index = srtp_window_retry(guess, item->session->sources.n_failed++);
    return index <= SRTP_INDEX_MAX && is_genuine(c, item, index);
}

/* Judges a packet by the windows as the packets before it have left them. */
static void settle(struct mb_context *c, struct mb_item *item)
{
    const struct srtp_window *w = window_of(item);
    const uint64_t guess = index_of(item, w);

    if (srtp_window_is_fresh(w, guess)) {
        item->job->result = is_genuine(c, item, guess) ? SRTP_OK : SRTP_BAD_AUTH;
    } else {
        mb_undo(c, item);
        item->job->result = SRTP_REPLAY;
    }
    if (item->job->result != SRTP_OK && is_genuine_later(c, item, guess))
        item->job->result = SRTP_OK;
    if (item->job->result != SRTP_OK)
        return;
    item->session->sources.n_failed = 0;
    note_index(item);
}

static void open_some(struct mb_context *c, struct srtp_job *jobs, unsigned n_jobs)
{
    unsigned i, n = 0;

    for (i = 0; i < n_jobs; i++)
        n += read_item(&c->item[n], &jobs[i]);
    mb_verify(c, n);
    for (i = 0; i < n; i++)
        settle(c, &c->item[i]);
    mb_decrypt(c, n);
}

static void mb_open(struct srtp_context *base, struct srtp_job *jobs, unsigned n)
{
    unsigned some;

    for (; n > 0; jobs += some, n -= some) {
        some = n < MB_VECTOR ? n : MB_VECTOR;
        open_some((struct mb_context *)base, jobs, some);
    }
}

const struct srtp_provider srtp_provider_multibuffer = {
    .name = "multibuffer",
    .context_alloc = mb_context_alloc,
    .context_free = mb_context_free,
    .session_alloc = mb_session_alloc,
    .session_free = mb_session_free,
    .seal = mb_seal,
    .open = mb_open,
};
