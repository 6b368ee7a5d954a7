#include "relay/config.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/config_fields.h"
#include "tests/sim/malloc_count.h"

static int parse(struct config *cfg, const char *yaml, char *err, size_t err_cap)
{
    return config_parse(cfg, yaml, strlen(yaml), "my.yaml", err, err_cap);
}

static char *print(const struct config *cfg)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    config_print(cfg, out);
    fclose(out);
    return text;
}

/* Calls a handler for each file of a folder of vectors. */
static void each_file(const char *folder, void (*file_h)(const char *path))
{
    char pattern[1024];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/config/%s/*.yaml", PICRELAY_VECTORS, folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        file_h(found.gl_pathv[i]);
    globfree(&found);
}

static void check_good(const char *path)
{
    struct config *cfg = calloc(2, sizeof(*cfg));
    char err[512] = "";
    char *text;

    assert_non_null(cfg);
    if (config_load(&cfg[0], path, err, sizeof(err)))
        fail_msg("%s", err);

    text = print(&cfg[0]);
    if (parse(&cfg[1], text, err, sizeof(err)))
        fail_msg("%s: printed, and not taken back: %s\n%s", path, err, text);
    /* NOLINTNEXTLINE(*-suspicious-memory-comparison,cert-*): zeroed before, padding included */
    if (memcmp(&cfg[0], &cfg[1], sizeof(cfg[0])) != 0)
        fail_msg("%s: changed on its way:\n%s", path, text);
    free(text);
    free(cfg);
}

static void good_files_are_taken_and_printed_back(void **state)
{
    (void)state;
    each_file("good", check_good);
}

/* The first line of a bad file is "# " and how its message begins, after the file's name. */
static void check_bad(const char *path)
{
    struct config *cfg = calloc(1, sizeof(*cfg));
    char expected[600];
    char line[512] = "";
    char err[1024] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(cfg);
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    snprintf(expected, sizeof(expected), "%s:%s", strrchr(path, '/') + 1, line + 2);

    cfg->workers = 77;
    assert_int_equal(config_load(cfg, path, err, sizeof(err)), EINVAL);
    if (!strstr(err, expected))
        fail_msg("\n  said:     %s\n  expected: %s", err, expected);
    assert_null(strchr(err, '\n'));
    assert_int_equal(cfg->workers, 77); /* as it was */
    free(cfg);
}

static void bad_files_are_refused_with_line_and_reason(void **state)
{
    (void)state;
    each_file("bad", check_bad);
}

static void defaults_are_the_documented_ones(void **state)
{
    static const struct {
        const char *name, *provider;
        uint16_t port_min, port_max;
    } rows[] = {
        {"enterprise", "", 10000, 17999}, {"skype", "skype", 18000, 25999},
        {"wlm", "wlm", 26000, 29999},     {"aol", "aol", 30000, 30999},
        {"yahoo", "yahoo", 31000, 31999},
    };
    struct config *cfg = malloc(sizeof(*cfg));
    char text[ADDR_TEXT_MAX];

    (void)state;
    assert_non_null(cfg);
    config_default(cfg);
    assert_int_equal(cfg->n_interfaces, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(cfg->interfaces[i].name, rows[i].name);
        assert_string_equal(cfg->interfaces[i].provider, rows[i].provider);
        assert_int_equal(cfg->interfaces[i].port_min, rows[i].port_min);
        assert_int_equal(cfg->interfaces[i].port_max, rows[i].port_max);
        assert_string_equal(addr_print(text, &cfg->interfaces[i].advertise), "127.0.0.1:0");
    }
    assert_string_equal(addr_print(text, &cfg->control.ng[0].address), "127.0.0.1:2223");
    assert_string_equal(addr_print(text, &cfg->http), "127.0.0.1:9901");
    assert_int_equal(cfg->control.n_allow, 2);
    assert_int_equal(cfg->control.default_direction[0], -1);
    assert_true(cfg->workers >= 1);
    assert_int_equal(cfg->port_rest_s, 10);
    assert_int_equal(cfg->tos, 184);
    assert_string_equal(cfg->policy, "");
    free(cfg);
}

