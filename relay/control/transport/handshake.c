#include "relay/control/transport/handshake_internal.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/apply.h"
#include "relay/control/dtls/association_filter.h"
#include "relay/control/transport/early_hello.h"
#include "relay/control/transport/keys.h"
#include "relay/control/transport/socket.h"
#include "relay/log.h"

#define LIMIT_US 30000000u /* of a handshake, from its start (threat model, section 4) */

/* ---- what happens to it -----------------------------------------------------------------------
 */

static const char *call_id(const struct handshake *h)
{
    return h->stream->leg ? h->stream->leg->call->id : NULL;
}

static void count(const struct handshake *h, enum control_event event)
{
    h->stream->control->counters.events[event]++;
}

/* Nothing that this leg sends can be believed, and nobody is known to be there to hear. Where RTCP
 * alone is missing, sound without reports is better than none. */
static void fail(struct handshake *h, const char *why)
{
    char peer[ADDR_TEXT_MAX];
    bool is_forged = h->association && association_is_forged(h->association);
    bool closes_leg = is_forged || h->component == MEDIA_RTP;

    (void)re_snprintf(h->failure, sizeof(h->failure), "%s", why);
    h->is_done = false;
    tmr_cancel(&h->timer);
    count(h, is_forged ? CONTROL_DTLS_FINGERPRINT : CONTROL_DTLS_FAILED);
    log_warning(call_id(h), "DTLS of %s%s with %s failed: %s: %s", media_kind_name(h->stream->kind),
                h->component == MEDIA_RTP ? "" : " RTCP", addr_print(peer, &h->peer), h->failure,
                closes_leg ? "its leg is closed" : "its RTCP does not come through");
    if (closes_leg && h->stream->leg) {
        leg_unplug(h->stream->leg, NULL);
        apply_mute(h->stream->leg);
    }
}

static int put_keys_into_force(const struct handshake *h, const struct srtp_keys *local,
                               const struct srtp_keys *remote)
{
    struct stream *s = h->stream;
    struct srtp_context *srtp = s->control->srtp;
    struct srtp_session *rx = NULL, *tx = NULL;
    int err = srtp_session_alloc(&rx, srtp, remote, SRTP_RECEIVE);

    if (!err)
        err = srtp_session_alloc(&tx, srtp, local, SRTP_SEND);
    if (err) {
        srtp_session_free(rx);
        return err;
    }
    err = media_stream_set_keys(s->media, h->component, rx, tx);
    if (err || h->component != MEDIA_RTP)
        return err;
    s->remote = s->remote_in_force = *remote;
    s->local.keys = s->local_in_force = *local;
    return 0;
}

static void rise(struct handshake *h)
{
    struct srtp_keys local, remote;
    int err = association_keys(h->association, &local, &remote);

    if (!err)
        err = put_keys_into_force(h, &local, &remote);
    if (err) {
        fail(h, "SRTP could not be set up with its keys");
    } else {
        h->is_done = true;
        count(h, CONTROL_DTLS_UP);
        log_info(call_id(h), "DTLS %s: up as %s, %s", media_kind_name(h->stream->kind),
                 h->is_server ? "server" : "client", srtp_suite_sdp_name(remote.suite));
    }
    srtp_keys_wipe(&local);
    srtp_keys_wipe(&remote);
}

static void timer_h(void *arg);

static void arm(struct handshake *h)
{
    const uint64_t now_us = clock_now_us();
    uint64_t wait_us = association_wait_us(h->association);

    if (association_state(h->association) != ASSOCIATION_HANDSHAKING) {
        tmr_cancel(&h->timer);
        return;
    }
    if (now_us + wait_us > h->deadline_us || wait_us == UINT64_MAX)
        wait_us = h->deadline_us > now_us ? h->deadline_us - now_us : 0;
    tmr_start(&h->timer, wait_us / 1000 + 1, timer_h, h);
}

