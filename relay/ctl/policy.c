#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/clock.h"
#include "relay/control/policy/policy.h"
#include "relay/ctl/ctl.h"
#include "relay/ctl/http_client.h"
#include "relay/ctl/policy_diff.h"

#define TARGET_MAX 12288

/* ---- explain ----------------------------------------------------------------------------------
 */

static void print_list(const char *title, const json_t *list)
{
    size_t i;
    json_t *text;

    if (!json_array_size(list))
        return;
    printf("%s:\n", title);
    json_array_foreach(list, i, text)
    {
        printf("  - ");
        ctl_print_text(json_string_value(text));
        printf("\n");
    }
}

static void print_joined(const json_t *list, const char *between)
{
    size_t i;
    json_t *text;

    json_array_foreach(list, i, text)
    {
        printf("%s", i ? between : "");
        ctl_print_text(json_string_value(text));
    }
}

static void print_words(const char *title, const json_t *list)
{
    printf("%s", title);
    print_joined(list, ", ");
    printf("%s\n", json_array_size(list) ? "" : "nothing");
}

static void print_text(const char *title, const json_t *object, const char *key)
{
    printf("%s", title);
    ctl_print_text(json_string_value(json_object_get(object, key)));
    printf("\n");
}

static void print_explanation(const json_t *reply)
{
    print_text("verdict:   ", reply, "verdict");
    print_text("code:      ", reply, "code");
    print_text("reason:    ", reply, "reason");
    print_words("allowed:   ", json_object_get(reply, "allowed"));
    print_words("providers: ", json_object_get(reply, "providers"));
    print_text("date:      ", reply, "date");
    print_list("decided by", json_object_get(reply, "decided_by"));
    print_list("would have to change", json_object_get(reply, "change"));
}

static bool add_param(char *target, const char *name, const char *value)
{
    size_t n = strlen(target);
    int k;

    if (!value)
        return true;
    k = snprintf(target + n, TARGET_MAX - n, "%c%s=", strchr(target, '?') ? '&' : '?', name);
    if (k < 0 || (size_t)k >= TARGET_MAX - n)
        return false;
    n += (size_t)k;
    return http_client_escape(target + n, TARGET_MAX - n, value) < TARGET_MAX - n;
}

int ctl_policy_explain(const struct ctl *ctl)
{
    char target[TARGET_MAX] = "/policy/explain";
    json_t *reply = NULL;
    int code;

    if (!add_param(target, "from", ctl->from) || !add_param(target, "to", ctl->to) ||
        !add_param(target, "media", ctl->media) || !add_param(target, "date", ctl->date) ||
        !add_param(target, "provider", ctl->provider) ||
        !add_param(target, "peer-fqdn", ctl->peer_fqdn))
        return ctl_complain(CTL_EXIT_USAGE, "the addresses are too long");
    code = ctl_ask(&reply, ctl, "GET", target);
    if (code)
        return code;
    if (ctl->is_json)
        return ctl_print_json(reply);
    print_explanation(reply);
    json_decref(reply);
    return 0;
}

/* ---- show -------------------------------------------------------------------------------------
 */

static const char *yes_no(const json_t *row, const char *kind)
{
    return json_is_true(json_object_get(json_object_get(row, "capabilities"), kind)) ? "yes" : "no";
}

/* "Lync Server CAL + Lync PIC USL, or Lync Online Plan 1" */
static void print_needs(const json_t *needs)
{
    size_t i;
    json_t *together;

    json_array_foreach(needs, i, together)
    {
        printf("%s", i ? ", or " : "");
        print_joined(together, " + ");
    }
    printf("%s", json_array_size(needs) ? "" : "-");
}

static void print_row(const json_t *row)
{
    const char *until = json_string_value(json_object_get(row, "ServiceUntil"));

    ctl_print_column(json_string_value(json_object_get(row, "Identity")), 12);
    printf("%-8s %-4s %-9s %-6s %-6s ",
           json_is_true(json_object_get(row, "Enabled")) ? "yes" : "no", yes_no(row, "im"),
           yes_no(row, "presence"), yes_no(row, "audio"), yes_no(row, "video"));
    ctl_print_column(until ? until : "-", 11);
    print_needs(json_object_get(row, "RequiresLicense"));
    printf("\n");
}

static void print_held(const json_t *held)
{
    const char *until = json_string_value(json_object_get(held, "Until"));

    ctl_print_text(json_string_value(json_object_get(held, "Name")));
    printf("%s", until ? " until " : "");
    ctl_print_text(until);
}

