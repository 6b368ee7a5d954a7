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

int yaml_check_list(const struct yaml_field *field, const struct yaml_node *node,
                    const struct yaml_report *report)
{
    if (node->kind != YAML_KIND_LIST)
        return yaml_fail_value(report, node, field->key, "expected a list, such as %s",
                               field->example);

    if ((int64_t)node->n_items < field->min || (int64_t)node->n_items > field->max)
        return yaml_fail(report, node->line, "%s: a list of %zu; expected %lld to %lld items",
                         field->key, node->n_items, (long long)field->min, (long long)field->max);
    return 0;
}

int yaml_check_text(const struct yaml_field *field, const struct yaml_node *node, size_t cap,
                    const struct yaml_report *report)
{
    if (node->kind != YAML_KIND_SCALAR || !*node->text)
        return yaml_fail_value(report, node, field->key, "expected a text, such as %s",
                               field->example);

    if (strlen(node->text) >= cap)
        return yaml_fail_value(report, node, field->key, "too long; expected at most %zu bytes",
                               cap - 1);
    return 0;
}

/* Plain decimal, no leading zeros: YAML 1.1 takes 010 for 8, YAML 1.2 for 10. */
static bool parse_integer(int64_t *value, const char *text)
{
    bool is_negative = *text == '-';
    const char *digits = text + is_negative;
    size_t n = strlen(digits);
    int64_t v = 0;

    if (n == 0 || n > 15 || (n > 1 && *digits == '0'))
        return false;

    for (const char *c = digits; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        v = v * 10 + (*c - '0');
    }
    *value = is_negative ? -v : v;
    return true;
}

static int read_integer(const struct yaml_field *field, const struct yaml_node *node,
                        int64_t *value, const struct yaml_report *report)
{
    if (node->kind != YAML_KIND_SCALAR || !node->is_plain || !parse_integer(value, node->text) ||
        *value < field->min || *value > field->max)
        return yaml_fail_value(report, node, field->key,
                               "expected a whole number%s%s, %lld to %lld",
                               field->unit ? " of " : "", field->unit ? field->unit : "",
                               (long long)field->min, (long long)field->max);
    return 0;
}

int yaml_read_uint32(const struct yaml_field *field, const struct yaml_node *node, void *target,
                     const struct yaml_report *report)
{
    uint32_t *to = target;
    int64_t value;
    int err = read_integer(field, node, &value, report);

    if (!err)
        *to = (uint32_t)value;
    return err;
}

int yaml_read_int(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report)
{
    int *to = target;
    int64_t value;
    int err = read_integer(field, node, &value, report);

    if (!err)
        *to = (int)value;
    return err;
}

void yaml_print_uint32(const struct yaml_field *field, const void *target, FILE *out)
{
    const uint32_t *value = target;

    (void)field;
    fprintf(out, "%u", *value);
}

void yaml_print_int(const struct yaml_field *field, const void *target, FILE *out)
{
    const int *value = target;

    (void)field;
    fprintf(out, "%d", *value);
}

/* The booleans of YAML 1.1, without y and n: https://yaml.org/type/bool.html */
int yaml_read_bool(const struct yaml_field *field, const struct yaml_node *node, void *target,
                   const struct yaml_report *report)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    bool *to = target;

    if (node->kind == YAML_KIND_SCALAR && node->is_plain) {
        for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (text_equal_nocase(node->text, words[i])) {
                *to = i % 2;
                return 0;
            }
        }
    }
    return yaml_fail_value(report, node, field->key, "expected yes or no");
}

int yaml_read_word(const struct yaml_field *field, const struct yaml_node *node, void *target,
                   const struct yaml_report *report)
{
    const struct yaml_words *words = field->more;
    char list[256] = "";
    size_t n = 0;

    for (unsigned i = 0; i < words->n_words; i++) {
        if (node->kind == YAML_KIND_SCALAR && strcmp(node->text, words->name_h(i)) == 0) {
            words->store_h(target, i);
            return 0;
        }
        if (n < sizeof(list))
            n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
                                  words->name_h(i));
    }
    return yaml_fail_value(report, node, field->key, "expected one of: %s", list);
}

void yaml_print_word(const struct yaml_field *field, const void *target, FILE *out)
{
    const struct yaml_words *words = field->more;

    fputs(words->name_h(words->load_h(target)), out);
}

void yaml_print_text(const char *text, FILE *out)
{
    size_t n = strlen(text);

    if (text_is_name(text, "_./:-") && text[0] != '-' && text[0] != ':' && text[n - 1] != ':') {
        fputs(text, out);
        return;
    }

    fputc('"', out);
    for (size_t i = 0; i < n;) {
        char form[TEXT_ESCAPE_MAX];
        size_t n_taken;

        text_escape(form, TEXT_QUOTED, text + i, n - i, &n_taken);
        fputs(form, out);
        i += n_taken;
    }
    fputc('"', out);
}
