#include "relay/yaml.h"

#include <string.h>

#include "relay/text.h"

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

int yaml_read_chars(const struct yaml_field *field, const struct yaml_node *node, char *to,
                    size_t cap, const char *also, const struct yaml_report *report)
{
    int err = yaml_check_text(field, node, cap, report);

    if (err)
        return err;
    if (!text_is_name(node->text, also))
        return yaml_fail_value(report, node, field->key,
                               "expected only letters, digits and the characters \"%s\"", also);
    text_copy(to, cap, node->text);
    return 0;
}

int yaml_read_map(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report)
{
    return yaml_read_fields(field->more, node, field->key, target, report);
}

void yaml_print_map(const struct yaml_field *field, const void *target, FILE *out)
{
    yaml_print_fields(field->more, target, out);
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
    int64_t value = 0;
    int err = read_integer(field, node, &value, report);

    if (!err)
        *to = (uint32_t)value;
    return err;
}

int yaml_read_int(const struct yaml_field *field, const struct yaml_node *node, void *target,
                  const struct yaml_report *report)
{
    int *to = target;
    int64_t value = 0;
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

void yaml_print_bool(const struct yaml_field *field, const void *target, FILE *out)
{
    const bool *value = target;

    (void)field;
    fputs(*value ? "yes" : "no", out);
}

int yaml_read_word(const struct yaml_field *field, const struct yaml_node *node, void *target,
                   const struct yaml_report *report)
{
    const struct yaml_words *words = field->more;
    char list[256] = "";
    size_t n = 0;

    for (unsigned i = 0; i < words->n_words; i++) {
        if (node->kind == YAML_KIND_SCALAR && strcmp(node->text, words->name_h(i)) == 0) {
            memcpy(target, &i, sizeof(i));
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
    unsigned value;

    memcpy(&value, target, sizeof(value));
    fputs(words->name_h(value), out);
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
