#include "relay/control/control.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "relay/clock.h"
#include "relay/control/apply.h"
#include "relay/control/policy/audit.h"
#include "relay/control/call.h"
#include "relay/control/listen/listen.h"
#include "relay/control/reload.h"
#include "relay/control/status/report.h"
#include "relay/control/status/routes.h"
#include "relay/control/timeouts.h"
#include "relay/control/transport/ice_news.h"
#include "relay/control/transport/handshake.h"

#define CALLS_BUCKETS   16384
#define COOKIES_BYTES   (64u * 1024 * 1024)
#define COOKIES_LIFE_US 30000000u
#define TICK_MS         100
#define LISTEN_US       1000000u /* how long of its rest a port pair is listened to */
#define LISTEN_PAIRS    2048
#define STOP_WAIT_MS    5000
#define TRIM_CALLS      64
#define RECORDS_BYTES   ((size_t)16 * 1024 * 1024) /* of some 10,000 calls */
#define TRIM_US         5000000u

/* ---- events of the other threads --------------------------------------------------------------
 */

static void media_event(const struct media_event *ev, void *arg)
{
    struct stream *s = ev->arg;

    (void)arg;
    switch (ev->type) {
    case MEDIA_EVENT_REMOVED:
        stream_released(s);
        break;
    case MEDIA_EVENT_DEAF:
        log_error(s->leg ? s->leg->call->id : NULL, "a media socket cannot be watched: %s",
                  strerror(ev->error));
        break;
    case MEDIA_EVENT_DTLS:
        handshake_packet(s, ev);
        break;
    }
}

static void media_readable(int flags, void *arg)
{
    struct control *c = arg;

    (void)flags;
    media_dispatch(c->media, media_event, c);
}

static void ice_readable(int flags, void *arg)
{
    struct control *c = arg;

    (void)flags;
    ice_dispatch(c->ice, ice_news_take, c);
}

/* After a peak the heap is full of holes that glibc keeps (most of it was libnice's). It is given
 * back when three quarters of the calls have gone: a few milliseconds, at most every TRIM_US. */
static void give_back_memory(struct control *c, uint64_t now_us)
{
    if (c->n_live > c->peak_live)
        c->peak_live = c->n_live;
    if (c->peak_live < TRIM_CALLS || c->n_live > c->peak_live / 4 || c->n_releasing ||
        now_us - c->trimmed_us < TRIM_US)
        return;
    (void)malloc_trim(0);
    c->trimmed_us = now_us;
    c->peak_live = c->n_live;
}

static void tick(void *arg)
{
    struct control *c = arg;
    uint64_t now_us = clock_now_us();

    for (unsigned i = 0; i < c->cfg->n_interfaces; i++)
        port_quiet_run(c->quiet[i], now_us);
    timeouts_run(c, now_us);
    handshake_rotate(c, now_us);
    reload_tick(c, (int64_t)(clock_wall_us() / 1000000));
    media_measure_load(c->media, now_us);
    give_back_memory(c, now_us);
    tmr_start(&c->tick, TICK_MS, tick, c);
}

/* ---- start ------------------------------------------------------------------------------------
 */

static int fail(char *err, size_t err_cap, int error, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)re_vsnprintf(err, err_cap, fmt, ap);
    va_end(ap);
    return error;
}

static int start_ports(struct control *c, char *err, size_t cap)
{
    for (unsigned i = 0; i < c->cfg->n_interfaces; i++) {
        const struct config_interface *itf = &c->cfg->interfaces[i];
        struct port_pool_config pool = {.port_min = itf->port_min,
                                        .port_max = itf->port_max,
                                        .rest_us = c->cfg->port_rest_s * 1000000ull,
                                        .listen_us = LISTEN_US,
                                        .start = rand_u32()};
        int error = port_pool_alloc(&c->pools[i], &pool);

        if (!error)
            error = port_quiet_alloc(&c->quiet[i], c->pools[i], &itf->address, LISTEN_PAIRS);
        if (error)
            return fail(err, cap, error, "interface %s: port pool: %s", itf->name, strerror(error));
    }
    return 0;
}

static int start_media(struct control *c, char *err, size_t cap)
{
    static const enum media_io ios[] = {[CONFIG_IO_AUTO] = MEDIA_IO_AUTO,
                                        [CONFIG_IO_URING] = MEDIA_IO_URING,
                                        [CONFIG_IO_EPOLL] = MEDIA_IO_EPOLL};
    const struct config *cfg = c->cfg;
    struct media_config media = {.n_workers = cfg->workers,
                                 .srtp = c->srtp->provider,
                                 .io = ios[cfg->io],
                                 .gather_us = cfg->gather_us,
                                 .cpus = cfg->cpus,
                                 .n_cpus = cfg->n_cpus};
    int error = media_start(&c->media, &media);

    if (error && cfg->io == CONFIG_IO_URING)
        return fail(err, cap, error,
                    "io: uring: the kernel refuses io_uring (%s); expected Linux 6.1 that allows "
                    "it, or io: auto",
                    strerror(error));
    if (error)
        return fail(err, cap, error, "%u media workers: %s", cfg->workers, strerror(error));
    return 0;
}

static int start_policy(struct control *c, char *err, size_t cap)
{
    const char *file = c->cfg->audit.file;
    int error = reload_start(c);

    if (error)
        return fail(err, cap, error, "SIGHUP: %s", strerror(error));
    if (*file)
        error = audit_open(&c->audit, file, c->cfg->audit.sync);
    if (!error && *file && c->cfg->audit.sync == CONFIG_SYNC_EACH)
        error = held_alloc(&c->held, c->audit, listen_send, c);
    return error ? fail(err, cap, error, "audit file %s: %s", file, strerror(error)) : 0;
}

