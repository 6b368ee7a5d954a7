#include "relay/control/command.h"

#include <string.h>

#include "relay/clock.h"
#include "relay/control/dialogue.h"
#include "relay/control/digits.h"
#include "relay/control/status/query.h"

/* One request being answered. */
struct execution {
    struct control *c;
    const struct ng_request *req;
    struct command_buffers *b;
    enum control_result result;
};

static size_t reply_error(struct execution *x, struct str reason)
{
    x->result = CONTROL_ERROR;
    return ng_reply_error(x->b->reply, sizeof(x->b->reply), x->req->encoding, x->req->cookie,
                          reason);
}

static void reply_begin(struct execution *x, struct ng_reply *w)
{
    ng_reply_begin(w, x->b->reply, sizeof(x->b->reply), x->req->encoding, x->req->cookie);
}

/* ---- offer and answer -------------------------------------------------------------------------
 */

static size_t reply_sdp(struct execution *x, const struct command_result *res)
{
    struct ng_reply w;

    if (res->result == CONTROL_LOAD_LIMIT) {
        x->result = CONTROL_LOAD_LIMIT;
        return ng_reply_load_limit(x->b->reply, sizeof(x->b->reply), x->req->encoding,
                                   x->req->cookie, str_of(res->error));
    }
    if (res->result == CONTROL_ERROR)
        return reply_error(x, str_of(res->error));
    reply_begin(x, &w);
    if (res->sdp_len) /* a trickle-ICE fragment has none */
        ng_reply_str(&w, STR("sdp"), (struct str){res->sdp, res->sdp_len});
    if (res->warning[0])
        ng_reply_str(&w, STR("warning"), str_of(res->warning));
    return ng_reply_end(&w, "ok");
}

static size_t execute_sdp(struct execution *x,
                          void (*command)(struct control *, const struct ng_request *,
                                          struct command_result *))
{
    struct command_result res = {.result = CONTROL_OK, .sdp = x->b->sdp};

    command(x->c, x->req, &res);
    return reply_sdp(x, &res);
}

/* ---- delete -----------------------------------------------------------------------------------
 */

static unsigned delete_delay_s(const struct execution *x)
{
    return x->req->delete_delay_s >= 0 ? (unsigned)x->req->delete_delay_s
                                       : x->c->cfg->delete_delay_s;
}

/* A call of many legs and lines has more to tell than a reply holds: then less of it is told. */
static size_t reply_call(struct execution *x, const struct call *call, const struct leg *only)
{
    static const enum query_detail details[] = {QUERY_ALL, QUERY_LEGS, QUERY_TOTALS};
    struct ng_reply w;
    size_t n = 0;

    for (unsigned i = 0; n == 0 && i < sizeof(details) / sizeof(details[0]); i++) {
        reply_begin(x, &w);
        query_write_call(&w, call, only, details[i]);
        n = ng_reply_end(&w, "ok");
    }
    return n;
}

static size_t reply_not_found(struct execution *x)
{
    static const struct str text = {"Call-ID not found or tags didn't match", 38};
    struct ng_reply w;

    if (ng_has(x->req, NG_FLAG_FATAL))
        return reply_error(x, text);
    reply_begin(x, &w);
    ng_reply_str(&w, STR("warning"), text);
    return ng_reply_end(&w, "ok");
}

static size_t execute_delete(struct execution *x)
{
    struct call *call;
    struct leg *leg = NULL;
    enum dialogue_scope scope = DIALOGUE_NOTHING;
    struct ng_reply w;
    size_t n;

    if (str_is_empty(x->req->call_id))
        return reply_error(x, STR("No call-id in message"));
    call = call_find(x->c, x->req->call_id);
    if (call && !call->is_ended)
        scope = dialogue_delete(&leg, call, x->req);
    if (scope == DIALOGUE_NOTHING)
        return reply_not_found(x);

    if (ng_has(x->req, NG_FLAG_FAST)) {
        reply_begin(x, &w);
        n = ng_reply_end(&w, "ok");
    } else {
        n = reply_call(x, call, NULL);
    }
    if (scope == DIALOGUE_LEG)
        leg_end(leg);
    else
        call_end(call, RECORD_END_DELETED, delete_delay_s(x));
    return n;
}

/* ---- the others -------------------------------------------------------------------------------
 */

