#include "relay/control/status/query.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/control/transport/handshake.h"

static const struct str none = {NULL, 0};

static void write_flag(struct ng_reply *w, bool is_set, const char *flag)
{
    if (is_set)
        ng_reply_str(w, none, str_of(flag));
}

static void write_address(struct ng_reply *w, struct str key, const union addr *a)
{
    char host[ADDR_TEXT_MAX];

    ng_reply_open_dict(w, key);
    ng_reply_str(w, STR("family"), a->sa.sa_family == AF_INET6 ? STR("IPv6") : STR("IPv4"));
    ng_reply_str(w, STR("address"), str_of(addr_print_host(host, a)));
    ng_reply_int(w, STR("port"), addr_port(a));
    ng_reply_close(w);
}

static void write_count(struct ng_reply *w, struct str key, const struct media_count *count,
                        uint64_t errors)
{
    ng_reply_open_dict(w, key);
    ng_reply_int(w, STR("packets"), (int64_t)count->packets);
    ng_reply_int(w, STR("bytes"), (int64_t)count->bytes);
    ng_reply_int(w, STR("errors"), (int64_t)errors);
    ng_reply_close(w);
}

static uint64_t errors_of(const struct media_stats *stats)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < DROP_COUNT; i++)
        n += stats->drops[i];
    return n;
}

/* ---- one stream -------------------------------------------------------------------------------
 */

static int64_t last_packet(const struct media_stats *stats, unsigned component)
{
    uint64_t age_us = clock_now_us() - stats->last_in_us[component];

    return stats->last_in_us[component] ? (int64_t)((clock_wall_us() - age_us) / 1000000) : 0;
}

static void write_component(struct ng_reply *w, const struct stream *s, unsigned component,
                            const struct media_stats *stats)
{
    const struct config_interface *itf = &s->control->cfg->interfaces[s->interface];
    const struct sdp_doc *doc = s->leg->doc;
    bool is_muxed_rtcp = component == MEDIA_RTCP && s->is_muxed;
    union addr told = {.sa = {.sa_family = AF_UNSPEC}};
    char host[ADDR_TEXT_MAX];

    if (doc && s->index < doc->n_media)
        told = component == MEDIA_RTCP ? doc->media[s->index].rtcp : doc->media[s->index].rtp;
    ng_reply_open_dict(w, none);
    ng_reply_int(w, STR("local port"), s->port + (is_muxed_rtcp ? 0u : component));
    ng_reply_str(w, STR("local address"), str_of(addr_print_host(host, &itf->address)));
    ng_reply_str(w, STR("family"),
                 itf->address.sa.sa_family == AF_INET6 ? STR("IPv6") : STR("IPv4"));
    write_address(w, STR("endpoint"),
                  addr_is_set(&stats->source[component]) ? &stats->source[component] : &told);
    write_address(w, STR("advertised endpoint"), &told);
    if (s->remote.suite != SRTP_SUITE_NONE)
        ng_reply_str(w, STR("crypto suite"), str_of(srtp_suite_sdp_name(s->remote.suite)));
    ng_reply_int(w, STR("last packet"), last_packet(stats, component));
    ng_reply_int(w, STR("last user packet"), last_packet(stats, component));
    if (stats->ssrc_in && component == MEDIA_RTP)
        ng_reply_int(w, STR("SSRC"), stats->ssrc_in);
    ng_reply_open_list(w, STR("flags"));
    write_flag(w, component == MEDIA_RTP || s->is_muxed, "RTP");
    write_flag(w, component == MEDIA_RTCP || s->is_muxed, "RTCP");
    write_flag(w, addr_is_set(&told), "filled");
    write_flag(w, addr_is_set(&stats->source[component]), "confirmed");
    write_flag(w, handshake_is_used(s) && !handshake_is_pending(s), "DTLS fingerprint verified");
    ng_reply_close(w);
    write_count(w, STR("stats"), &stats->in[component],
                component == MEDIA_RTP ? errors_of(stats) : 0);
    write_count(w, STR("stats_out"), &stats->out[component], 0);
    ng_reply_close(w);
}

static void write_pair(struct ng_reply *w, const struct stream *s)
{
    const struct ice_progress *p = s->progress;
    union addr local = {.sa = {.sa_family = AF_UNSPEC}}, remote = local;

    if (!p || !s->leg->has_ice)
        return;
    ng_reply_open_dict(w, STR("ICE pair"));
    ng_reply_str(w, STR("state"), p[0].is_lost ? STR("lost") : str_of(ice_state_name(p[0].state)));
    if (p[0].is_selected) {
        memcpy(&local, &p[0].local.addr, sizeof(local));
        memcpy(&remote, &p[0].remote.addr, sizeof(remote));
        ng_reply_str(w, STR("local type"), str_of(ice_candidate_type_name(p[0].local.type)));
        write_address(w, STR("local"), &local);
        ng_reply_str(w, STR("remote type"), str_of(ice_candidate_type_name(p[0].remote.type)));
        write_address(w, STR("remote"), &remote);
    }
    ng_reply_close(w);
}