/* What the built-in defaults say must pass their own validation, or an empty file would not. */
static void defaults_stay_where_a_file_is_silent(void **state)
{
    struct config *cfg = calloc(2, sizeof(*cfg));
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    config_default(&cfg[0]);
    assert_int_equal(parse(&cfg[1], "", err, sizeof(err)), 0);
    assert_memory_equal(&cfg[0], &cfg[1], sizeof(cfg[0]));
    assert_int_equal(parse(&cfg[1], "tos: 0\n", err, sizeof(err)), 0);
    cfg[0].tos = 0;
    assert_memory_equal(&cfg[0], &cfg[1], sizeof(cfg[0]));
    free(cfg);
}

static void values_of_a_file_arrive(void **state)
{
    struct config *cfg = calloc(1, sizeof(*cfg));
    char err[512] = "";
    char text[ADDR_TEXT_MAX];

    (void)state;
    assert_non_null(cfg);
    if (config_load(cfg, PICRELAY_VECTORS "/config/good/every-key.yaml", err, sizeof(err)))
        fail_msg("%s", err);

    assert_int_equal(cfg->n_interfaces, 3);
    assert_string_equal(addr_print(text, &cfg->interfaces[0].address), "0.0.0.0:0");
    assert_string_equal(addr_print(text, &cfg->interfaces[0].advertise), "203.0.113.1:0");
    assert_int_equal(cfg->interfaces[0].dialect, DIALECT_LYNC);
    assert_int_equal(cfg->interfaces[0].n_transcode, 3);
    assert_string_equal(cfg->interfaces[0].transcode[2], "opus/48000/2");
    assert_string_equal(addr_print(text, &cfg->interfaces[1].advertise), "[2001:db8::1]:0");
    assert_int_equal(cfg->interfaces[2].port_max, 65535);
    assert_int_equal(cfg->control.default_direction[0], 1);
    assert_int_equal(cfg->control.default_direction[1], 0);
    assert_string_equal(addr_print(text, &cfg->control.ng[1].address), "[::1]:2223");
    assert_true(cfg->control.ng[2].is_tcp && !cfg->control.ng[1].is_tcp);
    assert_int_equal(cfg->control.allow[2].prefix_bits, 8);
    assert_false(cfg->has_http);
    assert_int_equal(cfg->workers, 3);
    assert_string_equal(cfg->policy, "/etc/pic relay/\"policy\".yaml");
    assert_int_equal(cfg->log.level, LOG_DEBUG);
    assert_int_equal(cfg->log.format, LOG_JSON);
    assert_int_equal(cfg->port_rest_s, 0);
    assert_int_equal(cfg->media_timeout_s, 61);
    assert_int_equal(cfg->silent_timeout_s, 3601);
    assert_int_equal(cfg->offer_timeout_s, 3602);
    assert_int_equal(cfg->delete_delay_s, 0);
    assert_int_equal(cfg->max_calls, 1000);
    assert_int_equal(cfg->tos, -1);
    assert_int_equal(cfg->reorder_window_ms, 0);
    assert_int_equal(cfg->io, CONFIG_IO_EPOLL);
    assert_int_equal(cfg->gather_us, 0);
    assert_int_equal(cfg->n_cpus, 3);
    assert_int_equal(cfg->cpus[0], 2);
    assert_int_equal(cfg->cpus[1], 0);
    assert_int_equal(cfg->load_limit_percent, 100);
    free(cfg);
}

static void interfaces_are_found_by_their_whole_name(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));

    (void)state;
    assert_non_null(cfg);
    config_default(cfg);
    assert_int_equal(config_find_interface(cfg, "skypeX", 5), 1);
    assert_int_equal(config_find_interface(cfg, "skype", 4), -1);
    assert_int_equal(config_find_interface(cfg, "Skype", 5), -1);
    assert_int_equal(config_find_interface(cfg, "", 0), -1);
    free(cfg);
}

