#include "bench/loopback/screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/loopback/keys.h"

#define METER          20   /* characters */
#define METER_DB       60.0 /* at its left end */
#define LINE_MAX_BYTES 512

struct page {
    char *buf;
    size_t n, cap;
    unsigned columns, rows, row;
};

static void put_bytes(struct page *p, const char *text, size_t n)
{
    if (p->n + n > p->cap)
        return;
    memcpy(p->buf + p->n, text, n);
    p->n += n;
}

/* Bytes of the first `columns` characters: what is shown is ASCII but for names of devices. */
static size_t cut(const char *line, unsigned columns)
{
    size_t n = 0;

    for (unsigned shown = 0; line[n]; n++) {
        bool is_first_byte = ((unsigned char)line[n] & 0xc0) != 0x80;

        if (is_first_byte && shown++ == columns)
            break;
    }
    return n;
}

__attribute__((format(printf, 2, 3))) static void line(struct page *p, const char *format, ...)
{
    char text[LINE_MAX_BYTES] = "";
    va_list args;

    if (p->row + 1 >= p->rows) /* the last row is the keys' */
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* names come from devices and descriptions: none may send codes of its own to the terminal */
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    put_bytes(p, text, cut(text, p->columns));
    put_bytes(p, "\x1b[K\r\n", 5);
    p->row++;
}

static const char *meter(char bar[static METER + 1], const struct level *l)
{
    for (int i = 0; i < METER; i++) {
        double db = METER_DB * (i + 1) / METER - METER_DB;

        bar[i] = db <= l->rms_db ? '#' : db <= l->peak_db ? '+' : '-';
    }
    bar[METER] = 0;
    return bar;
}

static const char *step_name(enum facts_step step)
{
    static const char *const names[] = {[STEP_DEVICES] = "opening devices",
                                        [STEP_SIGNALLING] = "offer and answer",
                                        [STEP_CONNECTING] = "connecting",
                                        [STEP_TALKING] = "talking",
                                        [STEP_OVER] = "over"};

    return names[step];
}

static double percent(uint64_t part, uint64_t all)
{
    return all ? (double)part * 100 / (double)all : 0;
}

static const char *mouth_name(enum mouth_kind kind)
{
    static const char *const names[] = {[MOUTH_SILENCE] = "silence",
                                        [MOUTH_MICROPHONE] = "microphone",
                                        [MOUTH_FILE] = "file",
                                        [MOUTH_TONE] = "tone",
                                        [MOUTH_MARKERS] = "markers"};

    return names[kind];
}

static const char *ice_name(const struct facts_end *e)
{
    static const char *const names[] = {
        [PEER_ICE_CHECKING] = "checking", [PEER_ICE_READY] = "ready", [PEER_ICE_FAILED] = "FAILED"};

    if (!e->has_ice)
        return "no ICE";
    return e->ice.is_checking ? names[e->ice.state] : "waiting";
}

static void sound_lines(struct page *p, const struct facts_end *e)
{
    const struct measure *m = &e->measured;
    char bar[METER + 1], score[80] = "";

    line(p, "  out  [%s] %4.0f dB  %-16s %" PRIu64 " packets", meter(bar, &e->level_out),
         e->level_out.rms_db, *e->codec_sent ? e->codec_sent : "-", e->counts.rtp_sent);
    line(p,
         "  in   [%s] %4.0f dB  %-16s %" PRIu64 " packets, %" PRIu64
         " lost (%.1f %%), jitter %.1f ms",
         meter(bar, &e->level_in), e->level_in.rms_db, *e->codec_heard ? e->codec_heard : "-",
         e->rx.packets, e->rx.lost, percent(e->rx.lost, e->rx.packets + e->rx.lost),
         e->rx.jitter_us / 1000);
    line(p,
         "  ear  %u ms held (wants %u), %.1f s concealed, %" PRIu64 " by FEC, %" PRIu64
         " late, %" PRIu64 " starved",
         e->held_ms, e->target_ms, (double)e->jitter.concealed / JITTER_HZ, e->jitter.recovered,
         e->jitter.late, e->jitter.starved);
    if (m->n_scores)
        snprintf(score, sizeof(score), "STOI %.2f, %.0f %% heard: %s", m->last.stoi,
                 m->last.coverage * 100, score_meaning(&m->last));
    if (m->has_delay)
        line(p, "       mouth to ear %.0f ms (%.0f to %.0f)  %s", m->delay_ms, m->least_ms,
             m->most_ms, score);
    else if (m->n_scores)
        line(p, "       %s", score);
}

static void path_lines(struct page *p, const struct facts_end *e)
{
    const struct peer_rtcp_stats *r = &e->rtcp;
    uint64_t refused = e->counts.auth_failures + e->counts.bad_srtp + e->counts.replays;

    line(p, "  ICE  %s%s%s%s%s", ice_name(e), *e->pair[0] ? "  " : "", e->pair[0],
         *e->pair[1] ? "; RTCP " : "", e->pair[1]);
    if (e->has_ice && !*e->pair[0])
        line(p, "       %u by %u candidates, answers %s, their checks %s", e->ice.n_local,
             e->ice.n_remote, e->ice.is_answered ? "come" : "0", e->ice.is_asked ? "come" : "0");
    line(p,
         "  RTCP %" PRIu64 " sent, %" PRIu64 " came; there: %.1f %% lost, %u in all; round trip "
         "%.1f ms%s",
         e->counts.rtcp_sent, e->counts.rtcp_received, r->block_fraction / 2.55, r->block_lost,
         (double)r->round_trip_us / 1000, refused ? "; SRTP refuses packets" : "");
    if (*e->digits)
        line(p, "       digits heard: %s", e->digits);
}

