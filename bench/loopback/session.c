#include "bench/loopback/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_US     20000
#define LOOK_US     200000
#define CONNECT_US  15000000 /* ICE gives up after about ten seconds */
#define TAIL_US     1700000  /* after the last word: what is on its way, and its score */
#define DRAIN_US    500000
#define DELAY_EVERY 10 /* looks */

struct peer *session_peer(const struct session *s, unsigned side)
{
    if (s->call)
        return call_peer(s->call, side);
    return s->plan->side == side ? s->alone : NULL;
}

/* ---- media ------------------------------------------------------------------------ */

static void source_h(int16_t *samples, uint32_t n, uint32_t rate_hz, void *arg)
{
    struct session_end *e = arg;

    mouth_source(samples, n, rate_hz, e->mouth);
}

static void packet_h(const struct peer_format *format, const struct peer_rtp *packet,
                     uint64_t now_us, void *arg)
{
    struct session_end *e = arg;

    ear_packet(format, packet, now_us, e->ear);
}

static void step_h(uint64_t n, void *arg)
{
    struct session *s = arg;

    for (; n; n--)
        for (unsigned i = 0; i < 2; i++)
            if (s->end[i].ear)
                ear_step(s->end[i].ear);
}

/* ---- measuring -------------------------------------------------------------------- */

/* Markers and tones say where sound is in time, not how it sounds. */
static bool is_speech(const struct session_end *from)
{
    return mouth_kind(from->mouth) == MOUTH_FILE || mouth_kind(from->mouth) == MOUTH_MICROPHONE;
}

/* A little of it at each look, so that the media's pace does not suffer. */
static void measure(struct session *s)
{
    unsigned side = (unsigned)(s->n_looks / DELAY_EVERY) % 2;
    struct session_end *to = &s->end[side], *from = &s->end[!side];

    if (!s->call || s->at != STEP_TALKING)
        return;
    if (s->n_looks % DELAY_EVERY == 0)
        (void)measure_delay(&to->measured, mouth_record(from->mouth), ear_record(to->ear));
    else if (s->n_looks % DELAY_EVERY == DELAY_EVERY / 2 && is_speech(from))
        (void)measure_score(&to->measured, mouth_record(from->mouth), ear_record(to->ear), false);
}

static void measure_last(struct session *s)
{
    for (unsigned side = 0; side < 2 && s->call; side++) {
        struct session_end *to = &s->end[side], *from = &s->end[!side];

        if (!to->measured.has_delay)
            (void)measure_delay(&to->measured, mouth_record(from->mouth), ear_record(to->ear));
        if (!is_speech(from))
            continue;
        while (measure_score(&to->measured, mouth_record(from->mouth), ear_record(to->ear),
                             false) != EAGAIN)
            ;
        (void)measure_score(&to->measured, mouth_record(from->mouth), ear_record(to->ear), true);
    }
}

static void look_h(uint64_t n, void *arg)
{
    struct session *s = arg;

    s->n_looks += n;
    session_devices_follow(s);
    measure(s);
    session_show(s);
}

static bool is_stopped(void *arg)
{
    const struct session *s = arg;

    return s->is_interrupted || s->is_quitting;
}

/* ---- set-up ----------------------------------------------------------------------- */

static int end_open(struct session *s, unsigned side, const struct sound *file)
{
    struct session_end *e = &s->end[side];
    struct mouth_config cfg = s->plan->end[side].mouth;

    cfg.file = file;
    int err = mouth_alloc(&e->mouth, &cfg);
    return err ? err : ear_alloc(&e->ear, cfg.record_s);
}

static struct peer_config peer_config_of(struct session *s, unsigned side)
{
    struct peer_config cfg = s->plan->end[side].peer;

    cfg.loop = s->loop;
    cfg.source_h = source_h;
    cfg.packet_h = packet_h;
    cfg.arg = &s->end[side];
    cfg.record_s = 1; /* we have ears of our own */
    return cfg;
}

static int both_open(struct session *s)
{
    struct call_config cfg = {
        .loop = s->loop,
        .ng = s->ng,
        .peer = {peer_config_of(s, 0), peer_config_of(s, 1)},
        .direction = s->o->direction,
        .provider = s->o->provider,
        .offer_flags = s->o->offer_flags,
        .answer_flags = s->o->answer_flags,
    };

    return call_alloc(&s->call, &cfg);
}

