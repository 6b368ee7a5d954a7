#include "relay/control/status/record.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "relay/text.h"

#define RECORD_VERSION   1
#define WORD_MAX         64             /* of a codec or protocol name [bytes] */
#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define CUT              "..."

/* Text of strangers, made UTF-8 (RFC 8259 s.8.1); jansson escapes the rest of it. */
static json_t *json_text(struct str text, size_t max)
{
    char buf[RECORD_TEXT_MAX * (sizeof(UTF8_REPLACEMENT) - 1) + sizeof(CUT)];
    size_t n = 0;
    size_t at = 0;

    while (at < text.n && at < max) {
        uint32_t codepoint;
        const size_t taken = text_utf8(text.p + at, text.n - at, &codepoint);
        const char *from = taken ? text.p + at : UTF8_REPLACEMENT;
        const size_t size = taken ? taken : sizeof(UTF8_REPLACEMENT) - 1;

        if (at + taken > max)
            break;
        memcpy(buf + n, from, size);
        n += size;
        at += taken ? taken : 1;
    }
    if (at < text.n) {
        memcpy(buf + n, CUT, sizeof(CUT) - 1);
        n += sizeof(CUT) - 1;
    }
    return json_stringn_nocheck(buf, n);
}

/* Each setter takes the value over, and fails for a NULL (no memory) or a full object: the first
 * failure is kept, as the last of many calls cannot be checked one by one and still be read. */
struct writer {
    int err;
};

static void set(struct writer *w, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, value))
        w->err = ENOMEM;
}

static void set_int(struct writer *w, json_t *object, const char *key, uint64_t value)
{
    set(w, object, key, json_integer((json_int_t)(value < INT64_MAX ? value : INT64_MAX)));
}

/* One of our own constants; a NULL is left out. */
static void set_name(struct writer *w, json_t *object, const char *key, const char *name)
{
    if (name)
        set(w, object, key, json_text(str_of(name), RECORD_TEXT_MAX));
}

static void set_addr(struct writer *w, json_t *object, const char *key, const union addr *addr)
{
    char text[ADDR_TEXT_MAX];

    if (addr_is_set(addr))
        set_name(w, object, key, addr_print(text, addr));
}

/* RFC 3339, UTC, with milliseconds; a time that never came is left out. */
static void set_time(struct writer *w, json_t *object, const char *key, uint64_t wall_us)
{
    const time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char text[64];
    size_t n;

    if (!wall_us || !gmtime_r(&seconds, &tm))
        return;
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + n, sizeof(text) - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000));
    set_name(w, object, key, text);
}

static void set_real_ms(struct writer *w, json_t *object, const char *key, double ms)
{
    set(w, object, key, json_real(round(ms * 10) / 10));
}

static json_t *json_counts(struct writer *w, const struct media_count count[MEDIA_COMPONENTS])
{
    json_t *o = json_object();

    set_int(w, o, "packets", count[MEDIA_RTP].packets);
    set_int(w, o, "bytes", count[MEDIA_RTP].bytes);
    set_int(w, o, "rtcp_packets", count[MEDIA_RTCP].packets);
    return o;
}

static json_t *json_drops(struct writer *w, const uint64_t drops[DROP_COUNT])
{
    json_t *o = json_object();

    for (unsigned i = DROP_NONE + 1; i < DROP_COUNT; i++) {
        if (drops[i])
            set_int(w, o, drop_name(i), drops[i]);
    }
    return o;
}

static void set_quality(struct writer *w, json_t *o, const struct media_stats *s)
{
    set_int(w, o, "lost", s->lost);
    if (s->jitter_clock_hz)
        set_real_ms(w, o, "jitter_ms", s->jitter_ts * 1e3 / s->jitter_clock_hz);
    if (s->peer_loss_permille)
        set_real_ms(w, o, "peer_loss_percent", s->peer_loss_permille / 10.0);
    if (s->round_trip_us)
        set_real_ms(w, o, "round_trip_ms", s->round_trip_us / 1e3);
}

static const char *ice_name(enum record_ice ice)
{
    static const char *const names[] = {
        [RECORD_ICE_NONE] = NULL,
        [RECORD_ICE_CHECKING] = "checking",
        [RECORD_ICE_CONNECTED] = "connected",
        [RECORD_ICE_FAILED] = "failed",
        [RECORD_ICE_LOST] = "lost",
    };
    return names[ice];
}

static json_t *json_checks(struct writer *w, const struct record_stream *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->n_checks; i++) {
        const struct record_check *check = &s->checks[i];
        json_t *o = json_object();

        set_int(w, o, "component", check->component);
        set_addr(w, o, "remote", &check->remote);
        set_int(w, o, "sent", check->sent);
        set_int(w, o, "answered", check->answered);
        set_int(w, o, "received", check->received);
        if (check->error)
            set_int(w, o, "error", check->error);
        if (json_array_append_new(list, o))
            w->err = ENOMEM;
    }
    return list;
}