static void end_lines(struct page *p, const struct facts_end *e)
{
    char loss[40] = "";

    if (e->loss_percent)
        snprintf(loss, sizeof(loss), ", %u %% lost on purpose", e->loss_percent);
    line(p, "%c  %s, %s%s%s%s%s%s", e->letter, peer_dialect_name(e->dialect), mouth_name(e->mouth),
         e->has_speaker ? ", loudspeaker" : "", e->is_secure ? ", encrypted" : ", not encrypted",
         e->is_muted ? ", MUTED" : "", e->is_held ? ", ON HOLD" : "", loss);
    sound_lines(p, e);
    path_lines(p, e);
}

static void card_line(struct page *p, const struct facts_card *c, const char *name)
{
    const struct card_status *s = &c->status;

    if (!c->is_used)
        return;
    if (s->state == CARD_GONE)
        line(p, "%-11s GONE: %s (%s); tried again every second", name, s->name, s->why);
    else
        line(p,
             "%-11s %s, %u Hz, %" PRIu64 " gaps, %" PRIu64 " underruns, %" PRIu64
             " overruns, rate bent by %+.0f ppm%s",
             name, s->name, s->rate_hz, s->gaps, c->feed.underruns, c->feed.overruns, c->ppm,
             s->n_lost ? ", was gone" : "");
}

static void keys_line(struct page *p)
{
    char text[LINE_MAX_BYTES] = "";
    size_t n = 0;

    for (size_t i = 0; keys_at(i) && n < sizeof(text); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", i ? "  " : "",
                              keys_at(i)->shown, keys_at(i)->word);
    put_bytes(p, "\x1b[J\x1b[7m", 7);
    put_bytes(p, text, cut(text, p->columns));
    put_bytes(p, "\x1b[0m", 4);
}

size_t screen_draw(char buf[static SCREEN_MAX], const struct facts *f, unsigned columns,
                   unsigned rows, const char *message)
{
    struct page p = {.buf = buf, .cap = SCREEN_MAX, .columns = columns, .rows = rows};

    put_bytes(&p, "\x1b[H", 3);
    line(&p, "picrelay-loopback  %s %.0f s   %s%s", step_name(f->step), (double)f->talked_us / 1e6,
         f->relay ? "relay " : "no relay", f->relay ? f->relay : "");
    for (unsigned i = 0; i < 2; i++)
        if (f->end[i].is_here)
            end_lines(&p, &f->end[i]);
    card_line(&p, &f->card[CARD_CAPTURE], "microphone");
    card_line(&p, &f->card[CARD_PLAYBACK], "loudspeaker");
    line(&p, "%s", *f->problem ? f->problem : message);
    keys_line(&p);
    return p.n;
}

/* ---- one line --------------------------------------------------------------------- */

static size_t end_piece(char *buf, size_t cap, const struct facts_end *e)
{
    const struct measure *m = &e->measured;
    int n = snprintf(buf, cap,
                     "  %c: out %.0f dB %s, in %.0f dB %s %" PRIu64 " packets %.1f %% lost jitter "
                     "%.1f ms, ICE %s",
                     e->letter, e->level_out.rms_db, *e->codec_sent ? e->codec_sent : "-",
                     e->level_in.rms_db, *e->codec_heard ? e->codec_heard : "-", e->rx.packets,
                     percent(e->rx.lost, e->rx.packets + e->rx.lost), e->rx.jitter_us / 1000,
                     ice_name(e));

    if (n > 0 && (size_t)n < cap && m->has_delay)
        n += snprintf(buf + n, cap - (size_t)n, ", %.0f ms mouth to ear", m->delay_ms);
    if (n > 0 && (size_t)n < cap && m->n_scores)
        n += snprintf(buf + n, cap - (size_t)n, ", STOI %.2f", m->last.stoi);
    return n > 0 && (size_t)n < cap ? (size_t)n : cap ? strlen(buf) : 0;
}

size_t screen_line(char *buf, size_t cap, const struct facts *f)
{
    int n = snprintf(buf, cap, "%s %.0f s", step_name(f->step), (double)f->talked_us / 1e6);
    size_t at = n > 0 && (size_t)n < cap ? (size_t)n : 0;

    for (unsigned i = 0; i < 2; i++)
        if (f->end[i].is_here)
            at += end_piece(buf + at, cap - at, &f->end[i]);
    for (unsigned i = 0; i < 2; i++)
        if (f->card[i].is_used && f->card[i].status.state == CARD_GONE) {
            n = snprintf(buf + at, cap - at, "  %s GONE", i ? "loudspeaker" : "microphone");
            at += n > 0 && (size_t)n < cap - at ? (size_t)n : 0;
        }
    return at;
}