static void control_characters_of_a_file_do_not_reach_the_message(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    assert_int_equal(parse(cfg, "http: \"\\e[2J\\n\"\n", err, sizeof(err)), EINVAL);
    assert_non_null(strstr(err, "\\x1b[2J\\n"));
    free(cfg);
}

/* A text of one key repeated, one level a time: "{a: {a: {a: ". */
static void nesting_ends_at_its_limit(void **state)
{
    static const char *const openers[] = {"{a: ", "["};
    struct config *cfg = malloc(sizeof(*cfg));

    (void)state;
    assert_non_null(cfg);
    for (unsigned i = 0; i < 2; i++) {
        char text[40000] = "";
        char err[512] = "";
        size_t n = 0;

        while (n + 4 < sizeof(text))
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", openers[i]);
        assert_int_equal(parse(cfg, text, err, sizeof(err)), EINVAL);
        assert_string_equal(err, "my.yaml:1: nested too deep; expected at most 32 levels");
    }
    free(cfg);
}

static void nesting_up_to_its_limit_is_read(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));
    char text[2 * YAML_DEPTH_MAX + 1];
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    memset(text, '[', YAML_DEPTH_MAX);
    memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
    text[2 * YAML_DEPTH_MAX] = '\0';
    assert_int_equal(parse(cfg, text, err, sizeof(err)), EINVAL);
    assert_non_null(strstr(err, "configuration: a list: expected a map")); /* read, then judged */
    free(cfg);
}

static void bytes_that_are_not_text_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *err;
    } rows[] = {
        {"workers: 1\n\0\n", 13, "my.yaml:2: a NUL byte; expected text in UTF-8"},
        {"workers: 1\n# \xff\n", 15, "my.yaml:2: invalid leading UTF-8 octet; expected"},
        {"\xff\xfe"
         "a\0",
         4, "my.yaml:1: a NUL byte"},
        {"workers: 1\n# \x01\n", 15, "my.yaml:2: control characters are not allowed"},
    };
    struct config *cfg = malloc(sizeof(*cfg));

    (void)state;
    assert_non_null(cfg);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char err[512] = "";

        assert_int_equal(config_parse(cfg, rows[i].bytes, rows[i].n, "my.yaml", err, sizeof(err)),
                         EINVAL);
        if (strncmp(err, rows[i].err, strlen(rows[i].err)) != 0)
            fail_msg("said: %s", err);
    }
    assert_int_equal(config_parse(cfg, "\xef\xbb\xbfworkers: 1\n", 14, "my.yaml", NULL, 0), 0);
    free(cfg);
}

/* libyaml is quadratic in them. */
static void directives_are_refused_wherever_a_line_may_start(void **state)
{
    static const char *const rows[] = {
        "%TAG !a! x\n---\nworkers: 1\n",
        "\xef\xbb\xbf%YAML 1.1\n---\nworkers: 1\n",
        "workers: 1\n...\n%TAG !a! x\n",
        "workers: 1\r...\r%TAG !a! x\r",
        "workers: 1\xc2\x85...\xc2\x85%TAG !a! x\n",
        "workers: 1\xe2\x80\xa8...\xe2\x80\xa9%TAG !a! x\n",
    };
    struct config *cfg = malloc(sizeof(*cfg));
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(cfg, rows[i], err, sizeof(err)), EINVAL);
        if (!strstr(err, "a line that starts with %; expected no directives"))
            fail_msg("row %zu: %s", i, err);
    }
    assert_int_equal(parse(cfg, "# 100 %\npolicy: 50%\n", err, sizeof(err)), 0);
    free(cfg);
}

