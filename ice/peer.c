#include "ice/leg.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define UFRAG_MIN 4 /* RFC 8839 s.5.4 */
#define PWD_MIN   22

#define TIMEOUT_MS 20000 /* twice what Lync takes */
#define US_PER_MS  1000

const char *ice_local_ufrag(const struct ice_leg *leg, unsigned stream)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);

    return s ? s->now.local_ufrag : NULL;
}

const char *ice_local_pwd(const struct ice_leg *leg, unsigned stream)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);

    return s ? s->now.local_pwd : NULL;
}

size_t ice_local_candidates(const struct ice_leg *leg, unsigned stream, struct ice_candidate *c,
                            size_t max)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);
    size_t n = 0;

    for (unsigned i = 1; s && i <= s->n_components; i++) {
        GSList *list = nice_agent_get_local_candidates(leg->agent, s->nice_id, i);

        for (const GSList *item = list; item && n < max; item = item->next)
            ice_candidate_from_nice(&c[n++], item->data, &leg->cfg);
        g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    }
    return n;
}

/* RFC 8839 s.5.4: ice-char = ALPHA / DIGIT / "+" / "/" */
static bool is_credential(const char *text, size_t min, size_t max)
{
    size_t n = 0;

    for (; n <= max && text[n] != '\0'; n++)
        if (!isalnum((unsigned char)text[n]) && text[n] != '+' && text[n] != '/')
            return false;
    return n >= min && n <= max;
}

int ice_set_remote_credentials(struct ice_leg *leg, unsigned stream, const char *ufrag,
                               const char *pwd)
{
    struct ice_stream *s = ice_stream_of(leg, stream);
    gboolean is_set = TRUE;

    if (!s || !is_credential(ufrag, UFRAG_MIN, ICE_UFRAG_MAX - 1) ||
        !is_credential(pwd, PWD_MIN, ICE_PWD_MAX - 1))
        return EINVAL;

    ice_leg_enter(leg);
    if (!leg->cfg.is_lite)
        is_set = nice_agent_set_remote_credentials(leg->agent, s->nice_id, ufrag, pwd);
    ice_wipe_string(s->now.remote_ufrag);
    ice_wipe_string(s->now.remote_pwd);
    s->now.remote_ufrag = g_strdup(ufrag);
    s->now.remote_pwd = g_strdup(pwd);
    (void)ice_leg_leave(leg);
    return is_set ? 0 : EINVAL;
}

static bool is_wanted(const struct ice_leg *leg, const struct ice_candidate *c, unsigned component)
{
    if (c->component != component || c->transport != ICE_UDP ||
        c->addr.ss_family != leg->cfg.local.ss_family)
        return false;
    if (ice_mode_has_line_credentials(leg->cfg.mode) && (!c->ufrag[0] || !c->pwd[0]))
        return false;
    return ice_candidate_usable(c, &leg->cfg.local);
}

static bool is_known(const GSList *known, const NiceCandidate *nice)
{
    for (; known; known = known->next)
        if (nice_candidate_equal_target(known->data, nice))
            return true;
    return false;
}

/* The limit is on what libnice holds, whether it came in one offer or in many. */
static GSList *take_wanted(const struct ice_leg *leg, const struct ice_stream *s,
                           unsigned component, const struct ice_candidate *c, size_t n)
{
    GSList *known = nice_agent_get_remote_candidates(leg->agent, s->nice_id, component);
    size_t n_known = g_slist_length(known);
    GSList *list = NULL;

    for (size_t i = 0; i < n; i++) {
        NiceCandidate *nice;

        if (!is_wanted(leg, &c[i], component))
            continue;
        nice = ice_candidate_to_nice(&c[i], &leg->cfg, s->nice_id);
        if (is_known(list, nice) || (!is_known(known, nice) && n_known++ >= ICE_CANDIDATES_MAX))
            nice_candidate_free(nice);
        else
            list = g_slist_prepend(list, nice);
    }
    g_slist_free_full(known, (GDestroyNotify)nice_candidate_free);
    return g_slist_reverse(list);
}

/* libnice does not act on any check while the stream has no remote credentials, even where they are
 * in the lines; a peer-reflexive candidate, which no line names, is checked with them. */
static void set_line_credentials(struct ice_leg *leg, const struct ice_stream *s, GSList *list)
{
    const NiceCandidate *first = list ? list->data : NULL;

    if (first && first->username)
        nice_agent_set_remote_credentials(leg->agent, s->nice_id, first->username, first->password);
}

