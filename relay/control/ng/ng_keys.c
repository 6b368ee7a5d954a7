#include "relay/control/ng/ng_parse.h"

#include <errno.h>
#include <limits.h>

#define AT(member) offsetof(struct ng_request, member)
#define BIT(flag)  (UINT64_C(1) << NG_FLAG_##flag)

struct key {
    struct str name;
    /** Takes the value. @return false: it makes no sense here */
    bool (*take)(struct ng_parser *p, const struct key *key, const struct tree_node *value);
    size_t at;           /* where it goes in struct ng_request */
    ng_word_h *word;     /* take_words: for each of its words */
    uint64_t flags;      /* take_switch: what it switches */
    uint64_t rtpp_flags; /* set as well if the key stands in rtpp-flags */
    int min, max;        /* take_int */
    bool is_outer;       /* belongs to the message, never to rtpp-flags */
};

static void *field(struct ng_parser *p, const struct key *key)
{
    return (char *)p->r + key->at;
}

static bool take_text(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    if (value->kind != TREE_STRING)
        return false;
    *(struct str *)field(p, key) = value->string;
    return true;
}

/* A digit is a number in some clients and text in others. */
static bool take_digit(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    static const char numbers[] = "0123456789101112131415";

    (void)key;
    if (value->kind == TREE_STRING)
        p->r->digit = value->string;
    else if (value->kind == TREE_INTEGER && value->integer >= 0 && value->integer < 10)
        p->r->digit = (struct str){numbers + value->integer, 1};
    else if (value->kind == TREE_INTEGER && value->integer >= 10 && value->integer < 16)
        p->r->digit = (struct str){numbers + 10 + 2 * (value->integer - 10), 2};
    else
        return value->kind == TREE_INTEGER; /* no digit: the command says so */
    return true;
}

static bool take_nothing(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    (void)p;
    (void)key;
    (void)value;
    return true;
}

/** Decimal digits with an optional sign, as script variables of the proxies come. */
static bool read_decimal(int64_t *number, struct str s)
{
    bool is_negative = s.n > 0 && s.p[0] == '-';
    int64_t v = 0;
    size_t i = is_negative;

    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || v > INT_MAX)
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *number = is_negative ? -v : v;
    return true;
}

static bool read_number(int64_t *number, const struct tree_node *value)
{
    if (value->kind == TREE_STRING)
        return read_decimal(number, value->string);

    *number = value->kind == TREE_INTEGER ? value->integer : 0;
    return value->kind == TREE_INTEGER;
}

static bool take_int(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    int64_t number;

    if (!read_number(&number, value) || number < key->min || number > key->max)
        return false;

    *(int *)field(p, key) = (int)number;
    return true;
}

static bool take_tos(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    int *tos = field(p, key);

    if (!take_int(p, key, value))
        return false;
    if (*tos < 0)
        *tos = -1;
    else if (*tos == 256)
        *tos = NG_TOS_DEFAULT;
    return true;
}

static bool read_switch(bool *is_on, const struct tree_node *value)
{
    static const struct ng_word states[] = {
        {STR_INIT("yes"), true}, {STR_INIT("on"), true},   {STR_INIT("1"), true},
        {STR_INIT("no"), false}, {STR_INIT("off"), false}, {STR_INIT("0"), false},
    };
    const struct ng_word *w = NULL;

    if (value->kind == TREE_STRING)
        w = ng_word_find(states, NG_N(states), value->string);
    *is_on = w ? w->value : value->kind == TREE_INTEGER && value->integer;
    return w || value->kind == TREE_INTEGER;
}

static bool take_switch(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    bool is_on;

    if (!read_switch(&is_on, value))
        return false;
    p->r->flags = is_on ? p->r->flags | key->flags : p->r->flags & ~key->flags;
    return true;
}

static void take_word(struct ng_parser *p, const struct key *key, struct str word)
{
    if (!key->word(p, key->at, word))
        ng_unknown(p, key->name, word);
}

/** Where a list is expected a string will do, with commas between the words. */
static void take_split(struct ng_parser *p, const struct key *key, struct str words)
{
    struct str word;

    while (ng_next_piece(&word, &words, ','))
        take_word(p, key, word);
}

