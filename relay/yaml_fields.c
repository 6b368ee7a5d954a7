#include "relay/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "relay/text.h"

#define NEAR_LETTERS 2 /* further apart, a name is not taken for a slip of another */
#define FOUND_MAX    120

int yaml_fail(const struct yaml_report *report, unsigned line, const char *fmt, ...)
{
    int n = snprintf(report->err, report->err_cap, "%s:%u: ", report->file, line);
    va_list ap;

    if (n < 0 || (size_t)n >= report->err_cap)
        return EINVAL;

    va_start(ap, fmt);
    vsnprintf(report->err + n, report->err_cap - (size_t)n, fmt, ap);
    va_end(ap);
    return EINVAL;
}

int yaml_fail_memory(const struct yaml_report *report)
{
    snprintf(report->err, report->err_cap, "%s: out of memory", report->file);
    return ENOMEM;
}

/* What stands there, in words. */
static const char *describe(char buf[FOUND_MAX], const struct yaml_node *node)
{
    switch (node->kind) {
    case YAML_KIND_LIST:
        return "a list";
    case YAML_KIND_MAP:
        return "a map";
    default:
        if (node->is_plain && !*node->text)
            return "nothing";
        return text_quote(buf, FOUND_MAX, node->text, strlen(node->text));
    }
}

int yaml_fail_value(const struct yaml_report *report, const struct yaml_node *node, const char *key,
                    const char *fmt, ...)
{
    char found[FOUND_MAX];
    char sentence[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, ap);
    va_end(ap);
    return yaml_fail(report, node->line, "%s: %s: %s", key, describe(found, node), sentence);
}

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_KIND_MAP)
        return NULL;

    for (const struct yaml_node *item = map->first; item; item = item->next) {
        if (strcmp(item->key, key) == 0)
            return item;
    }
    return NULL;
}

static const struct yaml_field *find_field(const struct yaml_field *fields, const char *key)
{
    for (; fields->key; fields++) {
        if (strcmp(fields->key, key) == 0)
            return fields;
    }
    return NULL;
}

static const struct yaml_field *nearest_field(const struct yaml_field *fields, const char *key)
{
    const struct yaml_field *nearest = NULL;
    unsigned best = NEAR_LETTERS + 1;

    for (; fields->key; fields++) {
        unsigned distance = text_distance(fields->key, key);

        if (distance < best) {
            best = distance;
            nearest = fields;
        }
    }
    return nearest;
}

static int fail_unknown(const struct yaml_field *fields, const struct yaml_node *item,
                        const char *what, const struct yaml_report *report)
{
    const struct yaml_field *near = nearest_field(fields, item->key);
    char quoted[FOUND_MAX];
    char known[512] = "";
    size_t n = 0;

    text_quote(quoted, sizeof(quoted), item->key, strlen(item->key));
    if (near)
        return yaml_fail(report, item->key_line, "%s: unknown key %s; expected \"%s\"?", what,
                         quoted, near->key);

    for (; fields->key && n < sizeof(known); fields++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "", fields->key);

    return yaml_fail(report, item->key_line, "%s: unknown key %s; expected one of: %s", what,
                     quoted, known);
}

int yaml_read_fields(const struct yaml_field *fields, const struct yaml_node *map, const char *what,
                     void *object, const struct yaml_report *report)
{
    if (map->kind != YAML_KIND_MAP)
        return yaml_fail_value(report, map, what, "expected a map, such as {%s: %s}", fields->key,
                               fields->example);

    for (const struct yaml_node *item = map->first; item; item = item->next) {
        if (!find_field(fields, item->key))
            return fail_unknown(fields, item, what, report);
    }

    for (const struct yaml_field *f = fields; f->key; f++) {
        const struct yaml_node *node = yaml_find(map, f->key);
        int err;

        if (!node && f->is_required)
            return yaml_fail(report, map->line, "%s: no %s; expected, for example, %s: %s", what,
                             f->key, f->key, f->example);
        if (!node)
            continue;

        err = f->read_h(f, node, (char *)object + f->offset, report);
        if (err)
            return err;
    }
    return 0;
}

void yaml_print_fields(const struct yaml_field *fields, const void *object, FILE *out)
{
    const char *separator = "{";

    for (const struct yaml_field *f = fields; f->key; f++) {
        const void *target = (const char *)object + f->offset;

        if (!f->print_h || (f->is_absent_h && f->is_absent_h(target)))
            continue;

        fprintf(out, "%s%s: ", separator, f->key);
        f->print_h(f, target, out);
        separator = ", ";
    }
    fputs(strcmp(separator, "{") == 0 ? "{}" : "}", out);
}
