#include "bench/scenario/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/scenario/fields.h"

#define BYTES_MAX 65536
#define NODES_MAX 2000

void scenario_default(struct scenario *s)
{
    double *limit = (double *)(void *)&s->limits;

    *s = (struct scenario){.name = "plain",
                           .calls = 100,
                           .seconds = 5,
                           .warm_ms = 1000,
                           .hold_for_s = 2,
                           .attack = {.rate = 5000}};
    for (size_t i = 0; i < sizeof(s->limits) / sizeof(*limit); i++)
        limit[i] = SCENARIO_NONE;
    (void)scenario_set_mode(s, "plain");
}

bool scenario_set_mode(struct scenario *s, const char *name)
{
    const struct load_mode *mode = load_mode_find(name);

    if (!mode)
        return false;
    s->n_parts = 1;
    s->parts[0] = (struct scenario_part){.mode = mode, .weight = 1};
    snprintf(s->parts[0].mode_name, sizeof(s->parts[0].mode_name), "%s", name);
    return true;
}

static int fail(char *err, size_t err_cap, const char *what)
{
    snprintf(err, err_cap, "%s", what);
    return EINVAL;
}

static bool has_mode(const struct scenario *s, bool (*is_h)(const struct load_mode *mode))
{
    for (unsigned i = 0; i < s->n_parts; i++)
        if (is_h(s->parts[i].mode))
            return true;
    return false;
}

static bool is_refused(const struct load_mode *mode)
{
    return mode->is_refused;
}

int scenario_check(const struct scenario *s, char *err, size_t err_cap)
{
    double n = s->rate * s->hold_s;

    if (s->rate > 0 && s->hold_s <= 0)
        return fail(err, err_cap, "rate: how long calls last is not known: hold_s is expected");
    if (n > SCENARIO_CALLS_MAX)
        return fail(err, err_cap, "rate, hold_s: together more than 30000 calls at a time");
    if (s->hold_every_s > 0 && s->hold_for_s <= 0)
        return fail(err, err_cap, "on_hold_for_s: expected more than 0 s");
    if (s->kind == SCENARIO_MEDIA && has_mode(s, is_refused) && scenario_rate(s) <= 0)
        return fail(err, err_cap,
                    "mode refused: such calls have no media: kind set-ups, or rate and hold_s, are "
                    "expected");
    if (s->kind != SCENARIO_MEDIA && scenario_has_attack(s))
        return fail(err, err_cap, "attack: expected with media alone");
    return 0;
}

int scenario_parse(struct scenario *s, const char *text, size_t n, const char *file, char *err,
                   size_t err_cap)
{
    const struct yaml_report report = {.file = file, .err = err, .err_cap = err_cap};
    const struct yaml_limits limits = {.bytes_max = BYTES_MAX, .nodes_max = NODES_MAX};
    struct yaml_tree *tree = NULL;
    char why[200];

    scenario_default(s);
    s->name[0] = 0;
    int error = yaml_tree_parse(&tree, text, n, &limits, &report);
    if (error)
        return error;
    const struct yaml_node *root = yaml_tree_root(tree);
    if (root) {
        error = yaml_read_fields(scenario_fields, root, "scenario", s, &report);
        if (!error && scenario_check(s, why, sizeof(why)) != 0)
            error = yaml_fail(&report, root->line, "%s", why);
    } else {
        error = yaml_fail(&report, 1, "nothing is in it; expected keys, such as calls: 200");
    }
    yaml_tree_free(tree);
    return error;
}

static int file_read(struct scenario *s, const char *path, char *err, size_t err_cap)
{
    const struct yaml_report report = {.file = path, .err = err, .err_cap = err_cap};
    char *text;
    size_t n;

    int error = yaml_read_file(&text, &n, BYTES_MAX, &report);
    if (error)
        return error;
    error = scenario_parse(s, text, n, path, err, err_cap);
    free(text);
    return error;
}

int scenario_read(struct scenario *s, const char *name, char *err, size_t err_cap)
{
    int error = ENOENT;

    for (unsigned i = 0; scenario_builtin_at(i) && error == ENOENT; i++) {
        const struct scenario_builtin *b = scenario_builtin_at(i);

        if (strcmp(b->name, name) == 0)
            error = scenario_parse(s, b->text, b->n, b->name, err, err_cap);
    }
    if (error == ENOENT && load_mode_find(name)) {
        scenario_default(s);
        (void)scenario_set_mode(s, name);
        error = 0;
    }
    if (error == ENOENT)
        error = file_read(s, name, err, err_cap);
    snprintf(s->name, sizeof(s->name), "%s", name);
    return error;
}

const struct scenario_part *scenario_part_of(const struct scenario *s, uint64_t serial)
{
    uint64_t total = 0, at;

    for (unsigned i = 0; i < s->n_parts; i++)
        total += s->parts[i].weight;
    at = total ? serial % total : 0;
    for (unsigned i = 0; i < s->n_parts; i++) {
        if (at < s->parts[i].weight)
            return &s->parts[i];
        at -= s->parts[i].weight;
    }
    return &s->parts[0];
}

bool scenario_has_attack(const struct scenario *s)
{
    for (unsigned i = 0; i < SCENARIO_ATTACKS; i++)
        if (s->attack.is_wanted[i])
            return true;
    return false;
}

const char *scenario_attack_name(unsigned kind)
{
    static const char *const names[] = {"garbage", "spoof", "replay", "stun", "ng"};

    return names[kind];
}

double scenario_rate(const struct scenario *s)
{
    if (s->rate > 0)
        return s->rate;
    return s->hold_s > 0 ? s->calls / s->hold_s : 0;
}

void scenario_print(const struct scenario *s, FILE *out)
{
    for (const struct yaml_field *f = scenario_fields; f->key; f++) {
        const void *target = (const char *)s + f->offset;

        if (f->is_absent_h && f->is_absent_h(target))
            continue;
        fprintf(out, "%s: ", f->key);
        f->print_h(f, target, out);
        fprintf(out, "\n");
    }
}

static void table_reference(const struct yaml_field *fields, const char *indent, FILE *out)
{
    for (const struct yaml_field *f = fields; f->key; f++) {
        fprintf(out, "%s%s: %s", indent, f->key, f->help);
        if (f->unit)
            fprintf(out, " [%s]", f->unit);
        fprintf(out, "\n");
        if (f->read_h == yaml_read_map)
            table_reference(f->more, "    ", out);
    }
}

void scenario_reference(FILE *out)
{
    table_reference(scenario_fields, "", out);
    fprintf(out, "an item of mix:\n");
    table_reference(scenario_part_fields, "    ", out);
}
