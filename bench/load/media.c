#include "bench/load/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "bench/load/clock.h"
#include "bench/load/media_internal.h"
#include "bench/load/stop.h"

#define DRAIN_NS   UINT64_C(300000000)   /* for packets on their way; lost ones never come */
#define CONNECT_NS UINT64_C(12000000000) /* longer than the last of ICE's tries */
#define LARGE_PAGE ((size_t)2 * 1024 * 1024)
#define STOP_EVERY 4096                 /* turns of the loop */
#define SILENCE_NS UINT64_C(1000000000) /* a call that is shorter may be silent */
#define SPOKEN_MIN 25                   /* packets: likewise */

/* Some MB, of which each packet touches another place: in large pages, or each of them is looked up
 * in vain first. Large ones are a favour: without it all is as before. */
static struct slot *slots_alloc(uint32_t n)
{
    size_t bytes = (n * sizeof(struct slot) + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    struct slot *slots = aligned_alloc(LARGE_PAGE, bytes);

    if (!slots)
        return NULL;
    (void)madvise(slots, bytes, MADV_HUGEPAGE);
    memset(slots, 0, bytes);
    return slots;
}

int load_media_alloc(struct load_media **mp, const struct load_media_config *cfg,
                     struct load_media_stats *stats)
{
    struct load_media *m = calloc(1, sizeof(*m));
    if (!m)
        return ENOMEM;

