/* What something that is no relay answers to picrelayctl: bytes to status and body, a body to the
 * calls that a new table would change. Each change has a sentence, of a call that was in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/ctl/http_client.h"
#include "relay/ctl/policy_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1795305600 /* 2026-11-22 */

static const char denies[] =
    "providers:\n  - {Identity: skype, Enabled: no, capabilities: {audio: yes}}\n"
    "users:\n  - {Rule: deny, Users: [alice@contoso.com]}\n";

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static struct policy *load(void)
{
    struct policy *p = NULL;
    char err[512];

    require(policy_parse(&p, denies, sizeof(denies) - 1, "denies", err, sizeof(err)) == 0);
    return p;
}

static void compare(const json_t *calls)
{
    static struct policy *before, *after;
    const json_t *changes;
    json_t *diff;

    if (!before)
        require(policy_load_builtin(&before) == 0);
    if (!after)
        after = load();
    diff = policy_diff(before, after, calls, NOW);
    require(diff != NULL);
    changes = json_object_get(diff, "calls");
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *what = json_object_get(json_array_get(changes, i), "what");

        require(json_is_string(what));
        require(strncmp(json_string_value(what), "call ", 5) == 0);
    }
    require(json_array_size(changes) == 0 || json_array_size(calls) > 0);
    json_decref(diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str bytes = {size ? (const char *)data : NULL, size};
    struct str body = {NULL, 0};
    unsigned status;
    json_t *value;

    if (http_client_split(&status, &body, bytes))
        body = bytes; /* JSON as it is: the fuzzer need not find the header first */
    else
        require(status <= 999 && body.p + body.n == bytes.p + bytes.n);
    value = body.n ? json_loadb(body.p, body.n, 0, NULL) : NULL;
    compare(json_object_get(value, "calls"));
    json_decref(value);
    return 0;
}
