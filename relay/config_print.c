#include "relay/config.h"

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

static void print_row(const struct yaml_field *f, const char *prefix, FILE *out)
{
    fprintf(out, "%s%s\n    %s", prefix, f->key, f->help);
    print_range(f, out);
    fprintf(out, "%s\n    example: %s\n", f->is_required ? "; required" : "", f->example);
}

void config_print_reference(FILE *out)
{
    for (const struct yaml_field *f = config_fields; f->key; f++) {
        const struct yaml_field *rows = f->read_h == yaml_read_word ? NULL : f->more;
        char prefix[64];

        print_row(f, "", out);
        snprintf(prefix, sizeof(prefix), "%s.", f->key);
        for (; rows && rows->key; rows++)
            print_row(rows, prefix, out);
    }
}
