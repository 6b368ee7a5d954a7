#include "relay/yaml.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "relay/text.h"
#include "relay/yaml_text.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

/* A tree lives and dies as a whole, so its nodes and texts are cut from chunks. */
struct chunk {
    struct chunk *next;
    size_t n_used, n_total;
    max_align_t data[];
};

struct yaml_tree {
    struct chunk *chunks;
    struct yaml_node *root;
    size_t n_nodes;
};

/* A list or map whose end has not been seen. */
struct level {
    struct yaml_node *node;
    struct yaml_node *last; /* item */
    const char *key;        /* of the next item; NULL: a key comes next */
    unsigned key_line;
};

/* libyaml's events become nodes here, with a stack of our own: no recursion driven by input. */
struct builder {
    yaml_parser_t parser;
    struct yaml_tree *tree;
    const struct yaml_limits *limits;
    const struct yaml_report *report;
    const char *text;
    size_t n_text;
    struct level levels[YAML_DEPTH_MAX];
    unsigned depth;
    bool is_finished;
};

static void *tree_alloc(struct yaml_tree *tree, size_t n)
{
    size_t n_rounded = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct chunk *c = tree->chunks;
    char *memory;

    if (!c || c->n_total - c->n_used < n_rounded) {
        size_t n_total = n_rounded > CHUNK_BYTES ? n_rounded : CHUNK_BYTES;

        c = malloc(sizeof(*c) + n_total);
        if (!c)
            return NULL;
        *c = (struct chunk){.next = tree->chunks, .n_total = n_total};
        tree->chunks = c;
    }
    memory = (char *)c->data + c->n_used;
    c->n_used += n_rounded;
    return memory;
}

static char *tree_copy(struct yaml_tree *tree, const char *text, size_t n)
{
    char *copy = tree_alloc(tree, n + 1);

    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (!tree)
        return;

    while (tree->chunks) {
        struct chunk *next = tree->chunks->next;

        free(tree->chunks);
        tree->chunks = next;
    }
    free(tree);
}

const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root;
}

static unsigned line_of(const yaml_mark_t *mark)
{
    return (unsigned)mark->line + 1;
}

/* Hangs a node under the list or map that is open; the first node is the root.
 * @return NULL: *err tells, and is reported */
static struct yaml_node *attach(struct builder *b, enum yaml_kind kind, const yaml_mark_t *mark,
                                int *err)
{
    struct level *up = b->depth ? &b->levels[b->depth - 1] : NULL;
    struct yaml_node *node;

    if (++b->tree->n_nodes > b->limits->nodes_max) {
        *err = yaml_fail(b->report, line_of(mark), "more than %zu values; expected a shorter file",
                         b->limits->nodes_max);
        return NULL;
    }
    node = tree_alloc(b->tree, sizeof(*node));
    if (!node) {
        *err = yaml_fail_memory(b->report);
        return NULL;
    }

    *node = (struct yaml_node){.kind = kind, .line = line_of(mark)};
    if (up) {
        node->key = up->key;
        node->key_line = up->key_line;
        up->key = NULL;
        if (up->last)
            up->last->next = node;
        else
            up->node->first = node;
        up->last = node;
        up->node->n_items++;
    } else {
        b->tree->root = node;
    }
    return node;
}

static bool awaits_key(const struct builder *b)
{
    return b->depth && b->levels[b->depth - 1].node->kind == YAML_KIND_MAP &&
           !b->levels[b->depth - 1].key;
}