static void print_enterprise(const json_t *e)
{
    size_t i;
    json_t *held;

    if (json_is_true(json_object_get(e, "any")))
        printf("enterprise *: ");
    else
        printf("enterprise at line %d: ", (int)json_integer_value(json_object_get(e, "line")));
    json_array_foreach(json_object_get(e, "Licenses"), i, held)
    {
        printf("%s", i ? ", " : "");
        print_held(held);
    }
    print_words("; activated: ", json_object_get(e, "Activated"));
}

static void print_table(const json_t *table)
{
    size_t i;
    json_t *row;

    printf("%-12s %-8s %-4s %-9s %-6s %-6s %-11s %s\n", "provider", "enabled", "im", "presence",
           "audio", "video", "until", "licence");
    json_array_foreach(json_object_get(table, "providers"), i, row) print_row(row);
    printf("\n");
    json_array_foreach(json_object_get(table, "enterprise"), i, row) print_enterprise(row);
    printf("%d entries, %d domains by name; rules about %d enterprise and %d public users\n",
           (int)json_integer_value(json_object_get(table, "n_enterprises")),
           (int)json_integer_value(json_object_get(table, "n_domains")),
           (int)json_integer_value(json_object_get(table, "n_enterprise_users")),
           (int)json_integer_value(json_object_get(table, "n_public_users")));
}

int ctl_policy_show(const struct ctl *ctl)
{
    json_t *reply = NULL;
    int code = ctl_ask(&reply, ctl, "GET", "/policy/show");

    if (code)
        return code;
    if (ctl->is_json)
        return ctl_print_json(reply);
    print_table(reply);
    json_decref(reply);
    return 0;
}

/* ---- files ------------------------------------------------------------------------------------
 */

int ctl_policy_check(const struct ctl *ctl)
{
    struct policy *policy = NULL;
    char err[1024];
    int error = policy_load_file(&policy, ctl->file[0], err, sizeof(err));

    policy_free(policy);
    if (ctl->is_json) {
        int code = ctl_print_json(error ? json_pack("{s:b, s:s}", "valid", 0, "error", err)
                                        : json_pack("{s:b}", "valid", 1));

        return code ? code : error ? CTL_EXIT_USAGE : 0;
    }
    if (error)
        return ctl_complain(CTL_EXIT_USAGE, "%s", err);
    printf("%s: valid\n", ctl->file[0]);
    return 0;
}

static void print_change(const json_t *change)
{
    print_text("  ", change, "what");
}

static void print_diff(const json_t *diff)
{
    const json_t *calls = json_object_get(diff, "calls");
    size_t i;
    json_t *change;

    if (!json_array_size(json_object_get(diff, "pairs")))
        printf("no provider and kind of media changes\n");
    json_array_foreach(json_object_get(diff, "pairs"), i, change) print_change(change);
    if (json_is_null(calls))
        printf("calls that are up: the relay cannot be asked\n");
    else
        printf("calls that are up: %zu would change\n", json_array_size(calls));
    json_array_foreach(calls, i, change) print_change(change);
}

int ctl_policy_diff(const struct ctl *ctl)
{
    struct policy *tables[2] = {NULL, NULL};
    json_t *calls = NULL, *diff;
    char err[1024];
    int code = 0;

    for (unsigned i = 0; i < 2 && !code; i++) {
        if (policy_load_file(&tables[i], ctl->file[i], err, sizeof(err)))
            code = ctl_complain(CTL_EXIT_USAGE, "%s", err);
    }
    if (!code) {
        /* without the relay the tables can still be compared; why is complained of */
        (void)ctl_ask(&calls, ctl, "GET", "/policy/calls");
        diff = policy_diff(tables[0], tables[1], json_object_get(calls, "calls"),
                           (int64_t)(clock_wall_us() / 1000000));
        if (ctl->is_json) {
            code = ctl_print_json(diff);
        } else {
            print_diff(diff);
            json_decref(diff);
        }
    }
    json_decref(calls);
    policy_free(tables[0]);
    policy_free(tables[1]);
    return code;
}

int ctl_policy_reload(const struct ctl *ctl)
{
    json_t *reply = NULL;
    int code;

    if (!ctl->token_file)
        return ctl_complain(CTL_EXIT_USAGE, "policy reload: expected --token-file FILE");
    code = ctl_ask(&reply, ctl, "POST", "/policy/reload");
    if (code)
        return code;
    if (ctl->is_json)
        return ctl_print_json(reply);
    printf("the table was read anew\n");
    json_decref(reply);
    return 0;
}
