#include "relay/control/status/routes.h"

#include <errno.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/call.h"
#include "relay/control/status/demo.h"
#include "relay/control/status/http_guard.h"
#include "relay/control/policy/parties.h"
#include "relay/control/policy/policy_date.h"
#include "relay/control/policy/policy_explain.h"
#include "relay/control/reload.h"
#include "relay/control/status/report.h"

#define JSON_TYPE  "application/json"
#define PARAM_MAX  4096
#define DEFAULT_AV (1u << MEDIA_AUDIO | 1u << MEDIA_VIDEO)

/* Takes the value over. */
static int answer_json(struct http_response *res, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    int err = text ? mbuf_write_str(res->body, text) : ENOMEM;

    if (!err)
        err = mbuf_write_str(res->body, "\n");
    free(text);
    json_decref(value);
    res->content_type = JSON_TYPE;
    return err;
}

static int answer_error(struct http_response *res, unsigned status, const char *sentence)
{
    res->status = status;
    return answer_json(res, json_pack("{s:s}", "error", sentence));
}

static int metrics_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)req;
    res->content_type = METRICS_CONTENT_TYPE;
    return report_metrics(res->body, arg);
}

/* ---- policy -----------------------------------------------------------------------------------
 */

static int show_h(struct http_response *res, const struct http_request *req, void *arg)
{
    const struct control *c = arg;

    (void)req;
    return answer_json(res, policy_show(c->policy));
}

/* The parameters of a question; the texts live in it. */
struct question {
    char from[PARAM_MAX], to[PARAM_MAX], provider[PARAM_MAX], fqdn[PARAM_MAX], media[PARAM_MAX];
    char date[16];
};

static struct str param(char *buf, size_t cap, struct str query, struct str name)
{
    size_t n = http_query_get(buf, cap - 1, query, name);

    n = n < cap ? n : 0;
    buf[n] = '\0';
    return (struct str){buf, n};
}

static const char *read_kinds(unsigned *kinds, struct str list)
{
    *kinds = 0;
    while (list.n) {
        const char *comma = memchr(list.p, ',', list.n);
        const size_t n = comma ? (size_t)(comma - list.p) : list.n;
        enum media_kind kind;

        if (!media_kind_parse(&kind, (struct str){list.p, n}))
            return "media: expected a list of im, presence, audio, video";
        *kinds |= 1u << kind;
        list = comma ? (struct str){comma + 1, list.n - n - 1} : STR("");
    }
    if (!*kinds)
        *kinds = DEFAULT_AV;
    return NULL;
}

/* @return NULL; what is wrong with it */
static const char *read_question(struct question *x, struct policy_query *q, unsigned *kinds,
                                 const struct http_request *req, const struct policy *p)
{
    struct str query = req->query;
    struct str from = param(x->from, sizeof(x->from), query, STR("from"));
    struct str to = param(x->to, sizeof(x->to), query, STR("to"));
    struct str date = param(x->date, sizeof(x->date), query, STR("date"));
    bool is_from = policy_is_public_address(p, from) && !policy_is_public_address(p, to);

    (void)param(x->provider, sizeof(x->provider), query, STR("provider"));
    *q =
        (struct policy_query){.provider = x->provider,
                              .peer_fqdn = param(x->fqdn, sizeof(x->fqdn), query, STR("peer-fqdn")),
                              .remote_user = is_from ? from : to,
                              .enterprise_user = is_from ? to : from,
                              .direction = is_from ? POLICY_FROM_PROVIDER : POLICY_TO_PROVIDER,
                              .unix_time = (int64_t)(clock_wall_us() / 1000000)};
    if (date.n && !policy_date_parse(x->date, &q->unix_time))
        return "date: expected a day of the calendar, such as 2013-10-07";
    return read_kinds(kinds, param(x->media, sizeof(x->media), query, STR("media")));
}