static int check_plain_node(const struct builder *b, const yaml_event_t *ev,
                            const yaml_char_t *anchor, const yaml_char_t *tag)
{
    unsigned line = line_of(&ev->start_mark);

    if (anchor)
        return yaml_fail(b->report, line,
                         "anchor \"&%.40s\": aliases are not allowed here; expected a value",
                         (const char *)anchor);
    if (tag)
        return yaml_fail(b->report, line,
                         "tag \"%.40s\": tags are not allowed here; expected a value",
                         (const char *)tag);
    return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *ev)
{
    const char *value = (const char *)ev->data.scalar.value;
    size_t n = ev->data.scalar.length;
    unsigned line = line_of(&ev->start_mark);
    struct yaml_node *node;
    char *copy;
    int err;

    err = check_plain_node(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
    if (err)
        return err;
    if (memchr(value, '\0', n))
        return yaml_fail(b->report, line, "a NUL in a text; expected none");

    copy = tree_copy(b->tree, value, n);
    if (!copy)
        return yaml_fail_memory(b->report);

    if (awaits_key(b)) {
        b->levels[b->depth - 1].key = copy;
        b->levels[b->depth - 1].key_line = line;
        return 0;
    }
    node = attach(b, YAML_KIND_SCALAR, &ev->start_mark, &err);
    if (!node)
        return err;

    node->text = copy;
    node->is_plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return 0;
}

static int on_start(struct builder *b, const yaml_event_t *ev, enum yaml_kind kind)
{
    bool is_map = kind == YAML_KIND_MAP;
    struct yaml_node *node;
    int err;

    err = check_plain_node(b, ev,
                           is_map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor,
                           is_map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag);
    if (err)
        return err;
    if (awaits_key(b))
        return yaml_fail(b->report, line_of(&ev->start_mark), "a %s as a key; expected a word",
                         is_map ? "map" : "list");
    if (b->depth == YAML_DEPTH_MAX)
        return yaml_fail(b->report, line_of(&ev->start_mark),
                         "nested too deep; expected at most %d levels", YAML_DEPTH_MAX);

    node = attach(b, kind, &ev->start_mark, &err);
    if (!node)
        return err;

    b->levels[b->depth++] = (struct level){.node = node};
    return 0;
}

/* An item of a map, to be sorted by its key. */
struct entry {
    const struct yaml_node *item;
};

static int compare_entries(const void *a, const void *b)
{
    const struct yaml_node *ia = ((const struct entry *)a)->item;
    const struct yaml_node *ib = ((const struct entry *)b)->item;
    int order = strcmp(ia->key, ib->key);

    return order ? order : (ia->key_line > ib->key_line) - (ia->key_line < ib->key_line);
}

static int fail_duplicate(const struct builder *b, const struct yaml_node *item, unsigned first)
{
    char quoted[80];

    text_quote(quoted, sizeof(quoted), item->key, strlen(item->key));
    return yaml_fail(b->report, item->key_line, "%s is here twice, first in line %u; expected once",
                     quoted, first);
}

/* Sorted, as a hostile map of a million keys must not take a million squared comparisons. */
static int check_duplicates(const struct builder *b, const struct yaml_node *map)
{
    struct entry *sorted;
    size_t n = 0;
    int err = 0;

    if (map->n_items < 2)
        return 0;

    sorted = calloc(map->n_items, sizeof(*sorted));
    if (!sorted)
        return yaml_fail_memory(b->report);

    for (const struct yaml_node *item = map->first; item; item = item->next)
        sorted[n++].item = item;
    qsort(sorted, n, sizeof(*sorted), compare_entries);

    for (size_t i = 1; i < n && !err; i++) {
        if (strcmp(sorted[i - 1].item->key, sorted[i].item->key) == 0)
            err = fail_duplicate(b, sorted[i].item, sorted[i - 1].item->key_line);
    }
    free(sorted);
    return err;
}

static int on_end(struct builder *b)
{
    const struct yaml_node *node = b->levels[--b->depth].node;

    return node->kind == YAML_KIND_MAP ? check_duplicates(b, node) : 0;
}

static int on_event(struct builder *b, const yaml_event_t *ev)
{
    unsigned line = line_of(&ev->start_mark);

    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, ev);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, ev, YAML_KIND_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, ev, YAML_KIND_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(b);
    case YAML_ALIAS_EVENT:
        return yaml_fail(b->report, line,
                         "\"*%.40s\": aliases are not allowed here; expected a value",
                         (const char *)ev->data.alias.anchor);
    case YAML_DOCUMENT_START_EVENT:
        return b->tree->root ? yaml_fail(b->report, line, "a second document; expected one") : 0;
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
        b->is_finished = true;
        return 0;
    default:
        return 0;
    }
}

static int fail_syntax(const struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    unsigned line = line_of(&p->problem_mark);

    if (p->error == YAML_MEMORY_ERROR)
        return yaml_fail_memory(b->report);
    if (p->error == YAML_READER_ERROR) {
        size_t offset = p->problem_offset < b->n_text ? p->problem_offset : b->n_text;

        return yaml_fail(b->report, yaml_count_lines(b->text, offset), "%s; expected text in UTF-8",
                         p->problem);
    }
    if (yaml_is_indented_by_tab(b->text, b->n_text, line))
        return yaml_fail(b->report, line, "a tab at the start of a line; expected spaces");
    if (p->context)
        return yaml_fail(b->report, line, "not YAML: %s %s from line %u", p->problem, p->context,
                         line_of(&p->context_mark));

    return yaml_fail(b->report, line, "not YAML: %s", p->problem ? p->problem : "unknown problem");
}

static int build(struct builder *b)
{
    int err = yaml_check_text_bytes(b->text, b->n_text, b->limits, b->report);

    /* Said, not guessed: a byte order mark must not make UTF-16 of it, which would slip by
     * yaml_check_text_bytes(). */
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text, b->n_text);

    while (!err && !b->is_finished) {
        yaml_event_t ev;

        if (!yaml_parser_parse(&b->parser, &ev))
            return fail_syntax(b);

        err = on_event(b, &ev);
        yaml_event_delete(&ev);
    }
    return err;
}

int yaml_tree_parse(struct yaml_tree **tp, const char *text, size_t n,
                    const struct yaml_limits *limits, const struct yaml_report *report)
{
    struct builder b = {.limits = limits, .report = report, .text = text, .n_text = n};
    int err;

    b.tree = calloc(1, sizeof(*b.tree));
    if (!b.tree || !yaml_parser_initialize(&b.parser)) {
        free(b.tree);
        return yaml_fail_memory(report);
    }

    err = build(&b);
    yaml_parser_delete(&b.parser);
    if (err)
        yaml_tree_free(b.tree);
    else
        *tp = b.tree;
    return err;
}
