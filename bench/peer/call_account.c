#include "bench/peer/call_account.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void codec_print(char *buf, size_t cap, const struct codec_spec *spec)
{
    if (spec->n_channels > 1)
        snprintf(buf, cap, "%s/%u/%u", spec->name, spec->clock_hz, spec->n_channels);
    else
        snprintf(buf, cap, "%s/%u", spec->name, spec->clock_hz);
}

/* The sound begins at said_media_us of the stream that was sent and at the lag in the one that
 * came; either stream's begin is known by its fastest packet, so that one late packet shifts
 * nothing. */
static double audio_delay_us(const struct peer_sender *sender, const struct peer_log *received,
                             const struct score *score)
{
    const struct peer_sender_stats *tx = peer_sender_stats(sender);
    const struct peer_log *sent = peer_sender_log(sender);

    if (!tx->has_said || !sent->n || !received->n || score->stoi <= 0)
        return 0;
    return (double)(peer_log_start_us(received) - peer_log_start_us(sent) - tx->said_media_us) +
           score->lag_s * 1e6;
}

static int direction_fill(struct call_direction *d, const struct peer *from, const struct peer *to,
                          const struct sound *expected)
{
    const struct peer_sender *sender = peer_sender(from);
    const struct peer_receiver *receiver = peer_receiver(to);
    if (!sender || !receiver)
        return EINVAL;

    const struct peer_format *f = peer_receiver_format(receiver);
    struct sound heard = peer_receiver_heard(receiver);
    codec_print(d->sent_codec, sizeof(d->sent_codec), peer_sender_codec(sender));
    if (f)
        codec_print(d->heard_codec, sizeof(d->heard_codec), &f->spec);
    d->sent = peer_sender_stats(sender)->packets;
    d->rx = peer_receiver_stats(receiver);
    d->received = d->rx.packets;
    d->counts = *peer_counts(to);
    d->clock_ratio = peer_receiver_clock_ratio(receiver);
    memcpy(d->digits, peer_receiver_events(receiver)->digits, sizeof(d->digits));

    int err = expected ? score_compare(&d->score, expected, &heard) : 0;
    if (!err)
        err = peer_log_delays(&d->passed_on, peer_sender_log(sender), peer_receiver_log(receiver));
    if (!err)
        err = peer_log_lateness(&d->lateness, peer_receiver_log(receiver));
    d->audio_delay_us = audio_delay_us(sender, peer_receiver_log(receiver), &d->score);
    return err;
}

int call_account_peers(struct call_account *account, struct peer *const peer[2],
                       const struct sound *const expected[2])
{
    int err = 0;

    for (unsigned i = 0; i < 2 && !err; i++) {
        err = direction_fill(&account->heard[i], peer[!i], peer[i], expected[i]);
        account->connect_us[i] = peer_counts(peer[i])->connect_us;
        for (unsigned k = 0; k < 2; k++)
            snprintf(account->pair[i][k], sizeof(account->pair[i][k]), "%s",
                     peer_pair(peer[i], k + 1));
    }
    account->is_pass =
        !err && account->heard[CALL_A].score.is_pass && account->heard[CALL_B].score.is_pass;
    return err;
}

static void direction_print(FILE *f, const struct call_direction *d, char from, char to)
{
    fprintf(f, "%c to %c\n", from, to);
    fprintf(f, "  codec        %s said, %s heard\n", d->sent_codec,
            *d->heard_codec ? d->heard_codec : "nothing");
    fprintf(f,
            "  packets      %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " lost, %" PRIu64
            " again, %" PRIu64 " reordered\n",
            d->sent, d->received, d->rx.lost, d->rx.duplicates, d->rx.reordered);
    fprintf(f,
            "  refused      %" PRIu64 " by SRTP, %" PRIu64 " payload type, %" PRIu64
            " payload, %" PRIu64 " timestamp, %" PRIu64 " SSRC\n",
            d->counts.auth_failures + d->counts.replays + d->counts.bad_srtp, d->rx.bad_pt,
            d->rx.bad_payload, d->rx.bad_ts, d->rx.bad_ssrc + d->rx.ssrc_changes);
    if (d->score.is_pass)
        fprintf(f, "  delay        %.1f ms one way, by the sound, codecs included\n",
                d->audio_delay_us / 1000);
    if (d->passed_on.n)
        fprintf(f, "               %.3f ms median, %.3f ms 99 %%, of %zu packets passed on\n",
                (double)d->passed_on.median_us / 1000, (double)d->passed_on.p99_us / 1000,
                d->passed_on.n);
    fprintf(f, "  jitter       %.2f ms; 99 %% within %.2f ms of the fastest packet\n",
            d->rx.jitter_us / 1000, (double)d->lateness.p99_us / 1000);
    if (*d->digits)
        fprintf(f, "  digits       %s\n", d->digits);
    fprintf(f,
            "  score        STOI %.3f (limit %.2f), %.0f %% of the speech heard (limit %.0f %%): "
            "%s, %s\n",
            d->score.stoi, SCORE_STOI_MIN, d->score.coverage * 100, SCORE_COVERAGE_MIN * 100,
            score_meaning(&d->score), d->score.is_pass ? "passed" : "FAILED");
}

