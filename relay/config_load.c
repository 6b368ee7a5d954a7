#include "relay/config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "relay/config_fields.h"

static const struct yaml_limits limits = {
    .bytes_max = (size_t)4 * 1024 * 1024,
    .nodes_max = 100000,
};

static int parse_into(struct config *cfg, const char *text, size_t n,
                      const struct yaml_report *report)
{
    const struct yaml_node *root;
    struct yaml_tree *tree;
    int err = yaml_tree_parse(&tree, text, n, &limits, report);

    if (err)
        return err;

    config_default(cfg);
    root = yaml_tree_root(tree);
    if (root)
        err = yaml_read_fields(config_fields, root, "configuration", cfg, report);
    if (!err)
        err = config_check(cfg, root, report);

    yaml_tree_free(tree);
    return err;
}

int config_parse(struct config *cfg, const char *yaml, size_t n, const char *name, char *err,
                 size_t err_cap)
{
    const struct yaml_report report = {.file = name, .err = err, .err_cap = err_cap};
    struct config *parsed = malloc(sizeof(*parsed));
    int e;

    if (!parsed)
        return yaml_fail_memory(&report);

    e = parse_into(parsed, yaml, n, &report);
    if (!e)
        *cfg = *parsed;

    free(parsed);
    return e;
}

/* @return folder of a file, absolute, links followed; NULL: errno tells */
static char *folder_of(const char *path)
{
    char *file = realpath(path, NULL);
    char *slash = file ? strrchr(file, '/') : NULL;

    if (slash)
        *slash = '\0';
    return file;
}

#define PATH_BYTES sizeof(((struct config *)NULL)->policy)

/* What names a file. */
static const struct {
    const char *key;
    size_t at; /* of a char[PATH_BYTES] in struct config */
} paths[] = {
    {"policy", offsetof(struct config, policy)},
    {"audit.file", offsetof(struct config, audit.file)},
    {"http_token_file", offsetof(struct config, http_token_file)},
};

static int resolve(char *path, const char *key, const char *folder,
                   const struct yaml_report *report)
{
    char relative[PATH_BYTES];
    int n;

    if (!*path || *path == '/')
        return 0;
    memcpy(relative, path, sizeof(relative));
    n = snprintf(path, PATH_BYTES, "%s/%s", folder, relative);
    if (n < 0 || (size_t)n >= PATH_BYTES)
        return yaml_fail(report, 1, "%s: too long a path; expected at most %zu bytes", key,
                         PATH_BYTES - 1);
    return 0;
}

/* Relative to the file that names them, and absolute from there: the daemon may start elsewhere. */
static int resolve_paths(struct config *cfg, const char *path, const struct yaml_report *report)
{
    char *folder = folder_of(path);
    int err = 0;

    if (!folder)
        return errno == ENOMEM ? yaml_fail_memory(report)
                               : 0; /* a pipe has no folder: as they are then */
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !err; i++)
        err = resolve((char *)cfg + paths[i].at, paths[i].key, folder, report);
    free(folder);
    return err;
}

static int load_into(struct config *cfg, const char *path, const struct yaml_report *report)
{
    char *text = NULL;
    size_t n = 0;
    int err = yaml_read_file(&text, &n, limits.bytes_max, report);

    if (err)
        return err;

    err = parse_into(cfg, text, n, report);
    if (!err)
        err = resolve_paths(cfg, path, report);

    free(text);
    return err;
}

int config_load(struct config *cfg, const char *path, char *err, size_t err_cap)
{
    const struct yaml_report report = {.file = path, .err = err, .err_cap = err_cap};
    struct config *parsed = malloc(sizeof(*parsed));
    int e;

    if (!parsed)
        return yaml_fail_memory(&report);

    e = load_into(parsed, path, &report);
    if (!e)
        *cfg = *parsed; /* a file with a mistake changes nothing */

    free(parsed);
    return e;
}
