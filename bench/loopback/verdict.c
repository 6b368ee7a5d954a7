#include "bench/loopback/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/ng/client.h"

#define LOSS_FELT    0.01  /* of the packets */
#define JITTER_FELT  40.0  /* ms */
#define DELAY_FELT   400.0 /* ms mouth to ear: ITU-T G.114 */
#define GAPS_FELT    3
#define CLIPPED_FELT 0.001

__attribute__((format(printf, 3, 4))) static void say(struct verdict *v, enum verdict_grade grade,
                                                      const char *format, ...)
{
    va_list args;

    if (grade > v->grade)
        v->grade = grade;
    if (v->n == VERDICT_LINES)
        return;
    va_start(args, format);
    vsnprintf(v->line[v->n++], sizeof(v->line[0]), format, args);
    va_end(args);
}

/* ---- what came ----------------------------------------------------------------------------------
 */

static double loss_of(const struct peer_receiver_stats *rx)
{
    uint64_t all = rx->packets + rx->lost;

    return all ? (double)rx->lost / (double)all : 0;
}

static char letter_of(const struct facts *f, unsigned side)
{
    return f->end[side].is_here ? f->end[side].letter : "AB"[side];
}

static void sound_say(struct verdict *v, const struct facts_end *to)
{
    const struct measure *m = &to->measured;
    bool is_good = m->n_scores == m->n_passed;

    if (m->n_scores)
        say(v, is_good ? VERDICT_WORKS : VERDICT_FAULTY,
            "  sound         %s: STOI %.2f, %.0f %% of the speech heard; worst 5 s: STOI %.2f, %.0f %%",
            score_meaning(is_good ? &m->last : &m->worst), m->stoi_sum / (double)m->n_scores,
            m->coverage_sum / (double)m->n_scores * 100, m->worst.stoi, m->worst.coverage * 100);
    else if (to->is_scored)
        say(v, VERDICT_WORKS, "  sound         not scored: too little was said");
    if (m->has_delay)
        say(v, m->delay_ms > DELAY_FELT ? VERDICT_FAULTY : VERDICT_WORKS,
            "  mouth to ear  %.0f ms (%.0f to %.0f, %" PRIu64 " times)", m->delay_ms, m->least_ms,
            m->most_ms, m->n_delays);
}

static void direction_say(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side];
    char from = letter_of(f, !side);
    double loss = loss_of(&to->rx);

    if (!to->is_here)
        return;
    if (!facts_hears(to)) {
        say(v, VERDICT_FAILED, "%c to %c: nothing came", from, to->letter);
        return;
    }
    say(v, loss > LOSS_FELT ? VERDICT_FAULTY : VERDICT_WORKS,
        "%c to %c: %" PRIu64 " packets of %s%s, %.1f %% lost, jitter %.1f ms, %.1f s concealed",
        from, to->letter, to->rx.packets, *to->codec_heard ? to->codec_heard : "no audio",
        to->is_secure ? ", encrypted" : "", loss * 100, to->rx.jitter_us / 1000,
        (double)to->jitter.concealed / JITTER_HZ);
    sound_say(v, to);
    if (to->rtcp.round_trip_us)
        say(v, VERDICT_WORKS, "  round trip    %.1f ms by RTCP",
            (double)to->rtcp.round_trip_us / 1000);
    if (*to->digits)
        say(v, VERDICT_WORKS, "  digits        %s", to->digits);
}

/* ---- why ----------------------------------------------------------------------------------------
 */

/* A cause: whether it fits, with its words. side is of the end that suffers. */
typedef bool(cause_h)(struct verdict *v, const struct facts *f, unsigned side);

static bool cause_devices(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_DEVICES || !*f->problem)
        return false;
    say(v, VERDICT_FAILED, "cause: %s", f->problem);
    return true;
}

static bool cause_relay_silent(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || f->err != ETIMEDOUT || !f->relay)
        return false;
    say(v, VERDICT_FAILED,
        "cause: the relay at %s does not answer NG requests (%d tries): is it running, is that its NG "
        "port, do control.allow and the firewall let us in? (%s)",
        f->relay, NG_CLIENT_TRIES, f->problem);
    return true;
}

static bool cause_refused(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || f->err != EPROTO)
        return false;
    say(v, VERDICT_FAILED, "cause: %s", f->problem);
    if (strstr(f->problem, "policy"))
        say(v, VERDICT_FAILED,
            "try: picrelayctl policy explain; --provider and --direction name who the call is between");
    return true;
}

static bool cause_signalling(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || !*f->problem)
        return false;
    say(v, VERDICT_FAILED, "cause: the descriptions do not fit: %s", f->problem);
    return true;
}