static int give_to_nice(struct ice_leg *leg, const struct ice_stream *s, unsigned component,
                        const struct ice_candidate *c, size_t n)
{
    GSList *list = take_wanted(leg, s, component, c, n);
    int taken;

    set_line_credentials(leg, s, list);
    taken = list ? nice_agent_set_remote_candidates(leg->agent, s->nice_id, component, list) : 0;
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    return taken > 0 ? taken : 0;
}

/* A lite agent makes no checks, so candidates are of use to it only where the peer makes none
 * either. @return how many it could use */
static int give_to_lite(struct ice_component *component, const struct ice_candidate *c, size_t n)
{
    int n_wanted = 0;

    for (size_t i = 0; i < n; i++)
        n_wanted += is_wanted(component->leg, &c[i], component->number);
    if (component->leg->cfg.is_lite_peer && n_wanted && !component->has_pair)
        ice_lite_choose(component, c, n);
    return n_wanted;
}

static void start_time_limit(struct ice_component *c)
{
    const unsigned ms = c->leg->cfg.timeout_ms ? c->leg->cfg.timeout_ms : TIMEOUT_MS;

    if ((c->has_pair && !c->is_pair_old) || c->fails_us != UINT64_MAX)
        return;
    c->fails_us = ice_now_us() + (uint64_t)ms * US_PER_MS;
}

int ice_set_remote_candidates(struct ice_leg *leg, unsigned stream, const struct ice_candidate *c,
                              size_t n)
{
    struct ice_stream *s = ice_stream_of(leg, stream);
    int n_taken = 0;

    if (!s)
        return -EINVAL;

    ice_leg_enter(leg);
    ice_set_idle(leg, false);
    for (unsigned i = 0; i < s->n_components; i++) {
        if (leg->cfg.is_lite)
            n_taken += give_to_lite(&s->components[i], c, n);
        else
            n_taken += give_to_nice(leg, s, i + 1, c, n);
        start_time_limit(&s->components[i]);
    }
    (void)ice_leg_leave(leg);
    return n_taken;
}

/* ---- trickle ---- */

void ice_set_trickling(struct ice_leg *leg, unsigned stream)
{
    struct ice_stream *s = ice_stream_of(leg, stream);

    if (!s)
        return;
    ice_leg_enter(leg);
    s->is_trickling = true;
    g_object_set(leg->agent, "ice-trickle", TRUE, NULL);
    (void)ice_leg_leave(leg);
}

void ice_end_of_candidates(struct ice_leg *leg, unsigned stream)
{
    struct ice_stream *s = ice_stream_of(leg, stream);

    if (!s || !s->is_trickling)
        return;
    ice_leg_enter(leg);
    s->is_trickling = false;
    nice_agent_peer_candidate_gathering_done(leg->agent, s->nice_id);
    (void)ice_leg_leave(leg);
}

/* ---- restart ---- */

/* What is in use goes on with the credentials that it has. */
static void begin_generation(struct ice_stream *s)
{
    bool has_pair = false;

    for (unsigned i = 0; i < s->n_components; i++) {
        struct ice_component *c = &s->components[i];

        has_pair = has_pair || (c->has_pair && !c->is_pair_old);
        c->is_pair_old = c->has_pair;
        c->fails_us = UINT64_MAX;
        checks_restart(&c->checks);
    }
    if (has_pair) {
        ice_generation_wipe(&s->before);
        s->before = s->now;
    } else {
        ice_generation_wipe(&s->now);
    }
    memset(&s->now, 0, sizeof(s->now));
}

int ice_leg_restart(struct ice_leg *leg)
{
    gboolean is_restarted;

    ice_leg_enter(leg);
    ice_set_idle(leg, false);
    is_restarted = nice_agent_restart(leg->agent);
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        if (!leg->streams[i])
            continue;
        begin_generation(leg->streams[i]);
        ice_stream_read_credentials(leg, leg->streams[i]);
    }
    (void)ice_leg_leave(leg);
    return is_restarted ? 0 : EINVAL;
}

/* ---- what became of it ---- */

size_t ice_read_checks(struct ice_leg *leg, unsigned stream, unsigned component,
                       struct ice_check *checks, size_t max)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);
    size_t n;

    if (!s || component < 1 || component > s->n_components)
        return 0;
    pthread_mutex_lock(&leg->lock);
    n = checks_read(&s->components[component - 1].checks, checks, max);
    pthread_mutex_unlock(&leg->lock);
    return n;
}
