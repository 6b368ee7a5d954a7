#include <errno.h>
#include <stdlib.h>

#include "relay/control/ng/bencode.h"
#include "relay/control/ng/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool claim)
{
    if (!claim)
        abort();
}

/** Every container holds exactly the nodes that it says, every dictionary pairs with string keys.
 */
static void check(const struct tree *t)
{
    require(t->depth == 0 && t->nodes[0].n_nodes == t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tree_node *node = &t->nodes[i], *child;
        size_t n_children = 0;

        if (node->kind == TREE_STRING || node->kind == TREE_INTEGER)
            require(node->n_nodes == 1);
        for (child = tree_first(node); child < tree_end(node); child = tree_next(child))
            require(node->kind != TREE_DICT || n_children++ % 2 || child->kind == TREE_STRING);
        require(child == tree_end(node) && n_children % 2 == 0);
    }
}

/** What arrives byte by byte ends where the whole does. */
static void check_scan(struct str in, int err)
{
    struct bencode_scan whole = {0}, pieces = {0};
    int scan = bencode_scan(&whole, in), last = EAGAIN;

    if (!err)
        require(scan == 0);
    for (size_t i = 1; i <= in.n && last == EAGAIN; i++)
        last = bencode_scan(&pieces, (struct str){in.p, i});
    if (in.n)
        require(last == scan && (scan != 0 || pieces.at == whole.at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str in = {(const char *)data, n};
    struct tree t = {0};
    struct arena a = {0};
    int err = bencode_decode(&t, in);

    if (!err)
        check(&t);
    check_scan(in, err);
    tree_wipe(&t);

    if (json_decode(&t, &a, in) == 0)
        check(&t);
    tree_wipe(&t);
    arena_wipe(&a);
    return 0;
}
