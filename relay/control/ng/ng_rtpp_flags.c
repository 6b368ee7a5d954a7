#include "relay/control/ng/ng_parse.h"

#include <errno.h>

#define BLANKS " \t\r\n" /* a script may break a long string into lines */

/** A string that is read from the left. */
struct reader {
    const char *p, *end;
};

static void skip_blanks(struct reader *in)
{
    while (in->p < in->end && *in->p != '\0' && strchr(BLANKS, *in->p))
        in->p++;
}

static struct str read_until(struct reader *in, const char *marks)
{
    const char *first = in->p;

    while (in->p < in->end && (*in->p == '\0' || !strchr(marks, *in->p)))
        in->p++;
    return (struct str){first, (size_t)(in->p - first)};
}

static bool is_at(const struct reader *in, char c)
{
    return in->p < in->end && *in->p == c;
}

/** A bracket is a dictionary if its first element has the form k=v, else a list. */
static enum tree_kind bracket_kind(struct reader in)
{
    skip_blanks(&in);
    return read_until(&in, BLANKS "[]=").n && is_at(&in, '=') ? TREE_DICT : TREE_LIST;
}

static bool is_key_expected(const struct tree *t)
{
    unsigned top = t->depth - 1;

    return t->nodes[t->open[top]].kind == TREE_DICT && !t->is_value[top];
}

static int read_open(struct tree *t, struct reader *in)
{
    int err = 0;

    in->p++;
    if (is_key_expected(t)) /* a bracket without a name: it goes under the empty one */
        err = tree_add_string(t, STR(""));
    return err ? err : tree_open(t, bracket_kind(*in));
}

static int read_pair(struct tree *t, struct reader *in)
{
    int err = tree_add_string(t, read_until(in, BLANKS "[]="));

    if (err)
        return err;
    if (!is_at(in, '='))
        return tree_add_integer(t, 1);

    in->p++;
    if (is_at(in, '['))
        return 0; /* the value is what the bracket holds */
    return tree_add_string(t, read_until(in, BLANKS "[]"));
}

static int read_word(struct tree *t, struct reader *in)
{
    if (is_key_expected(t))
        return read_pair(t, in);
    return tree_add_string(t, read_until(in, BLANKS "[]"));
}

static int read_next(struct tree *t, struct reader *in)
{
    if (is_at(in, '['))
        return read_open(t, in);
    if (!is_at(in, ']'))
        return read_word(t, in);

    in->p++;
    return t->depth > 1 ? tree_close(t) : 0; /* one bracket too many closes nothing */
}

int ng_rtpp_flags_decode(struct tree *t, struct str text)
{
    struct reader in = {text.p, text.p + text.n};
    int err = tree_open(t, TREE_DICT);

    for (skip_blanks(&in); !err && in.p < in.end; skip_blanks(&in))
        err = read_next(t, &in);

    while (!err && t->depth > 0) /* brackets that nobody closed */
        err = tree_close(t);
    return err;
}

void ng_take_rtpp_flags(struct ng_parser *p, struct str text)
{
    const struct tree_node *name, *value;
    struct tree t = {0};
    int err = ng_rtpp_flags_decode(&t, text);

    if (err) {
        p->err = err;
        tree_wipe(&t);
        return;
    }

    p->is_rtpp_flags = true;
    p->n_directions = 0;
    p->proto = 0; /* single words start from RTP/AVP */
    for (name = tree_first(t.nodes); name != tree_end(t.nodes); name = tree_next(value)) {
        value = tree_next(name);
        if (value->kind != TREE_INTEGER)
            ng_take_key(p, name->string, value);
        else if (!ng_word_flag(p, 0, name->string))
            ng_unknown(p, STR("rtpp-flags"), name->string);
    }
    p->is_rtpp_flags = false;
    tree_wipe(&t);
}
