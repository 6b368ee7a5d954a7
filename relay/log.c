#include "relay/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/text.h"

#define LINE_MAX_BYTES 4096
#define CALL_MAX_BYTES 256 /* of the escaped call-id: the message keeps the rest of the line */
#define TAIL_BYTES     32  /* kept free for the mark of a cut and the end of the line */
#define LINES_PER_S    10  /* of one cause: a stranger cannot fill the disk */

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
    [LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};
static const char *const format_names[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json"};

/* The one variable of the process that belongs to no object: where lines go is a property of the
 * process. Written by log_init() before threads are started, then only read. */
static struct {
    enum log_level level;
    enum log_format format;
} settings = {LOG_INFO, LOG_TEXT};

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t n;
};

void log_init(enum log_level level, enum log_format format)
{
    settings.level = level;
    settings.format = format;
}

bool log_wants(enum log_level level)
{
    return level <= settings.level;
}

const char *log_level_name(enum log_level level)
{
    return (unsigned)level <= LOG_DEBUG ? level_names[level] : "unknown";
}

const char *log_format_name(enum log_format format)
{
    return (unsigned)format <= LOG_JSON ? format_names[format] : "unknown";
}

int log_level_parse(enum log_level *level, const char *name)
{
    for (unsigned i = 0; i <= LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    }
    return EINVAL;
}

static void put(struct line *l, const char *text)
{
    size_t n = strlen(text);

    if (n > sizeof(l->bytes) - l->n)
        n = sizeof(l->bytes) - l->n;
    memcpy(l->bytes + l->n, text, n);
    l->n += n;
}

/* Puts what a stranger may have written; the line grows to `limit` at the most. */
static void put_escaped(struct line *l, enum text_style style, const char *text, size_t limit)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n;) {
        char form[TEXT_ESCAPE_MAX];
        size_t n_taken;
        size_t n_form = text_escape(form, style, text + i, n - i, &n_taken);

        if (l->n + n_form > limit) {
            put(l, "[cut]");
            return;
        }
        put(l, form);
        i += n_taken;
    }
}

static void put_time(struct line *l, uint64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    char text[40];
    struct tm tm = {0};
    size_t n;

    gmtime_r(&seconds, &tm);
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof(text) - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000));
    put(l, text);
}

static void render_text(struct line *l, enum log_level level, const char *call_id, const char *msg)
{
    size_t n_kept = TAIL_BYTES + (call_id ? CALL_MAX_BYTES : 0);

    put_time(l, clock_wall_us());
    put(l, " ");
    put(l, log_level_name(level));
    put(l, " ");
    put_escaped(l, TEXT_LINE, msg, LINE_MAX_BYTES - n_kept);
    if (call_id) {
        put(l, " call=");
        put_escaped(l, TEXT_WORD, call_id, l->n + CALL_MAX_BYTES - TAIL_BYTES);
    }
    put(l, "\n");
}

static void render_json(struct line *l, enum log_level level, const char *call_id, const char *msg)
{
    put(l, "{\"ts\":\"");
    put_time(l, clock_wall_us());
    put(l, "\",\"level\":\"");
    put(l, log_level_name(level));
    if (call_id) {
        put(l, "\",\"call\":\"");
        put_escaped(l, TEXT_JSON, call_id, l->n + CALL_MAX_BYTES);
    }
    put(l, "\",\"msg\":\"");
    put_escaped(l, TEXT_JSON, msg, LINE_MAX_BYTES - TAIL_BYTES);
    put(l, "\"}\n");
}

/* One write(2) a line, so that lines of two threads never mix; what a full pipe refuses is lost,
 * as nothing here may wait for whoever reads the log. */
static void emit(const struct line *l)
{
    ssize_t n;

    do {
        n = write(STDERR_FILENO, l->bytes, l->n);
    } while (n < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *call_id, const char *fmt, ...)
{
    int saved_errno = errno; /* callers log first and return errno then */
    char msg[LINE_MAX_BYTES];
    struct line l;
    va_list ap;

    if (!log_wants(level))
        return;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);

    l.n = 0;
    if (settings.format == LOG_JSON)
        render_json(&l, level, call_id, msg);
    else
        render_text(&l, level, call_id, msg);

    emit(&l);
    errno = saved_errno;
}

bool log_limit_pass(struct log_limit *limit, const char *cause, uint64_t now_us)
{
    uint64_t second = now_us / 1000000;

    if (second != limit->second) {
        if (limit->n_suppressed)
            log_warning(NULL, "%s: %u more lines were suppressed", cause, limit->n_suppressed);
        *limit = (struct log_limit){.second = second};
    }
    if (limit->n_written >= LINES_PER_S) {
        if (limit->n_suppressed < UINT32_MAX)
            limit->n_suppressed++;
        return false;
    }
    limit->n_written++;
    return true;
}
