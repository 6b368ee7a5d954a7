#include "relay/control/policy/parties.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/sdp/lync_sdp.h"
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

/* ---- which way --------------------------------------------------------------------------------
 */

static bool has_provider(const struct config *cfg, int interface)
{
    return interface >= 0 && cfg->interfaces[interface].provider[0];
}

/* From the interfaces that the request names; else from whose address is a provider's. */
static enum policy_direction find_direction(const struct control *c, const struct ng_request *req,
                                            int from, int to)
{
    if (from >= 0 || to >= 0) {
        bool is_from = has_provider(c->cfg, from) || (from < 0 && !has_provider(c->cfg, to));

        return is_from && !has_provider(c->cfg, to) ? POLICY_FROM_PROVIDER : POLICY_TO_PROVIDER;
    }
    return policy_is_public_address(c->policy, req->from_uri) &&
                   !policy_is_public_address(c->policy, req->to_uri)
               ? POLICY_FROM_PROVIDER
               : POLICY_TO_PROVIDER;
}

/* ---- interfaces -------------------------------------------------------------------------------
 */

/* That of the provider; of several that may be meant, the first. */
static int public_interface(const struct control *c, const struct parties *p)
{
    for (unsigned i = 0; i < c->cfg->n_interfaces; i++) {
        struct policy_query q = parties_query(p, MEDIA_AUDIO);
        unsigned n;

        q.provider = c->cfg->interfaces[i].provider;
        if (*q.provider && (!p->provider[0] || strcasecmp(q.provider, p->provider) == 0) &&
            policy_find_provider(c->policy, &q, &n))
            return (int)i;
    }
    return p->provider[0] ? interface_of_provider(c->cfg, p->provider) : -1;
}

/* Whether anything but an address that was chosen by default tells the provider. */
static bool has_evidence(const struct control *c, const struct parties *p)
{
    return p->provider[0] || p->peer_fqdn.n || policy_is_public_address(c->policy, p->remote_user);
}

/* What the request leaves open is taken from default_direction, else from the provider: its own
 * interface on the far side, the first enterprise interface on the near one. */
