#include "bench/loopback/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/loopback/cause.h"

#define DELAY_FELT 400.0 /* ms mouth to ear: ITU-T G.114 */

void verdict_say(struct verdict *v, enum verdict_grade grade, const char *format, ...)
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

/* ---- what came -------------------------------------------------------------------- */

double verdict_loss(const struct peer_receiver_stats *rx)
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
        verdict_say(
            v, is_good ? VERDICT_WORKS : VERDICT_FAULTY,
            "  sound         %s: STOI %.2f, %.0f %% of the speech heard; worst 5 s: STOI %.2f, %.0f %%",
            score_meaning(is_good ? &m->last : &m->worst), m->stoi_sum / (double)m->n_scores,
            m->coverage_sum / (double)m->n_scores * 100, m->worst.stoi, m->worst.coverage * 100);
    else if (to->is_scored)
        verdict_say(v, VERDICT_WORKS, "  sound         not scored: too little was said");
    if (m->has_delay)
        verdict_say(v, m->delay_ms > DELAY_FELT ? VERDICT_FAULTY : VERDICT_WORKS,
                    "  mouth to ear  %.0f ms (%.0f to %.0f, %" PRIu64 " times)", m->delay_ms,
                    m->least_ms, m->most_ms, m->n_delays);
}

static void direction_say(struct verdict *v, const struct facts *f, unsigned side)
{
    const struct facts_end *to = &f->end[side];
    char from = letter_of(f, !side);
    double loss = verdict_loss(&to->rx);

    if (!to->is_here)
        return;
    if (!facts_hears(to)) {
        verdict_say(v, VERDICT_FAILED, "%c to %c: nothing came", from, to->letter);
        return;
    }
    verdict_say(v, loss > VERDICT_LOSS_FELT ? VERDICT_FAULTY : VERDICT_WORKS,
                "%c to %c: %" PRIu64
                " packets of %s%s, %.1f %% lost, jitter %.1f ms, %.1f s concealed",
                from, to->letter, to->rx.packets, *to->codec_heard ? to->codec_heard : "no audio",
                to->is_secure ? ", encrypted" : "", loss * 100, to->rx.jitter_us / 1000,
                (double)to->jitter.concealed / JITTER_HZ);
    sound_say(v, to);
    if (to->rtcp.round_trip_us)
        verdict_say(v, VERDICT_WORKS, "  round trip    %.1f ms by RTCP",
                    (double)to->rtcp.round_trip_us / 1000);
    if (*to->digits)
        verdict_say(v, VERDICT_WORKS, "  digits        %s", to->digits);
}

static void setting_say(struct verdict *v, const struct facts *f)
{
    if (f->relay && f->answer_us)
        verdict_say(v, VERDICT_WORKS,
                    "relay at %s: answered the offer in %.1f ms, the answer in %.1f ms", f->relay,
                    (double)f->offer_us / 1000, (double)f->answer_us / 1000);
    for (unsigned side = 0; side < 2; side++) {
        const struct facts_end *e = &f->end[side];

        if (e->is_here && *e->pair[0])
            verdict_say(v, VERDICT_WORKS, "%c connected in %.0f ms: %s", e->letter,
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
        verdict_say(v, VERDICT_FAILED, "interrupted before both ends heard each other");
    cause_find(v, f);
    snprintf(v->line[0], sizeof(v->line[0]), "verdict: %s", grades[v->grade]);
}

void verdict_print(FILE *out, const struct verdict *v)
{
    for (unsigned i = 0; i < v->n; i++)
        fprintf(out, "%s\n", v->line[i]);
}