static void write_check(struct ng_reply *w, const struct ice_check *check, unsigned component)
{
    union addr remote;

    memcpy(&remote, &check->remote, sizeof(remote));
    ng_reply_open_dict(w, none);
    ng_reply_int(w, STR("component"), component);
    write_address(w, STR("remote"), &remote);
    ng_reply_int(w, STR("sent"), check->n_sent);
    ng_reply_int(w, STR("answered"), check->n_answered);
    ng_reply_int(w, STR("received"), check->n_received);
    if (check->error)
        ng_reply_int(w, STR("error"), check->error);
    ng_reply_close(w);
}

static void write_checks(struct ng_reply *w, const struct stream *s)
{
    if (!s->ice || !s->leg->has_ice)
        return;
    ng_reply_open_list(w, STR("ICE checks"));
    for (unsigned i = 1; i <= MEDIA_COMPONENTS; i++) {
        struct ice_check checks[ICE_CHECKS_MAX];
        const size_t n =
            ice_read_checks(s->ice->agent, (unsigned)s->ice_stream, i, checks, ICE_CHECKS_MAX);

        for (size_t k = 0; k < n; k++)
            write_check(w, &checks[k], i);
    }
    ng_reply_close(w);
}

static void write_drops(struct ng_reply *w, const struct media_stats *stats)
{
    ng_reply_open_dict(w, STR("drops"));
    for (unsigned i = 1; i < DROP_COUNT; i++) {
        if (stats->drops[i])
            ng_reply_int(w, str_of(drop_name((enum drop)i)), (int64_t)stats->drops[i]);
    }
    ng_reply_close(w);
}

static void write_media_flags(struct ng_reply *w, const struct stream *s)
{
    enum sdp_direction d = s->leg->doc && s->index < s->leg->doc->n_media
                               ? s->leg->doc->media[s->index].direction
                               : SDP_SENDRECV;

    ng_reply_open_list(w, STR("flags"));
    write_flag(w, s->media != NULL, "initialized");
    write_flag(w, d & SDP_RECVONLY, "send"); /* we send what it receives */
    write_flag(w, d & SDP_SENDONLY, "recv");
    write_flag(w, s->is_muxed, "rtcp-mux");
    write_flag(w, s->remote.suite != SRTP_SUITE_NONE && !handshake_is_used(s), "SDES");
    write_flag(w, handshake_is_used(s), "DTLS-SRTP");
    write_flag(w, handshake_is_used(s),
               handshake_is_server(s) ? "DTLS role passive" : "DTLS role active");
    write_flag(w, s->ice && s->leg->has_ice, "ICE");
    write_flag(w, s->transcodes, "transcoding");
    ng_reply_close(w);
}

static void write_ingress_ssrc(struct ng_reply *w, const struct media_stats *stats)
{
    ng_reply_open_list(w, STR("ingress SSRCs"));
    if (stats->ssrc_in) {
        ng_reply_open_dict(w, none);
        ng_reply_int(w, STR("SSRC"), stats->ssrc_in);
        ng_reply_int(w, STR("bytes"), (int64_t)stats->in[MEDIA_RTP].bytes);
        ng_reply_int(w, STR("packets"), (int64_t)stats->in[MEDIA_RTP].packets);
        ng_reply_int(w, STR("last RTP timestamp"), stats->last_ts_in);
        ng_reply_int(w, STR("last RTP seq"), stats->last_seq_in);
        ng_reply_int(w, STR("cumulative loss"), (int64_t)stats->lost);
        ng_reply_close(w);
    }
    ng_reply_close(w);
}

static void write_stream(struct ng_reply *w, const struct stream *s)
{
    struct media_stats stats;

    if (!s->media)
        return;
    media_stream_stats(s->media, &stats);
    ng_reply_open_dict(w, none);
    ng_reply_int(w, STR("index"), s->index + 1);
    ng_reply_str(w, STR("type"), str_of(media_kind_name(s->kind)));
    ng_reply_str(w, STR("protocol"), str_of(sdp_proto_name(s->proto)));
    ng_reply_str(w, STR("codec"), str_of(s->codec));
    ng_reply_open_list(w, STR("streams"));
    write_component(w, s, MEDIA_RTP, &stats);
    write_component(w, s, MEDIA_RTCP, &stats);
    ng_reply_close(w);
    write_media_flags(w, s);
    write_ingress_ssrc(w, &stats);
    write_pair(w, s);
    write_checks(w, s);
    write_drops(w, &stats);
    ng_reply_close(w);
}

