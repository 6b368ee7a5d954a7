#include "tests/program/relay.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define PROGRAM      PICRELAY_BINARY_DIR "/picrelay"
#define HTTP_MAX     (1024 * 1024)
#define TRY_EVERY_US 20000 /* how often what is no event is looked at */

/* ---- names ------------------------------------------------------------------------------------
 */

void relay_own_address(char address[static 16])
{
    unsigned pid = (unsigned)getpid(); /* below 2^22: Linux, PID_MAX_LIMIT */

    snprintf(address, 16, "127.%u.%u.%u", 128 + (pid >> 16 & 63), pid >> 8 & 255, pid & 255);
}

uint16_t relay_free_port(const char *address, int type)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t n = sizeof(in);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    close(fd);
    return ntohs(in.sin_port);
}

void relay_new_id(struct relay *r, char id[static 40])
{
    snprintf(id, 40, "call-%d-%u", (int)getpid(), r->n_calls++);
}

/* ---- files ------------------------------------------------------------------------------------
 */

void relay_write_file(char folder[static 32], char path[static 64], const char *text)
{
    snprintf(folder, 32, "/tmp/picrelay-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, 64, "%s/relay.yaml", folder);

    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void relay_remove_file(const char *folder, const char *path)
{
    unlink(path);
    rmdir(folder);
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

/* What PICRELAY_IO and PICRELAY_SRTP ask for, so that the same tests run in each combination. */
/* @param parts  before the key, before the value, behind it */
static void print_choices(char *text, size_t cap, const char *const parts[3])
{
    static const char *const keys[] = {"io", "srtp"};
    static const char *const variables[] = {"PICRELAY_IO", "PICRELAY_SRTP"};
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *value = getenv(variables[i]);

        if (value && n < cap)
            n += (size_t)snprintf(text + n, cap - n, "%s%s%s%s%s", parts[0], keys[i], parts[1],
                                  value, parts[2]);
    }
}

static void config_write(struct relay *r, const struct relay_config *cfg)
{
    const char *a = r->address;
    char text[4096], others[256] = "", choices[64], tcp[48] = "";

    if (!cfg->is_only_skype_and_wlm)
        snprintf(others, sizeof(others),
                 "  - {name: aol, address: %s, ports: 28000-28999, provider: aol}\n"
                 "  - {name: yahoo, address: %s, ports: 29000-29999, provider: yahoo}\n",
                 a, a);
    if (cfg->has_tcp)
        snprintf(tcp, sizeof(tcp), ", \"tcp:%s\"", r->ng_address);
    print_choices(choices, sizeof(choices), (const char *[]){"", ": ", "\n"});
    int n = snprintf(text, sizeof(text),
                     "interfaces:\n"
                     "  - {name: enterprise, address: %s, ports: %s%s%s}\n"
                     "  - {name: skype, address: %s, ports: %s, provider: skype%s%s}\n"
                     "  - {name: wlm, address: %s, ports: 26000-27999, provider: wlm}\n"
                     "%s"
                     "control:\n"
                     "  ng: [\"udp:%s\"%s]\n"
                     "  %s\n"
                     "http: %s\n"
                     "workers: %s\n"
                     "log: {level: %s, format: text}\n"
                     "%s%s\n",
                     a, or_else(cfg->enterprise_ports, "10000-17999"), cfg->enterprise ? ", " : "",
                     or_else(cfg->enterprise, ""), a, or_else(cfg->skype_ports, "18000-25999"),
                     cfg->skype ? ", " : "", or_else(cfg->skype, ""), a, others, r->ng_address, tcp,
                     or_else(cfg->control, ""), r->http_address, or_else(cfg->workers, "1"),
                     or_else(cfg->log_level, "warning"), choices, or_else(cfg->more, ""));
    assert_true(n > 0 && (size_t)n < sizeof(text));
    relay_write_file(r->folder, r->config, text);
}

/* ---- waiting ----------------------------------------------------------------------------------
 */

void relay_wait(const struct relay *r, bool (*done)(void *arg), void *arg, const char *what)
{
    if (loop_run(r->loop, done, arg, loop_now_us() + RELAY_PATIENCE_US) == 0)
        return;
    print_error("waited in vain: %s\n", what);
    fail();
}

static void tick_h(uint64_t n, void *arg)
{
    (void)n;
    *(bool *)arg = true;
}

static bool is_set(void *arg)
{
    return *(bool *)arg;
}

void relay_wait_polling(const struct relay *r, bool (*done)(void *arg), void *arg, const char *what)
{
    uint64_t deadline_us = loop_now_us() + RELAY_PATIENCE_US;
    struct loop_timer *timer;
    bool is_due = false;

    assert_int_equal(loop_timer_alloc(&timer, r->loop, tick_h, &is_due), 0);
    loop_timer_start(timer, loop_now_us(), TRY_EVERY_US);
    while (!done(arg)) {
        if (loop_now_us() > deadline_us) {
            print_error("waited in vain: %s\n", what);
            fail();
        }
        is_due = false; /* not in the timer's handler: done may run the loop itself */
        relay_wait(r, is_set, &is_due, what);
    }
    loop_timer_free(timer);
}

static bool is_ready(void *arg)
{
    struct relay *r = arg;

    return strstr(process_err(r->process), "picrelay: ready ") || process_status(r->process) >= 0;
}

/* ---- start and stop ---------------------------------------------------------------------------
 */

/* No test of one combination passes on another. */
static void check_choices(const struct relay *r)
{
    char said[64];

    print_choices(said, sizeof(said), (const char *[]){" ", "=", ""});
    if (!strstr(process_err(r->process), said)) {
        print_error("expected \"%s\" in: %s\n", said, process_err(r->process));
        fail();
    }
}

static void start(struct relay *r, const struct relay_config *relay)
{
    const char *const argv[] = {or_else(relay->program, PROGRAM), "--config", r->config, NULL};
    const struct process_config cfg = {
        .loop = r->loop, .argv = argv, .n_descriptors = relay->n_descriptors};

    assert_int_equal(process_start(&r->process, &cfg), 0);
    relay_wait(r, is_ready, r, "picrelay: ready");
    assert_int_equal(process_status(r->process), -1);
    check_choices(r);
    assert_int_equal(ng_client_alloc(&r->ng, r->loop, r->ng_address, NG_BENCODE), 0);
}

static const struct relay_config as_it_comes = {0};

void relay_start(struct relay *r, const struct relay_config *cfg)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(loop_alloc(&r->loop), 0);
    relay_own_address(r->address);
    r->ng_port = relay_free_port(r->address, SOCK_DGRAM);
    r->http_port = relay_free_port(r->address, SOCK_STREAM);
    snprintf(r->ng_address, sizeof(r->ng_address), "%s:%u", r->address, r->ng_port);
    snprintf(r->http_address, sizeof(r->http_address), "%s:%u", r->address, r->http_port);
    cfg = cfg ? cfg : &as_it_comes;
    config_write(r, cfg);
    start(r, cfg);
}

void relay_start_file(struct relay *r, const char *path)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(loop_alloc(&r->loop), 0);
    snprintf(r->config, sizeof(r->config), "%s", path);
    strcpy(r->address, "127.0.0.1");
    r->ng_port = 2223;
    r->http_port = 9901;
    strcpy(r->ng_address, "127.0.0.1:2223");
    strcpy(r->http_address, "127.0.0.1:9901");
    start(r, &as_it_comes);
}

