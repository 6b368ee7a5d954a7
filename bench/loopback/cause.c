#include "bench/loopback/cause.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bench/ng/client.h"

#define JITTER_FELT  40.0 /* ms */
#define BUSY_FELT    0.01 /* of the packet times */
#define GAPS_FELT    3
#define CLIPPED_FELT 0.001 /* of the samples */

/* A cause: whether it fits, with its words. side is of the end that suffers. */
typedef bool(cause_h)(struct verdict *v, const struct facts *f, unsigned side);

static bool cause_devices(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_DEVICES || !*f->problem)
        return false;
    verdict_say(v, VERDICT_FAILED, "cause: %s", f->problem);
    return true;
}

static bool cause_relay_silent(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || f->err != ETIMEDOUT || !f->relay)
        return false;
    verdict_say(
        v, VERDICT_FAILED,
        "cause: the relay at %s does not answer NG requests (%d tries): is it running, is that its NG "
        "port, do control.allow and the firewall let us in? (%s)",
        f->relay, NG_CLIENT_TRIES, f->problem);
    return true;
}

static bool cause_refused(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || f->err != EPROTO)
        return false;
    verdict_say(v, VERDICT_FAILED, "cause: %s", f->problem);
    if (strstr(f->problem, "policy"))
        verdict_say(
            v, VERDICT_FAILED,
            "try: picrelayctl policy explain; --provider and --direction name who the call is between");
    return true;
}

static bool cause_signalling(struct verdict *v, const struct facts *f, unsigned side)
{
    if (side || f->step != STEP_SIGNALLING || !*f->problem)
        return false;
    verdict_say(v, VERDICT_FAILED, "cause: the descriptions do not fit: %s", f->problem);
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
    verdict_say(
        v, VERDICT_FAILED,
        "cause: %c has no ICE pair: %u by %u candidates checked, answers: %s, checks of the other "
        "end: %s: %s",
        e->letter, e->ice.n_local, e->ice.n_remote, e->ice.is_answered ? "some" : "0",
        e->ice.is_asked ? "came" : "0", cause);
    if (e->leg.is_known && *e->leg.ice)
        verdict_say(v, VERDICT_FAILED, "evidence: the relay's side of that pair is %s", e->leg.ice);
    return true;
}

static bool cause_keys(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];
    uint64_t bad = e->counts.auth_failures + e->counts.bad_srtp;

    if (bad <= e->rx.packets / 10 || bad < 5)
        return false;
    verdict_say(
        v, VERDICT_FAILED,
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
    verdict_say(v, VERDICT_FAILED,
                "cause: packets come to %c with payload types that it did not list: %" PRIu64
                " of %" PRIu64,
                e->letter, e->rx.bad_pt, e->rx.packets);
    return true;
}

static bool cause_dropped(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *from = &f->end[!side], *to = &f->end[side];
    uint64_t least = to->is_here ? 1 : from->counts.rtp_sent / 10 + 1;

    if (facts_hears(to) || !from->is_here || from->leg.n_dropped < least)
        return false;
    verdict_say(v, VERDICT_FAILED,
                "cause: the relay drops what %c sends: %" PRIu64 " packets, reason \"%s\"",
                from->letter, from->leg.n_dropped, from->leg.drop);
    return true;
}

static bool cause_half_way(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side], *from = &f->end[!side];

    if (facts_hears(to) || !from->leg.is_known || !from->is_here || !from->counts.rtp_sent)
        return false;
    if (!from->leg.packets_in)
        verdict_say(v, VERDICT_FAILED,
                    "cause: what %c sends does not reach the relay: %" PRIu64
                    " sent, 0 arrived: a firewall or "
                    "route between them",
                    from->letter, from->counts.rtp_sent);
    else if (to->is_here && to->leg.packets_out)
        verdict_say(v, VERDICT_FAILED,
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

    if (!f->end[side].is_here || facts_hears(&f->end[side]) || !from->is_here ||
        from->counts.rtp_sent)
        return false;
    verdict_say(v, VERDICT_FAILED, "cause: %c sent nothing%s", from->letter,
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
    verdict_say(
        v, VERDICT_FAULTY,
        "cause: %c's microphone gives silence (loudest %.0f dBFS%s): muted in the system's mixer, or "
        "another device (--device-in, --list-devices)",
        e->letter, e->level_out.loudest_db, e->is_muted ? ", and it is muted here" : "");
    return true;
}

static bool is_on_purpose(const struct facts_end *from, uint64_t n_lost)
{
    return from->counts.held_back > 0 && from->counts.held_back >= n_lost / 2;
}

/* Lost on the last part of the way, or on all of it. */
static bool cause_loss(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side], *from = &f->end[!side];

    if (verdict_loss(&to->rx) <= VERDICT_LOSS_FELT || is_on_purpose(from, to->rx.lost))
        return false;
    verdict_say(v, VERDICT_FAULTY,
                "cause: the network to %c loses packets: %" PRIu64 " of %" PRIu64
                "; overloaded link or relay (picrelay_drops_total{reason=\"kernel\"})",
                to->letter, to->rx.lost, to->rx.packets + to->rx.lost);
    return true;
}

