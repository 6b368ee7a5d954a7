#include "relay/config.h"

#include <string.h>

#include "relay/config_fields.h"

/* "(seconds, 0 to 3600)" of a number, "(1 to 64 items)" of a list, nothing of other values. */
static void print_range(const struct yaml_field *f, FILE *out)
{
    const char *unit = f->unit;

    if (f->min == f->max)
        return;

    if (!unit && f->example[0] == '[')
        unit = "items";
    fprintf(out, " (%s%s%lld to %lld)", unit ? unit : "", unit ? ", " : "", (long long)f->min,
            (long long)f->max);
}

void config_print(const struct config *cfg, FILE *out)
{
    for (const struct yaml_field *f = config_fields; f->key; f++) {
        const void *target = (const char *)cfg + f->offset;
        bool is_block = f->more == config_interface_fields; /* starts a line of its own */

        if (f->is_absent_h && f->is_absent_h(target))
            continue;

        fprintf(out, "# %s", f->help);
        print_range(f, out);
        fprintf(out, "\n%s:%s", f->key, is_block ? "" : " ");
        f->print_h(f, target, out);
        fputc('\n', out);
    }
}

/* "one of auto, lync, rfc" */
static void print_words(const struct yaml_words *words, FILE *out)
{
    fputs("    one of", out);
    for (unsigned i = 0; i < words->n_words; i++)
        fprintf(out, "%s %s", i ? "," : "", words->name_h(i));
    fputc('\n', out);
}

static void print_default(const struct yaml_field *f, const void *target, FILE *out)
{
    fputs("    default: ", out);
    if (f->is_required)
        fputs("none; the key is required", out);
    else if (f->default_words)
        fputs(f->default_words, out);
    else if (f->is_absent_h && f->is_absent_h(target))
        fputs("none", out);
    else
        f->print_h(f, target, out);
    fputc('\n', out);
}

/* A key whose value is a map, or a list of maps, says what it is for; its rows say the rest. */
static void print_rows(const struct yaml_field *fields, const char *prefix, const void *defaults,
                       FILE *out)
{
    for (const struct yaml_field *f = fields; f->key; f++) {
        bool is_word = f->read_h == yaml_read_word;
        char name[64];

        snprintf(name, sizeof(name), "%s%s", prefix, f->key);
        fprintf(out, "%s\n    %s", name, f->help);
        print_range(f, out);
        fputc('\n', out);
        if (is_word)
            print_words(f->more, out);
        if (is_word || !f->more)
            print_default(f, (const char *)defaults + f->offset, out);
        fprintf(out, "    example: %s\n", f->example);
        if (!is_word && f->more) {
            const struct config_interface itf = {.turn.gather_ms = CONFIG_TURN_GATHER_MS};

            (void)strncat(name, ".", sizeof(name) - strlen(name) - 1);
            print_rows(f->more, name, f->more == config_interface_fields ? &itf : defaults, out);
        }
    }
}

void config_print_reference(const struct config *defaults, FILE *out)
{
    print_rows(config_fields, "", defaults, out);
}