static int alone_open(struct session *s)
{
    struct peer_config cfg = peer_config_of(s, s->plan->side);

    /* what the other end is like is told by its options, though it is elsewhere */
    for (unsigned i = 0; i < 2; i++) {
        call_default_flags(s->flags[i], sizeof(s->flags[i]), &s->plan->end[i].peer,
                           &s->plan->end[!i].peer);
        if (s->o->offer_flags)
            snprintf(s->flags[i], sizeof(s->flags[i]), "%s", s->o->offer_flags);
    }
    int err = signalling_init(&s->signalling, s->ng);
    s->signalling.direction = s->o->direction;
    s->signalling.provider = s->o->provider;
    s->exchange = (struct exchange){.loop = s->loop,
                                    .quiet = &s->quiet,
                                    .signalling = &s->signalling,
                                    .side = s->plan->side,
                                    .in = s->o->sdp_in,
                                    .out = s->o->sdp_out,
                                    .offer_flags = {s->flags[0], s->flags[1]},
                                    .answer_flags = s->o->answer_flags,
                                    .is_stopped = is_stopped,
                                    .arg = s,
                                    .out_fd = -1,
                                    .reader.fd = -1};
    return err ? err : peer_alloc(&s->alone, &cfg);
}

static int all_open(struct session *s, const struct sound files[2])
{
    int err = loop_alloc(&s->loop);

    if (!err)
        err = session_signals_read(s);
    if (!err)
        err = session_devices_open(s);
    if (!err && s->o->ng)
        err = ng_client_alloc(&s->ng, s->loop, s->o->ng, NG_BENCODE);
    if (err == EINVAL && !s->ng && s->o->ng && !*s->problem)
        snprintf(s->problem, sizeof(s->problem), "--ng %s: ADDRESS:PORT, as 127.0.0.1:2223",
                 s->o->ng);
    for (unsigned i = 0; i < 2 && !err; i++)
        if (plan_has(s->plan, i))
            err = end_open(s, i, &files[i]);
    if (!err)
        err = s->plan->side == OPTIONS_BOTH ? both_open(s) : alone_open(s);
    if (!err)
        err = loop_timer_alloc(&s->step, s->loop, step_h, s);
    if (!err)
        err = loop_timer_alloc(&s->look, s->loop, look_h, s);
    if (err && !*s->problem)
        snprintf(s->problem, sizeof(s->problem), "%s", strerror(err));
    return err;
}

static int signal_call(struct session *s)
{
    s->at = STEP_SIGNALLING;
    session_show(s);
    int err = s->call ? call_set_up(s->call) : exchange_run(&s->exchange, s->alone);
    if (err)
        snprintf(s->problem, sizeof(s->problem), "%s",
                 s->call ? call_problem(s->call) : s->exchange.problem);
    return err;
}

/* ---- the call --------------------------------------------------------------------- */

static bool all_hear(const struct session *s)
{
    for (unsigned i = 0; i < 2; i++)
        if (session_peer(s, i) && !peer_hears(session_peer(s, i)))
            return false;
    return true;
}

static bool has_failed(const struct session *s)
{
    for (unsigned i = 0; i < 2; i++)
        if (session_peer(s, i) && peer_state(session_peer(s, i)) == PEER_FAILED)
            return true;
    return false;
}

static bool is_connected(void *arg)
{
    struct session *s = arg;

    return is_stopped(s) || has_failed(s) || all_hear(s);
}

static int call_connect(struct session *s)
{
    uint64_t now_us = loop_now_us();

    s->at = STEP_CONNECTING;
    session_devices_begin(s);
    session_keys_read(s, true);
    loop_timer_start(s->step, now_us, STEP_US);
    loop_timer_start(s->look, now_us + LOOK_US, LOOK_US);
    (void)loop_run(s->loop, is_connected, s, now_us + CONNECT_US);
    return all_hear(s) ? 0 : ETIMEDOUT;
}