/* Lost on the first part: a relay that transcodes makes it up, so that only its reports tell. */
static bool cause_loss_before(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *from = &f->end[side];
    uint32_t lost = from->rtcp.block_lost;

    if (!from->rtcp.has_block || lost <= VERDICT_LOSS_FELT * (double)from->tx.packets ||
        lost > from->tx.packets)
        return false;
    if (is_on_purpose(from, lost))
        return false;
    verdict_say(v, VERDICT_FAULTY,
                "cause: the network loses what %c sends: %u of %" PRIu64
                " packets, by the receiver's RTCP reports",
                from->letter, lost, from->tx.packets);
    return true;
}

static bool cause_purpose(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *from = &f->end[side];

    if (!from->counts.held_back)
        return false;
    verdict_say(v, VERDICT_FAULTY,
                "cause: loss on purpose: %" PRIu64 " packets of %c were held back here",
                from->counts.held_back, from->letter);
    return true;
}

static bool cause_jitter(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side];

    if (to->rx.jitter_us / 1000 < JITTER_FELT)
        return false;
    verdict_say(v, VERDICT_FAULTY,
                "cause: packets come to %c in bursts: jitter %.0f ms, %" PRIu64
                " too late to be played; a busy "
                "machine here (%" PRIu64 " late ticks), or the network",
                to->letter, to->rx.jitter_us / 1000, to->jitter.late, to->counts.late_ticks);
    return true;
}

/* Our own loop is late only when it got no CPU. */
static bool cause_busy(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *e = &f->end[side];

    if (!e->is_here || (double)e->counts.late_ticks <= BUSY_FELT * (double)e->tx.packets)
        return false;
    verdict_say(v, VERDICT_FAULTY,
                "cause: this machine is too busy for %c: %" PRIu64 " of %" PRIu64
                " packet times were late, %" PRIu64 " found nothing to play",
                e->letter, e->counts.late_ticks, e->tx.packets, e->jitter.starved);
    return true;
}

static bool cause_device_lost(struct verdict *v, const struct facts *f, unsigned side)
{
    static const char *const names[] = {"microphone", "loudspeaker"};
    const struct facts_card *c = &f->card[side]; /* one side, one device: each is told once */

    if (!c->is_used || !c->status.n_lost)
        return false;
    verdict_say(v, VERDICT_FAULTY, "cause: the %s (%s) disappeared%s and %s", names[side],
                c->status.name, c->status.n_lost > 1 ? " again and again" : "",
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
    verdict_say(v, VERDICT_FAULTY,
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
    verdict_say(v, VERDICT_FAULTY,
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
    verdict_say(
        v, VERDICT_FAILED,
        "cause: not clear from here: %c is connected and hears nothing; ask the relay: its record of "
        "the call has a member `silence`",
        e->letter);
    return true;
}

/* In the order of a call's life: what comes first explains what comes after, so the first group
 * that has a cause ends the search. Faults are told beside each other. */
static cause_h *const before_media[] = {cause_devices, cause_relay_silent, cause_refused,
                                        cause_signalling};
static cause_h *const of_the_path[] = {cause_ice};
static cause_h *const of_media[] = {cause_keys,     cause_foreign,       cause_dropped,
                                    cause_half_way, cause_silent_sender, cause_none};
static cause_h *const of_faults[] = {cause_quiet,       cause_loss,        cause_loss_before,
                                     cause_purpose,     cause_jitter,      cause_busy,
                                     cause_device_lost, cause_device_gaps, cause_clipped};

/* The first of a group that fits, for each end. */
static bool group_find(struct verdict *v, const struct facts *f, cause_h *const group[], size_t n)
{
    bool is_found = false;

    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < n; i++)
            if (group[i](v, f, side)) {
                is_found = true;
                break;
            }
    return is_found;
}

#define GROUP(group) (group), sizeof(group) / sizeof((group)[0])

void cause_find(struct verdict *v, const struct facts *f)
{
    if (group_find(v, f, GROUP(before_media)) || f->step < STEP_CONNECTING ||
        group_find(v, f, GROUP(of_the_path)) || group_find(v, f, GROUP(of_media)))
        return;
    for (size_t i = 0; i < sizeof(of_faults) / sizeof(of_faults[0]); i++)
        (void)group_find(v, f, &of_faults[i], 1);
}
