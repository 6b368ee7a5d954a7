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

static bool has_failed(const struct handshake *h)
{
    return h->failure[0] != '\0';
}

static void count(const struct handshake *h, enum control_event event)
{
    h->stream->control->counters.events[event]++;
}

/* Nothing that this leg sends can be believed, and nobody is known to be there to hear. */
static void fail(struct handshake *h, const char *why)
{
    char peer[ADDR_TEXT_MAX];
    bool is_forged = h->association && association_is_forged(h->association);

    (void)re_snprintf(h->failure, sizeof(h->failure), "%s", why);
    h->is_done = false;
    tmr_cancel(&h->timer);
    count(h, is_forged ? CONTROL_DTLS_FINGERPRINT : CONTROL_DTLS_FAILED);
    log_warning(call_id(h), "DTLS of %s with %s failed: %s: its leg is closed",
                media_kind_name(h->stream->kind), addr_print(peer, &h->peer), h->failure);
    if (h->stream->leg) {
        leg_unplug(h->stream->leg, NULL);
        apply_mute(h->stream->leg);
    }
}

static int put_keys_into_force(struct stream *s, const struct srtp_keys *local,
                               const struct srtp_keys *remote)
{
    struct srtp_context *srtp = s->control->srtp;
    struct srtp_session *rx = NULL, *tx = NULL;
    int err = srtp_session_alloc(&rx, srtp, remote, SRTP_RECEIVE);

    if (!err)
        err = srtp_session_alloc(&tx, srtp, local, SRTP_SEND);
    if (err) {
        srtp_session_free(rx);
        return err;
    }
    err = media_stream_set_keys(s->media, rx, tx);
    if (err)
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
        err = put_keys_into_force(h->stream, &local, &remote);
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
    if (!has_failed(h))
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
        (void)socket_send_to(h->stream->fd[MEDIA_RTP], data, n, &h->peer);
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
    return h && !has_failed(h) && h->is_server == is_server &&
           fingerprint_equal(&h->remote, remote) &&
           association_state(h->association) != ASSOCIATION_CLOSED;
}

int handshake_begin(struct stream *s, const struct fingerprint *remote, bool is_server)
{
    struct handshake *h;
    int err;

    if (is_kept(s->handshake, remote, is_server))
        return 0;
    handshake_end(s);
    keys_none(s);
    h = mem_zalloc(sizeof(*h), handshake_destructor);
    if (!h)
        return ENOMEM;
    tmr_init(&h->timer);
    h->stream = s;
    h->remote = *remote;
    h->is_server = is_server;
    err = open_association(h);
    if (err)
        mem_deref(h);
    else
        s->handshake = h;
    return err;
}

void handshake_end(struct stream *s)
{
    struct handshake *h = s->handshake;

    if (!h)
        return;
    s->handshake = NULL;
    early_hello_forget(s);
    association_close(h->association);
    mem_deref(h);
    keys_none(s); /* they were of this association alone */
}

/* ---- the path ---------------------------------------------------------------------------------
 */

/* @return whether there is an address that may be believed */
static bool find_peer(union addr *peer, const struct stream *s)
{
    memset(peer, 0, sizeof(*peer));
    if (s->ice && s->leg->has_ice) {
        if (s->progress[0].is_selected)
            memcpy(peer, &s->progress[0].media, sizeof(*peer));
    } else if (s->leg->doc && s->index < s->leg->doc->n_media) {
        *peer = s->leg->doc->media[s->index].rtp;
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

void handshake_start(struct stream *s)
{
    struct handshake *h = s->handshake;
    union addr peer;

    if (!h || has_failed(h) || !s->leg || !find_peer(&peer, s))
        return;
    h->peer = peer;
    if (h->is_started)
        return;
    h->is_started = true;
    h->deadline_us = clock_now_us() + LIMIT_US;
    association_begin(h->association);
    arm(h);
    take_early(h);
}

void handshake_expect_restart(struct stream *s)
{
    if (s->handshake)
        s->handshake->may_restart = true;
}

/* The keys in force stay until there are others. */
static void restart(struct handshake *h)
{
    if (open_association(h)) {
        fail(h, "out of memory");
        return;
    }
    handshake_start(h->stream);
}

/* @return whether it is too soon for a datagram: no answer has come that says whose it is, or it
 * has said so, and ICE has not. */
static bool is_too_soon(const struct stream *s, const union addr *from, bool is_early)
{
    const struct handshake *h = s->handshake;

    if (!h)
        return sdp_proto_is_dtls(s->proto);
    return is_early && !(h->is_started && addr_equal(from, &h->peer));
}

void handshake_packet(struct stream *s, const union addr *from, bool is_early, const uint8_t *data,
                      size_t n)
{
    const uint64_t start_us = clock_now_us();
    struct handshake *h = s->handshake;

    if (!s->leg || (h && has_failed(h)))
        return;
    if (is_too_soon(s, from, is_early)) {
        early_hello_keep(s, from, data, n);
        return;
    }
    if (!h)
        return;
    if (!s->ice)
        h->peer = *from; /* the gate lets it send here: it is answered where it is */
    if (h->may_restart && h->is_done && h->is_server && association_is_hello(data, n))
        restart(h);
    if (!has_failed(h))
        put(h, data, n);
    s->control->counters.dtls_us += clock_now_us() - start_us;
}

/* ---- for others -------------------------------------------------------------------------------
 */

bool handshake_is_used(const struct stream *s)
{
    return s->handshake != NULL;
}

bool handshake_is_pending(const struct stream *s)
{
    return s->handshake && !s->handshake->is_done;
}

bool handshake_is_server(const struct stream *s)
{
    return s->handshake && s->handshake->is_server;
}

const char *handshake_status(const struct stream *s)
{
    const struct handshake *h = s->handshake;

    if (!h)
        return "";
    if (has_failed(h))
        return h->failure;
    if (h->is_done)
        return "verified";
    return h->is_started ? "handshaking" : "waiting for an address";
}
