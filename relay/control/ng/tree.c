#include "relay/control/ng/tree.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_NODES 64 /* an offer of Kamailio has 28 */

static int grow(struct tree *t)
{
    uint32_t cap = t->cap ? 2 * t->cap : FIRST_NODES;
    struct tree_node *nodes;

    if (cap < t->cap)
        return ENOMEM;

    nodes = realloc(t->nodes, cap * sizeof(*nodes));
    if (!nodes)
        return ENOMEM;

    t->nodes = nodes;
    t->cap = cap;
    return 0;
}

/** Key and value take turns; only a string can be a key. */
static int take_turn(struct tree *t, enum tree_kind kind)
{
    unsigned top = t->depth - 1;

    if (t->depth == 0 || t->nodes[t->open[top]].kind != TREE_DICT)
        return 0;
    if (!t->is_value[top] && kind != TREE_STRING)
        return EBADMSG;

    t->is_value[top] = !t->is_value[top];
    return 0;
}

static int add(struct tree *t, struct tree_node node)
{
    int err;

    if (t->n == t->cap) {
        err = grow(t);
        if (err)
            return err;
    }

    err = take_turn(t, node.kind);
    if (err)
        return err;

    t->nodes[t->n++] = node;
    return 0;
}

int tree_add_string(struct tree *t, struct str s)
{
    return add(t, (struct tree_node){.kind = TREE_STRING, .n_nodes = 1, .string = s});
}

int tree_add_integer(struct tree *t, int64_t i)
{
    return add(t, (struct tree_node){.kind = TREE_INTEGER, .n_nodes = 1, .integer = i});
}

int tree_open(struct tree *t, enum tree_kind kind)
{
    uint32_t index = t->n;
    int err;

    if (t->depth == TREE_DEPTH_MAX)
        return E2BIG;

    err = add(t, (struct tree_node){.kind = kind, .n_nodes = 1});
    if (err)
        return err;

    t->open[t->depth] = index;
    t->is_value[t->depth] = false;
    t->depth++;
    return 0;
}

int tree_close(struct tree *t)
{
    uint32_t index;

    if (t->depth == 0 || t->is_value[t->depth - 1])
        return EBADMSG;

    t->depth--;
    index = t->open[t->depth];
    t->nodes[index].n_nodes = t->n - index;
    return 0;
}

void tree_wipe(struct tree *t)
{
    free(t->nodes);
    *t = (struct tree){0};
}