void relay_stop(struct relay *r)
{
    process_signal(r->process, SIGTERM);
    relay_wait(r, process_has_ended, r->process, "the end of picrelay after SIGTERM");
    assert_int_equal(process_status(r->process), 0);
    process_free(r->process);
    ng_client_free(r->ng);
    loop_free(r->loop);
    if (*r->folder)
        relay_remove_file(r->folder, r->config);
    memset(r, 0, sizeof(*r));
}

int relay_setup(void **state)
{
    static struct relay relay;

    relay_start(&relay, NULL);
    *state = &relay;
    return 0;
}

int relay_teardown(void **state)
{
    relay_stop(*state);
    return 0;
}

/* ---- requests ---------------------------------------------------------------------------------
 */

json_t *relay_request(const char *command, const char *call_id)
{
    json_t *request = json_pack("{s:s}", "command", command);

    assert_non_null(request);
    if (call_id)
        json_object_set_new(request, "call-id", json_string(call_id));
    return request;
}

json_t *relay_ask(const struct relay *r, json_t *request)
{
    json_t *reply = NULL;

    assert_int_equal(ng_client_call(r->ng, request, &reply), 0);
    json_decref(request);
    return reply;
}

json_t *relay_ask_for(const struct relay *r, json_t *request, const char *result)
{
    json_t *reply = relay_ask(r, request);
    const char *got = json_string_value(json_object_get(reply, "result"));

    if (!got || strcmp(got, result) != 0) {
        char *text = json_dumps(reply, JSON_COMPACT);

        print_error("result is not \"%s\": %s\n", result, text);
        free(text);
        fail();
    }
    return reply;
}

