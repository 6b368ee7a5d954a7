#include "bench/loopback/facts.h"

#include <stdio.h>
#include <string.h>

static void codec_print(char *buf, size_t cap, const struct codec_spec *spec)
{
    snprintf(buf, cap, spec->n_channels > 1 ? "%s/%u/%u" : "%s/%u", spec->name, spec->clock_hz,
             spec->n_channels);
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));

    return n > 0 ? (uint64_t)n : 0;
}

static void drops_read(struct facts_leg *leg, json_t *drops)
{
    const char *reason;
    json_t *n;

    json_object_foreach(drops, reason, n)
    {
        if (json_integer_value(n) <= (json_int_t)leg->n_dropped)
            continue;
        leg->n_dropped = (uint64_t)json_integer_value(n);
        snprintf(leg->drop, sizeof(leg->drop), "%s", reason);
    }
}

void facts_leg_read(struct facts_leg *leg, const json_t *query, const char *tag)
{
    const json_t *party = json_object_get(json_object_get(query, "tags"), tag);
    const json_t *media = json_array_get(json_object_get(party, "medias"), 0);
    const json_t *stream = json_array_get(json_object_get(media, "streams"), 0);
    const json_t *in = json_object_get(stream, "stats"),
                 *out = json_object_get(stream, "stats_out");
    const char *ice =
        json_string_value(json_object_get(json_object_get(media, "ICE pair"), "state"));

    *leg = (struct facts_leg){.is_known = stream != NULL};
    leg->packets_in = number_of(in, "packets");
    leg->errors = number_of(in, "errors");
    leg->packets_out = number_of(out, "packets");
    snprintf(leg->ice, sizeof(leg->ice), "%s", ice ? ice : "");
    drops_read(leg, json_object_get(media, "drops"));
}

static void media_read(struct facts_end *e, const struct peer *p)
{
    const struct peer_sender *tx = peer_sender(p);
    const struct peer_receiver *rx = peer_receiver(p);
    const struct peer_format *format = rx ? peer_receiver_format(rx) : NULL;

    if (tx) {
        e->tx = *peer_sender_stats(tx);
        codec_print(e->codec_sent, sizeof(e->codec_sent), peer_sender_codec(tx));
    }
    if (!rx)
        return;
    e->rx = peer_receiver_stats(rx);
    memcpy(e->digits, peer_receiver_events(rx)->digits, sizeof(e->digits));
    if (format)
        codec_print(e->codec_heard, sizeof(e->codec_heard), &format->spec);
}

void facts_peer_read(struct facts_end *e, const struct peer *p)
{
    e->is_here = true;
    e->state = peer_state(p);
    e->has_ice = peer_ice(p, &e->ice);
    for (unsigned i = 0; i < 2; i++)
        snprintf(e->pair[i], sizeof(e->pair[i]), "%s", peer_pair(p, i + 1));
    e->counts = *peer_counts(p);
    e->connect_us = e->counts.connect_us;
    e->rtcp = *peer_rtcp_stats(p);
    e->is_secure = peer_sdp_is_secure(peer_local(p)) && peer_local(p)->n_cryptos;
    media_read(e, p);
}

bool facts_hears(const struct facts_end *e)
{
    return e->rx.packets > 0;
}