static void size_and_number_of_values_have_limits(void **state)
{
    const size_t n = (size_t)4 * 1024 * 1024 + 1;
    struct config *cfg = malloc(sizeof(*cfg));
    char *text = malloc(n);
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    assert_non_null(text);
    memset(text, '#', n);
    assert_int_equal(config_parse(cfg, text, n, "my.yaml", err, sizeof(err)), EINVAL);
    assert_string_equal(err, "my.yaml:1: 4194305 bytes; expected at most 4194304");
    assert_int_equal(config_parse(cfg, text, n - 1, "my.yaml", err, sizeof(err)), 0);

    memset(text, '1', n);
    for (size_t i = 2; i < n; i += 2)
        text[i] = ',';
    text[0] = '[';
    assert_int_equal(config_parse(cfg, text, n - 1, "my.yaml", err, sizeof(err)), EINVAL);
    assert_string_equal(err, "my.yaml:1: more than 100000 values; expected a shorter file");
    free(text);
    free(cfg);
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    assert_int_equal(config_load(cfg, "/nonexistent/my.yaml", err, sizeof(err)), ENOENT);
    assert_string_equal(
        err, "/nonexistent/my.yaml: No such file or directory; expected a readable file");
    assert_int_equal(config_load(cfg, "/", err, sizeof(err)), EISDIR);
    assert_int_equal(config_load(cfg, "/dev/zero", err, sizeof(err)), EINVAL);
    assert_non_null(strstr(err, "a larger file"));
    free(cfg);
}

static void any_allocation_may_fail(void **state)
{
    static const char path[] = PICRELAY_VECTORS "/config/good/every-key.yaml";
    struct config *cfg;
    unsigned n_failed = 0;
    int e = ENOMEM;

    (void)state;
    if (!malloc_fail_nth(1)) /* a sanitizer owns malloc() */
        skip();
    (void)malloc_fail_nth(0);
    cfg = malloc(sizeof(*cfg));
    assert_non_null(cfg);
    cfg->workers = 77;
    for (unsigned n = 1; e; n++) {
        char err[512] = "";

        (void)malloc_fail_nth(n);
        e = config_load(cfg, path, err, sizeof(err));
        (void)malloc_fail_nth(0);
        if (e && (e != ENOMEM || !strstr(err, "every-key.yaml: out of memory")))
            fail_msg("allocation %u: %d: %s", n, e, err);
        if (e)
            assert_int_equal(cfg->workers, 77);
        n_failed += e != 0;
    }
    assert_true(n_failed > 10);
    free(cfg);
}

/* An absolute one stays; so does none. */
static void paths_are_relative_to_the_file_that_names_them(void **state)
{
    char folder[] = "/tmp/picrelay-test-XXXXXX";
    struct config *cfg = malloc(sizeof(*cfg));
    char path[128];
    char expected[160];
    char err[512] = "";
    FILE *file;

    (void)state;
    assert_non_null(cfg);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/my.yaml", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("policy: rows/table.yaml\naudit: {file: audit.json}\nhttp_token_file: /etc/token\n",
          file);
    fclose(file);

    assert_int_equal(config_load(cfg, path, err, sizeof(err)), 0);
    snprintf(expected, sizeof(expected), "%s/rows/table.yaml", folder);
    assert_string_equal(cfg->policy, expected);
    snprintf(expected, sizeof(expected), "%s/audit.json", folder);
    assert_string_equal(cfg->audit.file, expected);
    assert_string_equal(cfg->http_token_file, "/etc/token");

    unlink(path);
    rmdir(folder);
    free(cfg);
}

static void a_path_that_gets_too_long_by_its_folder_is_refused(void **state)
{
    static char name[4092];
    char folder[] = "/tmp/picrelay-test-XXXXXX", path[128], err[512] = "";
    struct config *cfg = malloc(sizeof(*cfg));
    FILE *file;

    (void)state;
    assert_non_null(cfg);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/my.yaml", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    memset(name, 'x', sizeof(name) - 1);
    fprintf(file, "http_token_file: %s\n", name);
    fclose(file);
    assert_int_equal(config_load(cfg, path, err, sizeof(err)), EINVAL);
    assert_non_null(strstr(err, "my.yaml:1: http_token_file: too long a path; expected at most "
                                "4095 bytes"));
    unlink(path);
    rmdir(folder);
    free(cfg);
}

