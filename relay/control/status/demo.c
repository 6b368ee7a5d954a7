#include "relay/control/status/demo.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "relay/control/command.h"
#include "relay/control/status/http_guard.h"

#define ID_PREFIX "demo-"
#define ID_MAX    32

extern const char demo_page[]; /* demo.html, made an array by the build */
extern const size_t demo_page_bytes;

int demo_page_h(struct http_response *res, const struct http_request *req, void *arg)
{
    (void)req;
    (void)arg;
    res->content_type = "text/html; charset=utf-8";
    return mbuf_write_mem(res->body, (const uint8_t *)demo_page, demo_page_bytes);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

/* Takes the value over. */
static int answer(struct http_response *res, unsigned status, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    int err = text ? mbuf_write_str(res->body, text) : ENOMEM;

    free(text);
    json_decref(value);
    res->status = status;
    res->content_type = "application/json";
    return err;
}

static int refuse(struct http_response *res, unsigned status, const char *sentence)
{
    return answer(res, status, json_pack("{s:s}", "error", sentence));
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static bool is_demo(const struct call *call)
{
    return strncmp(call->id, ID_PREFIX, strlen(ID_PREFIX)) == 0;
}

static unsigned count_calls(const struct control *c)
{
    unsigned n = 0;

    for (const struct le *le = c->live.head; le; le = le->next)
        n += is_demo(le->data);
    return n;
}

/* The enterprise's side calls the public one, as far as there are two. */
static json_t *direction_of(const struct config *cfg)
{
    const char *from = NULL, *to = NULL;

    for (unsigned i = 0; i < cfg->n_interfaces; i++) {
        const struct config_interface *itf = &cfg->interfaces[i];

        if (itf->provider[0] && !to)
            to = itf->name;
        else if (!itf->provider[0] && !from)
            from = itf->name;
    }
    return json_pack("[s,s]", from ? from : cfg->interfaces[0].name,
                     to ? to : cfg->interfaces[0].name);
}

/* A request that was asked for by POST, as a proxy would send it. Takes `request` over. */
static int execute(struct http_response *res, struct control *c, json_t *request, const char *id)
{
    struct command_buffers *b = mem_alloc(sizeof(*b), NULL);
    struct ng_request *req = mem_zalloc(sizeof(*req), NULL);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    const char *mistake = NULL;
    json_t *reply = NULL;
    int err = ENOMEM;

    json_decref(request);
    if (b && req && text) {
        err = ng_request_parse(req, str_of(text), &mistake, NULL, NULL);
        if (!err) {
            const size_t n = command_execute(c, req, b);

            /* before it stands a cookie, which is empty here, and a blank */
            reply = n > 1 ? json_loadb(b->reply + 1, n - 1, 0, NULL) : NULL;
        }
        ng_request_wipe(req);
    }
    free(text);
    mem_deref(req);
    mem_deref(b);
    if (err == ENOMEM)
        return ENOMEM;
    if (!reply)
        return refuse(res, 400, mistake ? mistake : "no reply");
    if (id)
        (void)json_object_set_new(reply, "call-id", json_string(id));
    return answer(res, 200, reply);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

/* @return what was asked, a new reference; NULL: *err has been answered */
static json_t *read_body(struct http_response *res, const struct http_request *req,
                         const struct control *c, int *err)
{
    json_t *body;

    if (!http_guard_is_own(req, &c->cfg->http)) {
        *err = refuse(res, 403, "only the page of this listener may ask");
        return NULL;
    }
    body = json_loadb(req->body.p ? req->body.p : "", req->body.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(body)) {
        json_decref(body);
        *err = refuse(res, 400, "expected an object of JSON");
        return NULL;
    }
    return body;
}

/* @return its call, that was made by this page and is up */
static const char *find_id(const struct control *c, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "call-id"));
    const struct call *call = id ? call_find(c, str_of(id)) : NULL;

    return call && is_demo(call) && !call->is_ended ? call->id : NULL;
}

int demo_offer_h(struct http_response *res, const struct http_request *req, void *arg)
{
    struct control *c = arg;
    char id[ID_MAX];
    int err = 0;
    json_t *body = read_body(res, req, c, &err);

    if (!body)
        return err;
    if (count_calls(c) >= DEMO_CALLS_MAX) {
        err = refuse(res, 503, "as many demo calls as there may be are up");
    } else if (!json_is_string(json_object_get(body, "sdp"))) {
        err = refuse(res, 400, "expected sdp");
    } else {
        (void)re_snprintf(id, sizeof(id), ID_PREFIX "%016llx", (unsigned long long)rand_u64());
        err =
            execute(res, c,
                    json_pack("{s:s, s:s, s:s, s:O, s:o, s:[s, s]}", "command", "offer", "call-id",
                              id, "from-tag", "a", "sdp", json_object_get(body, "sdp"), "direction",
                              direction_of(c->cfg), "flags", "WebRTC", "replace-origin"),
                    id);
    }
    json_decref(body);
    return err;
}

int demo_answer_h(struct http_response *res, const struct http_request *req, void *arg)
{
    struct control *c = arg;
    int err = 0;
    json_t *body = read_body(res, req, c, &err);
    const char *id = body ? find_id(c, body) : NULL;

    if (!body)
        return err;
    if (!id)
        err = refuse(res, 404, "no such call");
    else if (!json_is_string(json_object_get(body, "sdp")))
        err = refuse(res, 400, "expected sdp");
    else
        err = execute(res, c,
                      json_pack("{s:s, s:s, s:s, s:s, s:O, s:[s, s]}", "command", "answer",
                                "call-id", id, "from-tag", "a", "to-tag", "b", "sdp",
                                json_object_get(body, "sdp"), "flags", "WebRTC", "replace-origin"),
                      NULL);
    json_decref(body);
    return err;
}

int demo_end_h(struct http_response *res, const struct http_request *req, void *arg)
{
    struct control *c = arg;
    int err = 0;
    json_t *body = read_body(res, req, c, &err);
    const char *id = body ? find_id(c, body) : NULL;

    if (!body)
        return err;
    if (id)
        err = execute(res, c,
                      json_pack("{s:s, s:s, s:i, s:[s]}", "command", "delete", "call-id", id,
                                "delete-delay", 0, "flags", "fast"),
                      NULL);
    else
        err = refuse(res, 404, "no such call");
    json_decref(body);
    return err;
}
