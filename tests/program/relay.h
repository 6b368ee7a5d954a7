#ifndef PICRELAY_TESTS_RELAY_H
#define PICRELAY_TESTS_RELAY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>

#include "bench/peer/loop.h"
#include "bench/ng/client.h"
#include "tests/program/process.h"

/**
 * The relay as users have it: a process with a configuration file, driven over its sockets. Each
 * test process has a loopback address of its own, so that any number of them run at once. What
 * goes wrong fails the test. Thread: the loop's.
 */

/** For what takes milliseconds: who waits this long has failed. Sanitizers and neighbours slow. */
#define RELAY_PATIENCE_US 30000000

/** Sanitizers keep memory that was freed: how much there is tells nothing then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RELAY_IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RELAY_IS_SANITIZED true
#endif
#endif
#ifndef RELAY_IS_SANITIZED
#define RELAY_IS_SANITIZED false
#endif

/** A zeroed struct is a usable one. Texts are YAML. */
struct relay_config {
    const char *program;          /* NULL: picrelay */
    const char *enterprise_ports; /* NULL: 10000-17999 */
    const char *skype_ports;      /* NULL: 18000-25999 */
    const char *enterprise;       /* more of interface enterprise: "dialect: lync"; NULL: nothing */
    const char *skype;            /* likewise */
    const char *control;          /* more of the control map: "allow: [...]"; NULL: nothing */
    const char *more;             /* further lines; NULL: none */
    const char *workers;          /* NULL: 1 */
    const char *log_level;        /* NULL: warning */
    bool has_tcp;                 /* NG over TCP too, at the same address and port */
    bool is_only_skype_and_wlm;   /* no interfaces of aol and yahoo: a table without their rows */
    uint64_t n_descriptors;       /* of the process; 0: as ours */
};

struct relay {
    struct loop *loop;
    struct process *process;
    struct ng_client *ng;
    char address[16];                      /* of its interfaces and listeners */
    char ng_address[32], http_address[32]; /* with ports */
    uint16_t ng_port, http_port;
    char folder[32], config[64]; /* the file that it was started with */
    unsigned n_calls;            /* for call-ids */
};

/** An address of 127.0.0.0/8 that no other process of these tests has. */
void relay_own_address(char address[static 16]);
/** A port of that address that was free a moment ago. @param type  SOCK_DGRAM, SOCK_STREAM */
uint16_t relay_free_port(const char *address, int type);
/** Writes a file of a new folder. */
void relay_write_file(char folder[static 32], char path[static 64], const char *text);
void relay_remove_file(const char *folder, const char *path);

/** Starts it and waits until it is ready. @param cfg  NULL: as it comes */
void relay_start(struct relay *r, const struct relay_config *cfg);
/** Starts picrelay with a file as it is and waits until it is ready. */
void relay_start_file(struct relay *r, const char *path);
/** SIGTERM: it has to end with status 0, sanitizers silent. */
void relay_stop(struct relay *r);

/** Group fixtures of cmocka: one relay as it comes, for all tests of a file. */
int relay_setup(void **state);
int relay_teardown(void **state);

/** Runs the loop until done says so; else the test fails. */
void relay_wait(const struct relay *r, bool (*done)(void *arg), void *arg, const char *what);

/** The same for what is no event of the loop: done is asked every 20 ms, and may run the loop. */
void relay_wait_polling(const struct relay *r, bool (*done)(void *arg), void *arg,
                        const char *what);

/** A request with its command, and a call-id if there is one. */
json_t *relay_request(const char *command, const char *call_id);
/** Sends a request (and lets go of it), waits for the reply: a new reference. */
json_t *relay_ask(const struct relay *r, json_t *request);
/** As relay_ask(); the reply's result has to be this one. */
json_t *relay_ask_for(const struct relay *r, json_t *request, const char *result);
/** The reply has to be the error with this text. */
void relay_ask_error(const struct relay *r, json_t *request, const char *text);
/** The reply has to be that call's query. */
json_t *relay_query(const struct relay *r, const char *call_id);

/** A call-id that was not used before. */
void relay_new_id(struct relay *r, char id[static 40]);

/** The record of a call that has ended: a new reference. */
json_t *relay_record(const struct relay *r, const char *call_id);
bool relay_has_record(const struct relay *r, const char *call_id);
/** Whether its log has this text by now. */
bool relay_has_logged(const struct relay *r, const char *text);

/** GET /metrics: the body; to be freed. */
char *relay_metrics(const struct relay *r);
/** A sample of it, by its line's beginning: "picrelay_calls ". @return -1: not there */
double relay_metric(const struct relay *r, const char *sample);
/** Waits until a sample has this value. */
void relay_wait_metric(const struct relay *r, const char *sample, double value);

/** json_object_get() over a path: "legs.0.streams.1.codec"; what is not there fails the test. */
json_t *relay_json(const json_t *root, const char *path);
const char *relay_json_text(const json_t *root, const char *path);
json_int_t relay_json_int(const json_t *root, const char *path);
/** NULL: not there */
json_t *relay_json_find(const json_t *root, const char *path);

#endif