static void fill_in(struct parties *p, const struct control *c, int from, int to)
{
    const struct config *cfg = c->cfg;
    int enterprise = interface_of_provider(cfg, "");
    int public = has_evidence(c, p) ? public_interface(c, p) : -1;
    bool is_from = p->direction == POLICY_FROM_PROVIDER;

    if (from < 0 && to < 0 && public < 0) {
        from = cfg->control.default_direction[is_from];
        to = cfg->control.default_direction[!is_from];
    } else if (from < 0 && to < 0) {
        from = is_from ? public : enterprise;
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

/* ---- who --------------------------------------------------------------------------------------
 */

static struct str text_or_nothing(const char *text)
{
    return str_of(text ? text : "");
}

void parties_of_call(struct parties *p, const struct call *call)
{
    memset(p, 0, sizeof(*p));
    set_provider(p, str_of(call->provider));
    p->direction = call->who.direction;
    p->peer_fqdn = text_or_nothing(call->who.peer_fqdn);
    p->remote_user = text_or_nothing(call->who.remote_user);
    p->enterprise_user = text_or_nothing(call->who.enterprise_user);
}

/* A call stays between those whom it was set up between. Its proxy does, too: another one in a
 * later request is a contradiction, not news. */
static void check_proxy(struct parties *p, const struct ng_request *req)
{
    if (str_is_empty(req->peer_fqdn))
        return;
    if (str_is_empty(p->peer_fqdn))
        p->peer_fqdn = req->peer_fqdn;
    else if (!str_equal_nocase(p->peer_fqdn, req->peer_fqdn))
        (void)re_snprintf(p->conflict, sizeof(p->conflict),
                          "the peer-fqdn contradicts that of the call");
}

static void find_who(struct parties *p, const struct control *c, const struct ng_request *req,
                     const struct call *call, int from, int to)
{
    bool is_from;

    if (call) {
        parties_of_call(p, call);
        p->provider[0] = '\0'; /* looked for anew: by the request, and by the call */
        check_proxy(p, req);
        return;
    }
    memset(p, 0, sizeof(*p));
    p->direction = find_direction(c, req, from, to);
    is_from = p->direction == POLICY_FROM_PROVIDER;
    p->peer_fqdn = req->peer_fqdn;
    p->remote_user = is_from ? req->from_uri : req->to_uri;
    p->enterprise_user = is_from ? req->to_uri : req->from_uri;
}

static void check_sources(struct parties *p, const struct config *cfg, const struct ng_request *req,
                          const struct call *call, const int interfaces[2])
{
    if (!str_is_empty(req->provider))
        set_provider(p, req->provider);
    if (call)
        check_source(p, call->provider, "the call");
    for (unsigned i = 0; i < 2; i++) {
        if (interfaces[i] >= 0)
            check_source(p, cfg->interfaces[interfaces[i]].provider,
                         cfg->interfaces[interfaces[i]].name);
    }
}

void parties_find(struct parties *p, const struct control *c, const struct ng_request *req,
                  const struct call *call)
{
    const struct config *cfg = c->cfg;
    const int named[2] = {named_interface(c, req->direction[0]),
                          named_interface(c, req->direction[1])};
    const struct config_interface *a, *b;
    struct policy_query q;
    const char *found;
    unsigned n;

    find_who(p, c, req, call, named[0], named[1]);
    check_sources(p, cfg, req, call, named);
    fill_in(p, c, named[0], named[1]);
    p->interfaces.answerer = in_family(cfg, p->interfaces.answerer, req->address_family);

    /* an address chosen by default is no evidence against a provider that was named */
    a = &cfg->interfaces[p->interfaces.offerer];
    b = &cfg->interfaces[p->interfaces.answerer];
    if (!has_evidence(c, p))
        set_provider(p, str_of(b->provider[0] ? b->provider : a->provider));
    q = parties_query(p, MEDIA_AUDIO);
    found = policy_find_provider(c->policy, &q, &n);
    if (found && !p->provider[0])
        set_provider(p, str_of(found));
}

static bool is_same(const char *kept, struct str now)
{
    return kept && str_equal(str_of(kept), now);
}

static int keep_text(char **to, struct str text)
{
    char *copy = NULL;

    if (str_is_empty(text) || is_same(*to, text))
        return 0;
    if (re_sdprintf(&copy, "%b", text.p, text.n))
        return ENOMEM;
    mem_deref(*to);
    *to = copy;
    return 0;
}

int parties_keep(struct call *call, const struct parties *p)
{
    int err = keep_text(&call->who.peer_fqdn, p->peer_fqdn);

    if (!err)
        err = keep_text(&call->who.remote_user, p->remote_user);
    if (!err)
        err = keep_text(&call->who.enterprise_user, p->enterprise_user);
    call->who.direction = p->direction;
    (void)re_snprintf(call->provider, sizeof(call->provider), "%s", p->provider);
    return err;
}

/* ---- verdicts ---------------------------------------------------------------------------------
 */

struct policy_query parties_query(const struct parties *p, enum media_kind kind)
{
    return (struct policy_query){.provider = p->provider[0] ? p->provider : NULL,
                                 .peer_fqdn = p->peer_fqdn,
                                 .remote_user = p->remote_user,
                                 .enterprise_user = p->enterprise_user,
                                 .kind = kind,
                                 .direction = p->direction,
                                 .unix_time = (int64_t)(clock_wall_us() / 1000000)};
}

static void decide_kind(struct parties_verdicts *v, const struct control *c,
                        const struct parties *p, enum media_kind kind)
{
    const struct policy_query q = parties_query(p, kind);
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

static void count_lines(struct parties_verdicts *v, const struct sdp_doc *doc)
{
    v->n_off = v->n_media = v->n_im = 0;
    v->reason = NULL;
    for (unsigned i = 0; i < doc->n_media; i++) {
        const struct sdp_media *m = &doc->media[i];

        if (m->port == 0)
            v->n_off++;
        else if (v->kinds[m->kind].verdict != POLICY_ALLOW)
            v->reason = v->reason ? v->reason : v->kinds[m->kind].reason;
        else if (m->kind == MEDIA_IM)
            v->n_im++;
        else
            v->n_media++;
    }
    if (v->n_media || v->n_im || v->n_off == doc->n_media)
        v->reason = NULL;
}

void parties_decide(struct parties_verdicts *v, const struct control *c, const struct parties *p,
                    const struct sdp_doc *doc)
{
    memset(v, 0, sizeof(*v));
    for (unsigned i = 0; i < doc->n_media; i++) {
        if (doc->media[i].port)
            decide_kind(v, c, p, doc->media[i].kind);
    }
    count_lines(v, doc);
}

/* AVP with a=crypto is answered as SRTP where the dialect knows it: dialect.c. */
static bool is_clear(const struct sdp_media *m, bool is_rfc)
{
    return m->port && sdp_proto_is_rtp(m->proto) && !sdp_proto_is_secure(m->proto) &&
           (is_rfc || !lync_is_optional_srtp(m));
}

void parties_refuse_clear(struct parties_verdicts *v, const struct control *c,
                          const struct parties *p, const struct sdp_doc *doc,
                          enum config_dialect asked)
{
    const struct config_interface *itf = &c->cfg->interfaces[p->interfaces.offerer];
    const struct lync_knowledge known = {.asked = asked, .configured = itf->dialect};
    const enum policy_side side = itf->provider[0] ? POLICY_SIDE_PUBLIC : POLICY_SIDE_ENTERPRISE;
    const bool is_rfc = lync_choose(doc, &known).dialect == DIALECT_RFC;

    for (unsigned i = 0; i < doc->n_media; i++) {
        const enum media_kind kind = doc->media[i].kind;
        const struct policy_query q = parties_query(p, kind);

        if (is_clear(&doc->media[i], is_rfc) && v->kinds[kind].verdict == POLICY_ALLOW &&
            policy_encryption(c->policy, &q, side) == POLICY_ENCRYPTION_REQUIRED)
            policy_deny_clear(&v->kinds[kind], side);
    }
    count_lines(v, doc);
}

bool parties_allow(const struct parties_verdicts *v, const struct sdp_media *m)
{
    return m->port && v->is_decided[m->kind] && v->kinds[m->kind].verdict == POLICY_ALLOW &&
           (m->kind == MEDIA_IM || sdp_proto_is_rtp(m->proto));
}
