#include "relay/control/policy/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/log.h"
#include "relay/text.h"

#define TEXT_MAX 1024 /* of each text of strangers; more is cut [bytes] */
#define SYNC_US  1000000u

struct audit {
    int fd;
    char *path;
    enum config_sync sync;
    bool is_dirty;
    uint64_t synced_us, n_failed;
    struct log_limit limit;
};

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

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int audit_open(struct audit **ap, const char *path, enum config_sync sync)
{
    struct audit *a = calloc(1, sizeof(*a));
    int err;

    if (!a)
        return ENOMEM;
    a->sync = sync;
    a->path = strdup(path);
    a->fd = a->path ? open_file(path) : -1;
    if (a->fd >= 0) {
        *ap = a;
        return 0;
    }
    err = a->path ? errno : ENOMEM;
    free(a->path);
    free(a);
    return err;
}

static void fail(struct audit *a, int err)
{
    a->n_failed++;
    if (log_limit_pass(&a->limit, "audit", clock_now_us()))
        log_error(NULL, "audit file %s: %s", a->path, strerror(err));
}

static void sync_now(struct audit *a, uint64_t now_us)
{
    if (a->is_dirty && fdatasync(a->fd) && errno != EINVAL && errno != EROFS) /* not of a pipe */
        fail(a, errno);
    a->is_dirty = false;
    a->synced_us = now_us;
}

int audit_reopen(struct audit *a)
{
    int fd = open_file(a->path);

    if (fd < 0)
        return errno;
    if (a->sync != CONFIG_SYNC_NEVER)
        sync_now(a, clock_now_us());
    close(a->fd);
    a->fd = fd;
    return 0;
}

void audit_close(struct audit *a)
{
    if (!a)
        return;
    if (a->sync != CONFIG_SYNC_NEVER)
        sync_now(a, clock_now_us());
    close(a->fd);
    free(a->path);
    free(a);
}

void audit_tick(struct audit *a, uint64_t now_us)
{
    if (a->sync == CONFIG_SYNC_SECOND && a->is_dirty && now_us - a->synced_us >= SYNC_US)
        sync_now(a, now_us);
}

/* One write() of one line: O_APPEND keeps it whole beside other writers. A part that was written
 * alone (the disk is full) is ended by the newline of the next line that fits. */
void audit_write(struct audit *a, const struct audit_line *line)
{
    char text[AUDIT_LINE_MAX];
    size_t n = audit_print(text, sizeof(text), line);
    ssize_t written;

    do {
        written = n ? write(a->fd, text, n) : 0;
    } while (written < 0 && errno == EINTR);
    if (!n || written != (ssize_t)n) {
        fail(a, !n ? EMSGSIZE : written < 0 ? errno : ENOSPC);
        return;
    }
    a->is_dirty = true;
    if (a->sync == CONFIG_SYNC_EACH)
        sync_now(a, clock_now_us());
}

uint64_t audit_n_failed(const struct audit *a)
{
    return a->n_failed;
}
