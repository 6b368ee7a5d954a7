#include "relay/control/ng/json.h"

#include <errno.h>
#include <jansson.h>

static int add_text(struct tree *t, struct arena *a, struct str s)
{
    char *copy = arena_take(a, s.n);

    if (!copy)
        return ENOMEM;
    if (s.n)
        memcpy(copy, s.p, s.n);
    return tree_add_string(t, (struct str){copy, s.n});
}

/** A fraction becomes the integer below it; what no integer can hold becomes the nearest one. */
static int64_t integer_of(double d)
{
    if (d >= 9223372036854775808.0)
        return INT64_MAX;
    if (d < -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)d;
}

static int add_value(struct tree *t, struct arena *a, const json_t *v);

static int add_members(struct tree *t, struct arena *a, json_t *object)
{
    const char *key;
    json_t *member;
    int err = tree_open(t, TREE_DICT);

    if (err)
        return err;
    json_object_foreach(object, key, member)
    {
        if (json_is_null(member))
            continue;
        err = add_text(t, a, str_of(key));
        if (!err)
            err = add_value(t, a, member);
        if (err)
            return err;
    }
    return tree_close(t);
}

static int add_elements(struct tree *t, struct arena *a, const json_t *array)
{
    int err = tree_open(t, TREE_LIST);

    for (size_t i = 0; !err && i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);

        if (!json_is_null(element))
            err = add_value(t, a, element);
    }
    return err ? err : tree_close(t);
}

/** Calls itself at most TREE_DEPTH_MAX deep: tree_open() ends it. */
static int add_value(struct tree *t, struct arena *a, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return add_members(t, a, (json_t *)v); /* iterates; jansson's iterator is not const */
    case JSON_ARRAY:
        return add_elements(t, a, v);
    case JSON_STRING:
        return add_text(t, a, (struct str){json_string_value(v), json_string_length(v)});
    case JSON_INTEGER:
        return tree_add_integer(t, json_integer_value(v));
    case JSON_REAL:
        return tree_add_integer(t, integer_of(json_real_value(v)));
    default:
        return tree_add_integer(t, json_is_true(v));
    }
}

int json_decode(struct tree *t, struct arena *a, struct str in)
{
    json_error_t where;
    json_t *doc = json_loadb(in.p, in.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    int err;

    if (!doc)
        return json_error_code(&where) == json_error_out_of_memory ? ENOMEM : EBADMSG;

    err = json_is_object(doc) ? add_members(t, a, doc) : EBADMSG;
    json_decref(doc);
    return err;
}