static bool cause_ice(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];
    const char *cause;

    if (!e->has_ice || !e->ice.is_checking || *e->pair[0])
        return false;
    if (!e->ice.n_remote)
        cause = "the other end named no candidate that can be used (IPv4 UDP)";
    else if (e->ice.is_asked && !e->ice.is_answered)
        cause =
            "its checks reach us and ours get no answer: a firewall on the way out, or the wrong "
            "dialect (--a, --b)";
    else
        cause =
            "nothing at all came from there: a firewall, an address that cannot be reached from "
            "here, or the wrong dialect (--a, --b)";
    say(v, VERDICT_FAILED,
        "cause: %c has no ICE pair: %u by %u candidates checked, answers: %s, checks of the other "
        "end: %s: %s",
        e->letter, e->ice.n_local, e->ice.n_remote, e->ice.is_answered ? "some" : "0",
        e->ice.is_asked ? "came" : "0", cause);
    if (e->leg.is_known && *e->leg.ice)
        say(v, VERDICT_FAILED, "evidence: the relay's side of that pair is %s", e->leg.ice);
    return true;
}

static bool cause_keys(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];
    uint64_t bad = e->counts.auth_failures + e->counts.bad_srtp;

    if (bad <= e->rx.packets / 10 || bad < 5)
        return false;
    say(v, VERDICT_FAILED,
        "cause: packets come to %c but cannot be decrypted: %" PRIu64 " of %" PRIu64
        " failed authentication: the keys of offer and answer do not belong together (an SDP of "
        "another call, or changed on the way)",
        e->letter, bad, bad + e->rx.packets);
    return true;
}

static bool cause_foreign(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];

    if (e->rx.bad_pt <= e->rx.packets / 10 || e->rx.bad_pt < 5)
        return false;
    say(v, VERDICT_FAILED,
        "cause: packets come to %c with payload types that it did not list: %" PRIu64
        " of %" PRIu64,
        e->letter, e->rx.bad_pt, e->rx.packets);
    return true;
}

static bool cause_dropped(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *from = &f->end[!side];

    if (facts_hears(&f->end[side]) || !from->leg.is_known || !from->leg.n_dropped)
        return false;
    say(v, VERDICT_FAILED,
        "cause: the relay drops what %c sends: %" PRIu64 " packets, reason \"%s\"", from->letter,
        from->leg.n_dropped, from->leg.drop);
    return true;
}

static bool cause_half_way(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side], *from = &f->end[!side];

    if (facts_hears(to) || !to->leg.is_known || !from->leg.is_known || !from->is_here ||
        !from->counts.rtp_sent)
        return false;
    if (!from->leg.packets_in)
        say(v, VERDICT_FAILED,
            "cause: what %c sends does not reach the relay: %" PRIu64
            " sent, 0 arrived: a firewall or "
            "route between them",
            from->letter, from->counts.rtp_sent);
    else if (to->leg.packets_out)
        say(v, VERDICT_FAILED,
            "cause: what the relay sends does not reach %c: %" PRIu64
            " sent, 0 arrived: a firewall "
            "or route between them",
            to->letter, to->leg.packets_out);
    else
        return false;
    return true;
}

static bool cause_silent_sender(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *from = &f->end[!side];

    if (facts_hears(&f->end[side]) || !from->is_here || from->counts.rtp_sent)
        return false;
    say(v, VERDICT_FAILED, "cause: %c sent nothing%s", from->letter,
        from->counts.send_errors ? ": the system refused its packets (no route?)"
        : from->is_held          ? ": it is on hold"
                                 : "");
    return true;
}

static bool cause_quiet(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];

    if (!e->is_here || e->mouth != MOUTH_MICROPHONE || f->step < STEP_TALKING ||
        e->level_out.loudest_db > LEVEL_SPEECH_DB)
        return false;
    say(v, VERDICT_FAULTY,
        "cause: %c's microphone gives silence (loudest %.0f dBFS%s): muted in the system's mixer, or "
        "another device (--device-in, --list-devices)",
        e->letter, e->level_out.loudest_db, e->is_muted ? ", and it is muted here" : "");
    return true;
}

static bool cause_loss(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side], *from = &f->end[!side];

    if (loss_of(&to->rx) <= LOSS_FELT)
        return false;
    if (from->counts.held_back >= to->rx.lost / 2)
        say(v, VERDICT_FAULTY,
            "cause: loss on purpose: %" PRIu64 " packets of %c were held back here",
            from->counts.held_back, from->letter);
    else
        say(v, VERDICT_FAULTY,
            "cause: the network to %c loses packets: %" PRIu64 " of %" PRIu64
            "; overloaded link or relay (picrelay_drops_total{reason=\"kernel\"})",
            to->letter, to->rx.lost, to->rx.packets + to->rx.lost);
    return true;
}