static int explain_h(struct http_response *res, const struct http_request *req, void *arg)
{
    const struct control *c = arg;
    struct question *x = mem_zalloc(sizeof(*x), NULL);
    struct policy_query q;
    unsigned kinds;
    const char *mistake;
    int err;

    if (!x)
        return ENOMEM;
    mistake = read_question(x, &q, &kinds, req, c->policy);
    err = mistake ? answer_error(res, 400, mistake)
                  : answer_json(res, policy_explain(c->policy, &q, kinds));
    mem_deref(x);
    return err;
}

static json_t *call_json(const struct call *call)
{
    json_t *kinds = json_array();
    struct parties p;

    parties_of_call(&p, call);
    for (unsigned kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        if (call->verdicts[kind].is_decided &&
            call->verdicts[kind].decision.verdict == POLICY_ALLOW)
            (void)json_array_append_new(kinds, json_string(media_kind_name(kind)));
    }
    return json_pack("{s:s%, s:s, s:s%, s:s%, s:s%, s:b, s:o}", "call_id", call->id,
                     strlen(call->id), "provider", p.provider, "peer_fqdn", p.peer_fqdn.p,
                     p.peer_fqdn.n, "remote_user", p.remote_user.p, p.remote_user.n,
                     "enterprise_user", p.enterprise_user.p, p.enterprise_user.n, "to_provider",
                     p.direction == POLICY_TO_PROVIDER, "allowed", kinds);
}

/* A call-id that is not UTF-8 has no place in JSON: such a call is left out, and counted. */
static int calls_h(struct http_response *res, const struct http_request *req, void *arg)
{
    const struct control *c = arg;
    json_t *calls = json_array();
    const struct le *le;
    json_int_t n_left_out = 0;

    (void)req;
    for (le = c->live.head; le; le = le->next) {
        if (json_array_append_new(calls, call_json(le->data)))
            n_left_out++;
    }
    return answer_json(res, json_pack("{s:o, s:I}", "calls", calls, "n_left_out", n_left_out));
}

static int reload_h(struct http_response *res, const struct http_request *req, void *arg)
{
    struct control *c = arg;
    char token[HTTP_TOKEN_MAX] = "";
    int error = 0;

    /* read each time: a token is changed by changing the file */
    if (c->cfg->http_token_file[0])
        error = http_token_load(token, c->cfg->http_token_file);
    if (error)
        log_error(NULL, "http_token_file %s: %s", c->cfg->http_token_file, strerror(error));
    res->status = http_guard_check(req, &c->cfg->http, token);
    explicit_bzero(token, sizeof(token));
    if (res->status != 200)
        return answer_error(res, res->status,
                            "a change needs the token of http_token_file, and our own Host");
    return reload_begin(c, res->ticket) ? EAGAIN : EINPROGRESS;
}

static int reloaded_h(struct http_response *res, void *arg)
{
    const char *mistake = arg;

    if (mistake)
        return answer_error(res, 409, mistake);
    return answer_json(res, json_pack("{s:b}", "reloaded", true));
}

void routes_tell_reload(struct control *c, uint64_t ticket, char *mistake)
{
    (void)http_finish(c->http, ticket, reloaded_h, mistake);
}

static const struct http_route routes[] = {
    {"GET", "/metrics", metrics_h, 0},
    {"GET", "/policy/show", show_h, 0},
    {"GET", "/policy/explain", explain_h, 0},
    {"GET", "/policy/calls", calls_h, 0},
    {"POST", "/policy/reload", reload_h, 4096},
    /* the last ones only where they are asked for */
    {"GET", "/demo/", demo_page_h, 0},
    {"POST", "/demo/offer", demo_offer_h, DEMO_BODY_MAX},
    {"POST", "/demo/answer", demo_answer_h, DEMO_BODY_MAX},
    {"POST", "/demo/end", demo_end_h, 1024},
};
#define DEMO_ROUTES 4

int routes_start(struct control *c)
{
    const size_t n = sizeof(routes) / sizeof(routes[0]) - (c->cfg->has_demo ? 0 : DEMO_ROUTES);

    return http_start(&c->http, &c->cfg->http, routes, n, c);
}
