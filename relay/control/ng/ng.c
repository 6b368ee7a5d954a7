#include "relay/control/ng/ng.h"

#include <errno.h>

#include "relay/control/ng/bencode.h"
#include "relay/control/ng/json.h"
#include "relay/control/ng/ng_parse.h"

_Static_assert(NG_NESTING_MAX == TREE_DEPTH_MAX, "one bound, said to two kinds of readers");

struct command {
    struct str name;
    enum ng_command command;
};

static const struct command commands[] = {
    {STR_INIT("ping"), NG_PING},
    {STR_INIT("offer"), NG_OFFER},
    {STR_INIT("answer"), NG_ANSWER},
    {STR_INIT("delete"), NG_DELETE},
    {STR_INIT("query"), NG_QUERY},
    {STR_INIT("list"), NG_LIST_CALLS},
    {STR_INIT("statistics"), NG_STATISTICS},
    {STR_INIT("start recording"), NG_UNSUPPORTED},
    {STR_INIT("stop recording"), NG_UNSUPPORTED},
    {STR_INIT("pause recording"), NG_UNSUPPORTED},
    {STR_INIT("block media"), NG_UNSUPPORTED},
    {STR_INIT("unblock media"), NG_UNSUPPORTED},
    {STR_INIT("silence media"), NG_UNSUPPORTED},
    {STR_INIT("unsilence media"), NG_UNSUPPORTED},
    {STR_INIT("block DTMF"), NG_BLOCK_DTMF},
    {STR_INIT("unblock DTMF"), NG_UNBLOCK_DTMF},
    {STR_INIT("start forwarding"), NG_UNSUPPORTED},
    {STR_INIT("stop forwarding"), NG_UNSUPPORTED},
    {STR_INIT("play media"), NG_UNSUPPORTED},
    {STR_INIT("stop media"), NG_UNSUPPORTED},
    {STR_INIT("play DTMF"), NG_PLAY_DTMF},
    {STR_INIT("publish"), NG_UNSUPPORTED},
    {STR_INIT("subscribe request"), NG_UNSUPPORTED},
    {STR_INIT("subscribe answer"), NG_UNSUPPORTED},
    {STR_INIT("unsubscribe"), NG_UNSUPPORTED},
    {STR_INIT("connect"), NG_UNSUPPORTED},
    {STR_INIT("inject start"), NG_UNSUPPORTED},
    {STR_INIT("inject stop"), NG_UNSUPPORTED},
    {STR_INIT("create"), NG_UNSUPPORTED},
    {STR_INIT("create answer"), NG_UNSUPPORTED},
    {STR_INIT("mesh"), NG_UNSUPPORTED},
    {STR_INIT("transform"), NG_UNSUPPORTED},
    {STR_INIT("cli"), NG_UNSUPPORTED},
    {STR_INIT("CLI"), NG_UNSUPPORTED},
};

const char *ng_command_name(enum ng_command command)
{
    static const char *const names[NG_COMMAND_COUNT] = {
        [NG_PING] = "ping",
        [NG_OFFER] = "offer",
        [NG_ANSWER] = "answer",
        [NG_DELETE] = "delete",
        [NG_QUERY] = "query",
        [NG_LIST_CALLS] = "list",
        [NG_STATISTICS] = "statistics",
        [NG_PLAY_DTMF] = "play DTMF",
        [NG_BLOCK_DTMF] = "block DTMF",
        [NG_UNBLOCK_DTMF] = "unblock DTMF",
        [NG_UNSUPPORTED] = "unsupported",
        [NG_UNRECOGNIZED] = "unrecognized",
    };

    return names[command];
}

static enum ng_command command_of(struct str text)
{
    for (size_t i = 0; i < NG_N(commands); i++) {
        if (str_equal(commands[i].name, text))
            return commands[i].command;
    }
    return NG_UNRECOGNIZED;
}

int ng_split(const char *msg, size_t n, struct str *cookie, struct str *body)
{
    const char *space = n ? memchr(msg, ' ', n) : NULL;

    if (!space || space == msg)
        return EBADMSG;

    *cookie = (struct str){msg, (size_t)(space - msg)};
    *body = (struct str){space + 1, n - cookie->n - 1};
    return 0;
}

void ng_unknown(struct ng_parser *p, struct str where, struct str what)
{
    p->r->n_unknown++;
    if (p->unknown && p->r->n_unknown <= NG_UNKNOWN_NAMED_MAX)
        p->unknown(where, what, p->arg);
}

/** What the wire formats cannot say: how to tell that a key was not given. */
static void request_init(struct ng_request *r)
{
    *r = (struct ng_request){
        .command = NG_UNRECOGNIZED, .tos = NG_TOS_DEFAULT, .delete_delay_s = -1, .limit = 32};
}

/** @return 0; EBADMSG, E2BIG: answer with *error; ENOMEM */
static int decode(struct tree *t, struct ng_request *r, struct str body, const char **error)
{
    *error = body.n ? "Invalid NG data format" : "Invalid data (no payload)";
    if (body.n && body.p[0] == 'd') {
        *error = "Could not decode bencode dictionary";
        return body.n > BENCODE_MAX ? E2BIG : bencode_decode(t, body);
    }
    if (body.n && body.p[0] == '{') {
        int err = body.n > BENCODE_MAX ? E2BIG : json_decode(t, &r->arena, body);

        r->encoding = NG_JSON;
        *error =
            err == E2BIG ? "Could not decode JSON dictionary" : "Failed to parse JSON document";
        return err;
    }
    return EBADMSG;
}
/** @return 0; E2BIG, ENOMEM */
static int take_dictionary(struct ng_parser *p, const struct tree_node *dict)
{
    const struct tree_node *name, *value;

    for (name = tree_first(dict); name != tree_end(dict); name = tree_next(value)) {
        value = tree_next(name);
        ng_take_key(p, name->string, value);
    }
    return p->err;
}

int ng_request_parse(struct ng_request *r, struct str body, const char **error,
                     ng_unknown_h *unknown, void *arg)
{
    struct ng_parser p = {.r = r, .unknown = unknown, .arg = arg};
    struct tree t = {0};
    int err;

    request_init(r);
    err = decode(&t, r, body, error);
    if (!err)
        err = take_dictionary(&p, t.nodes);
    tree_wipe(&t);
    if (err)
        return err == ENOMEM ? ENOMEM : EBADMSG;

    if (!r->command_text.p) {
        *error = "Dictionary contains no key \"command\"";
        return EBADMSG;
    }
    r->command = command_of(r->command_text);
    *error = NULL;
    return 0;
}

void ng_request_wipe(struct ng_request *r)
{
    arena_wipe(&r->arena);
}
