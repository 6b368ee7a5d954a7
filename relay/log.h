#ifndef PICRELAY_LOG_H
#define PICRELAY_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * One line an event, to stderr, as text or JSON. Control and ice threads only: workers never log,
 * they count. Secrets (keys, passwords) are never given to it.
 */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/** Sets what is written; once, before threads are started. */
void log_init(enum log_level level, enum log_format format);
bool log_wants(enum log_level level);

/**
 * Writes one line. Control characters of what strangers wrote are escaped.
 * @param call_id  NULL: not about a call
 */
void log_write(enum log_level level, const char *call_id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(call_id, ...)   log_write(LOG_ERROR, call_id, __VA_ARGS__)
#define log_warning(call_id, ...) log_write(LOG_WARNING, call_id, __VA_ARGS__)
#define log_notice(call_id, ...)  log_write(LOG_NOTICE, call_id, __VA_ARGS__)
#define log_info(call_id, ...)    log_write(LOG_INFO, call_id, __VA_ARGS__)
#define log_debug(call_id, ...)   log_write(LOG_DEBUG, call_id, __VA_ARGS__)

/** A limit of 10 lines/s for one cause, which anybody on the network can bring about. The caller
 *  owns it; one thread. */
struct log_limit {
    uint64_t second;
    uint32_t n_written, n_suppressed;
};
/** @return true: write this line. In a later second the count of suppressed lines is written. */
bool log_limit_pass(struct log_limit *limit, const char *cause, uint64_t now_us);

/** Names of levels and formats, as in the configuration. @return 0; EINVAL */
int log_level_parse(enum log_level *level, const char *name);
const char *log_level_name(enum log_level level);
const char *log_format_name(enum log_format format);

#endif