static bool cause_jitter(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side];

    if (to->rx.jitter_us / 1000 < JITTER_FELT)
        return false;
    say(v, VERDICT_FAULTY,
        "cause: packets come to %c in bursts: jitter %.0f ms, %" PRIu64
        " too late to be played; a busy "
        "machine here (%" PRIu64 " late ticks), or the network",
        to->letter, to->rx.jitter_us / 1000, to->jitter.late, to->counts.late_ticks);
    return true;
}

static bool cause_device_lost(struct verdict *v, const struct facts *f, unsigned side)
{
    static const char *const names[] = {"microphone", "loudspeaker"};
    const struct facts_card *c = &f->card[side]; /* one side, one device: each is told once */

    if (!c->is_used || !c->status.n_lost)
        return false;
    say(v, VERDICT_FAULTY, "cause: the %s (%s) disappeared %u times and %s", names[side],
        c->status.name, c->status.n_lost,
        c->status.state == CARD_RUNNING ? "came back" : "did not come back");
    return true;
}

static bool cause_device_gaps(struct verdict *v, const struct facts *f, unsigned side)
{
    static const char *const names[] = {"microphone", "loudspeaker"};
    const struct facts_card *c = &f->card[side];
    uint64_t gaps = c->status.gaps + c->feed.underruns + c->feed.overruns;

    if (!c->is_used || gaps < GAPS_FELT)
        return false;
    say(v, VERDICT_FAULTY,
        "cause: the %s had %" PRIu64 " gaps (%" PRIu64
        " ms made up): a busy machine, or a device that "
        "does not keep its rate",
        names[side], gaps, c->feed.concealed * 1000 / FEED_HZ);
    return true;
}

static bool cause_clipped(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct level *l = &f->end[side].level_out;

    if (!f->end[side].is_here || (double)l->n_clipped <= CLIPPED_FELT * (double)l->n)
        return false;
    say(v, VERDICT_FAULTY,
        "cause: %c is too loud: %" PRIu64 " samples at full scale; lower its level",
        f->end[side].letter, l->n_clipped);
    return true;
}

static bool cause_none(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];

    if (!e->is_here || facts_hears(e) || f->step < STEP_CONNECTING)
        return false;
    if (!e->ice.is_checking && e->dialect != PEER_PLAIN)
        return false;
    say(v, VERDICT_FAILED,
        "cause: not clear from here: %c is connected and hears nothing; ask the relay: its record of "
        "the call has a member `silence`",
        e->letter);
    return true;
}

/* In the order of a call's life: what comes first explains what comes after. Those of the first
 * group end the search; those of the second are told beside each other. */
static cause_h *const fatal[] = {
    cause_devices, cause_relay_silent, cause_refused,  cause_signalling,    cause_ice,  cause_keys,
    cause_foreign, cause_dropped,      cause_half_way, cause_silent_sender, cause_none,
};
static cause_h *const faults[] = {
    cause_quiet, cause_loss, cause_jitter, cause_device_lost, cause_device_gaps, cause_clipped,
};

static bool one_fits(struct verdict *v, const struct facts *f, unsigned side)
{
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        if (fatal[i](v, f, side))
            return true;
    return false;
}

static void causes_say(struct verdict *v, const struct facts *f)
{
    bool is_found = false;

    for (unsigned side = 0; side < 2; side++)
        is_found = one_fits(v, f, side) || is_found;
    if (is_found && v->grade == VERDICT_FAILED && f->step < STEP_TALKING)
        return;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (unsigned side = 0; side < 2; side++)
            (void)faults[i](v, f, side);
}

static void setting_say(struct verdict *v, const struct facts *f)
{
    if (f->relay && f->has_reply)
        say(v, VERDICT_WORKS, "relay at %s: answered the offer in %.1f ms, the answer in %.1f ms",
            f->relay, (double)f->offer_us / 1000, (double)f->answer_us / 1000);
    for (unsigned side = 0; side < 2; side++) {
        const struct facts_end *e = &f->end[side];

        if (e->is_here && *e->pair[0])
            say(v, VERDICT_WORKS, "%c connected in %.0f ms: %s", e->letter,
                (double)e->connect_us / 1000, e->pair[0]);
    }
}

void verdict_make(struct verdict *v, const struct facts *f)
{
    static const char *const grades[] = {"it works", "it works, with faults", "it does not work"};

    memset(v, 0, sizeof(*v));
    v->n = 1; /* the grade, which is known in the end */
    setting_say(v, f);
    if (f->step >= STEP_CONNECTING)
        for (unsigned side = 2; side-- > 0;)
            direction_say(v, f, side);
    if (f->is_interrupted && f->step < STEP_TALKING)
        say(v, VERDICT_FAILED, "interrupted before both ends heard each other");
    causes_say(v, f);
    snprintf(v->line[0], sizeof(v->line[0]), "verdict: %s", grades[v->grade]);
}

void verdict_print(FILE *out, const struct verdict *v)
{
    for (unsigned i = 0; i < v->n; i++)
        fprintf(out, "%s\n", v->line[i]);
}
