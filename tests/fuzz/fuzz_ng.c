#include <stdlib.h>

#include "relay/control/ng/bencode.h"
#include "relay/control/ng/json.h"
#include "relay/control/ng/ng_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void count(struct str where, struct str what, void *arg)
{
    unsigned *n_named = arg;

    require(where.n > 0 && (what.p || what.n == 0));
    ++*n_named;
}

/** jansson cannot read a NUL in a key, so the JSON reply is only held against it without. */
static struct str key_of(struct str tag)
{
    return !tag.n || memchr(tag.p, '\0', tag.n) ? STR("none") : tag;
}

static size_t write_reply(char *buf, enum ng_encoding encoding, const struct ng_request *r,
                          struct str cookie)
{
    struct ng_reply w;

    ng_reply_begin(&w, buf, NG_REPLY_MAX, encoding, cookie);
    ng_reply_str(&w, STR("call-id"), r->call_id);
    ng_reply_open_dict(&w, STR("tags"));
    ng_reply_open_list(&w, key_of(r->from_tag));
    for (unsigned i = 0; i < r->codec.transcode.n; i++)
        ng_reply_str(&w, (struct str){NULL, 0}, r->codec.transcode.v[i]);
    ng_reply_int(&w, (struct str){NULL, 0}, r->limit);
    ng_reply_close(&w);
    ng_reply_close(&w);
    ng_reply_str(&w, STR("sdp"), r->sdp);
    return ng_reply_end(&w, "ok");
}

/** A reply is readable, and bencode gives back the bytes that went in. */
static void check_reply(const struct ng_request *r, struct str cookie, enum ng_encoding encoding)
{
    static char buf[NG_REPLY_MAX];
    size_t n = write_reply(buf, encoding, r, cookie);
    struct str body = {buf + cookie.n + 1, n - cookie.n - 1};
    struct arena a = {0};
    struct tree t = {0};

    if (n == 0)
        return;
    if (encoding == NG_BENCODE) {
        require(bencode_decode(&t, body) == 0);
        require(str_equal(t.nodes[2].string, r->call_id));
    } else {
        require(json_decode(&t, &a, body) == 0);
    }
    tree_wipe(&t);
    arena_wipe(&a);
}

static void check_request(struct str body, struct str cookie)
{
    const char *error = NULL;
    struct ng_request r;
    unsigned n_named = 0;
    int err = ng_request_parse(&r, body, &error, count, &n_named);

    require(n_named == (r.n_unknown < NG_UNKNOWN_NAMED_MAX ? r.n_unknown : NG_UNKNOWN_NAMED_MAX));
    if (err) {
        require(error != NULL);
    } else {
        check_reply(&r, cookie, NG_BENCODE);
        check_reply(&r, cookie, NG_JSON);
    }
    ng_request_wipe(&r);
}

/** The rtpp-flags string by itself: a fuzzer seldom gets the lengths around it right. */
static void check_rtpp_flags(struct str text)
{
    struct ng_request r = {0};
    struct ng_parser p = {.r = &r};
    struct tree t = {0};

    if (ng_rtpp_flags_decode(&t, text) == 0)
        require(t.depth == 0 && t.nodes[0].n_nodes == t.n);
    tree_wipe(&t);

    ng_take_rtpp_flags(&p, text);
    ng_request_wipe(&r);
}

/** The input as a message, and as an rtpp-flags string. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str all = {(const char *)data, n}, cookie, body;

    if (ng_split(all.p, all.n, &cookie, &body) == 0)
        check_request(body, cookie);
    check_rtpp_flags(all);
    return 0;
}
