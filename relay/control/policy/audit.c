#include "relay/control/policy/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "relay/text.h"

#define TEXT_MAX    1024 /* of each text of strangers; more is cut [bytes] */
#define QUEUE_BYTES ((size_t)4 * 1024 * 1024)

/* ---- the line ---------------------------------------------------------------------------------
 */

struct writer {
    char *buf;
    size_t n, cap;
};

static void put(struct writer *w, const char *text, size_t n)
{
    if (w->n + n < w->cap)
        memcpy(w->buf + w->n, text, n);
    w->n += n; /* beyond cap: it did not fit */
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* RFC 8259 s.7; what is not UTF-8 or would disturb a reader is escaped. */
static void put_member(struct writer *w, const char *key, struct str value)
{
    size_t at = 0;

    if (str_is_empty(value))
        return;
    put_text(w, w->n > 1 ? ",\"" : "\"");
    put_text(w, key);
    put_text(w, "\":\"");
    while (at < value.n && at < TEXT_MAX) {
        char form[TEXT_ESCAPE_MAX];
        size_t n_taken;

        put(w, form, text_escape(form, TEXT_JSON, value.p + at, value.n - at, &n_taken));
        at += n_taken;
    }
    put_text(w, at < value.n ? "...\"" : "\"");
}

static void put_time(struct writer *w, uint64_t wall_us)
{
    const time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char text[64];
    size_t n;

    if (!gmtime_r(&seconds, &tm))
        return;
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + n, sizeof(text) - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000));
    put_member(w, "time", str_of(text));
}

size_t audit_print(char *buf, size_t cap, const struct audit_line *line)
{
    struct writer w = {.buf = buf, .cap = cap};

    put_text(&w, "{");
    put_time(&w, line->wall_us);
    put_member(&w, "event", str_of(line->event));
    put_member(&w, "call_id", line->call_id);
    put_member(&w, "provider", str_of(line->provider));
    put_member(&w, "peer_fqdn", line->peer_fqdn);
    put_member(&w, "enterprise_user", line->enterprise_user);
    put_member(&w, "remote_user", line->remote_user);
    put_member(&w, "direction",
               line->direction == POLICY_TO_PROVIDER ? STR("to_provider") : STR("from_provider"));
    put_member(&w, "kind", str_of(media_kind_name(line->kind)));
    put_member(&w, "verdict", str_of(policy_verdict_name(line->decision->verdict)));
    put_member(&w, "code", str_of(policy_code_name(line->decision->code)));
    put_member(&w, "reason", str_of(line->decision->reason));
    put_text(&w, "}\n");
    if (w.n >= cap)
        return 0;
    buf[w.n] = '\0';
    return w.n;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

int audit_open(struct journal **jp, const char *path, enum config_sync sync)
{
    const struct journal_config cfg = {
        .name = "audit file", .path = path, .sync = sync, .queue_bytes = QUEUE_BYTES};

    return journal_open(jp, &cfg);
}

void audit_write(struct journal *j, const struct audit_line *line)
{
    char text[AUDIT_LINE_MAX];

    (void)journal_append(j, text, audit_print(text, sizeof(text), line));
}

bool audit_takes_more(struct journal *j, enum config_sync sync)
{
    return !j || sync != CONFIG_SYNC_EACH ||
           journal_room(j) >= (size_t)MEDIA_KIND_COUNT * AUDIT_LINE_MAX;
}