static bool take_words(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    const struct tree_node *member;

    if (value->kind == TREE_STRING)
        take_split(p, key, value->string);
    else if (value->kind != TREE_LIST)
        return false;

    for (member = tree_first(value); member != tree_end(value); member = tree_next(member)) {
        if (member->kind == TREE_STRING)
            take_word(p, key, member->string);
        else
            ng_unknown(p, key->name, (struct str){NULL, 0});
    }
    return true;
}

/** A list says all; in rtpp-flags the names may come one by one. */
static bool take_direction(struct ng_parser *p, const struct key *key,
                           const struct tree_node *value)
{
    if (!p->is_rtpp_flags)
        p->n_directions = 0;
    return take_words(p, key, value);
}

static bool take_rtpp_flags(struct ng_parser *p, const struct key *key,
                            const struct tree_node *value)
{
    (void)key;
    if (value->kind != TREE_STRING)
        return false;
    ng_take_rtpp_flags(p, value->string);
    return true;
}

/* The rows of the tables below, without their braces. */
#define TEXT(text, member)    .name = STR_INIT(text), .take = take_text, .at = AT(member)
#define WORDS(text, handler)  .name = STR_INIT(text), .take = take_words, .word = (handler)
#define INTEGER(text, member) .name = STR_INIT(text), .take = take_int, .at = AT(member)
#define SWITCH(text, flag)    .name = STR_INIT(text), .take = take_switch, .flags = BIT(flag)
#define IGNORED(text)         .name = STR_INIT(text), .take = take_nothing
#define CODECS(text, list)    WORDS(text, ng_word_codec), .at = AT(codec.list)

/** Members of `codec`. */
static const struct key codec_keys[] = {
    {CODECS("strip", strip)},     {CODECS("except", except)},       {CODECS("offer", offer)},
    {CODECS("ignore", ignore)},   {CODECS("transcode", transcode)}, {CODECS("mask", mask)},
    {CODECS("consume", consume)}, {CODECS("accept", accept)},       {CODECS("set", set)},
};

