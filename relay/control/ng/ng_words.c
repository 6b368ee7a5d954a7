#include "relay/control/ng/ng_parse.h"

#include <errno.h>

#include "relay/control/ng/arena.h"

static bool letter_matches(char name, char c)
{
    if (name == '-')
        return c == '-' || c == ' ' || c == '_';
    if (name >= 'A' && name <= 'Z')
        return c == name || c == (char)(name - 'A' + 'a');
    return c == name;
}

bool ng_letters_match(struct str name, const char *word)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!letter_matches(name.p[i], word[i]))
            return false;
    }
    return true;
}

const struct ng_word *ng_word_find(const struct ng_word *words, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++) {
        if (ng_name_is(words[i].name, word))
            return &words[i];
    }
    return NULL;
}

static struct str cut(struct str s, size_t n)
{
    return n < s.n ? (struct str){s.p + n, s.n - n} : (struct str){NULL, 0};
}

bool ng_next_piece(struct str *piece, struct str *rest, char mark)
{
    const char *end;

    while (rest->n && *rest->p == mark)
        *rest = cut(*rest, 1);
    if (!rest->n)
        return false;

    end = memchr(rest->p, mark, rest->n);
    *piece = (struct str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
    *rest = cut(*rest, piece->n + 1);
    return true;
}

bool ng_strings_add(struct ng_strings *list, struct str s)
{
    if (list->n == NG_LIST_MAX)
        return false;
    list->v[list->n++] = s;
    return true;
}

static void *field(struct ng_parser *p, size_t at)
{
    return (char *)p->r + at;
}

bool ng_word_any(struct ng_parser *p, size_t at, struct str word)
{
    (void)p;
    (void)at;
    (void)word;
    return true;
}

bool ng_word_string(struct ng_parser *p, size_t at, struct str word)
{
    return ng_strings_add(field(p, at), word);
}

static bool is_escape(struct str s, size_t i)
{
    return i + 1 < s.n && s.p[i] == s.p[i + 1] && (s.p[i] == '-' || s.p[i] == '.');
}

static bool has_escape(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_escape(s, i))
            return true;
    }
    return false;
}

/** SIP proxies take '=' and ' ' as their own: "--" and ".." stand for them. */
static struct str unescape(struct ng_parser *p, struct str s)
{
    char *out;
    size_t n = 0;

    if (!has_escape(s))
        return s;
    out = arena_take(&p->r->arena, s.n);
    if (!out) {
        p->err = ENOMEM;
        return s;
    }