    m->cfg = *cfg;
    m->stats = stats;
    m->plan.n_streams = 2 * cfg->n_media * cfg->n_calls;
    m->begin = (uint64_t)cfg->warm_rounds * m->plan.n_streams;
    m->end = m->begin + (uint64_t)cfg->rounds * m->plan.n_streams;
    m->is_impaired = load_impair_is_any(&cfg->impair);
    memset(m->by_port, 0xff, sizeof(m->by_port)); /* NOBODY */
    m->slots = slots_alloc(m->plan.n_streams);
    int err = m->slots ? 0 : ENOMEM;
    if (!err && getrandom(&m->random, sizeof(m->random), 0) != sizeof(m->random))
        err = EIO;
    m->random |= 1; /* what load_random() takes is never 0 */
    if (!err)
        err = load_delay_line_alloc(&m->line);
    if (err)
        load_media_free(m);
    else
        *mp = m;
    return err;
}

static void slot_wipe(struct slot *s)
{
    load_stream_wipe(&s->stream);
    load_srtcp_wipe(&s->rtcp_out);
    load_srtcp_wipe(&s->rtcp_in);
    *s = (struct slot){.state = SLOT_FREE};
}

void load_media_free(struct load_media *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; m->slots && i < m->plan.n_streams; i++)
        slot_wipe(&m->slots[i]);
    for (unsigned i = 0; i < m->n_coded; i++)
        load_frames_free(m->coded[i].frames);
    load_delay_line_free(m->line);
    free(m->slots);
    free(m);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static bool is_coded(const struct load_media *m, const struct load_mode *mode)
{
    return mode->check == LOAD_CHECK_CLOCK || (mode->check == LOAD_CHECK_LIKE && m->is_impaired);
}

static struct load_frames *frames_of(const struct load_media *m, const struct load_format *format)
{
    for (unsigned i = 0; i < m->n_coded; i++)
        if (strcmp(m->coded[i].format->rtpmap, format->rtpmap) == 0)
            return m->coded[i].frames;
    return NULL;
}

int load_media_prepare(struct load_media *m, const struct load_mode *mode)
{
    int err = 0;

    for (unsigned side = 0; is_coded(m, mode) && side < 2 && !err; side++) {
        const struct load_format *format = &mode->format[side];

        if (frames_of(m, format))
            continue;
        if (m->n_coded == FRAMES_MAX)
            return ENOMEM;
        err = load_frames_alloc(&m->coded[m->n_coded].frames, format, m->cfg.speech);
        if (!err)
            m->coded[m->n_coded++].format = format;
    }
    return err;
}

static uint32_t slot_of(const struct load_media *m, unsigned call, unsigned kind, unsigned side)
{
    return 2 * (call * m->cfg.n_media + kind) + side;
}

static uint32_t random32(struct load_media *m)
{
    return (uint32_t)(load_random(&m->random) * 4294967296.0);
}

static void ports_note(struct load_media *m, uint32_t slot, uint32_t rtp, uint32_t rtcp)
{
    const struct load_end *end = m->slots[slot].end;
    uint32_t *by_port = m->by_port[slot % 2];

    by_port[load_address_port(&end->relay_rtcp)] = rtcp;
    by_port[load_address_port(&end->relay)] = rtp; /* the same, where they are muxed */
}

static int keys_init(struct slot *s)
{
    const struct load_end *end = s->end;
    int err = 0;

    if (end->out.suite)
        err = load_srtcp_init(&s->rtcp_out, end->out.key);
    if (!err && end->in.suite)
        err = load_srtcp_init(&s->rtcp_in, end->in.key);
    return err;
}

static int slot_open(struct load_media *m, unsigned i, const struct load_media_call *call,
                     unsigned kind, unsigned side)
{
    uint32_t slot = slot_of(m, i, kind, side);
    struct slot *s = &m->slots[slot];
    uint64_t now_ns = load_now_ns();
    struct load_stream_config stream = {
        .mode = call->mode,
        .kind = (enum load_media_kind)kind,
        .side = (enum load_side)side,
        .name = 4 * call->serial + 2 * kind + side,
        .end = &call->ends[kind][side],
        .is_impaired = m->is_impaired,
        .random = {random32(m), random32(m), random32(m)},
    };

    *s = (struct slot){.mode = call->mode,
                       .end = stream.end,
                       .place = load_sockets_index(m->cfg.wire->sockets, i, stream.side),
                       .serial = call->serial,
                       .opened_ns = now_ns,
                       .offered_ns = call->offered_ns,
                       .counted_from = UINT64_MAX};
    s->frames = kind == LOAD_AUDIO && is_coded(m, call->mode)
                    ? frames_of(m, &call->mode->format[side])
                    : NULL;
    int err = load_stream_init(&s->stream, &stream);
    if (!err && m->cfg.has_rtcp)
        err = keys_init(s);
    if (err)
        return err;
    load_talk_init(&s->talk, load_random_seed(m->cfg.impair.seed, stream.name),
                   call->offered_ns != 0);
    load_impair_init(&s->impair, &m->cfg.impair, stream.name);
    s->next_rtcp_ns = now_ns + (uint64_t)(load_random(&m->random) * 1e9);
    s->next_key_ns = now_ns + (uint64_t)((0.5 + load_random(&m->random)) * 1e9);
    ports_note(m, slot, 2 * slot, 2 * slot + 1);
    return 0;
}

/* Of calls that are there from the start, checks begin spread over a second: no peer has all its
 * calls ringing at once. Those that come later come at the plan's times. */
static void ice_begin(struct load_media *m, uint32_t slot)
{
    struct slot *s = &m->slots[slot];
    uint64_t spread_ns = s->offered_ns ? 0 : (uint64_t)(slot / 2 % 500) * 2000000;

    s->state = SLOT_CHECKING;
    load_ice_init(&s->ice, s->end, slot % 2 == LOAD_A, s->opened_ns + spread_ns,
                  load_random_seed(random32(m), slot));
    m->n_checking++;
}

int load_media_open(struct load_media *m, unsigned i, const struct load_media_call *call)
{
    unsigned n_media = call->mode->has_video ? 2 : 1;
    int err = 0;

    for (unsigned kind = 0; kind < n_media && !err; kind++)
        for (unsigned side = 0; side < 2 && !err; side++)
            err = slot_open(m, i, call, kind, side);
    if (err) {
        load_media_forget(m, i);
        return err;
    }
    struct slot *b = &m->slots[slot_of(m, i, LOAD_AUDIO, LOAD_B)];
    if (b->frames)
        b->ear = load_ears_take(m->cfg.ears, call->mode->name, &call->mode->format[LOAD_B],
                                m->slots[slot_of(m, i, LOAD_AUDIO, LOAD_A)].frames);
    for (unsigned j = 0; j < 2 * n_media; j++) {
        uint32_t slot = slot_of(m, i, j / 2, j % 2);

        if (call->mode->has_ice)
            ice_begin(m, slot);
        else
            m->slots[slot].state = SLOT_OPEN;
    }
    return 0;
}

void load_media_mute(struct load_media *m, unsigned i, enum load_side side, bool is_muted)
{
    for (unsigned kind = 0; kind < m->cfg.n_media; kind++)
        m->slots[slot_of(m, i, kind, side)].is_muted = is_muted;
}

void load_media_close(struct load_media *m, unsigned i)
{
    for (unsigned j = 0; j < 2 * m->cfg.n_media; j++) {
        struct slot *s = &m->slots[slot_of(m, i, j / 2, j % 2)];

        if (s->state == SLOT_CHECKING)
            m->n_checking--;
        if (s->state != SLOT_FREE)
            s->state = SLOT_CLOSED;
    }
}

/* An end that heard nothing of an other end that spoke, in a call of more than a second. */
static bool is_silent(const struct load_media *m, uint32_t slot)
{
    const struct slot *s = &m->slots[slot], *other = &m->slots[slot ^ 1];

    return !s->has_heard && !s->has_failed && other->stream.n_sent >= SPOKEN_MIN &&
           load_now_ns() - s->opened_ns > SILENCE_NS;
}

void load_media_forget(struct load_media *m, unsigned i)
{
    load_media_close(m, i);
    for (unsigned j = 0; j < 2 * m->cfg.n_media; j++)
        m->stats->silent_ends += is_silent(m, slot_of(m, i, j / 2, j % 2));
    for (unsigned j = 0; j < 2 * m->cfg.n_media; j++) {
        uint32_t slot = slot_of(m, i, j / 2, j % 2);

        if (!m->slots[slot].mode)
            continue;
        media_slot_count(m, slot);
        ports_note(m, slot, NOBODY, NOBODY);
        slot_wipe(&m->slots[slot]);
    }
}

bool load_media_has_failed(const struct load_media *m, unsigned i)
{
    return m->slots[slot_of(m, i, LOAD_AUDIO, LOAD_A)].has_failed;
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

void load_media_replay(struct load_media *m, double share)
{
    m->replay = share;
}

void load_media_stop(struct load_media *m)
{
    m->is_stopping = true;
}

static void tick(struct load_media *m, uint64_t now_ns)
{
    if (now_ns < m->next_tick_ns)
        return;
    m->next_tick_ns = now_ns + LOAD_MEDIA_TICK_NS;
    if (m->n_checking)
        media_ice_run(m, now_ns);
    if (m->cfg.has_rtcp)
        media_rtcp_run(m, now_ns);
    m->cfg.tick_h(now_ns, m->cfg.arg);
}

/* Until shortly before the next packet is due. What comes meanwhile waits in the sockets, with the
 * kernel's time on it. */
static void rest(const struct load_media *m)
{
    uint64_t due_ns = load_plan_due_ns(&m->plan, m->n_turns);
    uint64_t line_ns = load_delay_line_due_ns(m->line);

    if (line_ns < due_ns)
        due_ns = line_ns;
    if ((m->cfg.is_churning || m->n_checking) && m->next_tick_ns < due_ns)
        due_ns = m->next_tick_ns;
    if (due_ns > load_now_ns() + LOAD_MEDIA_SPIN_NS)
        load_sleep_until(due_ns - LOAD_MEDIA_SPIN_NS / 2);
}

static bool is_stopped(struct load_media *m, unsigned turns)
{
    if (turns % STOP_EVERY == 0)
        m->is_stopping |= load_stop_is_asked();
    return m->is_stopping;
}

/* The calls that are there before the first packet; others come when these can talk. */
static void connect_all(struct load_media *m)
{
    uint64_t until_ns = load_now_ns() + CONNECT_NS;

    for (uint64_t now_ns; m->n_checking && (now_ns = load_now_ns()) < until_ns;) {
        unsigned n = media_receive(m);

        if (now_ns >= m->next_tick_ns) {
            m->next_tick_ns = now_ns + LOAD_MEDIA_TICK_NS;
            media_ice_run(m, now_ns);
        }
        if (is_stopped(m, 0))
            return;
        if (!n)
            load_sleep_until(now_ns + LOAD_MEDIA_TICK_NS / 4);
    }
}

static void drain(struct load_media *m)
{
    uint64_t until_ns = load_now_ns() + DRAIN_NS;

    while (m->stats->received < m->stats->sent && load_now_ns() < until_ns) {
        media_send_held(m, load_now_ns());
        if (!media_receive(m))
            load_sleep_until(load_now_ns() + LOAD_MEDIA_SPIN_NS);
    }
}

void load_media_run(struct load_media *m)
{
    struct load_media_stats *stats = m->stats;

    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* [ns]; 50 us otherwise */
    connect_all(m);
    m->plan.start_ns = load_now_ns();
    m->plan.interval_ns = LOAD_MEDIA_INTERVAL_NS;
    uint64_t last_ns = m->plan.start_ns;
    for (unsigned turns = 1; m->n_turns < m->end && !is_stopped(m, turns); turns++) {
        bool is_busy = media_send_due(m);

        is_busy |= media_receive(m) > 0;
        uint64_t now_ns = load_now_ns();
        tick(m, now_ns);
        if (is_busy && m->begin_ns)
            stats->busy_ns += now_ns - last_ns;
        if (!is_busy)
            rest(m);
        last_ns = is_busy ? now_ns : load_now_ns();
    }
    stats->is_stopped = m->is_stopping;
    stats->duration_ns = m->begin_ns ? load_now_ns() - m->begin_ns : 0;
    m->cfg.mark_h(LOAD_MARK_END, m->cfg.arg);
    drain(m);
    for (unsigned i = 0; i < m->cfg.n_calls; i++)
        load_media_forget(m, i);
}
