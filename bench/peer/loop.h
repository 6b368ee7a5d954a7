#ifndef PICRELAY_BENCH_LOOP_H
#define PICRELAY_BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * The event loop of peers: one thread, one GMainContext, because libnice wants one. Everything
 * that belongs to a loop is used on the thread that runs it. Timers are timerfds on absolute
 * times, so that a stream's pace does not drift with the load of the loop.
 */

struct loop;
struct loop_timer;
struct loop_watch;

/** @param n  how many times the timer was due since the last call; more than 1: the loop was late
 */
typedef void(loop_timer_h)(uint64_t n, void *arg);
typedef void(loop_fd_h)(int fd, void *arg);

/** @return 0; ENOMEM; EMFILE */
int loop_alloc(struct loop **lp);
/** Timers and watches must have been freed. */
void loop_free(struct loop *l);

/** The GMainContext, for libnice. */
void *loop_context(struct loop *l);
/** CLOCK_MONOTONIC [us]. */
uint64_t loop_now_us(void);

/**
 * Runs until done says so.
 * @param deadline_us  on the clock of loop_now_us()
 * @return 0; ETIMEDOUT
 */
int loop_run(struct loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline_us);

/** @return 0; ENOMEM; EMFILE */
int loop_timer_alloc(struct loop_timer **tp, struct loop *l, loop_timer_h *h, void *arg);
/** @param interval_us  0: once */
void loop_timer_start(struct loop_timer *t, uint64_t first_us, uint64_t interval_us);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t); /* NULL is allowed */

/** Calls h while fd is readable. @return 0; ENOMEM */
int loop_watch_alloc(struct loop_watch **wp, struct loop *l, int fd, loop_fd_h *h, void *arg);
void loop_watch_free(struct loop_watch *w); /* NULL is allowed; does not close fd */

#endif