/* After each step: has it come to something? */
static void look(struct handshake *h, enum association_state before)
{
    const enum association_state now = association_state(h->association);

    if (now == ASSOCIATION_FAILED && before != now) {
        fail(h, association_problem(h->association));
        return;
    }
    if (before == ASSOCIATION_HANDSHAKING && now == ASSOCIATION_UP)
        rise(h);
    else if (before == ASSOCIATION_UP && now == ASSOCIATION_CLOSED)
        log_info(call_id(h), "DTLS %s: the peer has closed it", media_kind_name(h->stream->kind));
    if (!handshake_has_failed(h))
        arm(h);
}

static void time_is_up(struct handshake *h)
{
    const char *problem = association_problem(h->association);
    char why[sizeof(h->failure)];

    (void)re_snprintf(why, sizeof(why), "no end of the handshake within %u s%s%s",
                      LIMIT_US / 1000000, *problem ? "; " : "", problem);
    fail(h, why);
}

static void timer_h(void *arg)
{
    struct handshake *h = arg;
    const uint64_t start_us = clock_now_us();
    const enum association_state before = association_state(h->association);

    if (start_us >= h->deadline_us && before == ASSOCIATION_HANDSHAKING) {
        time_is_up(h);
        return;
    }
    association_tick(h->association);
    look(h, before);
    h->stream->control->counters.dtls_us += clock_now_us() - start_us;
}

static void send_h(const uint8_t *data, size_t n, void *arg)
{
    const struct handshake *h = arg;

    /* what the kernel does not take is lost, as anything on the way: the timer sends it again */
    if (addr_is_set(&h->peer))
        (void)socket_send_to(h->stream->fd[h->component], data, n, &h->peer);
}