static int start_records(struct control *c, char *err, size_t cap)
{
    const struct journal_config cfg = {.name = "call records",
                                       .fd = STDOUT_FILENO,
                                       .sync = CONFIG_SYNC_NEVER,
                                       .queue_bytes = RECORDS_BYTES};
    int error = journal_open(&c->records, &cfg);

    return error ? fail(err, cap, error, "stdout, for the records of calls: %s", strerror(error))
                 : 0;
}

static int start_threads(struct control *c, char *err, size_t cap)
{
    int error = start_media(c, err, cap);

    if (error)
        return error;
    error = ice_alloc(&c->ice);
    if (error)
        return fail(err, cap, error, "ICE thread: %s", strerror(error));
    error = fd_listen(media_event_fd(c->media), FD_READ, media_readable, c);
    if (!error)
        error = fd_listen(ice_event_fd(c->ice), FD_READ, ice_readable, c);
    return error ? fail(err, cap, error, "event descriptors: %s", strerror(error)) : 0;
}

static int start_listeners(struct control *c, char *err, size_t cap)
{
    char text[ADDR_TEXT_MAX];

    for (unsigned i = 0; i < c->cfg->control.n_ng; i++) {
        const struct config_listener *l = &c->cfg->control.ng[i];
        int error = l->is_tcp ? listen_tcp(c, &l->address) : listen_udp(c, &l->address);

        if (error)
            return fail(err, cap, error, "control.ng %s:%s: %s", config_listener_scheme(l),
                        addr_print(text, &l->address), strerror(error));
    }
    if (c->cfg->has_http) {
        int error = routes_start(c);

        if (error)
            return fail(err, cap, error, "http %s: %s", addr_print(text, &c->cfg->http),
                        strerror(error));
    }
    return 0;
}

static int alloc_calls(struct control *c)
{
    const size_t n = sizeof(c->calls_key);

    uint64_t mark;

    if (getrandom(&c->calls_key, n, 0) != (ssize_t)n ||
        getrandom(&mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
        return EIO;
    (void)re_snprintf(c->loop_mark, sizeof(c->loop_mark), "rtpengine:%016llx",
                      (unsigned long long)mark);
    return hash_alloc(&c->calls, CALLS_BUCKETS);
}

int control_start(struct control **cp, const struct control_options *opt, char *err, size_t err_cap)
{
    struct control *c = mem_zalloc(sizeof(*c), NULL);
    int error;

    if (!c)
        return fail(err, err_cap, ENOMEM, "out of memory");
    c->cfg = opt->cfg;
    c->policy = opt->policy;
    c->started_us = clock_now_us();
    tmr_init(&c->tick);
    error = alloc_calls(c);
    if (!error)
        error = cookie_cache_alloc(&c->cookies, COOKIES_BYTES, COOKIES_LIFE_US);
    if (!error)
        error = srtp_context_alloc(&c->srtp, opt->srtp);
    if (error)
        (void)fail(err, err_cap, error, "%s", strerror(error));
    else if ((error = handshake_open(c)) != 0)
        (void)fail(err, err_cap, error, "DTLS: no certificate: %s", strerror(error));
    if (!error)
        error = start_ports(c, err, err_cap);
    if (!error)
        error = start_policy(c, err, err_cap);
    if (!error)
        error = start_records(c, err, err_cap);
    if (!error)
        error = start_threads(c, err, err_cap);
    if (!error)
        error = start_listeners(c, err, err_cap);
    if (error) {
        control_stop(c);
        return error;
    }
    tmr_start(&c->tick, TICK_MS, tick, c);
    *cp = c;
    return 0;
}

/* ---- stop -------------------------------------------------------------------------------------
 */

/* The workers acknowledge within their next batch; the main loop no longer runs then. */
static void wait_for_workers(struct control *c)
{
    struct pollfd p = {.events = POLLIN};

    if (!c->media)
        return;
    p.fd = media_event_fd(c->media);
    while (c->n_releasing && poll(&p, 1, STOP_WAIT_MS) > 0)
        media_dispatch(c->media, media_event, c);
    if (c->n_releasing)
        log_error(NULL, "%u streams were not given back by their workers", c->n_releasing);
}

static void end_calls(struct control *c)
{
    while (c->live.head)
        call_end(c->live.head->data, RECORD_END_SHUTDOWN, 0);
    wait_for_workers(c);
    list_flush(&c->ended);
}

void control_stop(struct control *c)
{
    tmr_cancel(&c->tick);
    held_free(c->held); /* before the listeners that its replies leave from */
    listen_close(c);
    http_stop(c->http);
    if (c->records)
        journal_be_patient(c->records); /* all calls end at once */
    end_calls(c);
    reload_stop(c);
    journal_close(c->audit);
    journal_close(c->records);
    if (c->media) {
        fd_close(media_event_fd(c->media));
        media_stop(c->media);
    }
    if (c->ice) {
        fd_close(ice_event_fd(c->ice));
        ice_free(c->ice);
    }
    for (unsigned i = 0; i < c->cfg->n_interfaces; i++) {
        port_quiet_free(c->quiet[i]);
        port_pool_free(c->pools[i]);
    }
    cookie_cache_free(c->cookies);
    srtp_context_free(c->srtp);
    handshake_close(c);
    mem_deref(c->calls);
    mem_deref(c);
}
