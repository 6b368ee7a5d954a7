#include "relay/control/transport/ice_news.h"

#include <string.h>

#include "relay/control/apply.h"
#include "relay/control/transport/handshake.h"

static const char *component_name(unsigned component)
{
    return component == 1 ? "RTP" : "RTCP";
}

static void log_pair(const struct stream *s, const struct ice_event *ev)
{
    union addr local, remote;
    char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

    memcpy(&local, &ev->local.addr, sizeof(local));
    memcpy(&remote, &ev->remote.addr, sizeof(remote));
    log_info(s->leg->call->id, "ICE %s %s: %s %s to %s %s", media_kind_name(s->kind),
             component_name(ev->component), ice_candidate_type_name(ev->local.type),
             addr_print(from, &local), ice_candidate_type_name(ev->remote.type),
             addr_print(to, &remote));
}

static void take_pair(struct stream *s, struct ice_progress *p, const struct ice_event *ev)
{
    p->is_selected = true;
    p->is_lost = false;
    p->local = ev->local;
    p->remote = ev->remote;
    p->media = ev->media;
    log_pair(s, ev);
    apply_selected_pair(s, ev->component, &ev->media);
    handshake_start(s);
}

/* RFC 7675 s.5.1: nothing more is sent there, from now on. */
static void take_loss(struct stream *s, struct ice_progress *p, const struct ice_event *ev)
{
    static const struct sockaddr_storage nowhere = {.ss_family = AF_UNSPEC};

    p->is_selected = false;
    p->is_lost = true;
    apply_selected_pair(s, ev->component, &nowhere);
    log_warning(s->leg->call->id,
                "ICE %s %s: the peer has not consented for 30 s, or has withdrawn; nothing is sent "
                "to it until ICE restarts",
                media_kind_name(s->kind), component_name(ev->component));
}

/* ---- what was tried ---------------------------------------------------------------------------
 */

static int print_check(char *buf, size_t cap, const struct ice_check *check, unsigned component)
{
    union addr a;
    char text[ADDR_TEXT_MAX];

    memcpy(&a, &check->remote, sizeof(a));
    return re_snprintf(buf, cap, "%s %s: %u sent, %u answered, error %u, %u received; ",
                       component_name(component), addr_print(text, &a), check->n_sent,
                       check->n_answered, check->error, check->n_received);
}

const char *ice_news_checks(char *buf, size_t cap, const struct stream *s)
{
    size_t at = 0;

    buf[0] = '\0';
    for (unsigned i = 1; s->ice && i <= MEDIA_COMPONENTS; i++) {
        struct ice_check checks[ICE_CHECKS_MAX];
        const size_t n = ice_read_checks(s->ice->agent, (unsigned)s->ice_stream, i, checks,
                                         sizeof(checks) / sizeof(*checks));

        for (size_t k = 0; k < n && at < cap; k++) {
            const int len = print_check(buf + at, cap - at, &checks[k], i);

            at = len < 0 ? cap : at + (size_t)len;
        }
    }
    if (at >= 2 && at < cap)
        buf[at - 2] = '\0';
    return buf[0] ? buf : "no candidate to try";
}

static void report_failure(const struct stream *s, unsigned component)
{
    char tried[1024];

    if (component == 2 && s->is_muxed)
        return;
    log_warning(s->leg->call->id, "ICE %s %s failed: no candidate pair works (%s)",
                media_kind_name(s->kind), component_name(component),
                ice_news_checks(tried, sizeof(tried), s));
}

void ice_news_take(const struct ice_event *ev, void *arg)
{
    struct leg_ice *ice = ev->arg;
    struct stream *s = ev->stream < ICE_STREAMS_MAX ? ice->streams[ev->stream] : NULL;
    struct ice_progress *p;

    (void)arg;
    if (!s || !s->leg || ev->component < 1 || ev->component > MEDIA_COMPONENTS)
        return;
    p = &s->progress[ev->component - 1];
    if (ev->type == ICE_EVENT_SELECTED) {
        take_pair(s, p, ev);
        return;
    }
    p->state = ev->state;
    if (ev->state == ICE_STATE_LOST)
        take_loss(s, p, ev);
    else if (ev->state == ICE_STATE_FAILED)
        report_failure(s, ev->component);
}

/* ---- how a call ends --------------------------------------------------------------------------
 */

static bool any_stream(const struct call *call, bool (*is_so)(const struct stream *s))
{
    for (const struct le *le = call->legs.head; le; le = le->next) {
        const struct leg *leg = le->data;

        for (unsigned i = 0; i < leg->n_streams; i++) {
            const struct stream *s = leg->streams[i];

            if (s->is_active && s->ice && s->progress && leg->has_ice && is_so(s))
                return true;
        }
    }
    return false;
}

static bool is_lost(const struct stream *s)
{
    return s->progress[0].is_lost;
}

static bool has_failed(const struct stream *s)
{
    return !s->progress[0].is_selected && s->progress[0].state == ICE_STATE_FAILED;
}

bool ice_news_is_lost(const struct call *call)
{
    return any_stream(call, is_lost);
}

bool ice_news_has_failed(const struct call *call)
{
    return any_stream(call, has_failed);
}
