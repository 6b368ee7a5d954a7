#include <errno.h>
#include <string.h>

#include "relay/control/sdp/sdp_scan.h"
#include "relay/control/transport/handshake.h"
#include "relay/control/transport/transport.h"
#include "relay/control/transport/turn_login.h"

#define TURN_PAUSE_US 30000000

/* The ICE of a leg: its agent, and what signalling tells it. */

static void leg_ice_destructor(void *data)
{
    struct leg_ice *ice = data;

    ice_leg_free(ice->agent);
    if (ice->turn)
        explicit_bzero(ice->turn, sizeof(*ice->turn));
    mem_deref(ice->turn);
}

static enum ice_mode mode_of(enum config_dialect dialect)
{
    static const enum ice_mode modes[] = {
        [DIALECT_AUTO] = ICE_MODE_RFC,        [DIALECT_LYNC] = ICE_MODE_LYNC,
        [DIALECT_OCS2007] = ICE_MODE_OCS2007, [DIALECT_WLM2009] = ICE_MODE_WLM2009,
        [DIALECT_MSN] = ICE_MODE_MSN,         [DIALECT_RFC] = ICE_MODE_RFC,
    };

    return modes[dialect];
}

static void to_storage(struct sockaddr_storage *to, const union addr *from)
{
    memset(to, 0, sizeof(*to));
    memcpy(to, from, sizeof(*from));
}

/* The Microsoft dialects have TURN of their own (MS-TURN), and a lite agent is where it says. */
static int log_in(struct leg_ice *ice, struct ice_leg_config *cfg,
                  const struct config_interface *itf)
{
    int err;

    if (!addr_is_set(&itf->turn.server) || cfg->mode != ICE_MODE_RFC || cfg->is_lite)
        return 0;
    ice->turn = mem_zalloc(sizeof(*ice->turn), NULL);
    if (!ice->turn)
        return ENOMEM;
    err = turn_login(ice->turn, itf, (int64_t)(clock_wall_us() / 1000000));
    cfg->turn = ice->turn;
    return err;
}

int transport_open_ice(struct leg *leg, bool is_controlling, bool is_lite)
{
    struct control *c = leg->call->control;
    const struct config_interface *itf = &c->cfg->interfaces[leg->interface];
    struct ice_leg_config cfg = {.mode = mode_of(leg->dialect),
                                 .is_lite_peer = leg->doc && leg->doc->is_ice_lite,
                                 .timeout_ms = c->cfg->ice_timeout_s * 1000,
                                 .tos = leg->call->tos};
    struct leg_ice *ice;
    int err;

    if (leg->ice)
        return 0;
    ice = mem_zalloc(sizeof(*ice), leg_ice_destructor);
    if (!ice)
        return ENOMEM;
    cfg.is_lite = is_lite && cfg.mode == ICE_MODE_RFC; /* the Microsoft dialects know only full */
    cfg.is_controlling = is_controlling && !cfg.is_lite;
    to_storage(&cfg.local, &itf->address);
    to_storage(&cfg.advertise, &itf->advertise);
    cfg.arg = ice;
    ice->mode = cfg.mode;
    ice->is_lite = cfg.is_lite;
    err = log_in(ice, &cfg, itf);
    if (!err)
        err = ice_leg_alloc(&ice->agent, c->ice, &cfg);
    if (err) {
        mem_deref(ice);
        return err;
    }
    leg->ice = ice;
    return 0;
}

/* The control thread stands still meanwhile: hence the limit, and the pause for a dead server. */
void transport_await_candidates(struct leg *leg)
{
    struct control *c = leg->call->control;
    const struct config_interface *itf = &c->cfg->interfaces[leg->interface];
    const uint64_t now_us = clock_now_us();

    if (!leg->has_ice || !leg->ice || !leg->ice->turn || now_us < c->turn_waits_us[leg->interface])
        return;
    if (!ice_leg_await_gathering(leg->ice->agent, itf->turn.gather_ms))
        return;
    c->turn_waits_us[leg->interface] = now_us + TURN_PAUSE_US;
    log_warning(leg->call->id,
                "interface %s: the TURN server has not answered within %u ms; offers and answers "
                "of the next 30 s do not wait for it",
                itf->name, itf->turn.gather_ms);
}

