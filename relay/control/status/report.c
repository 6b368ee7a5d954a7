#include "relay/control/status/report.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/control/policy/audit.h"
#include "relay/control/transport/handshake.h"

void report_decision(struct control *c, struct str call_id, const char *event,
                     const struct parties *p, enum media_kind kind, const struct policy_decision *d)
{
    const struct audit_line line = {.wall_us = clock_wall_us(),
                                    .call_id = call_id,
                                    .event = event,
                                    .provider = d->provider[0] ? d->provider : p->provider,
                                    .peer_fqdn = p->peer_fqdn,
                                    .enterprise_user = p->enterprise_user,
                                    .remote_user = p->remote_user,
                                    .direction = p->direction,
                                    .kind = kind,
                                    .decision = d};

    if (c->audit)
        audit_write(c->audit, &line);
}

void report_verdicts(struct control *c, struct str call_id, const char *event,
                     const struct parties *p, const struct parties_verdicts *v)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        const struct policy_decision *d = &v->kinds[kind];
        const char *known =
            d->provider[0] ? d->provider : policy_provider_name(c->policy, p->provider);

        if (!v->is_decided[kind])
            continue;
        if (d->verdict == POLICY_DENY)
            c->counters.events[CONTROL_POLICY_DENIED]++;
        totals_add_verdict(&c->totals, known, (enum media_kind)kind, d);
        report_decision(c, call_id, event, p, (enum media_kind)kind, d);
    }
}

void report_keep_verdicts(struct call *call, const struct parties_verdicts *v)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        if (!v->is_decided[kind])
            continue;
        call->verdicts[kind] = (struct call_verdict){true, v->kinds[kind]};
    }
}

void report_reduced(const struct parties_verdicts *v, const struct sdp_doc *doc, char *buf,
                    size_t cap)
{
    for (unsigned i = 0; i < doc->n_media; i++) {
        const struct sdp_media *m = &doc->media[i];

        if (!m->port || parties_allow(v, m) || !v->is_decided[m->kind])
            continue;
        if (v->kinds[m->kind].verdict == POLICY_ALLOW)
            (void)re_snprintf(buf, cap, "m= line %u: its protocol is not relayed", i + 1);
        else
            (void)re_snprintf(buf, cap, "policy: %s", v->kinds[m->kind].reason);
        return;
    }
}

void report_answered(const struct call *call, const struct leg *offerer, const struct leg *answerer)
{
    for (unsigned i = 0; i < offerer->doc->n_media && i < answerer->n_streams; i++) {
        const struct stream *a = offerer->streams[i], *b = answerer->streams[i];

        if (a->is_active)
            log_info(call->id, "%s: %s %s to %s %s%s", media_kind_name(a->kind),
                     sdp_proto_name(a->proto), a->codec, sdp_proto_name(b->proto), b->codec,
                     a->transcodes || b->transcodes ? ", transcoded" : "");
    }
}

/* ---- record -----------------------------------------------------------------------------------
 */

static enum record_ice ice_of(const struct stream *s)
{
    if (!s->ice || !s->leg->has_ice)
        return RECORD_ICE_NONE;
    if (s->progress[0].is_lost)
        return RECORD_ICE_LOST;
    if (s->progress[0].is_selected)
        return RECORD_ICE_CONNECTED;
    return s->progress[0].state == ICE_STATE_FAILED ? RECORD_ICE_FAILED : RECORD_ICE_CHECKING;
}

static void storage_to_addr(union addr *to, const struct sockaddr_storage *from)
{
    if (from->ss_family != AF_UNSPEC)
        memcpy(to, from, sizeof(*to));
}

/* Of a stream that is not connected: whom it tried to reach, and what came back. */
static void record_checks(struct record_stream *r, const struct stream *s)
{
    for (unsigned i = 1; i <= MEDIA_COMPONENTS; i++) {
        struct ice_check checks[RECORD_CHECKS_MAX / MEDIA_COMPONENTS];
        const size_t n = ice_read_checks(s->ice->agent, (unsigned)s->ice_stream, i, checks,
                                         sizeof(checks) / sizeof(*checks));

        for (size_t k = 0; k < n; k++) {
            struct record_check *to = &r->checks[r->n_checks++];

            *to = (struct record_check){.component = i,
                                        .sent = checks[k].n_sent,
                                        .answered = checks[k].n_answered,
                                        .received = checks[k].n_received,
                                        .error = checks[k].error};
            storage_to_addr(&to->remote, &checks[k].remote);
        }
    }
}