static const struct key *find(const struct key *keys, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (ng_name_is(keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

static bool take_codec(struct ng_parser *p, const struct key *key, const struct tree_node *value)
{
    const struct tree_node *name, *list;
    uint64_t seen = 0;

    if (value->kind != TREE_DICT)
        return false;

    for (name = tree_first(value); name != tree_end(value); name = tree_next(list)) {
        const struct key *k = find(codec_keys, NG_N(codec_keys), name->string);
        uint64_t bit = k ? UINT64_C(1) << (k - codec_keys) : 0;

        list = tree_next(name);
        if (seen & bit)
            p->r->n_duplicate++;
        else if (!k || !k->take(p, k, list))
            ng_unknown(p, key->name, name->string);
        seen |= bit;
    }
    return true;
}

/** The keys of a request; of those of media commands only what offers and answers may carry. */
static const struct key keys[] = {
    {TEXT("command", command_text), .is_outer = true},
    {TEXT("call-ID", call_id)},
    {TEXT("from-tag", from_tag), .rtpp_flags = BIT(DIRECTIONAL)},
    {TEXT("to-tag", to_tag), .rtpp_flags = BIT(TO_TAG)},
    {TEXT("SDP", sdp), .is_outer = true},
    {WORDS("supports", ng_word_supports)},
    {WORDS("received-from", ng_word_address), .at = AT(received_from)},
    {WORDS("flags", ng_word_flag)},
    {WORDS("replace", ng_word_replace)},
    {.name = STR_INIT("direction"), .take = take_direction, .word = ng_word_direction},
    {TEXT("from-interface", direction[0])},
    {TEXT("to-interface", direction[1])},
    {TEXT("interface", interface)},
    {WORDS("address-family", ng_word_address_family)},
    {WORDS("media-address", ng_word_address), .at = AT(media_address)},
    {TEXT("via-branch", via_branch)},
    {WORDS("SIP-message-type", ng_word_sip_type)},
    {INTEGER("SIP-code", sip_code), .min = 100, .max = 699},
    {INTEGER("SIP-response-code", sip_code), .min = 100, .max = 699},
    {WORDS("ICE", ng_word_ice)},
    {WORDS("ICE-lite", ng_word_ice_lite)},
    {WORDS("transport-protocol", ng_word_proto)},
    {WORDS("DTLS", ng_word_dtls)},
    {WORDS("DTLS-reverse", ng_word_dtls)},
    {TEXT("DTLS-fingerprint", dtls_fingerprint)},
    {WORDS("SDES", ng_word_sdes)},
    {IGNORED("OSRTP")},
    {WORDS("RTCP-mux", ng_word_mux)},
    {WORDS("bundle", ng_word_bundle)},
    {.name = STR_INIT("codec"), .take = take_codec},
    {CODECS("codec-strip", strip)},
    {CODECS("codec-except", except)},
    {CODECS("codec-offer", offer)},
    {CODECS("codec-ignore", ignore)},
    {CODECS("codec-transcode", transcode)},
    {CODECS("codec-mask", mask)},
    {CODECS("codec-consume", consume)},
    {CODECS("codec-accept", accept)},
    {CODECS("codec-set", set)},
    {CODECS("transcode", transcode)},
    {INTEGER("ptime", ptime_ms), .min = 0, .max = 1000},
    {INTEGER("ptime-reverse", ptime_reverse_ms), .min = 0, .max = 1000},
    {IGNORED("T.38")},
    {IGNORED("T38")},
    {IGNORED("T.38-version")},
    {IGNORED("T38-version")},
    {IGNORED("SDP-attr")},
    {WORDS("SDP-media-remove", ng_word_string), .at = AT(media_remove)},
    {IGNORED("extmap")},
    {TEXT("label", label)},
    {TEXT("from-label", label)},
    {IGNORED("to-label")},
    {IGNORED("set-label")},
    {SWITCH("record-call", RECORD_CALL)},
    {TEXT("metadata", metadata)},
    {IGNORED("recording-file")},
    {IGNORED("recording-dir")},
    {IGNORED("recording-pattern")},
    {.name = STR_INIT("TOS"), .take = take_tos, .at = AT(tos), .min = INT_MIN, .max = 256},
    {INTEGER("delete-delay", delete_delay_s), .min = 0, .max = 86400},
    {IGNORED("endpoint-learning")},
    {SWITCH("generate-RTCP", GENERATE_RTCP)},
    {WORDS("DTMF-security", ng_word_dtmf_security)},
    {IGNORED("DTMF-security-trigger")},
    {IGNORED("DTMF-security-trigger-end")},
    {IGNORED("DTMF-delay")},
    {IGNORED("DTMF-log-dest")},
    {.name = STR_INIT("rtpp-flags"), .take = take_rtpp_flags, .is_outer = true},
    {WORDS("all", ng_word_all)},
    {.name = STR_INIT("code"), .take = take_digit},
    {.name = STR_INIT("digit"), .take = take_digit},
    {INTEGER("duration", duration_ms), .min = 0, .max = 3600000},
    {INTEGER("volume", volume_db), .min = -100, .max = 100},
    {INTEGER("pause", pause_ms), .min = 0, .max = 3600000},
    {INTEGER("limit", limit), .min = INT_MIN, .max = INT_MAX},
    {TEXT("provider", provider)}, /* this and those that follow: picrelay's own */
    {TEXT("dialect", dialect)},
    {TEXT("peer-fqdn", peer_fqdn)},
    {TEXT("from-uri", from_uri)},
    {TEXT("to-uri", to_uri)},
};

_Static_assert(NG_N(keys) <= NG_KEYS_MAX, "one bit a row in ng_parser.seen");

/** @return whether the key came before in this dictionary */
static bool is_duplicate(struct ng_parser *p, const struct key *key)
{
    size_t row = (size_t)(key - keys);
    uint64_t bit = UINT64_C(1) << (row % 64), *seen = &p->seen[row / 64];
    bool has_come = *seen & bit;

    *seen |= bit;
    return has_come && !p->is_rtpp_flags;
}

void ng_take_key(struct ng_parser *p, struct str name, const struct tree_node *value)
{
    static const struct str nothing = STR_INIT("");
    struct str text = value->kind == TREE_STRING ? value->string : nothing;
    const struct key *key = find(keys, NG_N(keys), name);

    if (!key || (p->is_rtpp_flags && key->is_outer)) {
        ng_unknown(p, STR("key"), name);
        return;
    }
    if (is_duplicate(p, key)) {
        p->r->n_duplicate++;
        return;
    }
    if (!key->take(p, key, value))
        ng_unknown(p, key->name, text);
    else if (p->is_rtpp_flags)
        p->r->flags |= key->rtpp_flags;
}