static void host_check_names_an_address_that_is_not_here(void **state)
{
    static const struct {
        const char *yaml, *err;
    } rows[] = {
        {"interfaces: [{name: far, address: 192.0.2.1, ports: 10000-10999}]\n",
         "interface far: the address 192.0.2.1 is not one of this host; expected one that "
         "\"ip address\" lists"},
        {"control: {ng: [udp:192.0.2.1:2223]}\n", "control.ng: the address 192.0.2.1 is not"},
        {"http: 192.0.2.1:9901\n", "http: the address 192.0.2.1 is not"},
    };
    struct config *cfg = malloc(sizeof(*cfg));

    (void)state;
    assert_non_null(cfg);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char err[512] = "";

        assert_int_equal(parse(cfg, rows[i].yaml, err, sizeof(err)), 0);
        assert_int_equal(config_check_host(cfg, err, sizeof(err)), EADDRNOTAVAIL);
        assert_non_null(strstr(err, rows[i].err));
    }
    free(cfg);
}

static void host_check_names_a_cpu_that_we_may_not_run_on(void **state)
{
    struct config *cfg = malloc(sizeof(*cfg));
    char err[512] = "";

    (void)state;
    assert_non_null(cfg);
    assert_int_equal(parse(cfg, "cpu_affinity: [1023]\n", err, sizeof(err)), 0);
    assert_int_equal(config_check_host(cfg, err, sizeof(err)), EINVAL);
    assert_non_null(strstr(err, "cpu_affinity: picrelay may not run on CPU 1023; expected"));
    free(cfg);
}

/* In a child, as limits cannot be raised again. @return errno of the check, or 100 + what failed */
static int check_with_limits(rlim_t soft, rlim_t hard)
{
    struct config *cfg = malloc(sizeof(*cfg));
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    char err[512] = "";
    int e;

    if (!cfg || setrlimit(RLIMIT_NOFILE, &limit))
        return 100;

    config_default(cfg);
    log_init(LOG_ERROR, LOG_TEXT);
    e = config_check_host(cfg, err, sizeof(err));
    getrlimit(RLIMIT_NOFILE, &limit);
    free(cfg);
    if (e)
        return strstr(err, "100 file descriptors are too few") ? e : 101;

    return limit.rlim_cur == hard ? 0 : 102;
}

static int in_child(int (*run_h)(rlim_t soft, rlim_t hard), rlim_t soft, rlim_t hard)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run_h(soft, hard));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void host_check_raises_the_descriptor_limit(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_with_limits, 64, 1000), 0);
    assert_int_equal(in_child(check_with_limits, 64, 100), EMFILE);
}

/* Reads what a child wrote to stderr. */
static void host_warnings(const char *yaml, char *out, size_t out_cap)
{
    int pipe_fd[2];
    ssize_t n;
    size_t n_all = 0;
    pid_t pid;

    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct config *cfg = malloc(sizeof(*cfg));
        char err[512];

        dup2(pipe_fd[1], STDERR_FILENO);
        if (!cfg || parse(cfg, yaml, err, sizeof(err)))
            _exit(1);
        (void)config_check_host(cfg, err, sizeof(err));
        free(cfg);
        _exit(0);
    }
    close(pipe_fd[1]);
    while ((n = read(pipe_fd[0], out + n_all, out_cap - n_all - 1)) > 0)
        n_all += (size_t)n;
    out[n_all] = '\0';
    close(pipe_fd[0]);
    waitpid(pid, NULL, 0);
}

