#include "tests/interop/chromium/browser.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sound/wav.h"

#define MICROPHONE_HZ 48000
#define START_US      120000000 /* it is large, and the machine may be busy */

/* @return the same for each file: what is not there is as good as removed */
static int remove_h(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path);
    return 0;
}

static void write_microphone(const char *path, const struct sound *says)
{
    struct sound at_rate;

    assert_int_equal(sound_resample(&at_rate, says, MICROPHONE_HZ), 0);
    assert_int_equal(wav_write(path, &at_rate), 0);
    sound_wipe(&at_rate);
}

static void run(struct browser *b, const char *url, const char *microphone)
{
    char data[64], sound[128];
    /* Everything that would look for the outside world is off. */
    const char *const argv[] = {
        PICRELAY_CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-extensions",
        "--disable-sync",
        "--disable-breakpad",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-pings",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--allow-loopback-in-peer-connection",
        "--disable-features=WebRtcHideLocalIpsWithMdns,OptimizationHints,MediaRouter,Translate",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*",
        sound,
        data,
        url,
        NULL,
    };

    snprintf(data, sizeof(data), "--user-data-dir=%s/data", b->folder);
    snprintf(sound, sizeof(sound), "--use-file-for-fake-audio-capture=%s", microphone);
    struct process_config cfg = {.loop = b->relay->loop, .argv = argv, .is_quiet = true};
    assert_int_equal(process_start(&b->process, &cfg), 0);
}

void browser_visit(struct browser *b, const struct relay *r, const char *url,
                   const struct sound *says)
{
    char microphone[64];

    b->relay = r;
    strcpy(b->folder, "/tmp/picrelay-browser-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(microphone, sizeof(microphone), "%s/microphone.wav", b->folder);
    write_microphone(microphone, says);
    run(b, url, microphone);
}

void browser_start(struct browser *b, const struct relay *r, const char *page, const char *hash,
                   const struct sound *says)
{
    char url[96];

    web_open(&b->web, r->loop, page);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/#%s", b->web.port, hash);
    browser_visit(b, r, url, says);
}

void browser_stop(struct browser *b)
{
    if (b->process) {
        process_signal(b->process, SIGTERM); /* it ends its own children */
        (void)loop_run(b->relay->loop, process_has_ended, b->process, loop_now_us() + 10000000);
    }
    process_free(b->process);
    web_close(&b->web);
    if (*b->folder)
        (void)nftw(b->folder, remove_h, 16, FTW_DEPTH | FTW_PHYS);
    memset(b, 0, sizeof(*b));
}

struct wait {
    struct browser *browser;
    const char *path;
};

static bool has_come(void *arg)
{
    const struct wait *w = arg;

    return web_post(&w->browser->web, w->path) || web_post(&w->browser->web, "/failed") ||
           process_has_ended(w->browser->process);
}

const char *browser_wait(struct browser *b, const char *path, size_t *n)
{
    struct wait w = {.browser = b, .path = path};
    const struct web_visitor *v;
    size_t unused;

    int err = loop_run(b->relay->loop, has_come, &w, loop_now_us() + START_US);
    v = web_post(&b->web, "/failed");
    if (v)
        print_error("the page has failed: %s\n", web_body(v, &unused));
    else if (err || process_has_ended(b->process))
        print_error("no POST %s; Chromium says:\n%s\n", path, process_err(b->process));
    v = web_post(&b->web, path);
    assert_non_null(v);
    return web_body(v, n ? n : &unused);
}

void browser_answer(struct browser *b, const char *path, const char *body)
{
    web_answer(&b->web, path, body);
}