void relay_ask_error(const struct relay *r, json_t *request, const char *text)
{
    json_t *reply = relay_ask_for(r, request, "error");

    assert_string_equal(relay_json_text(reply, "error-reason"), text);
    json_decref(reply);
}

json_t *relay_query(const struct relay *r, const char *call_id)
{
    return relay_ask_for(r, relay_request("query", call_id), "ok");
}

/* ---- what it writes ---------------------------------------------------------------------------
 */

struct wanted {
    const struct relay *relay;
    char key[80];
    const char *line;
};

/* A whole line of stdout that has the key: records are one line each. */
static bool has_line(void *arg)
{
    struct wanted *w = arg;
    const char *out = process_out(w->relay->process);
    const char *at = strstr(out, w->key);

    if (!at || !strchr(at, '\n'))
        return false;
    while (at > out && at[-1] != '\n')
        at--;
    w->line = at;
    return true;
}

static struct wanted record_wanted(const struct relay *r, const char *call_id)
{
    struct wanted w = {.relay = r};

    snprintf(w.key, sizeof(w.key), "\"call_id\":\"%s\"", call_id);
    return w;
}

json_t *relay_record(const struct relay *r, const char *call_id)
{
    struct wanted w = record_wanted(r, call_id);

    relay_wait(r, has_line, &w, w.key);
    json_t *record = json_loads(w.line, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(record);
    return record;
}

bool relay_has_record(const struct relay *r, const char *call_id)
{
    struct wanted w = record_wanted(r, call_id);

    return has_line(&w);
}

bool relay_has_logged(const struct relay *r, const char *text)
{
    return strstr(process_err(r->process), text) != NULL;
}

/* ---- metrics ----------------------------------------------------------------------------------
 */

static int http_connect(const struct relay *r)
{
    const struct timeval patience = {.tv_sec = RELAY_PATIENCE_US / 1000000};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(r->http_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, r->address, &in.sin_addr);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return fd;
}

char *relay_metrics(const struct relay *r)
{
    static const char request[] =
        "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    char *text = malloc(HTTP_MAX + 1);
    size_t n = 0;
    int fd = http_connect(r);

    assert_non_null(text);
    assert_int_equal(send(fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
    for (ssize_t got; n < HTTP_MAX && (got = recv(fd, text + n, HTTP_MAX - n, 0)) > 0;)
        n += (size_t)got;
    text[n] = 0;
    close(fd);
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
    return text;
}

static double sample_of(const char *text, const char *sample)
{
    char line[200];

    snprintf(line, sizeof(line), "\n%s", sample);
    const char *at = strstr(text, line);
    return at ? strtod(at + strlen(line), NULL) : -1;
}

double relay_metric(const struct relay *r, const char *sample)
{
    char *text = relay_metrics(r);
    double value = sample_of(text, sample);

    free(text);
    return value;
}

struct metric_wanted {
    const struct relay *relay;
    const char *sample;
    double value;
};

static bool metric_is(void *arg)
{
    const struct metric_wanted *w = arg;

    return relay_metric(w->relay, w->sample) == w->value;
}

void relay_wait_metric(const struct relay *r, const char *sample, double value)
{
    struct metric_wanted w = {.relay = r, .sample = sample, .value = value};

    relay_wait_polling(r, metric_is, &w, sample);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

json_t *relay_json_find(const json_t *root, const char *path)
{
    json_t *at = (json_t *)(uintptr_t)root;
    char key[80];

    while (at && *path) {
        size_t n = strcspn(path, ".");

        assert_true(n < sizeof(key));
        memcpy(key, path, n);
        key[n] = 0;
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
                               : json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    return at;
}

json_t *relay_json(const json_t *root, const char *path)
{
    json_t *value = relay_json_find(root, path);

    if (!value) {
        char *text = json_dumps(root, JSON_INDENT(1));

        print_error("no %s in %s\n", path, text);
        free(text);
        fail();
    }
    return value;
}

const char *relay_json_text(const json_t *root, const char *path)
{
    const char *text = json_string_value(relay_json(root, path));

    assert_non_null(text);
    return text;
}

json_int_t relay_json_int(const json_t *root, const char *path)
{
    json_t *value = relay_json(root, path);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}
