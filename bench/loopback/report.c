#include "bench/loopback/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/loopback/json.h"
#include "bench/loopback/screen.h"
#include "bench/loopback/verdict.h"
#include "bench/sound/wav.h"

#define LINE_EVERY 5 /* looks: a second */

/* ---- facts ------------------------------------------------------------------------ */

static const char *tag_of(const struct session *s, unsigned side)
{
    return s->call ? call_tag(s->call, side) : s->signalling.tag[side];
}

static void end_facts(struct session *s, struct facts *f, unsigned side)
{
    struct facts_end *e = &f->end[side];
    struct session_end *end = &s->end[side];
    const struct peer *p = session_peer(s, side);
    enum mouth_kind other = s->plan->end[!side].mouth.kind;

    e->letter = "AB"[side];
    if (s->query) /* of an end that is not here, too */
        facts_leg_read(&e->leg, s->query, tag_of(s, side));
    if (!p || !end->ear)
        return;
    facts_peer_read(e, p);
    e->dialect = s->plan->end[side].peer.dialect;
    e->mouth = mouth_kind(end->mouth);
    e->level_out = *mouth_level(end->mouth);
    e->level_in = *ear_level(end->ear);
    e->is_muted = mouth_is_muted(end->mouth);
    e->is_held = end->is_held;
    e->has_speaker = s->plan->end[side].has_speaker;
    e->loss_percent = end->loss_percent;
    e->jitter = *jitter_counts(ear_jitter(end->ear));
    e->held_ms = jitter_held_ms(ear_jitter(end->ear));
    e->target_ms = jitter_target_ms(ear_jitter(end->ear));
    e->is_scored = s->call && (other == MOUTH_FILE || other == MOUTH_MICROPHONE);
    e->measured = end->measured;
}

static void card_facts(struct session *s, struct facts *f, enum card_way way)
{
    struct facts_card *c = &f->card[way];

    if (!s->cards)
        return;
    c->status = cards_status(s->cards, way);
    c->is_used = c->status.state != CARD_UNUSED;
    c->status.gaps -= s->gaps_before[way];
    c->feed = s->feed[way].counts;
    c->ppm = s->feed[way].drift.ppm;
}

void session_facts(struct session *s, struct facts *f)
{
    *f = (struct facts){.step = s->at,
                        .talked_us = s->talk_us ? loop_now_us() - s->talk_us : 0,
                        .relay = s->o->ng,
                        .err = s->err,
                        .is_interrupted = s->is_interrupted};

    memcpy(f->problem, s->problem, sizeof(f->problem));
    f->has_reply = s->ng && ng_client_stats(s->ng)->replies > 0;
    if (s->call)
        call_times(s->call, &f->offer_us, &f->answer_us);
    for (unsigned i = 0; i < 2; i++) {
        end_facts(s, f, i);
        card_facts(s, f, (enum card_way)i);
    }
}

/* ---- while it runs ---------------------------------------------------------------- */

void session_show(struct session *s)
{
    char text[SCREEN_MAX];
    unsigned columns, rows;
    struct facts f;

    if (s->o->is_json || (!s->terminal.is_screen && s->n_looks % LINE_EVERY))
        return;
    session_facts(s, &f);
    if (s->terminal.is_screen) {
        terminal_size(&columns, &rows);
        terminal_write(text, screen_draw(text, &f, columns, rows, s->message));
    } else {
        size_t n = screen_line(text, sizeof(text) - 1, &f);

        text[n] = '\n';
        terminal_write(text, n + 1);
    }
}

void session_tell(struct session *s, const char *format, ...)
{
    char line[sizeof(s->message) + 8];
    va_list args;

    va_start(args, format);
    vsnprintf(s->message, sizeof(s->message), format, args);
    va_end(args);
    if (s->terminal.is_screen || s->o->is_json)
        return;
    int n = snprintf(line, sizeof(line), "-- %s\n", s->message);
    terminal_write(line, (size_t)n);
}

/* ---- in the end ------------------------------------------------------------------- */

static void sound_write(const struct session *s, const char *folder, const char *what, char letter,
                        const struct timed *t)
{
    struct sound sound = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s_by_%c.wav", folder, what, letter);
    int err = timed_copy_all(t, &sound);
    if (!err)
        err = wav_write(path, &sound);
    sound_wipe(&sound);
    quiet_print(&s->quiet, "%s%s%s\n", path, err ? ": " : "", err ? strerror(err) : "");
}

static void sounds_write(const struct session *s, const char *folder)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        quiet_print(&s->quiet, "picrelay-loopback: --record %s: %s\n", folder, strerror(errno));
        return;
    }
    for (unsigned i = 0; i < 2; i++)
        if (s->end[i].ear) {
            sound_write(s, folder, "said", "ab"[i], mouth_record(s->end[i].mouth));
            sound_write(s, folder, "heard", "ab"[i], ear_record(s->end[i].ear));
        }
}

int session_report(struct session *s)
{
    struct facts f;
    struct verdict v;

    session_facts(s, &f);
    verdict_make(&v, &f);
    terminal_close(&s->terminal);
    if (s->o->is_json) {
        json_t *json = facts_json(&f, &v);

        json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        printf("\n");
        json_decref(json);
    } else {
        verdict_print(stdout, &v);
    }
    (void)fflush(stdout);
    if (s->o->record && s->at >= STEP_CONNECTING)
        sounds_write(s, s->o->record);
    return v.grade == VERDICT_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}
