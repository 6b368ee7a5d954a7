#include "relay/control/parties.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/log.h"

static int named_interface(const struct control *c, struct str name)
{
    int i;

    if (str_is_empty(name))
        return -1;
    i = config_find_interface(c->cfg, name.p, name.n);
    if (i < 0)
        log_warning(NULL,
                    "direction: no interface \"" STR_FMT "\"; known by configuration: see "
                    "`interfaces`",
                    STR_ARG(name));
    return i;
}

static int interface_of_provider(const struct config *cfg, const char *provider)
{
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        if (strcasecmp(cfg->interfaces[i].provider, provider) == 0)
            return (int)i;
    }
    return -1;
}

static void set_provider(struct parties *p, struct str name)
{
    size_t n = name.n < sizeof(p->provider) - 1 ? name.n : sizeof(p->provider) - 1;

    memcpy(p->provider, name.p, n);
    p->provider[n] = '\0';
}

/* Two sources that say different things: nobody knows whose rules apply, so nothing is granted. */
static void check_source(struct parties *p, const char *other, const char *source)
{
    if (!other[0] || p->conflict[0])
        return;
    if (!p->provider[0])
        set_provider(p, str_of(other));
    else if (strcasecmp(p->provider, other) != 0)
        (void)re_snprintf(p->conflict, sizeof(p->conflict), "provider %s contradicts %s of %s",
                          p->provider, other, source);
}

/* What the request leaves open is taken from default_direction, else from the provider: its own
 * interface on the far side, the first enterprise interface on the near one. */
static void fill_in(struct parties *p, const struct config *cfg, int from, int to)
{
    int enterprise = interface_of_provider(cfg, "");
    int public = p->provider[0] ? interface_of_provider(cfg, p->provider) : -1;

    if (from < 0 && to < 0 && public < 0) {
        from = cfg->control.default_direction[0];
        to = cfg->control.default_direction[1];
    }
    if (to < 0)
        to = from >= 0 && from == public ? enterprise : public;
    if (from < 0)
        from = to == public && to >= 0 ? enterprise : public;
    p->interfaces.offerer = from < 0 ? 0 : (unsigned)from;
    p->interfaces.answerer = to < 0 ? p->interfaces.offerer : (unsigned)to;
}

/* `address-family`: a sister of the interface, of the same provider, that has the family asked for.
 */
static unsigned in_family(const struct config *cfg, unsigned wanted, enum ng_family family)
{
    const struct config_interface *itf = &cfg->interfaces[wanted];
    sa_family_t af = family == NG_FAMILY_IP6 ? AF_INET6 : AF_INET;

    if (family == NG_FAMILY_KEEP || itf->advertise.sa.sa_family == af)
        return wanted;
    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        if (cfg->interfaces[i].advertise.sa.sa_family == af &&
            strcasecmp(cfg->interfaces[i].provider, itf->provider) == 0)
            return i;
    }
    log_warning(NULL, "address-family: no interface of that family beside %s", itf->name);
    return wanted;
}

void parties_find(struct parties *p, const struct control *c, const struct ng_request *req,
                  const struct call *call)
{
    const struct config *cfg = c->cfg;
    int from = named_interface(c, req->direction[0]);
    int to = named_interface(c, req->direction[1]);
    const struct config_interface *a, *b;

    memset(p, 0, sizeof(*p));
    if (!str_is_empty(req->provider))
        set_provider(p, req->provider);
    if (call)
        check_source(p, call->provider, "the call");
    if (from >= 0)
        check_source(p, cfg->interfaces[from].provider, cfg->interfaces[from].name);
    if (to >= 0)
        check_source(p, cfg->interfaces[to].provider, cfg->interfaces[to].name);
    fill_in(p, cfg, from, to);

    p->interfaces.answerer = in_family(cfg, p->interfaces.answerer, req->address_family);

    /* an address chosen by default is no evidence against a provider that was named */
    a = &cfg->interfaces[p->interfaces.offerer];
    b = &cfg->interfaces[p->interfaces.answerer];
    if (!p->provider[0])
        set_provider(p, str_of(b->provider[0] ? b->provider : a->provider));
    p->direction = a->provider[0] && !b->provider[0] ? POLICY_FROM_PROVIDER : POLICY_TO_PROVIDER;
}

static void decide_kind(struct parties_verdicts *v, const struct control *c,
                        const struct parties *p, enum media_kind kind)
{
    struct policy_query q = {.provider = p->provider[0] ? p->provider : NULL,
                             .kind = kind,
                             .direction = p->direction,
                             .unix_time = (int64_t)(clock_wall_us() / 1000000)};
    struct policy_decision *d = &v->kinds[kind];

    if (v->is_decided[kind])
        return;
    v->is_decided[kind] = true;
    policy_decide(d, c->policy, &q);
    if (p->conflict[0]) {
        d->verdict = POLICY_DENY;
        d->code = POLICY_CODE_CONTRADICTION;
        (void)re_snprintf(d->reason, sizeof(d->reason), "%s", p->conflict);
    }
}

void parties_decide(struct parties_verdicts *v, const struct control *c, const struct parties *p,
                    const struct sdp_doc *doc)
{
    memset(v, 0, sizeof(*v));
    for (unsigned i = 0; i < doc->n_media; i++) {
        const struct sdp_media *m = &doc->media[i];

        if (m->port == 0) {
            v->n_off++;
            continue;
        }
        decide_kind(v, c, p, m->kind);
        if (v->kinds[m->kind].verdict != POLICY_ALLOW)
            v->reason = v->reason ? v->reason : v->kinds[m->kind].reason;
        else if (m->kind == MEDIA_IM)
            v->n_im++;
        else
            v->n_media++;
    }
    if (v->n_media || v->n_im || v->n_off == doc->n_media)
        v->reason = NULL;
}

bool parties_allow(const struct parties_verdicts *v, const struct sdp_media *m)
{
    return m->port && v->is_decided[m->kind] && v->kinds[m->kind].verdict == POLICY_ALLOW &&
           (m->kind == MEDIA_IM || sdp_proto_is_rtp(m->proto));
}
