#include "relay/control/digits.h"

#include <errno.h>
#include <string.h>

#include "relay/control/call.h"
#include "relay/control/dialogue.h"
#include "relay/control/plan.h"
#include "relay/log.h"

enum {
    CODES = 16, /* 0..9, *, #, A..D */
    DURATION_MS = 250,
    PAUSE_MS = 100,
    LEAST_MS = 100,
    MOST_MS = 5000,
    VOLUME = 8, /* [-dBm0] */
    VOLUME_MAX = 63,
};

static int fail(const char **reason, int err, const char *text)
{
    *reason = text;
    return err;
}

static int find_call(struct call **callp, struct control *c, const struct ng_request *req,
                     const char **reason)
{
    if (str_is_empty(req->call_id))
        return fail(reason, EINVAL, "No call-id in message");
    *callp = call_find(c, req->call_id);
    if (!*callp || (*callp)->is_ended)
        return fail(reason, ENOENT, "Unknown call-ID");
    return 0;
}

/* "5", "#", "A", or the number of RFC 4733. @return -1: neither */
static int code_of(struct str text)
{
    static const char keys[] = "0123456789*#ABCD";
    const char *found;

    if (text.n == 2 && text.p[0] == '1' && text.p[1] >= '0' && text.p[1] < '0' + CODES - 10)
        return 10 + text.p[1] - '0';
    if (text.n != 1 || text.p[0] == '\0')
        return -1;
    found = strchr(keys, text.p[0] >= 'a' && text.p[0] <= 'd' ? text.p[0] - 'a' + 'A' : text.p[0]);
    return found ? (int)(found - keys) : -1;
}

static uint32_t time_of(int given_ms, int otherwise_ms)
{
    const int ms = given_ms ? given_ms : otherwise_ms;

    return (uint32_t)(ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms);
}

/* Decibels below 0 dBm0, however their sign is given. */
static uint8_t volume_of(const struct ng_request *req)
{
    const int db = req->volume_db < 0 ? -req->volume_db : req->volume_db;

    return (uint8_t)(db == 0 ? VOLUME : db > VOLUME_MAX ? VOLUME_MAX : db);
}

static bool is_sound(const struct stream *s)
{
    return s->kind == MEDIA_AUDIO && s->is_active && s->media;
}

/* Sound that is relayed to somebody without telephone-event is decoded from now on, so that a tone
 * can be put in its place. */
static int make_room(struct stream *s)
{
    int err = 0;

    if (!s->transcodes && !s->takes_events)
        err = plan_digits(s, DIGITS_DECODED);
    if (!err && !s->transcodes && !s->takes_events)
        err = ENOTSUP;
    return err;
}

/* @return ENOENT: no sound flows */
static int play(struct leg *leg, const struct digit *digit)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct stream *s = leg->streams[i];
        int err;

        if (!is_sound(s))
            continue;
        err = make_room(s);
        return err ? err : media_stream_play_digit(s->media, digit);
    }
    return ENOENT;
}

static const char *why_not(int err)
{
    switch (err) {
    case ENOENT:
    case ENOTSUP:
    case ENOTCONN:
        return "Monologue has no media capable of DTMF injection";
    case EBUSY:
        return "an offer waits for its answer";
    default:
        return strerror(err);
    }
}

/* The sender of the digit is named by its tag. */
int digits_play(struct control *c, const struct ng_request *req, const char **reason)
{
    struct digit digit = {.volume = volume_of(req),
                          .duration_ms = time_of(req->duration_ms, DURATION_MS),
                          .pause_ms = time_of(req->pause_ms, PAUSE_MS)};
    const int code = code_of(req->digit);
    struct call *call;
    struct leg *leg;
    int err = find_call(&call, c, req, reason);

    if (err)
        return err;
    if (str_is_empty(req->from_tag))
        return fail(reason, EINVAL, "No participant party specified");
    leg = dialogue_find_tag(call, req->from_tag);
    if (!leg)
        return fail(reason, ENOENT, "From-tag given, but no such tag exists");
    if (code < 0)
        return fail(reason, EINVAL, "Out of range 'code' specified");
    digit.code = (uint8_t)code;
    err = play(leg, &digit);
    return err ? fail(reason, err, why_not(err)) : 0;
}

static void warn_of_tones(const struct stream *s, const char *codec, const char *why)
{
    log_warning(s->leg->call->id, "block DTMF: tones in %s are not taken out: %s", codec, why);
}

/* An answer that is waited for decides with this in mind. */
static bool is_undecided(const struct stream *s)
{
    return !s->is_active || s->leg->is_waiting ||
           (s->sink && s->sink->leg && s->sink->leg->is_waiting);
}

/* Tones are taken out of what is decoded; what cannot be decoded is named in the log, as its tones
 * go on. */
static void mute_tones(struct stream *s, bool is_muted)
{
    const enum negotiate_digits digits = is_muted ? DIGITS_MUTED : DIGITS_AS_THEY_ARE;
    int err;

    if (is_undecided(s)) {
        s->digits = digits;
        return;
    }
    err = plan_digits(s, digits);
    if (err)
        warn_of_tones(s, s->codec, err == ENOTSUP ? "it cannot be transcoded" : why_not(err));
}

void digits_warn(const struct stream *s, const struct negotiated_flow *flow)
{
    if (s->digits == DIGITS_MUTED && !negotiated_flow_transcodes(flow))
        warn_of_tones(s, flow->codec, "it cannot be transcoded");
}

/* @return how many streams were told */
static unsigned block_leg(struct leg *leg, bool is_blocked, bool is_muted)
{
    unsigned n = 0;

    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct stream *s = leg->streams[i];

        if (s->kind != MEDIA_AUDIO || !s->media ||
            media_stream_block_events(s->media, is_blocked) != 0)
            continue;
        n++;
        if (is_muted || (!is_blocked && s->digits == DIGITS_MUTED))
            mute_tones(s, is_muted);
    }
    return n;
}

void digits_take_flag(struct leg *sender, const struct ng_request *req)
{
    if (ng_has(req, NG_FLAG_BLOCK_DTMF))
        (void)block_leg(sender, true, req->dtmf_security == NG_DTMF_SILENCE);
}

/* A from-tag counts with flag directional only: clients always send one. */
int digits_block(struct control *c, const struct ng_request *req, bool is_blocked,
                 const char **reason)
{
    const bool is_muted = is_blocked && req->dtmf_security == NG_DTMF_SILENCE;
    struct call *call;
    struct leg *only = NULL;
    unsigned n = 0;
    int err = find_call(&call, c, req, reason);

    if (err)
        return err;
    if (ng_has(req, NG_FLAG_DIRECTIONAL) && !ng_has(req, NG_FLAG_ALL)) {
        only = dialogue_find_tag(call, req->from_tag);
        if (!only)
            return fail(reason, ENOENT, "From-tag given, but no such tag exists");
    }
    for (struct le *le = call->legs.head; le; le = le->next) {
        if (!only || le->data == only)
            n += block_leg(le->data, is_blocked, is_muted);
    }
    return n ? 0 : fail(reason, ENOTSUP, why_not(ENOTSUP));
}