/* ---- legs and the call ------------------------------------------------------------------------
 */

static void write_partner(struct ng_reply *w, struct str key, const struct leg *peer)
{
    ng_reply_open_list(w, key);
    if (peer && peer->tag) {
        ng_reply_open_dict(w, none);
        ng_reply_str(w, STR("tag"), str_of(peer->tag));
        ng_reply_str(w, STR("type"), STR("offer/answer"));
        ng_reply_close(w);
    }
    ng_reply_close(w);
}

static void write_leg(struct ng_reply *w, const struct leg *leg, enum query_detail detail)
{
    const struct call *call = leg->call;

    ng_reply_open_dict(w, str_of(leg->tag));
    ng_reply_str(w, STR("tag"), str_of(leg->tag));
    if (leg->via_branch)
        ng_reply_str(w, STR("via-branch"), str_of(leg->via_branch));
    ng_reply_int(w, STR("created"), (int64_t)(call->created_wall_us / 1000000));
    ng_reply_str(w, STR("interface"), str_of(call->control->cfg->interfaces[leg->interface].name));
    ng_reply_str(w, STR("dialect"), str_of(dialect_name(leg->dialect)));
    ng_reply_str(w, STR("dialect reason"), str_of(leg->dialect_why));
    write_partner(w, STR("subscriptions"), leg->peer);
    write_partner(w, STR("subscribers"), leg->peer);
    ng_reply_open_list(w, STR("medias"));
    for (unsigned i = 0; detail == QUERY_ALL && i < leg->n_streams; i++)
        write_stream(w, leg->streams[i]);
    ng_reply_close(w);
    ng_reply_close(w);
}

struct sums {
    struct media_count in[MEDIA_COMPONENTS];
    uint64_t errors;
};

static void sum_leg(struct sums *sums, const struct leg *leg)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct media_stats stats;

        if (!leg->streams[i]->media)
            continue;
        media_stream_stats(leg->streams[i]->media, &stats);
        for (unsigned k = 0; k < MEDIA_COMPONENTS; k++) {
            sums->in[k].packets += stats.in[k].packets;
            sums->in[k].bytes += stats.in[k].bytes;
        }
        sums->errors += errors_of(&stats);
    }
}

static void write_ssrcs(struct ng_reply *w, const struct leg *leg)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct media_stats stats;
        char key[16];

        if (!leg->streams[i]->media)
            continue;
        media_stream_stats(leg->streams[i]->media, &stats);
        if (!stats.ssrc_in)
            continue;
        (void)re_snprintf(key, sizeof(key), "%u", stats.ssrc_in);
        ng_reply_open_dict(w, str_of(key));
        ng_reply_int(w, STR("bytes"), (int64_t)stats.in[MEDIA_RTP].bytes);
        ng_reply_int(w, STR("packets"), (int64_t)stats.in[MEDIA_RTP].packets);
        ng_reply_int(w, STR("last RTP timestamp"), stats.last_ts_in);
        ng_reply_int(w, STR("last RTP seq"), stats.last_seq_in);
        ng_reply_int(w, STR("cumulative loss"), (int64_t)stats.lost);
        ng_reply_close(w);
    }
}

static bool is_meant(const struct leg *leg, const struct leg *only)
{
    return leg->tag && (!only || leg == only || leg->peer == only || only->peer == leg);
}

void query_write_call(struct ng_reply *w, const struct call *call, const struct leg *only,
                      enum query_detail detail)
{
    struct sums sums = {0};
    const struct le *le;

    ng_reply_int(w, STR("created"), (int64_t)(call->created_wall_us / 1000000));
    ng_reply_int(w, STR("created_us"), (int64_t)(call->created_wall_us % 1000000));
    ng_reply_int(w, STR("created_ts"), (int64_t)call->created_wall_us);
    ng_reply_int(w, STR("last signal"), (int64_t)(call->last_signal_wall_us / 1000000));
    if (call->provider[0])
        ng_reply_str(w, STR("provider"), str_of(call->provider));
    if (detail != QUERY_ALL)
        ng_reply_int(w, STR("shortened"), 1);
    ng_reply_open_dict(w, STR("SSRC"));
    for (le = call->legs.head; le && detail == QUERY_ALL; le = le->next)
        write_ssrcs(w, le->data);
    ng_reply_close(w);
    ng_reply_open_dict(w, STR("tags"));
    for (le = call->legs.head; le; le = le->next) {
        sum_leg(&sums, le->data);
        if (detail != QUERY_TOTALS && is_meant(le->data, only))
            write_leg(w, le->data, detail);
    }
    ng_reply_close(w);
    ng_reply_open_dict(w, STR("totals"));
    write_count(w, STR("RTP"), &sums.in[MEDIA_RTP], sums.errors);
    write_count(w, STR("RTCP"), &sums.in[MEDIA_RTCP], 0);
    ng_reply_close(w);
}