/* ---- descriptions -----------------------------------------------------------------------------
 */

/* A peer that trickles may describe itself before it has found any candidate. */
static const struct sdp_media *first_ice_line(const struct sdp_doc *doc)
{
    for (unsigned i = 0; i < doc->n_media; i++) {
        const struct sdp_media *m = &doc->media[i];

        if (m->port && (m->has_candidates || (doc->is_trickling && !str_is_empty(m->ice_ufrag))))
            return m;
    }
    return NULL;
}

static bool has_line_credentials(const struct sdp_media *m)
{
    return !str_is_empty(m->ice_ufrag) || !m->n_candidates;
}

bool transport_doc_has_ice(const struct sdp_doc *doc)
{
    const struct sdp_media *m = first_ice_line(doc);

    return m && (!has_line_credentials(m) || !str_is_empty(m->ice_ufrag));
}

static bool is_word_of(const char *words, struct str word)
{
    struct str rest = str_of(words), next;

    while (!str_is_empty(next = scan_word(&rest))) {
        if (str_equal(next, word))
            return true;
    }
    return false;
}

/* What tells one generation of credentials from the next is the ufrag. In draft-06 each candidate
 * has one, and the final offer has that of the chosen one alone. */
static bool is_same_generation(const struct leg *leg, const struct sdp_media *m)
{
    if (has_line_credentials(m))
        return str_equal(m->ice_ufrag, str_of(leg->remote_ufrag));
    for (unsigned i = 0; i < m->n_candidates; i++) {
        if (is_word_of(leg->remote_ufrag, str_of(m->candidates[i].ufrag)))
            return true;
    }
    return false;
}

/* The line's ufrag, or all of its candidates', in words. @return NULL: no memory */
static char *generation_text(const struct sdp_media *m)
{
    char *text = NULL;
    size_t n = 1;

    if (has_line_credentials(m)) {
        (void)re_sdprintf(&text, "%b", m->ice_ufrag.p, m->ice_ufrag.n);
        return text;
    }
    text = mem_zalloc(m->n_candidates * ICE_CRED_MAX + n, NULL);
    for (unsigned i = 0; text && i < m->n_candidates; i++) {
        const struct str ufrag = str_of(m->candidates[i].ufrag);

        if (str_is_empty(ufrag) || is_word_of(text, ufrag))
            continue;
        memcpy(text + n - 1, ufrag.p, ufrag.n);
        n += ufrag.n + 1;
        text[n - 2] = ' ';
    }
    return text;
}

bool transport_ice_restarts(const struct leg *leg, const struct sdp_doc *doc)
{
    return leg->remote_ufrag && transport_doc_has_ice(doc) &&
           !is_same_generation(leg, first_ice_line(doc));
}

/* What was found stays in use until there is something new (RFC 8445 s.9). */
int transport_restart_ice(struct leg *leg)
{
    for (unsigned i = 0; i < leg->n_streams; i++) {
        struct ice_progress *p = leg->streams[i]->progress;

        for (unsigned k = 0; p && k < MEDIA_COMPONENTS; k++) {
            p[k].state = ICE_STATE_NEW;
            p[k].is_lost = false;
        }
        leg->streams[i]->has_remote_ice = false;
        handshake_expect_restart(leg->streams[i]);
    }
    leg->remote_ufrag = mem_deref(leg->remote_ufrag);
    return ice_leg_restart(leg->ice->agent);
}

static bool still_trickles(const struct sdp_doc *doc, const struct sdp_media *m)
{
    return doc->is_trickling && !m->has_end_of_candidates;
}

static void set_credentials(const struct leg *leg, const struct stream *s, struct str ufrag_text,
                            struct str pwd_text)
{
    char ufrag[ICE_UFRAG_MAX], pwd[ICE_PWD_MAX];

