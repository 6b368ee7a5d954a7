#include "relay/media/worker.h"

#include <unistd.h>

#include "relay/clock.h"
#include "relay/media/classify.h"
#include "relay/media/forward.h"
#include "relay/media/receive.h"
#include "relay/media/reports.h"
#include "relay/media/stream.h"

uint32_t worker_random(struct worker *w) /* xorshift64*: Vigna, 2016 */
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (uint32_t)(w->random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static void count_arrivals(struct worker *w)
{
    uint64_t n_bytes = 0;
    unsigned i;

    for (i = 0; i < w->batch.n; i++)
        n_bytes += w->batch.pkt[i]->wire_len;
    counter_add(&w->count.batches, 1);
    counter_add(&w->count.packets_in, w->batch.n);
    counter_add(&w->count.bytes_in, n_bytes);
    if (w->batch.n > 0)
        stats_put_batch(&w->count, w->batch.n);
    pacing_put(&w->pacing, w->batch.n, w->batch.now_us);
    counter_set(&w->count.rate_pps, w->pacing.rate_pps);
    counter_set(&w->count.gather_us, pacing_gather_us(&w->pacing));
}

/* Timers that are due: lost packets to be made up for, reports to be written. */
static void run_timers(struct worker *w, uint64_t end_us)
{
    struct batch *b = &w->batch;
    uint64_t now_us = b->now_us;
    struct wheel_node *node;

    while (!batch_is_full(b) && now_us < end_us &&
           (node = wheel_expire(&w->wheel, b->now_us)) != NULL) {
        if (node->kind == TIMER_TRANSCODER)
            transcode_due(&w->transcode, &w->wheel, stream_of_timer(node), b, b->now_us);
        else if (node->kind == TIMER_REPORT)
            reports_send(&w->wheel, stream_of_timer(node), b, worker_random(w));
        else
            dial_due(dial_of_timer(node), &w->wheel, b);
        now_us = clock_now_us();
    }
}

static struct io_wait next_wait(const struct worker *w)
{
    struct io_wait wait = {.deadline_us = 0};

    if (transcode_is_idle(&w->transcode)) {
        wait.deadline_us = wheel_deadline_us(&w->wheel);
        wait.gather_us = pacing_gather_us(&w->pacing);
    }
    return wait;
}

/* Gaps and reports that are due, and the codec: the long work, a portion at a time. */
static void run_slow_lane(struct worker *w)
{
    struct batch *b = &w->batch;
    uint64_t end_us;

    if (transcode_is_idle(&w->transcode) && wheel_deadline_us(&w->wheel) > b->now_us)
        return;
    egress_flush(w->io);
    w->transcode.saving = (uint8_t)gauge_get(&w->complexity_saving);
    end_us = clock_now_us() + TRANSCODE_PORTION_US;
    run_timers(w, end_us);
    transcode_run(&w->transcode, &w->wheel, b, end_us); /* repair, decode, encode */
    secure_seal_batch(&w->secure, b);
    egress_write(w->io, b);
}

static void hand_on_mail(struct worker *w)
{
    const uint64_t one = 1;

    if (mail_batch(&w->mail, &w->batch))
        (void)!write(w->event_fd, &one, sizeof(one));
}

/* One batch, one pass, in the order of a packet's life. A stage leaves in the batch what goes on;
 * what it refuses it counts, by reason. What is relayed is sent before anything is transcoded. */
void worker_run_batch(struct worker *w)
{
    struct batch *b = &w->batch;
    struct io_wait wait = next_wait(w);

    ingress_read(w->io, b, &wait); /* what has arrived, from any socket */
    count_arrivals(w);
    worker_run_commands(w);                 /* what control said before that was sent */
    classify_batch(b);                      /* STUN, DTLS, RTP, RTCP: RFC 7983 s.7 */
    receive_source_batch(b);                /* may this address send here */
    hand_on_mail(w);                        /* DTLS is for control */
    secure_open_batch(&w->secure, b);       /* authenticate, replay, decrypt: RFC 3711 s.3.3 */
    receive_accept_batch(b);                /* payload type, direction, rate; count */
    reports_batch(b);                       /* RTCP ends here, or is translated */
    transcode_take_batch(&w->transcode, b); /* into the slow lane; plain relay passes by */
    forward_batch(b);                       /* to the other leg, with its SSRC and numbers */
    secure_seal_batch(&w->secure, b);       /* encrypt and tag */
    egress_write(w->io, b);
    run_slow_lane(w);
}
