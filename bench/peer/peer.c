#include "bench/peer/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/peer/codecs.h"

#define SSRC_MAX 0xffffff00U /* of a=x-ssrc-range: MS-SDPEXT */

static int config_copy(struct peer *p, const struct peer_config *cfg)
{
    p->cfg = *cfg;
    if (!p->cfg.ptime_ms)
        p->cfg.ptime_ms = 20;
    if (!p->cfg.rtcp_interval_ms)
        p->cfg.rtcp_interval_ms = 2000;
    if (!p->cfg.record_s)
        p->cfg.record_s = 60;
    snprintf(p->local_address, sizeof(p->local_address), "%s",
             cfg->local ? cfg->local : "127.0.0.1");
    snprintf(p->local.profile, sizeof(p->local.profile), "%s",
             cfg->profile                  ? cfg->profile
             : cfg->keys == PEER_KEYS_DTLS ? "UDP/TLS/RTP/SAVPF"
             : cfg->keys == PEER_KEYS_NONE ? "RTP/AVP"
                                           : "RTP/SAVP");
    if (cfg->extra_media && !(p->extra_media = strdup(cfg->extra_media)))
        return ENOMEM;
    if (cfg->says && sound_resample(&p->says, cfg->says, cfg->says->rate_hz) != 0)
        return ENOMEM;
    snprintf(p->setup, sizeof(p->setup), "%s", cfg->setup ? cfg->setup : "");
    if (cfg->keys == PEER_KEYS_DTLS && peer_keys_open_dtls(p) != 0)
        return ENOMEM;
    /* these are borrowed only until peer_alloc() returns */
    p->cfg.setup = p->cfg.dtls_profiles = NULL;
    p->cfg.local = p->cfg.codecs = p->cfg.profile = p->cfg.extra_media = NULL;
    p->cfg.says = NULL;
    int err = peer_codecs_read(&p->local, cfg->codecs);
    p->own = p->local;
    return err;
}

int peer_alloc(struct peer **pp, const struct peer_config *cfg)
{
    struct peer *p = calloc(1, sizeof(*p));
    if (!p)
        return ENOMEM;

    int err = config_copy(p, cfg);
    if (!err && getrandom(&p->ssrc, sizeof(p->ssrc), 0) != sizeof(p->ssrc))
        err = EIO;
    if (err) {
        peer_free(p);
        return err;
    }
    p->ssrc = p->ssrc % SSRC_MAX + 1;
    if (cfg->has_ssrc_range) {
        p->local.has_ssrc_range = true;
        p->local.ssrc_low = p->local.ssrc_high = p->ssrc;
    }
    *pp = p;
    return 0;
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    /* the path first: it may still deliver while it closes */
    peer_udp_free(p->udp);
    peer_ice_free(p->ice);
    peer_media_close(p);
    peer_srtp_free(p->srtp);
    peer_dtls_free(p->dtls);
    sound_wipe(&p->says);
    free(p->extra_media);
    free(p);
}

void peer_talk_start(struct peer *p)
{
    if (p->state != PEER_CONNECTING)
        return;
    p->state = PEER_TALKING;
    p->counts.connect_us = loop_now_us() - p->described_us;
    peer_media_start(p);
}

/* Datagrams may go; with DTLS the first of them are a handshake. */
static void path_ready(struct peer *p)
{
    if (p->dtls && !peer_dtls_is_up(p->dtls))
        peer_dtls_begin(p->dtls);
    else
        peer_talk_start(p);
}

static void ice_state_h(enum peer_ice_state state, void *arg)
{
    struct peer *p = arg;

    if (state == PEER_ICE_READY)
        path_ready(p);
    else if (state == PEER_ICE_FAILED && p->state == PEER_CONNECTING)
        p->state = PEER_FAILED;
}

/* MS-ICE2 always has two components; RFC 5761 saves one if the other end agrees. */
static unsigned components_of(const struct peer *p)
{
    if (peer_dialect_is_microsoft(p->cfg.dialect))
        return 2;
    return p->local.has_rtcp_mux ? 1 : 2;
}

static int path_open(struct peer *p)
{
    struct peer_ice_config ice = {
        .loop = p->cfg.loop,
        .dialect = p->cfg.dialect,
        .local = p->local_address,
        .n_components = components_of(p),
        .is_controlling = p->is_offerer,
        .packet_h = peer_media_packet,
        .state_h = ice_state_h,
        .arg = p,
    };
    struct peer_udp_config udp = {
        .loop = p->cfg.loop,
        .local = p->local_address,
        .packet_h = peer_media_packet,
        .arg = p,
    };

    int err = p->cfg.dialect == PEER_PLAIN ? peer_udp_alloc(&p->udp, &udp)
                                           : peer_ice_alloc(&p->ice, &ice);
    if (err)
        return err;
    if (p->ice)
        peer_ice_describe(p->ice, &p->local);
    else
        peer_udp_describe(p->udp, &p->local);
    return 0;
}

/* DTLS would need a handshake for RTCP without it: RFC 5764 s.4.1. */
static bool peer_may_mux(const struct peer *p)
{
    return (p->cfg.dialect == PEER_RFC || p->cfg.keys == PEER_KEYS_DTLS) && !p->cfg.no_rtcp_mux;
}

