#include "bench/loopback/jitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/peer/track.h"

#define SLOTS         64 /* over a second of packets */
#define FAR           1000
#define PACKET_MS     20  /* until a packet has told its own length */
#define STARVED_MAX   3   /* packet times made up before silence: a voice does not hum on */
#define WATCH_PACKETS 100 /* over two seconds the least fill is looked at */
#define FIFO_MAX      (2 * CODEC_PCM_MAX)

struct slot {
    bool is_used, is_silent; /* an event, or comfort noise */
    struct codec_spec spec;
    uint16_t seq;
    uint32_t ts;
    size_t n;
    uint8_t payload[PEER_PACKET_MAX];
};

struct jitter {
    struct slot slots[SLOTS];
    unsigned n_held;
    uint16_t next_seq; /* that is due */
    uint32_t ssrc;
    bool has_source, is_playing;

    struct peer_tracks tracks;
    struct peer_track *track; /* of the last packet played; NULL: none */
    uint32_t ticks, clock_hz; /* of the last packet played */
    uint32_t next_ts;         /* where the sound played so far ends */
    bool has_next_ts;
    unsigned n_starved; /* in a row */
    uint32_t silence;   /* still to be played [samples] */

    unsigned least_held, n_watched;

    /* RFC 3550 A.8 */
    uint64_t last_us;
    uint32_t last_ts, last_clock_hz;
    double jitter_us;

    int16_t fifo[FIFO_MAX];
    uint32_t fifo_at, fifo_n;
    struct jitter_counts counts;
};

int jitter_alloc(struct jitter **jp)
{
    *jp = calloc(1, sizeof(**jp));
    return *jp ? 0 : ENOMEM;
}

void jitter_free(struct jitter *j)
{
    if (!j)
        return;
    peer_tracks_wipe(&j->tracks);
    free(j);
}

static struct slot *slot_at(struct jitter *j, uint16_t seq)
{
    return &j->slots[seq % SLOTS];
}

static bool is_there(struct jitter *j, uint16_t seq)
{
    const struct slot *s = slot_at(j, seq);

    return s->is_used && s->seq == seq;
}

static uint32_t packet_ms(const struct jitter *j)
{
    uint32_t ms = j->ticks && j->clock_hz ? j->ticks * 1000 / j->clock_hz : 0;

    return ms ? ms : PACKET_MS;
}

uint32_t jitter_target_ms(const struct jitter *j)
{
    uint32_t ms = packet_ms(j) + (uint32_t)(4 * j->jitter_us / 1000);

    return ms < JITTER_LEAST_MS ? JITTER_LEAST_MS : ms > JITTER_MOST_MS ? JITTER_MOST_MS : ms;
}

uint32_t jitter_held_ms(const struct jitter *j)
{
    return j->n_held * packet_ms(j) + (j->fifo_n - j->fifo_at + j->silence) * 1000 / JITTER_HZ;
}

const struct jitter_counts *jitter_counts(const struct jitter *j)
{
    return &j->counts;
}

/* ---- in --------------------------------------------------------------------------- */

static void source_begin(struct jitter *j, const struct peer_rtp *packet)
{
    j->counts.restarts += j->has_source;
    for (unsigned i = 0; i < SLOTS; i++)
        j->slots[i].is_used = false;
    j->n_held = 0;
    j->ssrc = packet->ssrc;
    j->next_seq = packet->seq;
    j->has_source = true;
    j->is_playing = j->has_next_ts = false;
    j->last_clock_hz = 0;
    j->silence = 0;
}

static void spread_measure(struct jitter *j, const struct peer_rtp *packet, uint32_t clock_hz,
                           uint64_t now_us)
{
    if (j->last_clock_hz == clock_hz) {
        double ticks = (double)(int32_t)(packet->ts - j->last_ts);
        double d = (double)(int64_t)(now_us - j->last_us) - ticks * 1e6 / clock_hz;

        /* a pause is no jitter */
        if (d > -1e6 && d < 1e6)
            j->jitter_us += ((d < 0 ? -d : d) - j->jitter_us) / 16;
    }
    j->last_us = now_us;
    j->last_ts = packet->ts;
    j->last_clock_hz = clock_hz;
}

void jitter_put(struct jitter *j, const struct peer_format *format, const struct peer_rtp *packet,
                uint64_t now_us)
{
    int ahead = (int16_t)(uint16_t)(packet->seq - j->next_seq);
    bool is_silent = !codec_find(&format->spec);

    if (!j->has_source || packet->ssrc != j->ssrc || ahead >= SLOTS || ahead < -FAR) {
        source_begin(j, packet);
        ahead = 0;
    }
    /* before it plays, what was overtaken may still come first */
    if (ahead < 0 && !j->is_playing && ahead > -SLOTS / 2) {
        j->next_seq = packet->seq;
    } else if (ahead < 0) {
        j->counts.late++;
        return;
    }
    struct slot *s = slot_at(j, packet->seq);
    if (packet->n > sizeof(s->payload))
        return;
    if (!is_silent)
        spread_measure(j, packet, format->spec.clock_hz, now_us);
    j->n_held += !s->is_used;
    s->is_used = true;
    s->is_silent = is_silent;
    s->spec = format->spec;
    s->seq = packet->seq;
    s->ts = packet->ts;
    s->n = packet->n;
    memcpy(s->payload, packet->payload, packet->n);
}

/* ---- out -------------------------------------------------------------------------- */