    (void)re_snprintf(ufrag, sizeof(ufrag), "%b", ufrag_text.p, ufrag_text.n);
    (void)re_snprintf(pwd, sizeof(pwd), "%b", pwd_text.p, pwd_text.n);
    if (ufrag[0] &&
        ice_set_remote_credentials(leg->ice->agent, (unsigned)s->ice_stream, ufrag, pwd))
        log_warning(leg->call->id, "m= line %u: ICE credentials that cannot be used", s->index + 1);
    explicit_bzero(pwd, sizeof(pwd));
}

static void set_line(const struct leg *leg, struct stream *s, const struct sdp_media *m)
{
    const bool trickles = still_trickles(leg->doc, m);
    int n;

    if (s->ice_stream < 0 || !m->port || !s->is_active)
        return;
    s->has_remote_ice = true;
    set_credentials(leg, s, m->ice_ufrag, m->ice_pwd);
    if (trickles)
        ice_set_trickling(leg->ice->agent, (unsigned)s->ice_stream);
    n = ice_set_remote_candidates(leg->ice->agent, (unsigned)s->ice_stream, m->candidates,
                                  m->n_candidates);
    if (n <= 0 && !trickles)
        log_warning(leg->call->id, "m= line %u: none of %u ICE candidates can be used",
                    s->index + 1, m->n_candidates + m->n_skipped_candidates);
}

void transport_set_remote_ice(struct leg *leg)
{
    const struct sdp_media *first = first_ice_line(leg->doc);
    bool is_same;

    if (!leg->ice || !leg->has_ice || !transport_doc_has_ice(leg->doc))
        return;
    is_same = leg->remote_ufrag && is_same_generation(leg, first);
    for (unsigned i = 0; i < leg->doc->n_media && i < leg->n_streams; i++) {
        /* the same again restarts nothing; a line that was off until now starts */
        if (!is_same || !leg->streams[i]->has_remote_ice)
            set_line(leg, leg->streams[i], &leg->doc->media[i]);
    }
    if (is_same)
        return;
    mem_deref(leg->remote_ufrag);
    leg->remote_ufrag = generation_text(first);
}

/* ---- trickle ----------------------------------------------------------------------------------
 */

/* By its mid, else by its place. */
static const struct stream *stream_of(const struct leg *leg, const struct sdp_fragment_media *m,
                                      unsigned place)
{
    const struct sdp_doc *doc = leg->doc;

    for (unsigned i = 0; !str_is_empty(m->mid) && i < doc->n_media && i < leg->n_streams; i++)
        if (str_equal(doc->media[i].mid, m->mid))
            return leg->streams[i];
    return place < leg->n_streams ? leg->streams[place] : NULL;
}

static void add_candidates(const struct leg *leg, const struct stream *s,
                           const struct sdp_fragment_media *m)
{
    const unsigned line = (unsigned)s->ice_stream;

    if (m->n_candidates)
        (void)ice_set_remote_candidates(leg->ice->agent, line, m->candidates, m->n_candidates);
    if (m->has_end_of_candidates)
        ice_end_of_candidates(leg->ice->agent, line);
    log_debug(leg->call->id, "m= line %u: %u more ICE candidates%s", s->index + 1, m->n_candidates,
              m->has_end_of_candidates ? ", the last ones" : "");
}

bool transport_trickle(const struct leg *leg, const struct sdp_fragment *f)
{
    const struct str ufrag = sdp_fragment_ufrag(f);

    if (!leg->ice || !leg->has_ice || !leg->doc || !leg->remote_ufrag ||
        (!str_is_empty(ufrag) && !str_equal(ufrag, str_of(leg->remote_ufrag))))
        return false;
    for (unsigned i = 0; i < f->n_media; i++) {
        const struct stream *s = stream_of(leg, &f->media[i], i);

        if (s && s->ice_stream >= 0)
            add_candidates(leg, s, &f->media[i]);
    }
    return true;
}