static json_t *json_stream(struct writer *w, const struct call_record *r,
                           const struct record_stream *s, const struct record_stream *other)
{
    json_t *o = json_object();

    set_name(w, o, "kind", media_kind_name(s->kind));
    if (!str_is_empty(s->codec))
        set(w, o, "codec", json_text(s->codec, WORD_MAX));
    if (!str_is_empty(s->protocol))
        set(w, o, "protocol", json_text(s->protocol, WORD_MAX));
    set(w, o, "secure", json_boolean(s->is_secure));
    if (s->dtls.n)
        set(w, o, "dtls", json_text(s->dtls, RECORD_TEXT_MAX));
    if (s->is_rejected)
        set(w, o, "rejected", json_true());
    if (s->is_held)
        set(w, o, "held", json_true());
    set_name(w, o, "ice", ice_name(s->ice));
    if (s->n_checks)
        set(w, o, "ice_checks", json_checks(w, s));
    set_addr(w, o, "local", &s->local);
    set_addr(w, o, "remote", &s->remote);
    set(w, o, "in", json_counts(w, s->stats.in));
    set(w, o, "out", json_counts(w, s->stats.out));
    set_quality(w, o, &s->stats);
    set(w, o, "drops", json_drops(w, s->stats.drops));
    if (other) {
        const enum record_silence why = record_silence_reason(r, s, other);

        set_name(w, o, "silence", why == RECORD_HEARD ? NULL : record_silence_name(why));
    }
    return o;
}

static json_t *json_leg(struct writer *w, const struct call_record *r, unsigned index)
{
    const struct record_leg *leg = &r->legs[index];
    const struct record_leg *peer = &r->legs[!index];
    json_t *streams = json_array();
    json_t *o = json_object();

    set(w, o, "tag", json_text(leg->tag, RECORD_TEXT_MAX));
    set_name(w, o, "interface", leg->interface);
    set_name(w, o, "dialect", dialect_name(leg->dialect));
    set_name(w, o, "ice_mode", leg->ice_mode);
    for (unsigned i = 0; i < leg->n_streams && i < RECORD_STREAMS_MAX; i++) {
        const struct record_stream *other = i < peer->n_streams ? &peer->streams[i] : NULL;

        if (json_array_append_new(streams, json_stream(w, r, &leg->streams[i], other)))
            w->err = ENOMEM;
    }
    set(w, o, "streams", streams);
    return o;
}

static json_t *json_policy(struct writer *w, const struct call_record *r)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < MEDIA_KIND_COUNT; i++) {
        const struct policy_decision *d = &r->decisions[i];
        json_t *decision;

        if (!r->has_decision[i])
            continue;
        decision = json_object();
        set_name(w, decision, "verdict", d->verdict == POLICY_ALLOW ? "allow" : "deny");
        set_name(w, decision, "code", policy_code_name(d->code));
        set_name(w, decision, "reason", d->reason);
        set(w, o, media_kind_name(i), decision);
    }
    return o;
}

static json_t *json_record(struct writer *w, const struct call_record *r)
{
    const bool has_talked = r->answered_us && r->ended_us > r->answered_us;
    json_t *legs = json_array();
    json_t *o = json_object();

    set_int(w, o, "record", RECORD_VERSION);
    set(w, o, "call_id", json_text(r->call_id, RECORD_TEXT_MAX));
    set_name(w, o, "provider", r->provider);
    set_time(w, o, "created", r->created_us);
    set_time(w, o, "answered", r->answered_us);
    set_time(w, o, "ended", r->ended_us);
    set_int(w, o, "duration_ms", has_talked ? (r->ended_us - r->answered_us) / 1000 : 0);
    set_name(w, o, "end", record_end_name(r->end));
    set(w, o, "policy", json_policy(w, r));
    for (unsigned i = 0; i < 2; i++) {
        if (json_array_append_new(legs, json_leg(w, r, i)))
            w->err = ENOMEM;
    }
    set(w, o, "legs", legs);
    return o;
}

int record_print(char *buf, size_t cap, const struct call_record *r)
{
    /* ASCII alone: what turns the direction of writing, or ends a line for some readers, is escaped
     */
    const size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9);
    struct writer w = {0};
    json_t *o = json_record(&w, r);
    size_t n;

    if (!o)
        w.err = ENOMEM;
    if (w.err) {
        json_decref(o);
        return w.err;
    }
    n = json_dumpb(o, buf, cap, flags);
    json_decref(o);
    if (!n || n + 2 > cap)
        return n ? ENOSPC : ENOMEM;
    memcpy(buf + n, "\n", 2);
    return 0;
}

const char *record_end_name(enum record_end end)
{
    static const char *const names[RECORD_END_COUNT] = {
        [RECORD_END_DELETED] = "deleted",
        [RECORD_END_MEDIA_TIMEOUT] = "media timeout",
        [RECORD_END_SILENT_TIMEOUT] = "silent timeout",
        [RECORD_END_ICE_FAILED] = "ICE failed",
        [RECORD_END_CONSENT_LOST] = "consent lost",
        [RECORD_END_OFFER_TIMEOUT] = "offer timeout",
        [RECORD_END_FAILED] = "failed",
        [RECORD_END_POLICY] = "policy",
        [RECORD_END_SHUTDOWN] = "shutdown",
    };
    return names[end];
}