void call_account_print(FILE *f, const struct call_account *account)
{
    for (unsigned i = 0; i < 2; i++) {
        fprintf(f, "%c connected in %.1f ms", "AB"[i], (double)account -> connect_us[i] / 1000);
        for (unsigned k = 0; k < 2; k++)
            if (*account->pair[i][k])
                fprintf(f, "%s%s", k ? "; " : ": ", account->pair[i][k]);
        fprintf(f, "\n");
    }
    if (account->offer_us)
        fprintf(f, "relay answered the offer in %.2f ms, the answer in %.2f ms\n",
                (double)account->offer_us / 1000, (double)account->answer_us / 1000);
    direction_print(f, &account->heard[CALL_B], 'A', 'B');
    direction_print(f, &account->heard[CALL_A], 'B', 'A');
    fprintf(f, "%s\n", account->is_pass ? "passed: both heard the other" : "FAILED");
}

static json_t *delays_json(const struct peer_delays *d)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "packets", (json_int_t)d->n, "min_us",
                     (json_int_t)d->min_us, "median_us", (json_int_t)d->median_us, "p99_us",
                     (json_int_t)d->p99_us, "max_us", (json_int_t)d->max_us);
}

static json_t *score_json(const struct score *s)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:s, s:b}", "stoi", s->stoi, "stoi_limit",
                     SCORE_STOI_MIN, "coverage", s->coverage, "coverage_limit", SCORE_COVERAGE_MIN,
                     "gain_db", s->gain_db, "meaning", score_meaning(s), "pass", s->is_pass);
}

static json_t *direction_json(const struct call_direction *d)
{
    json_t *o =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:f, s:f, s:f}", "codec_said", d->sent_codec,
                  "codec_heard", d->heard_codec, "sent", (json_int_t)d->sent, "received",
                  (json_int_t)d->received, "digits", d->digits, "audio_delay_us", d->audio_delay_us,
                  "jitter_us", d->rx.jitter_us, "clock_ratio", d->clock_ratio);
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"lost", d->rx.lost},
        {"duplicates", d->rx.duplicates},
        {"reordered", d->rx.reordered},
        {"ssrc_changes", d->rx.ssrc_changes},
        {"bad_header", d->rx.bad_header},
        {"bad_pt", d->rx.bad_pt},
        {"bad_payload", d->rx.bad_payload},
        {"bad_ts", d->rx.bad_ts},
        {"bad_marker", d->rx.bad_marker},
        {"bad_ssrc", d->rx.bad_ssrc},
        {"auth_failures", d->counts.auth_failures},
        {"replays", d->counts.replays},
        {"rtcp_received", d->counts.rtcp_received},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        json_object_set_new(o, rows[i].name, json_integer((json_int_t)rows[i].count));
    json_object_set_new(o, "passed_on", delays_json(&d->passed_on));
    json_object_set_new(o, "lateness", delays_json(&d->lateness));
    json_object_set_new(o, "score", score_json(&d->score));
    return o;
}

json_t *call_account_json(const struct call_account *account)
{
    json_t *o =
        json_pack("{s:b, s:I, s:I, s:I, s:I}", "pass", account->is_pass, "connect_a_us",
                  (json_int_t)account->connect_us[CALL_A], "connect_b_us",
                  (json_int_t)account->connect_us[CALL_B], "offer_us",
                  (json_int_t)account->offer_us, "answer_us", (json_int_t)account->answer_us);

    json_object_set_new(o, "ice_a", json_pack("[s, s]", account->pair[0][0], account->pair[0][1]));
    json_object_set_new(o, "ice_b", json_pack("[s, s]", account->pair[1][0], account->pair[1][1]));
    json_object_set_new(o, "a_to_b", direction_json(&account->heard[CALL_B]));
    json_object_set_new(o, "b_to_a", direction_json(&account->heard[CALL_A]));
    return o;
}
