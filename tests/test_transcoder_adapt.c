#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/sim/rig.h"
#include "tests/sim/signal.h"

/* What the encoder makes of the reports of its receiver. */

/* How many of n packets of speech carry a copy of the one before them (LBRR). */
static unsigned n_with_fec(struct line *l, unsigned n)
{
    static int16_t room[CODEC_PCM_MAX];
    unsigned n_fec = 0;

    for (unsigned i = 0; i < n; i++) {
        struct pcm pcm = {.samples = room};

        line_step(l, true);
        n_fec += l->r.codec->conceal(l->r.decoder, l->r.last_payload, l->r.last.n, 960, &pcm) == 1;
    }
    return n_fec;
}

static void report(struct line *l, uint16_t loss_permille, unsigned n)
{
    const struct transcoder_conditions now = {.loss_permille = loss_permille};

    for (unsigned i = 0; i < n; i++)
        assert_int_equal(transcoder_adapt(l->t, &now), 0);
}

static void fec_begins_with_a_report_of_loss_and_ends_after_calm(void **state)
{
    const struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct line l;

    (void)state;
    line_open(&l, &cfg);
    assert_int_equal(n_with_fec(&l, 50), 0);
    report(&l, TRANSCODER_LOSS_ON - 1, 3); /* a single packet of many */
    assert_int_equal(n_with_fec(&l, 50), 0);
    report(&l, 50, 1);
    assert_true(n_with_fec(&l, 50) > 20);
    report(&l, 0, TRANSCODER_CALM_REPORTS - 1); /* not yet calm */
    assert_true(n_with_fec(&l, 50) > 20);
    report(&l, 20, 1); /* and again */
    report(&l, 0, TRANSCODER_CALM_REPORTS - 1);
    assert_true(n_with_fec(&l, 50) > 20);
    report(&l, 0, 1);
    n_with_fec(&l, 1); /* of the last frame before it */
    assert_int_equal(n_with_fec(&l, 50), 0);
    line_close(&l);
}

static void a_receiver_that_takes_no_fec_gets_none(void **state)
{
    struct transcoder_config cfg = rig_config("PCMU", "opus", 20);
    struct line l;

    (void)state;
    cfg.out.fmtp[0] = '\0';
    line_open(&l, &cfg);
    report(&l, 200, 3);
    assert_int_equal(n_with_fec(&l, 50), 0);
    line_close(&l);
}

static void any_report_is_taken_by_any_codec(void **state)
{
    static const uint16_t losses[] = {0, 1, 10, 999, 1000, 65535};

    (void)state;
    for (size_t c = 0; c < RIG_N_CODECS; c++) {
        const struct transcoder_config cfg = rig_config("PCMU", rig_formats[c].spec.name, 20);
        struct line l;

        line_open(&l, &cfg);
        for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
            const struct transcoder_conditions now = {.loss_permille = losses[i]};

            assert_int_equal(transcoder_adapt(l.t, &now), 0);
            assert_int_equal(transcoder_save_complexity(l.t, (uint8_t)(i * 51)), 0);
            line_step(&l, true);
        }
        assert_int_equal(l.r.n_audio, 6);
        line_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fec_begins_with_a_report_of_loss_and_ends_after_calm),
        cmocka_unit_test(a_receiver_that_takes_no_fec_gets_none),
        cmocka_unit_test(any_report_is_taken_by_any_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