static void host_check_warns_of_ports_that_others_use(void **state)
{
    char out[4096];
    unsigned long first;
    unsigned long last;
    char *rest;
    char line[64] = "";
    char yaml[256];
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");

    (void)state;
    if (!file)
        skip();
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    first = strtoul(line, &rest, 10) / 2 * 2;
    last = strtoul(rest, NULL, 10) / 2 * 2 + 2;

    snprintf(yaml, sizeof(yaml), "interfaces: [{name: a, address: 127.0.0.1, ports: %lu-%lu}]\n",
             first, first + 1);
    host_warnings(yaml, out, sizeof(out));
    assert_non_null(strstr(out, "net.ipv4.ip_local_port_range"));

    if (last < 65535) {
        snprintf(yaml, sizeof(yaml),
                 "interfaces: [{name: a, address: 127.0.0.1, ports: %lu-%lu}]\n", last, last + 1);
        host_warnings(yaml, out, sizeof(out));
        assert_string_equal(out, "");
    }

    host_warnings("interfaces: [{name: a, address: 127.0.0.1, ports: 1000-1023}]\n"
                  "http: 127.0.0.1:80\n",
                  out, sizeof(out));
    assert_non_null(strstr(out, "interface a: ports below 1024 need privileges"));
    assert_non_null(strstr(out, "http: port 80 needs privileges"));

    host_warnings("max_calls: 1000000\n", out, sizeof(out));
    assert_non_null(strstr(out, "max_calls: 1000000 calls need 10000064 file descriptors"));
}

static char *reference_text(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct config *cfg = malloc(sizeof(*cfg));

    assert_non_null(out);
    assert_non_null(cfg);
    config_default(cfg);
    config_print_reference(cfg, out);
    fclose(out);
    free(cfg);
    return text;
}

static void reference_names_every_key_and_its_example_is_taken(void **state)
{
    char *text = reference_text();

    (void)state;
    for (const struct yaml_field *f = config_fields; f->key; f++) {
        struct config *cfg = malloc(sizeof(*cfg));
        char yaml[256];
        char err[512] = "";

        assert_non_null(cfg);
        assert_non_null(strstr(text, f->key));
        assert_non_null(strstr(text, f->help));
        snprintf(yaml, sizeof(yaml), "%s: %s\n", f->key, f->example);
        if (parse(cfg, yaml, err, sizeof(err)))
            fail_msg("the example of %s: %s", f->key, err);
        free(cfg);
    }
    free(text);
}

static void reference_tells_units_choices_and_defaults_at_every_depth(void **state)
{
    static const char *const parts[] = {
        "interfaces.ports\n",
        "default: none; the key is required\n",
        "interfaces.opus.bitrate\n",
        "(bit/s, 0 to 510000)\n    default: 0\n",
        "interfaces.turn.gather_ms\n",
        "(milliseconds, 0 to 2000)\n    default: 200\n",
        "one of auto, lync, ocs2007, wlm2009, msn, rfc\n    default: auto\n",
        "(threads, 1 to 256)\n    default: one for each CPU",
        "(seconds, 0 to 3600)\n    default: 10\n",
        "default: [\"udp:127.0.0.1:2223\"]\n",
    };
    char *text = reference_text();

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!strstr(text, parts[i]))
            fail_msg("the reference does not have: %s", parts[i]);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_taken_and_printed_back),
        cmocka_unit_test(bad_files_are_refused_with_line_and_reason),
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(defaults_stay_where_a_file_is_silent),
        cmocka_unit_test(values_of_a_file_arrive),
        cmocka_unit_test(interfaces_are_found_by_their_whole_name),
        cmocka_unit_test(control_characters_of_a_file_do_not_reach_the_message),
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(nesting_up_to_its_limit_is_read),
        cmocka_unit_test(bytes_that_are_not_text_are_refused),
        cmocka_unit_test(directives_are_refused_wherever_a_line_may_start),
        cmocka_unit_test(size_and_number_of_values_have_limits),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(paths_are_relative_to_the_file_that_names_them),
        cmocka_unit_test(a_path_that_gets_too_long_by_its_folder_is_refused),
        cmocka_unit_test(host_check_names_an_address_that_is_not_here),
        cmocka_unit_test(host_check_names_a_cpu_that_we_may_not_run_on),
        cmocka_unit_test(host_check_raises_the_descriptor_limit),
        cmocka_unit_test(host_check_warns_of_ports_that_others_use),
        cmocka_unit_test(reference_names_every_key_and_its_example_is_taken),
        cmocka_unit_test(reference_tells_units_choices_and_defaults_at_every_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