static void record_stream(struct record_stream *r, const struct stream *s)
{
    const struct config_interface *itf = &s->control->cfg->interfaces[s->interface];

    *r = (struct record_stream){.kind = s->kind,
                                .codec = str_of(s->codec),
                                .protocol = str_of(sdp_proto_name(s->proto)),
                                .is_secure = s->remote.suite != SRTP_SUITE_NONE,
                                .awaits_keys = handshake_is_pending(s),
                                .dtls = str_of(handshake_status(s)),
                                .is_rejected = s->leg->call->answered_us && !s->is_active,
                                .ice = ice_of(s)};
    if (s->leg->doc && s->index < s->leg->doc->n_media)
        r->is_held = s->leg->doc->media[s->index].direction != SDP_SENDRECV;
    if (s->media)
        media_stream_stats(s->media, &r->stats);
    if (r->ice != RECORD_ICE_NONE && r->ice != RECORD_ICE_CONNECTED)
        record_checks(r, s);
    if (r->ice == RECORD_ICE_CONNECTED) {
        storage_to_addr(&r->local, &s->progress[0].local.addr);
        storage_to_addr(&r->remote, &s->progress[0].remote.addr);
    } else if (s->port) {
        r->local = itf->address;
        addr_set_port(&r->local, s->port);
        r->remote = r->stats.source[MEDIA_RTP];
    }
}

static void record_leg(struct record_leg *r, const struct leg *leg)
{
    const struct config *cfg = leg->call->control->cfg;

    r->tag = str_of(leg->tag ? leg->tag : "");
    r->interface = cfg->interfaces[leg->interface].name;
    r->dialect = leg->dialect;
    r->ice_mode = leg->ice && leg->has_ice ? ice_mode_name(leg->ice->mode) : NULL;
    for (unsigned i = 0; i < leg->n_streams && i < RECORD_STREAMS_MAX; i++)
        record_stream(&r->streams[r->n_streams++], leg->streams[i]);
}

/* Who offered first, and the one that it ended up with. */
static void record_legs(struct call_record *r, const struct call *call)
{
    const struct leg *first = list_ledata(call->legs.head);
    const struct leg *second = first ? first->peer : NULL;

    if (first)
        record_leg(&r->legs[0], first);
    if (second)
        record_leg(&r->legs[1], second);
}

static void write_record(const struct control *c, const struct call_record *r)
{
    char line[RECORD_LINE_MAX];

    if (record_print(line, sizeof(line), r) == 0)
        (void)journal_append(c->records, line, strlen(line));
}

static void record_verdicts(struct call_record *r, const struct call *call)
{
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        r->has_decision[kind] = call->verdicts[kind].is_decided;
        r->decisions[kind] = call->verdicts[kind].decision;
    }
}

void report_call_ended(struct call *call)
{
    struct control *c = call->control;
    struct call_record *r = mem_zalloc(sizeof(*r), NULL);
    uint64_t offset_us = clock_wall_us() - clock_now_us();

    c->ended_by[call->end]++;
    c->duration_us += call->answered_us ? call->ended_us - call->answered_us : 0;
    if (!r)
        return;
    r->call_id = str_of(call->id);
    r->provider = call->provider[0] ? call->provider : NULL;
    r->created_us = call->created_us + offset_us;
    r->answered_us = call->answered_us ? call->answered_us + offset_us : 0;
    r->ended_us = call->ended_us + offset_us;
    r->end = call->end;
    record_verdicts(r, call);
    record_legs(r, call);
    write_record(c, r);
    mem_deref(r);
}

void report_refused(struct control *c, const struct ng_request *req, const struct parties *p,
                    const struct parties_verdicts *v)
{
    struct call_record *r = mem_zalloc(sizeof(*r), NULL);

    if (log_limit_pass(&c->refused_limit, "policy", clock_now_us()))
        log_notice(NULL, "call " STR_FMT " refused: policy: %s", STR_ARG(req->call_id), v->reason);
    if (!r)
        return;
    c->ended_by[RECORD_END_POLICY]++;
    r->call_id = req->call_id;
    r->provider = p->provider[0] ? p->provider : NULL;
    r->created_us = r->ended_us = clock_wall_us();
    r->end = RECORD_END_POLICY;
    r->legs[0].tag = req->from_tag;
    r->legs[0].interface = c->cfg->interfaces[p->interfaces.offerer].name;
    r->legs[1].interface = c->cfg->interfaces[p->interfaces.answerer].name;
    memcpy(r->decisions, v->kinds, sizeof(r->decisions));
    memcpy(r->has_decision, v->is_decided, sizeof(r->has_decision));
    write_record(c, r);
    mem_deref(r);
}
