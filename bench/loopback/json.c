#include "bench/loopback/json.h"

struct number {
    const char *name;
    uint64_t n;
};

static void numbers_put(json_t *object, const struct number *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, rows[i].name, json_integer((json_int_t)rows[i].n));
}

static json_t *measured_json(const struct facts_end *e)
{
    const struct measure *m = &e->measured;
    double n = m->n_scores ? (double)m->n_scores : 1;

    return json_pack("{s:o, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:f}", "mouth_to_ear_ms",
                     m->has_delay ? json_real(m->delay_ms) : json_null(), "least_ms", m->least_ms,
                     "most_ms", m->most_ms, "delays", (json_int_t)m->n_delays, "scores",
                     (json_int_t)m->n_scores, "passed", (json_int_t)m->n_passed, "stoi",
                     m->stoi_sum / n, "coverage", m->coverage_sum / n, "worst_stoi", m->worst.stoi);
}

static json_t *end_json(const struct facts_end *e)
{
    const struct number rows[] = {
        {"sent", e->counts.rtp_sent},
        {"held_back", e->counts.held_back},
        {"received", e->rx.packets},
        {"lost", e->rx.lost},
        {"auth_failures", e->counts.auth_failures},
        {"late_ticks", e->counts.late_ticks},
        {"rtcp_sent", e->counts.rtcp_sent},
        {"rtcp_received", e->counts.rtcp_received},
        {"round_trip_us", e->rtcp.round_trip_us},
        {"concealed_samples", e->jitter.concealed},
        {"recovered", e->jitter.recovered},
        {"late", e->jitter.late},
        {"starved", e->jitter.starved},
        {"held_ms", e->held_ms},
        {"ice_restarts", e->ice.n_restarts},
        {"connect_us", e->connect_us},
    };
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f}", "dialect",
                          peer_dialect_name(e->dialect), "codec_sent", e->codec_sent, "codec_heard",
                          e->codec_heard, "pair", e->pair[0], "digits", e->digits, "level_out_db",
                          e->level_out.loudest_db, "level_in_db", e->level_in.loudest_db,
                          "jitter_ms", e->rx.jitter_us / 1000);

    numbers_put(o, rows, sizeof(rows) / sizeof(rows[0]));
    json_object_set_new(o, "sound", measured_json(e));
    return o;
}

static json_t *card_json(const struct facts_card *c)
{
    const struct number rows[] = {
        {"rate_hz", c->status.rate_hz},
        {"samples", c->status.samples},
        {"gaps", c->status.gaps},
        {"xruns", c->status.xruns},
        {"underruns", c->feed.underruns},
        {"overruns", c->feed.overruns},
        {"concealed_samples", c->feed.concealed},
        {"thrown_samples", c->feed.thrown},
        {"lost", c->status.n_lost},
        {"opened", c->status.n_opened},
    };
    json_t *o = json_pack("{s:s, s:b, s:f}", "name", c->status.name, "is_running",
                          c->status.state == CARD_RUNNING, "ppm", c->ppm);

    numbers_put(o, rows, sizeof(rows) / sizeof(rows[0]));
    return o;
}

json_t *facts_json(const struct facts *f, const struct verdict *v)
{
    static const char *const grades[] = {"works", "faulty", "failed"};
    static const char *const cards[] = {"microphone", "loudspeaker"};
    json_t *lines = json_array(), *o;

    for (unsigned i = 0; i < v->n; i++)
        json_array_append_new(lines, json_string(v->line[i]));
    o = json_pack("{s:s, s:o, s:f, s:b}", "verdict", grades[v->grade], "lines", lines, "seconds",
                  (double)f->talked_us / 1e6, "is_interrupted", f->is_interrupted);
    for (unsigned i = 0; i < 2; i++) {
        const char name[] = {"ab"[i], 0};

        if (f->end[i].is_here)
            json_object_set_new(o, name, end_json(&f->end[i]));
        if (f->card[i].is_used)
            json_object_set_new(o, cards[i], card_json(&f->card[i]));
    }
    return o;
}