int peer_offer(struct peer *p, char *sdp, size_t cap)
{
    p->is_offerer = true;
    p->local.has_rtcp_mux = peer_may_mux(p);
    int err = path_open(p);
    if (!err)
        err = peer_keys_offer(p);
    if (err)
        return err;
    return peer_sdp_write(sdp, cap, &p->local, p->cfg.dialect, p->extra_media) < 0 ? ENOSPC : 0;
}

static int connect_path(struct peer *p)
{
    p->state = PEER_CONNECTING;
    p->described_us = loop_now_us();
    if (p->ice)
        return peer_ice_connect(p->ice, &p->remote);
    int err = peer_udp_connect(p->udp, &p->remote);
    if (!err)
        path_ready(p);
    return err;
}

void peer_answer_mirror(struct peer *p)
{
    static const enum peer_direction mirrored[] = {
        [PEER_SENDRECV] = PEER_SENDRECV,
        [PEER_SENDONLY] = PEER_RECVONLY,
        [PEER_RECVONLY] = PEER_SENDONLY,
        [PEER_INACTIVE] = PEER_INACTIVE,
    };

    p->local.has_rtcp_mux = p->remote.has_rtcp_mux && peer_may_mux(p);
    p->local.direction = mirrored[p->remote.direction];
    p->local.n_media = p->remote.n_media;
    p->local.audio = p->remote.audio;
    memcpy(p->local.media, p->remote.media, sizeof(p->local.media));
}

int peer_answer(struct peer *p, const char *offer, size_t n, char *answer, size_t cap)
{
    if (p->receiver) /* the call is up */
        return peer_change_answer(p, offer, n, answer, cap);

    int err = peer_sdp_read(&p->remote, offer, n);
    if (!err)
        err = peer_codecs_answer(&p->local, &p->own, &p->remote);
    if (!err)
        err = peer_keys_answer(p);
    if (err)
        return err;

    peer_answer_mirror(p);
    err = path_open(p);
    if (!err)
        err = peer_media_open(p);
    if (!err && peer_sdp_write(answer, cap, &p->local, p->cfg.dialect, NULL) < 0)
        err = ENOSPC;
    return err ? err : connect_path(p);
}

int peer_take_answer(struct peer *p, const char *answer, size_t n)
{
    if (p->receiver)
        return peer_change_take_answer(p, answer, n);

    int err = peer_sdp_read(&p->remote, answer, n);
    if (err)
        return err;
    if (!p->remote.port)
        return ECONNREFUSED;
    err = peer_keys_take(p);
    if (!err)
        err = peer_media_open(p);
    return err ? err : connect_path(p);
}

void peer_say(struct peer *p)
{
    if (p->sender)
        peer_sender_say(p->sender);
}

int peer_dial(struct peer *p, const char *digits)
{
    return p->sender ? peer_sender_dial(p->sender, digits) : ENOTCONN;
}

void peer_set_loss(struct peer *p, uint32_t percent)
{
    p->loss_percent = percent;
}

void peer_hang_up(struct peer *p)
{
    if (p->state == PEER_TALKING)
        peer_media_stop(p);
    p->state = PEER_ENDED;
}

const char *peer_strerror(int err)
{
    switch (err) {
    case EPERM:
        return "one side insists on encryption, and the other one has no key that fits";
    case ENOTSUP:
        return "there is no codec in common";
    case ECONNREFUSED:
        return "audio is refused (port 0)";
    case EBADMSG:
        return "it is not a description that can be read";
    case ENOENT:
        return "there is no audio in it";
    case E2BIG:
        return "it is too long";
    case EINVAL:
        return "it names no address or candidate that can be used";
    case EADDRNOTAVAIL:
        return "our own address is not one of this machine";
    default:
        return strerror(err);
    }
}

enum peer_state peer_state(const struct peer *p)
{
    return p->state;
}

bool peer_hears(const struct peer *p)
{
    return p->receiver && peer_receiver_stats(p->receiver).packets > 0;
}

bool peer_is_keyed(const struct peer *p)
{
    return p->dtls && peer_dtls_is_up(p->dtls);
}

bool peer_is_cut(const struct peer *p)
{
    return p->dtls && peer_dtls_is_over(p->dtls);
}

bool peer_has_said_all(const struct peer *p)
{
    return p->sender && peer_sender_is_done(p->sender);
}

const struct peer_counts *peer_counts(const struct peer *p)
{
    return &p->counts;
}

const struct peer_rtcp_stats *peer_rtcp_stats(const struct peer *p)
{
    return &p->rtcp;
}

const struct peer_description *peer_local(const struct peer *p)
{
    return &p->local;
}

const struct peer_description *peer_remote(const struct peer *p)
{
    return &p->remote;
}

bool peer_ice(const struct peer *p, struct peer_ice_facts *facts)
{
    if (p->ice)
        *facts = peer_ice_facts(p->ice);
    return p->ice != NULL;
}

const char *peer_pair(const struct peer *p, unsigned component)
{
    return p->ice ? peer_ice_pair(p->ice, component) : "";
}

const struct peer_sender *peer_sender(const struct peer *p)
{
    return p->sender;
}

const struct peer_receiver *peer_receiver(const struct peer *p)
{
    return p->receiver;
}