static void put(struct handshake *h, const uint8_t *data, size_t n)
{
    const enum association_state before = association_state(h->association);

    if (association_put(h->association, data, n))
        count(h, CONTROL_DTLS_BAD); /* nothing has changed: junk does not put a timer off */
    else
        look(h, before);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void handshake_destructor(void *data)
{
    struct handshake *h = data;

    tmr_cancel(&h->timer);
    mem_deref(h->association);
    mem_deref(h->rtcp);
}

static int open_association(struct handshake *h)
{
    const struct leg *leg = h->stream->leg;
    const struct association_config cfg = {.certificate = leg->certificate,
                                           .remote = h->remote,
                                           .is_server = h->is_server,
                                           .has_cookie = !leg->has_ice,
                                           .send_h = send_h,
                                           .arg = h};

    h->association = mem_deref(h->association);
    h->is_started = false;
    h->may_restart = false;
    return association_alloc(&h->association, h->stream->control->dtls, &cfg);
}

static bool is_kept(const struct handshake *h, const struct fingerprint *remote, bool is_server)
{
    return h && !handshake_has_failed(h) && h->is_server == is_server &&
           fingerprint_equal(&h->remote, remote) &&
           association_state(h->association) != ASSOCIATION_CLOSED;
}

static int handshake_alloc(struct handshake **hp, struct stream *s, enum media_component component,
                           const struct fingerprint *remote, bool is_server)
{
    struct handshake *h = mem_zalloc(sizeof(*h), handshake_destructor);
    int err;

    if (!h)
        return ENOMEM;
    tmr_init(&h->timer);
    h->stream = s;
    h->component = component;
    h->remote = *remote;
    h->is_server = is_server;
    err = open_association(h);
    if (err)
        mem_deref(h);
    else
        *hp = h;
    return err;
}

int handshake_begin(struct stream *s, const struct fingerprint *remote, bool is_server)
{

    if (is_kept(s->handshake, remote, is_server))
        return 0;
    handshake_end(s);
    keys_none(s);
    return handshake_alloc(&s->handshake, s, MEDIA_RTP, remote, is_server);
}

static void end_rtcp(struct handshake *h)
{
    if (h->rtcp)
        association_close(h->rtcp->association);
    h->rtcp = mem_deref(h->rtcp);
}

void handshake_end(struct stream *s)
{
    struct handshake *h = s->handshake;

    if (!h)
        return;
    s->handshake = NULL;
    early_hello_forget(s);
    end_rtcp(h);
    association_close(h->association);
    mem_deref(h);
    keys_none(s); /* they were of this association alone */
}

/* ---- the path ---------------------------------------------------------------------------------
 */

/* @return whether there is an address that may be believed */
static bool find_peer(union addr *peer, const struct handshake *h)
{
    const struct stream *s = h->stream;

    memset(peer, 0, sizeof(*peer));
    if (s->ice && s->leg->has_ice) {
        if (s->progress[h->component].is_selected)
            memcpy(peer, &s->progress[h->component].media, sizeof(*peer));
    } else if (s->leg->doc && s->index < s->leg->doc->n_media) {
        *peer = apply_described(s, h->component);
    }
    return addr_is_set(peer) && !addr_is_any(peer);
}

static void take_early(struct handshake *h)
{
    struct mbuf *early = early_hello_take(h->stream, &h->peer);

    if (early && h->is_server)
        put(h, mbuf_buf(early), mbuf_get_left(early));
    mem_deref(early);
}

static void start(struct handshake *h)
{
    union addr peer;

    if (handshake_has_failed(h) || !h->stream->leg || !find_peer(&peer, h))
        return;
    h->peer = peer;
    if (h->is_started)
        return;
    h->is_started = true;
    h->deadline_us = clock_now_us() + LIMIT_US;
    association_begin(h->association);
    arm(h);
    if (h->component == MEDIA_RTP)
        take_early(h);
}

/* Without rtcp-mux RTCP is a session of its own: RFC 5764 s.4.1. The same roles and certificates.
 */
void handshake_start(struct stream *s)
{
    struct handshake *h = s->handshake;

    if (!h)
        return;
    start(h);
    if (s->is_muxed)
        end_rtcp(h);
    else if (!h->rtcp && s->leg)
        (void)handshake_alloc(&h->rtcp, s, MEDIA_RTCP, &h->remote, h->is_server);
    if (h->rtcp)
        start(h->rtcp);
}

void handshake_expect_restart(struct stream *s)
{
    if (s->handshake)
        s->handshake->may_restart = true;
    if (s->handshake && s->handshake->rtcp)
        s->handshake->rtcp->may_restart = true;
}

/* The keys in force stay until there are others. */
static void restart(struct handshake *h)
{
    if (open_association(h)) {
        fail(h, "out of memory");
        return;
    }
    start(h);
}

/* It has come before anybody has said whose it is, or before ICE has. Of RTP's the hello is kept;
 * RTCP can wait until it is sent again. */
static void take_too_soon(struct stream *s, const struct media_event *ev)
{
    if (ev->component == MEDIA_RTP && (s->handshake || sdp_proto_is_dtls(s->proto)))
        early_hello_keep(s, ev->from, ev->data, ev->n);
}

static void take(struct handshake *h, const struct media_event *ev)
{
    if (handshake_has_failed(h))
        return;
    if (!h->stream->ice)
        h->peer = *ev->from; /* the gate lets it send here: it is answered where it is */
    if (h->may_restart && h->is_done && h->is_server && association_is_hello(ev->data, ev->n))
        restart(h);
    if (!handshake_has_failed(h))
        put(h, ev->data, ev->n);
}

void handshake_packet(struct stream *s, const struct media_event *ev)
{
    const uint64_t start_us = clock_now_us();
    struct handshake *h = s->handshake;

    if (!s->leg)
        return;
    if (h && ev->component == MEDIA_RTCP)
        h = h->rtcp;
    if (!h || (ev->is_early && !(h->is_started && addr_equal(ev->from, &h->peer))))
        take_too_soon(s, ev);
    else
        take(h, ev);
    s->control->counters.dtls_us += clock_now_us() - start_us;
}
