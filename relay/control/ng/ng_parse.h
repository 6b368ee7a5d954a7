#ifndef PICRELAY_NG_PARSE_H
#define PICRELAY_NG_PARSE_H

#include "relay/control/ng/ng.h"
#include "relay/control/ng/tree.h"

/**
 * What the rooms that read an NG request share: ng.c opens the message, ng_keys.c knows the keys of
 * its dictionary, ng_flags.c the words of `flags`, ng_words.c and
 * ng_words_srtp.c those of the other lists, and ng_rtpp_flags.c the string that carries keys and
 * flags in one. [pure] Thread: control.
 */

#define NG_UNKNOWN_NAMED_MAX 16  /* of one message; a hostile one must not fill a log */
#define NG_KEYS_MAX          128 /* rows of the table of keys */

struct ng_parser {
    struct ng_request *r;
    ng_unknown_h *unknown;
    void *arg;
    uint64_t seen[NG_KEYS_MAX / 64]; /* rows of keys met in the dictionary: the first one counts */
    unsigned n_directions;           /* members of `direction` so far */
    unsigned proto;                  /* bits of RTP, SRTP, AVP, AVPF and DTLS as single words */
    bool is_rtpp_flags;              /* what is read now comes from that string */
    int err;                         /* ENOMEM, E2BIG */
};

/** Counts, and names to the handler, what is not understood. */
void ng_unknown(struct ng_parser *p, struct str where, struct str what);

/** Whether the word begins with the letters of the name; it has at least as many. */
bool ng_letters_match(struct str name, const char *word);

/**
 * Whether a word is a name in one of the spellings that are allowed: '-' in the name stands for
 * hyphen, space or underscore, and its capital letters, which are acronyms, match without case.
 * Inline, as it is asked for each row of a table and the length alone nearly always says no.
 */
static inline bool ng_name_is(struct str name, struct str word)
{
    return word.n == name.n && ng_letters_match(name, word.p);
}

/** The same for the beginning of a word; something must follow. */
static inline bool ng_name_begins(struct str prefix, struct str word)
{
    return word.n > prefix.n && ng_letters_match(prefix, word.p);
}

#define NG_N(table) (sizeof(table) / sizeof((table)[0]))

/** A row of a table of words. */
struct ng_word {
    struct str name;
    unsigned value;
};

/** @return the row; NULL: none */
const struct ng_word *ng_word_find(const struct ng_word *words, size_t n, struct str word);

/** Takes the next piece that is not empty off a text with marks in it. @return false: none is left
 */
bool ng_next_piece(struct str *piece, struct str *rest, char mark);

/** @return false: the list is full */
bool ng_strings_add(struct ng_strings *list, struct str s);

/**
 * Takes one word of a list. @return whether it was understood
 * @param at  offset in struct ng_request of what it goes to, for handlers that serve several
 */
typedef bool ng_word_h(struct ng_parser *p, size_t at, struct str word);

/** To a union addr; IP4 and IP6 in front of it are passed over. */
bool ng_word_address(struct ng_parser *p, size_t at, struct str word);
bool ng_word_address_family(struct ng_parser *p, size_t at, struct str word);
bool ng_word_all(struct ng_parser *p, size_t at, struct str word);
bool ng_word_dtmf_security(struct ng_parser *p, size_t at, struct str word);
/** Known, without effect here. */
bool ng_word_any(struct ng_parser *p, size_t at, struct str word);
bool ng_word_bundle(struct ng_parser *p, size_t at, struct str word);
/** To a struct ng_strings, unescaped. */
bool ng_word_codec(struct ng_parser *p, size_t at, struct str word);
bool ng_word_direction(struct ng_parser *p, size_t at, struct str word);
bool ng_word_dtls(struct ng_parser *p, size_t at, struct str word);
/** One word of `flags`. */
bool ng_word_flag(struct ng_parser *p, size_t at, struct str word);
bool ng_word_ice(struct ng_parser *p, size_t at, struct str word);
bool ng_word_ice_lite(struct ng_parser *p, size_t at, struct str word);
bool ng_word_mux(struct ng_parser *p, size_t at, struct str word);
/** A protocol by its full name. */
bool ng_word_proto(struct ng_parser *p, size_t at, struct str word);
/** RTP, SRTP, AVP, AVPF, DTLS. */
bool ng_word_proto_part(struct ng_parser *p, size_t at, struct str word);
bool ng_word_replace(struct ng_parser *p, size_t at, struct str word);
bool ng_word_sdes(struct ng_parser *p, size_t at, struct str word);
bool ng_word_sip_type(struct ng_parser *p, size_t at, struct str word);
/** To a struct ng_strings, as it is. */
bool ng_word_string(struct ng_parser *p, size_t at, struct str word);
bool ng_word_supports(struct ng_parser *p, size_t at, struct str word);

/** One key of the dictionary, or of rtpp-flags, with its value. */
void ng_take_key(struct ng_parser *p, struct str name, const struct tree_node *value);

/** The rtpp-flags string: its words are applied in their order. */
void ng_take_rtpp_flags(struct ng_parser *p, struct str text);

/**
 * Reads an rtpp-flags string as a dictionary; a word without value has the integer 1. [pure]
 * @param t  empty; its strings borrow from text
 * @return 0; E2BIG: brackets too deep; ENOMEM
 */
int ng_rtpp_flags_decode(struct tree *t, struct str text);

#endif