static size_t execute_ping(struct execution *x)
{
    struct ng_reply w;

    reply_begin(x, &w);
    return ng_reply_end(&w, "pong");
}

static size_t execute_query(struct execution *x)
{
    const struct call *call;
    const struct leg *only = NULL;

    if (str_is_empty(x->req->call_id))
        return reply_error(x, STR("No call-id in message"));
    call = call_find(x->c, x->req->call_id);
    if (!call)
        return reply_error(x, STR("Unknown call-id"));
    only = dialogue_find_tag(call, x->req->from_tag);
    if (!only)
        only = dialogue_find_tag(call, x->req->to_tag);
    return reply_call(x, call, only);
}

static size_t execute_list(struct execution *x)
{
    const struct le *le = x->c->live.head;
    struct ng_reply w;

    if (x->req->limit < 0)
        return reply_error(x, STR("invalid limit, must be >= 0"));
    reply_begin(x, &w);
    ng_reply_open_list(&w, STR("calls"));
    for (int i = 0; le && i < x->req->limit; i++, le = le->next)
        ng_reply_str(&w, (struct str){NULL, 0}, str_of(((const struct call *)le->data)->id));
    ng_reply_close(&w);
    return ng_reply_end(&w, "ok");
}

static size_t execute_statistics(struct execution *x)
{
    struct ng_reply w;

    reply_begin(x, &w);
    query_write_statistics(&w, x->c);
    return ng_reply_end(&w, "ok");
}

static size_t reply_done(struct execution *x, int err, const char *reason)
{
    struct ng_reply w;

    if (err)
        return reply_error(x, str_of(reason));
    reply_begin(x, &w);
    return ng_reply_end(&w, "ok");
}

static size_t execute_play_dtmf(struct execution *x)
{
    const char *reason = NULL;
    const int err = digits_play(x->c, x->req, &reason);

    return reply_done(x, err, reason);
}

static size_t execute_block_dtmf(struct execution *x)
{
    const char *reason = NULL;
    const int err = digits_block(x->c, x->req, x->req->command == NG_BLOCK_DTMF, &reason);

    return reply_done(x, err, reason);
}

static size_t execute_offer(struct execution *x)
{
    return execute_sdp(x, command_offer);
}

static size_t execute_answer(struct execution *x)
{
    return execute_sdp(x, command_answer);
}

static size_t execute_unsupported(struct execution *x)
{
    return reply_error(x, STR("unsupported"));
}

static size_t execute_unrecognized(struct execution *x)
{
    return reply_error(x, STR("Unrecognized command"));
}

/* Call-ids and tags go into logs, records and replies: control characters have no place in them. */
static bool has_control_bytes(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    }
    return false;
}

static bool names_are_clean(const struct ng_request *req)
{
    return !has_control_bytes(req->call_id) && !has_control_bytes(req->from_tag) &&
           !has_control_bytes(req->to_tag) && !has_control_bytes(req->via_branch);
}

size_t command_execute(struct control *c, const struct ng_request *req, struct command_buffers *b)
{
    static size_t (*const commands[NG_COMMAND_COUNT])(struct execution *) = {
        [NG_PING] = execute_ping,
        [NG_OFFER] = execute_offer,
        [NG_ANSWER] = execute_answer,
        [NG_DELETE] = execute_delete,
        [NG_QUERY] = execute_query,
        [NG_LIST_CALLS] = execute_list,
        [NG_STATISTICS] = execute_statistics,
        [NG_PLAY_DTMF] = execute_play_dtmf,
        [NG_BLOCK_DTMF] = execute_block_dtmf,
        [NG_UNBLOCK_DTMF] = execute_block_dtmf,
        [NG_UNSUPPORTED] = execute_unsupported,
        [NG_UNRECOGNIZED] = execute_unrecognized,
    };
    struct execution x = {.c = c, .req = req, .b = b, .result = CONTROL_OK};
    uint64_t start_us = clock_now_us();
    size_t n;

    if (names_are_clean(req))
        n = commands[req->command](&x);
    else
        n = reply_error(&x, STR("control characters in call-id, tag or branch"));
    if (n == 0)
        n = reply_error(&x, STR("the reply is too long"));
    if (x.result == CONTROL_ERROR)
        c->counters.events[CONTROL_NG_REJECT]++;
    c->counters.requests[req->command][x.result]++;
    c->counters.request_us[req->command] += clock_now_us() - start_us;
    return n;
}