    for (size_t i = 0; i < s.n; i++) {
        if (is_escape(s, i))
            out[n++] = s.p[i++] == '-' ? '=' : ' ';
        else
            out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

bool ng_word_codec(struct ng_parser *p, size_t at, struct str word)
{
    return ng_strings_add(field(p, at), unescape(p, word));
}

bool ng_word_address(struct ng_parser *p, size_t at, struct str word)
{
    if (ng_name_is(STR("IP4"), word) || ng_name_is(STR("IP6"), word))
        return true; /* the address itself says so */
    return addr_parse_host(field(p, at), word.p, word.n) == 0;
}

bool ng_word_address_family(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word families[] = {
        {STR_INIT("IP4"), NG_FAMILY_IP4},
        {STR_INIT("IP6"), NG_FAMILY_IP6},
    };
    const struct ng_word *w = ng_word_find(families, NG_N(families), word);

    (void)at;
    if (w)
        p->r->address_family = (enum ng_family)w->value;
    return w;
}

bool ng_word_sip_type(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word types[] = {
        {STR_INIT("request"), NG_SIP_REQUEST}, {STR_INIT("SIP-request"), NG_SIP_REQUEST},
        {STR_INIT("reply"), NG_SIP_REPLY},     {STR_INIT("SIP-reply"), NG_SIP_REPLY},
        {STR_INIT("response"), NG_SIP_REPLY},  {STR_INIT("SIP-response"), NG_SIP_REPLY},
    };
    const struct ng_word *w = ng_word_find(types, NG_N(types), word);

    (void)at;
    if (w)
        p->r->sip_type = (enum ng_sip_type)w->value;
    return w;
}

bool ng_word_supports(struct ng_parser *p, size_t at, struct str word)
{
    (void)at;
    if (ng_name_is(STR("load-limit"), word))
        p->r->has_load_limit = true;
    return true; /* what else a client can do does not concern us */
}

/* Where others put a tone, other digits or noise there is silence: no mode lets a digit through. */
bool ng_word_dtmf_security(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word modes[] = {
        {STR_INIT("off"), NG_DTMF_EVENTS_ONLY}, {STR_INIT("drop"), NG_DTMF_EVENTS_ONLY},
        {STR_INIT("silence"), NG_DTMF_SILENCE}, {STR_INIT("tone"), NG_DTMF_SILENCE},
        {STR_INIT("random"), NG_DTMF_SILENCE},  {STR_INIT("zero"), NG_DTMF_SILENCE},
        {STR_INIT("DTMF"), NG_DTMF_SILENCE},
    };
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    (void)at;
    if (w)
        p->r->dtmf_security = (enum ng_dtmf_security)w->value;
    return w;
}

bool ng_word_all(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word choices[] = {
        {STR_INIT("all"), true},           {STR_INIT("none"), false},
        {STR_INIT("offer-answer"), false}, {STR_INIT("except-offer-answer"), false},
        {STR_INIT("flows"), false},
    };
    const struct ng_word *w = ng_word_find(choices, NG_N(choices), word);

    (void)at;
    if (w && w->value)
        p->r->flags |= UINT64_C(1) << NG_FLAG_ALL;
    return w;
}

bool ng_word_direction(struct ng_parser *p, size_t at, struct str word)
{
    (void)at;
    if (p->n_directions == NG_N(p->r->direction))
        return false;
    p->r->direction[p->n_directions++] = word;
    return true;
}

bool ng_word_replace(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word parts[] = {
        {STR_INIT("origin"), NG_REPLACE_ORIGIN},
        {STR_INIT("origin-full"), NG_REPLACE_ORIGIN_FULL},
        {STR_INIT("session-name"), NG_REPLACE_SESSION_NAME},
        {STR_INIT("username"), NG_REPLACE_USERNAME},
        {STR_INIT("SDP-version"), NG_REPLACE_SDP_VERSION},
        {STR_INIT("force-increment-SDP-ver"), NG_REPLACE_FORCE_INCREMENT_SDP_VER},
        {STR_INIT("zero-address"), NG_REPLACE_ZERO_ADDRESS},
        {STR_INIT("session-connection"), 0}, /* always done */
    };
    const struct ng_word *w = ng_word_find(parts, NG_N(parts), word);

    (void)at;
    if (w)
        p->r->replace |= w->value;
    return w;
}

bool ng_word_mux(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word modes[] = {
        {STR_INIT("offer"), NG_MUX_OFFER},   {STR_INIT("require"), NG_MUX_OFFER | NG_MUX_REQUIRE},
        {STR_INIT("demux"), NG_MUX_DEMUX},   {STR_INIT("accept"), NG_MUX_ACCEPT},
        {STR_INIT("reject"), NG_MUX_REJECT},
    };
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    (void)at;
    if (w)
        p->r->rtcp_mux |= w->value;
    return w;
}

/* "require" and "strict" ask for all lines on one transport, which is nothing that we have: they
 * are told as not understood. */
bool ng_word_bundle(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word modes[] = {
        {STR_INIT("accept"), 0},
        {STR_INIT("offer"), NG_BUNDLE_OFFER},
        {STR_INIT("reject"), NG_BUNDLE_REJECT},
    };
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    (void)at;
    if (w)
        p->r->bundle |= w->value;
    return w;
}

bool ng_word_ice_lite(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word modes[] = {
        {STR_INIT("forward"), NG_ICE_LITE_FORWARD},
        {STR_INIT("backward"), NG_ICE_LITE_BACKWARD},
        {STR_INIT("both"), NG_ICE_LITE_BOTH},
        {STR_INIT("off"), NG_ICE_LITE_OFF},
    };
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    (void)at;
    if (w)
        p->r->ice_lite = (enum ng_ice_lite)w->value;
    return w;
}

bool ng_word_ice(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word modes[] = {
        {STR_INIT("remove"), NG_ICE_REMOVE},           {STR_INIT("force"), NG_ICE_FORCE},
        {STR_INIT("default"), NG_ICE_DEFAULT},         {STR_INIT("optional"), NG_ICE_OPTIONAL},
        {STR_INIT("force-relay"), NG_ICE_FORCE_RELAY},
    };
    static const struct str lite = STR_INIT("lite-");
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    if (w)
        p->r->ice = (enum ng_ice)w->value;
    else if (ng_name_is(STR("trickle"), word))
        p->r->flags |= UINT64_C(1) << NG_FLAG_TRICKLE_ICE;
    else if (ng_name_is(STR("lite"), word))
        p->r->ice_lite = NG_ICE_LITE_FORWARD;
    else if (ng_name_begins(lite, word))
        return ng_word_ice_lite(p, at, (struct str){word.p + lite.n, word.n - lite.n});
    else
        return ng_name_is(STR("ICE2"), word); /* every agent of ours speaks it */
    return true;
}