static bool all_is_said(const struct session *s)
{
    bool has_file = false;

    for (unsigned i = 0; i < 2; i++) {
        const struct mouth *m = s->end[i].mouth;

        if (!m || mouth_kind(m) != MOUTH_FILE)
            continue;
        if (!mouth_is_done(m))
            return false;
        has_file = true;
    }
    return has_file;
}

static bool is_over(struct session *s)
{
    uint64_t now_us = loop_now_us();

    if (!s->done_us && all_is_said(s))
        s->done_us = now_us;
    return is_stopped(s) || (s->o->seconds ? now_us - s->talk_us >= s->o->seconds * 1000000ULL
                                           : s->done_us && now_us - s->done_us >= TAIL_US);
}

static bool is_over_or_asked(void *arg)
{
    struct session *s = arg;

    return s->n_pressed || exchange_has_come(&s->exchange) || is_over(s);
}

static void talk(struct session *s)
{
    s->at = STEP_TALKING;
    s->talk_us = loop_now_us();
    for (unsigned i = 0; i < 2; i++) {
        if (!s->end[i].mouth)
            continue;
        mouth_begin(s->end[i].mouth);
        if (mouth_kind(s->end[i].mouth) == MOUTH_MICROPHONE) /* its delay is known at once */
            mouth_mark(s->end[i].mouth);
    }
    if (s->o->dial)
        (void)peer_dial(session_peer(s, s->plan->side == 1), s->o->dial);
    while (!is_over(s)) {
        (void)loop_run(s->loop, is_over_or_asked, s, UINT64_MAX);
        session_act(s);
    }
    loop_timer_stop(s->look);
    measure_last(s);
}

/* What the relay knows of the call, before it forgets it. */
static void relay_query(struct session *s)
{
    if (!s->ng || s->at < STEP_CONNECTING)
        return;
    int err = s->call ? call_query(s->call, &s->query)
                      : signalling_ask(&s->signalling, "query", &s->query);
    if (err)
        s->query = NULL;
}

static bool is_drained(void *arg)
{
    const struct session *s = arg;

    return !s->call || call_is_over(s->call);
}

static void hang_up(struct session *s)
{
    json_t *reply = NULL;

    if (s->call)
        call_hang_up(s->call);
    else
        peer_hang_up(s->alone);
    (void)loop_run(s->loop, is_drained, s, loop_now_us() + DRAIN_US);
    if (!s->ng)
        return;
    int err =
        s->call ? call_delete(s->call, &reply) : signalling_ask(&s->signalling, "delete", &reply);
    if (!err)
        json_decref(reply);
}

static void all_close(struct session *s)
{
    loop_timer_free(s->step);
    loop_timer_free(s->look);
    loop_watch_free(s->keys_watch);
    loop_watch_free(s->signals_watch);
    if (s->signals_fd >= 0)
        close(s->signals_fd);
    for (unsigned i = 0; i < 2; i++)
        feed_close(&s->feed[i]);
    cards_close(s->cards);
    quiet_end(&s->quiet);
    call_free(s->call);
    peer_free(s->alone);
    if (s->exchange.loop)
        exchange_close(&s->exchange);
    for (unsigned i = 0; i < 2; i++) {
        mouth_free(s->end[i].mouth);
        ear_free(s->end[i].ear);
    }
    ng_client_free(s->ng);
    json_decref(s->query);
    loop_free(s->loop);
}

int session_run(const struct options *o, const struct plan *plan, const struct sound files[2])
{
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return EXIT_FAILURE;

    s->o = o;
    s->plan = plan;
    s->signals_fd = s->exchange.out_fd = -1;
    s->err = all_open(s, files);
    /* a page would hide the SDP that is to be copied */
    if (!s->err)
        terminal_open(&s->terminal, !o->is_plain && !o->is_json && plan->side == OPTIONS_BOTH);
    if (!s->err)
        s->err = signal_call(s);
    if (!s->err)
        s->err = call_connect(s);
    if (!s->err)
        talk(s);
    if (s->loop && (s->call || s->alone))
        relay_query(s);
    int status = session_report(s);
    if (s->call || s->alone)
        hang_up(s);
    all_close(s);
    free(s);
    return status;
}
