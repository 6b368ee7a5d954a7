#include "ice/leg.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define UFRAG_MIN 4 /* RFC 8839 s.5.4 */
#define PWD_MIN   22

const char *ice_local_ufrag(const struct ice_leg *leg, unsigned stream)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);

    return s ? s->ufrag : NULL;
}

const char *ice_local_pwd(const struct ice_leg *leg, unsigned stream)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);

    return s ? s->pwd : NULL;
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
    const struct ice_stream *s = ice_stream_of(leg, stream);
    gboolean is_set;

    if (!s || !is_credential(ufrag, UFRAG_MIN, ICE_UFRAG_MAX - 1) ||
        !is_credential(pwd, PWD_MIN, ICE_PWD_MAX - 1))
        return EINVAL;

    ice_leg_enter(leg);
    is_set = nice_agent_set_remote_credentials(leg->agent, s->nice_id, ufrag, pwd);
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

int ice_set_remote_candidates(struct ice_leg *leg, unsigned stream, const struct ice_candidate *c,
                              size_t n)
{
    const struct ice_stream *s = ice_stream_of(leg, stream);
    int n_taken = 0;

    if (!s)
        return -EINVAL;

    ice_leg_enter(leg);
    for (unsigned i = 1; i <= s->n_components; i++) {
        GSList *list = take_wanted(leg, s, i, c, n);
        int taken;

        set_line_credentials(leg, s, list);
        taken = list ? nice_agent_set_remote_candidates(leg->agent, s->nice_id, i, list) : 0;

        n_taken += taken > 0 ? taken : 0;
        g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    }
    (void)ice_leg_leave(leg);
    return n_taken;
}

int ice_leg_restart(struct ice_leg *leg)
{
    gboolean is_restarted;

    ice_leg_enter(leg);
    is_restarted = nice_agent_restart(leg->agent);
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++)
        if (leg->streams[i])
            ice_stream_read_credentials(leg, leg->streams[i]);
    (void)ice_leg_leave(leg);
    return is_restarted ? 0 : EINVAL;
}

void ice_set_controlling(struct ice_leg *leg, bool is_controlling)
{
    ice_leg_enter(leg);
    g_object_set(leg->agent, "controlling-mode", is_controlling || leg->cfg.is_lite_peer, NULL);
    (void)ice_leg_leave(leg);
}
