#ifndef PICRELAY_TREE_H
#define PICRELAY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/str.h"

/**
 * A decoded message: strings, integers, lists and dictionaries, whichever encoding they came in.
 * One array in reading order, so that a walk is a walk through memory and one free() ends it all.
 * [pure] Thread: any, one at a time.
 *
 * A dictionary's children are key, value, key, value ...; its keys are strings.
 */

#define TREE_DEPTH_MAX 32 /* containers within one another */

enum tree_kind { TREE_STRING, TREE_INTEGER, TREE_LIST, TREE_DICT };

struct tree_node {
    enum tree_kind kind;
    uint32_t n_nodes; /* this node and all below it */
    union {
        struct str string; /* borrowed */
        int64_t integer;
    };
};

/** Starts as all zero. */
struct tree {
    struct tree_node *nodes; /* the root first; NULL: nothing yet */
    uint32_t n, cap;
    unsigned depth;                /* containers still open */
    uint32_t open[TREE_DEPTH_MAX]; /* their indexes */
    bool is_value[TREE_DEPTH_MAX]; /* of an open dictionary: the next child is a value */
};

/**
 * What a decoder calls, in reading order.
 * @return 0; EBADMSG: a key that is not a string, a dictionary that ends behind a key, an end
 *         without a beginning; E2BIG: too deep; ENOMEM
 */
int tree_add_string(struct tree *t, struct str s);
int tree_add_integer(struct tree *t, int64_t i);
int tree_open(struct tree *t, enum tree_kind kind);
int tree_close(struct tree *t);

void tree_wipe(struct tree *t);

/** The children of a node: for (c = tree_first(n); c != tree_end(n); c = tree_next(c)) */
static inline const struct tree_node *tree_first(const struct tree_node *n)
{
    return n + 1;
}
static inline const struct tree_node *tree_next(const struct tree_node *n)
{
    return n + n->n_nodes;
}
static inline const struct tree_node *tree_end(const struct tree_node *n)
{
    return n + n->n_nodes;
}

#endif
