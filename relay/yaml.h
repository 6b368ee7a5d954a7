#ifndef PICRELAY_YAML_H
#define PICRELAY_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * YAML files as typed trees: what the configuration and the policy table are read from. The one
 * door to libyaml. Pure, but for yaml_read_file(). Any thread.
 *
 * A file is one document of maps, lists and scalars. Aliases, tags, directives, duplicate keys,
 * NULs and depths beyond YAML_DEPTH_MAX are mistakes; each is reported as "FILE:LINE: what is
 * wrong, what is expected", and reading ends at the first.
 */

#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAP };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line;                 /* 1.. */
    bool is_plain;                 /* a scalar without quotes */
    const char *text;              /* of a scalar: UTF-8 with a NUL after it and none inside */
    const char *key;               /* of a map's item */
    unsigned key_line;             /* of a map's item */
    const struct yaml_node *first; /* item of a list or map */
    const struct yaml_node *next;  /* item of the same list or map */
    size_t n_items;
};

/** Where mistakes are told. */
struct yaml_report {
    const char *file; /* what the text is called */
    char *err;        /* one line */
    size_t err_cap;
};

struct yaml_limits {
    size_t bytes_max;
    size_t nodes_max; /* a node takes some 80 bytes, however short its text */
};

struct yaml_tree;

/** @return 0; EINVAL: reported; ENOMEM: reported */
int yaml_tree_parse(struct yaml_tree **tp, const char *text, size_t n,
                    const struct yaml_limits *limits, const struct yaml_report *report);
void yaml_tree_free(struct yaml_tree *tree);
/** @return NULL: the file is empty, or all comments */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree);

/**
 * Reads a whole file.
 * @param text  to be given to free(); NUL-terminated
 * @return 0; EINVAL: larger than bytes_max; ENOMEM; ENOENT, EACCES ...: not readable. Reported.
 */
int yaml_read_file(char **text, size_t *n, size_t bytes_max, const struct yaml_report *report);

/** Reports "FILE:LINE: ...". @return EINVAL */
int yaml_fail(const struct yaml_report *report, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** Reports "FILE:LINE: KEY: WHAT WAS FOUND: SENTENCE", the form of all mistakes in values.
 *  @return EINVAL */
int yaml_fail_value(const struct yaml_report *report, const struct yaml_node *node, const char *key,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** Reports "FILE: out of memory". @return ENOMEM */
int yaml_fail_memory(const struct yaml_report *report);

/** @return the item of that key; NULL: none, or not a map */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

/**
 * One key that a map may have: a row of a table from which the map is read, checked, printed and
 * documented. A table ends with a row without key.
 */
struct yaml_field {
    const char *key;
    const char *example; /* a right value, for messages and documentation */
    const char *unit;    /* of a number; NULL: none */
    int64_t min, max;    /* of a number; of the items of a list */
    const char *help;    /* one line */
    bool is_required;
    const char *default_words; /* for the reference, of a default that is not one value */
    size_t offset;             /* of the value in the struct that the map is read into */
    const void *more;          /* what the type of the value needs to know: words, rows */
    /** Reads the value at `target` (struct + offset). @return 0; EINVAL, ENOMEM: reported */
    int (*read_h)(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report);
    /** Writes the value as YAML of one line; NULL: not printed. */
    void (*print_h)(const struct yaml_field *field, const void *target, FILE *out);
    /** The value is what it is without its key. NULL: always printed. */
    bool (*is_absent_h)(const void *target);
};

/** Reads a map by its table, in the table's order; keys not in the file leave their target alone.
 *  @param what  the map's name in messages */
int yaml_read_fields(const struct yaml_field *fields, const struct yaml_node *map, const char *what,
                     void *object, const struct yaml_report *report);
/** Writes a map in one line: "{key: value, key: value}". */
void yaml_print_fields(const struct yaml_field *fields, const void *object, FILE *out);

/** Checks for a list with field->min to field->max items. */
int yaml_check_list(const struct yaml_field *field, const struct yaml_node *node,
                    const struct yaml_report *report);
/** Checks for a text that is not empty and takes less than `cap` bytes. */
int yaml_check_text(const struct yaml_field *field, const struct yaml_node *node, size_t cap,
                    const struct yaml_report *report);

/** Reads a text of letters, digits and the characters of `also` into char[cap], zeros after it. */
int yaml_read_chars(const struct yaml_field *field, const struct yaml_node *node, char *to,
                    size_t cap, const char *also, const struct yaml_report *report);

/* Types of values, as read_h and print_h: the target is of the type that the name says. Integers
 * are plain decimal numbers, so that nobody's 010 is read as 8. */

int yaml_read_uint32(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report);
void yaml_print_uint32(const struct yaml_field *field, const void *target, FILE *out);

int yaml_read_int(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report);
void yaml_print_int(const struct yaml_field *field, const void *target, FILE *out);

/** yes, no, true, false, on, off */
int yaml_read_bool(const struct yaml_field *field, const struct yaml_node *node, void *target,
                   const struct yaml_report *report);
void yaml_print_bool(const struct yaml_field *field, const void *target, FILE *out);

/** field->more of an enum: the names of its values 0..n_words - 1. */
struct yaml_words {
    unsigned n_words;
    const char *(*name_h)(unsigned value);
};
/** An enum of the size of unsigned. */
int yaml_read_word(const struct yaml_field *field, const struct yaml_node *node, void *target,
                   const struct yaml_report *report);
void yaml_print_word(const struct yaml_field *field, const void *target, FILE *out);

/** A map with a table of its own, field->more. */
int yaml_read_map(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report);
void yaml_print_map(const struct yaml_field *field, const void *target, FILE *out);

/** Writes a text as a scalar, quoted where it has to be. */
void yaml_print_text(const char *text, FILE *out);

#endif