/* ---- statistics -------------------------------------------------------------------------------
 */

static void write_current(struct ng_reply *w, const struct control *c)
{
    ng_reply_open_dict(w, STR("currentstatistics"));
    ng_reply_int(w, STR("sessionsown"), c->n_live);
    ng_reply_int(w, STR("sessionsforeign"), 0);
    ng_reply_int(w, STR("sessionstotal"), c->n_live);
    ng_reply_int(w, STR("transcodedmedia"), c->n_transcoders);
    ng_reply_int(w, STR("media_userspace"), c->n_streams);
    ng_reply_int(w, STR("media_kernel"), 0);
    ng_reply_int(w, STR("media_mixed"), 0);
    ng_reply_close(w);
}

static void write_totals(struct ng_reply *w, const struct control *c)
{
    uint64_t packets = 0, bytes = 0, errors = 0, ended = 0, answered_us = c->duration_us;
    const uint64_t silent = c->ended_by[RECORD_END_MEDIA_TIMEOUT] +
                            c->ended_by[RECORD_END_ICE_FAILED] +
                            c->ended_by[RECORD_END_CONSENT_LOST];
    char average[32];

    for (unsigned i = 0; i < media_n_workers(c->media); i++) {
        struct media_worker_stats s;

        media_worker_stats(c->media, i, &s);
        packets += s.packets_out;
        bytes += s.bytes_out;
        for (unsigned k = 0; k < DROP_COUNT; k++)
            errors += s.drops[k];
    }
    for (unsigned i = 0; i < RECORD_END_COUNT; i++)
        ended += i == RECORD_END_POLICY ? 0 : c->ended_by[i];
    (void)re_snprintf(average, sizeof(average), "%.6f",
                      ended ? (double)answered_us / 1e6 / (double)ended : 0.0);
    ng_reply_open_dict(w, STR("totalstatistics"));
    ng_reply_int(w, STR("uptime"), (int64_t)((clock_now_us() - c->started_us) / 1000000));
    ng_reply_int(w, STR("managedsessions"), (int64_t)(ended + c->n_live));
    ng_reply_int(w, STR("rejectedsessions"), (int64_t)c->ended_by[RECORD_END_POLICY]);
    ng_reply_int(w, STR("timeoutsessions"), (int64_t)silent);
    ng_reply_int(w, STR("silenttimeoutsessions"), (int64_t)c->ended_by[RECORD_END_SILENT_TIMEOUT]);
    ng_reply_int(w, STR("offertimeoutsessions"), (int64_t)c->ended_by[RECORD_END_OFFER_TIMEOUT]);
    ng_reply_int(w, STR("regularterminatedsessions"), (int64_t)c->ended_by[RECORD_END_DELETED]);
    ng_reply_int(w, STR("forcedterminatedsessions"), (int64_t)c->ended_by[RECORD_END_FAILED]);
    ng_reply_int(w, STR("relayedpackets"), (int64_t)packets);
    ng_reply_int(w, STR("relayedpacketerrors"), (int64_t)errors);
    ng_reply_int(w, STR("relayedbytes"), (int64_t)bytes);
    ng_reply_str(w, STR("avgcallduration"), str_of(average));
    ng_reply_close(w);
}

static void write_control(struct ng_reply *w, const struct control *c)
{
    ng_reply_open_dict(w, STR("controlstatistics"));
    for (unsigned i = 0; i < NG_UNSUPPORTED; i++) {
        uint64_t n = 0;
        char key[48];

        for (unsigned k = 0; k < CONTROL_RESULT_COUNT; k++)
            n += c->counters.requests[i][k];
        (void)re_snprintf(key, sizeof(key), "total%scount", ng_command_name((enum ng_command)i));
        ng_reply_int(w, str_of(key), (int64_t)n);
    }
    ng_reply_close(w);
}

void query_write_statistics(struct ng_reply *w, const struct control *c)
{
    ng_reply_open_dict(w, STR("statistics"));
    write_current(w, c);
    write_totals(w, c);
    write_control(w, c);
    ng_reply_close(w);
}