static uint32_t samples_of_packet(const struct jitter *j)
{
    return packet_ms(j) * (JITTER_HZ / 1000);
}

static void next_forget(struct jitter *j)
{
    slot_at(j, j->next_seq)->is_used = false;
    j->n_held--;
    j->next_seq++;
}

/* Makes up one packet time. @param next  the packet behind it; NULL: none */
static void packet_conceal(struct jitter *j, const struct slot *next)
{
    uint32_t n = 0;
    bool is_like = next && !next->is_silent && j->track && codec_same(&next->spec, &j->track->spec);

    int err = j->track && j->ticks
                  ? peer_track_conceal(j->track, is_like ? next->payload : NULL,
                                       is_like ? next->n : 0, j->ticks, j->fifo, &n)
                  : EINVAL;
    if (err == EINVAL) {
        n = samples_of_packet(j);
        memset(j->fifo, 0, n * sizeof(*j->fifo));
    }
    j->counts.recovered += err == 1;
    j->counts.concealed += n;
    j->fifo_at = 0;
    j->fifo_n = n;
}

static void packet_decode(struct jitter *j, const struct slot *s)
{
    if (peer_tracks_find(&j->track, &j->tracks, &s->spec, JITTER_HZ) != 0 ||
        peer_track_decode(j->track, s->payload, s->n, j->fifo, &j->fifo_n) != 0) {
        j->counts.bad++;
        packet_conceal(j, NULL);
        return;
    }
    j->fifo_at = 0;
    j->clock_hz = s->spec.clock_hz;
    j->ticks = j->track->codec->payload_ticks(s->payload, s->n);
    j->next_ts = s->ts + j->ticks;
    j->has_next_ts = true;
    j->counts.played++;
}

/* What the sender paused between the packet before and this one [samples]. */
static uint32_t pause_before(const struct jitter *j, const struct slot *s)
{
    int32_t ticks = (int32_t)(s->ts - j->next_ts);

    if (!j->has_next_ts || s->spec.clock_hz != j->clock_hz || ticks <= 0)
        return 0;
    uint64_t n = (uint64_t)ticks * JITTER_HZ / j->clock_hz;
    return n > JITTER_HZ / 4 ? 0 : (uint32_t)n; /* longer ones were waited for: nothing came */
}

static void next_play(struct jitter *j)
{
    struct slot *s = slot_at(j, j->next_seq);
    uint32_t pause = s->is_silent ? samples_of_packet(j) : pause_before(j, s);

    j->n_starved = 0;
    if (pause) {
        j->silence = pause;
        j->has_next_ts = false;
        if (s->is_silent)
            next_forget(j);
        return;
    }
    packet_decode(j, s);
    next_forget(j);
}

/* Nothing is there: time goes on without a packet, so that what is only late is still played. */
static void starve(struct jitter *j)
{
    j->counts.starved++;
    j->n_starved++;
    j->has_next_ts = false;
    if (j->n_starved > STARVED_MAX) {
        j->is_playing = false;
        j->counts.starved -= j->n_starved; /* the stream paused: no fault of anybody */
        j->n_starved = 0;
        return;
    }
    packet_conceal(j, NULL);
}

/* The sender's clock is faster than ours, or its network was slow for a while: less will do. */
static void surplus_skip(struct jitter *j)
{
    if (j->n_held < j->least_held)
        j->least_held = j->n_held;
    if (++j->n_watched < WATCH_PACKETS)
        return;
    bool is_surplus = j->least_held * packet_ms(j) > jitter_target_ms(j);
    j->n_watched = 0;
    j->least_held = SLOTS;
    if (!is_surplus || !is_there(j, j->next_seq))
        return;
    next_play(j); /* decoded, so that the decoder knows it, and not heard */
    j->fifo_n = j->fifo_at = 0;
    j->counts.skipped++;
}

static void fifo_fill(struct jitter *j)
{
    surplus_skip(j);
    if (is_there(j, j->next_seq)) {
        next_play(j);
    } else if (j->n_held) {
        uint16_t behind = (uint16_t)(j->next_seq + 1);

        j->counts.lost++;
        packet_conceal(j, is_there(j, behind) ? slot_at(j, behind) : NULL);
        j->next_ts += j->ticks;
        j->next_seq++;
    } else {
        starve(j);
    }
}

static uint32_t take(struct jitter *j, int16_t *samples, uint32_t n)
{
    uint32_t left = j->fifo_n - j->fifo_at;

    if (j->silence) {
        n = n < j->silence ? n : j->silence;
        memset(samples, 0, n * sizeof(*samples));
        j->silence -= n;
        return n;
    }
    n = n < left ? n : left;
    memcpy(samples, j->fifo + j->fifo_at, n * sizeof(*samples));
    j->fifo_at += n;
    return n;
}

static void start_look(struct jitter *j)
{
    if (!j->n_held || j->n_held * packet_ms(j) < jitter_target_ms(j))
        return;
    while (!is_there(j, j->next_seq))
        j->next_seq++;
    j->is_playing = true;
    j->has_next_ts = false;
    j->least_held = SLOTS;
    j->n_watched = 0;
}

void jitter_get(struct jitter *j, int16_t *samples, uint32_t n)
{
    if (!j->is_playing)
        start_look(j);
    while (n) {
        uint32_t got = take(j, samples, n);

        samples += got;
        n -= got;
        if (!n || got)
            continue;
        if (!j->is_playing) {
            memset(samples, 0, n * sizeof(*samples));
            return;
        }
        fifo_fill(j);
    }
}
