#ifndef PICRELAY_TESTS_BROWSER_H
#define PICRELAY_TESTS_BROWSER_H

#include "bench/sound/sound.h"
#include "tests/interop/chromium/web.h"

/**
 * Headless Chromium with one page of a test. Its microphone says a sound, over and over. It opens
 * no connection but to this host, and is gone with its files when the test is. Thread: the loop's.
 */

struct browser {
    struct web web;
    struct process *process;
    const struct relay *relay;
    char folder[32];
};

/** @param page  path of the file @param hash  what stands behind the '#' of its address */
void browser_start(struct browser *b, const struct relay *r, const char *page, const char *hash,
                   const struct sound *says);
/** Starts it on an address that somebody else serves. */
void browser_visit(struct browser *b, const struct relay *r, const char *url,
                   const struct sound *says);
void browser_stop(struct browser *b); /* a zeroed one is allowed */

/** Waits until the page has POSTed there. @return its body, until browser_answer() */
const char *browser_wait(struct browser *b, const char *path, size_t *n);
void browser_answer(struct browser *b, const char *path, const char *body);

#endif
