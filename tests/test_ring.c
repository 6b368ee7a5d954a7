#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/media/ring.h"

enum { TORTURE_ITEMS = 1000000, TORTURE_ITEMS_LONG = 10000000 };

static void ring_gives_back_in_the_order_in_which_it_took(void **state)
{
    static struct ring ring;
    static int items[3];
    bool was_empty = false;
    size_t i;

    (void)state;
    ring_init(&ring);
    assert_null(ring_get(&ring));
    for (i = 0; i < 3; i++)
        assert_int_equal(ring_put(&ring, &items[i], &was_empty), 0);
    for (i = 0; i < 3; i++)
        assert_ptr_equal(ring_get(&ring), &items[i]);
    assert_null(ring_get(&ring));
}

static void ring_refuses_one_more_than_it_holds_and_loses_none(void **state)
{
    static struct ring ring;
    static char items[RING_SIZE + 1];
    bool was_empty = false;
    size_t i, round;

    (void)state;
    ring_init(&ring);
    for (round = 0; round < 3; round++) { /* the indices go round */
        for (i = 0; i < RING_SIZE; i++)
            assert_int_equal(ring_put(&ring, &items[i], &was_empty), 0);
        assert_int_equal(ring_put(&ring, &items[i], &was_empty), ENOBUFS);
        assert_ptr_equal(ring_get(&ring), &items[0]);
        assert_int_equal(ring_put(&ring, &items[RING_SIZE], &was_empty), 0);
        for (i = 1; i <= RING_SIZE; i++)
            assert_ptr_equal(ring_get(&ring), &items[i]);
    }
}

static void ring_says_when_its_reader_may_be_asleep(void **state)
{
    static struct ring ring;
    static int item;
    bool was_empty = false;

    (void)state;
    ring_init(&ring);
    assert_int_equal(ring_put(&ring, &item, &was_empty), 0);
    assert_true(was_empty);
    assert_int_equal(ring_put(&ring, &item, &was_empty), 0);
    assert_false(was_empty);
    (void)ring_get(&ring);
    assert_int_equal(ring_put(&ring, &item, &was_empty), 0);
    assert_false(was_empty);
    (void)ring_get(&ring);
    (void)ring_get(&ring);
    assert_int_equal(ring_put(&ring, &item, &was_empty), 0);
    assert_true(was_empty);
}

/** Two threads and two rings, as control and a worker have them: every letter comes back. */
struct torture {
    struct ring there, back;
    int wake_fd;
    uint64_t n_items;
};

struct letter {
    uint64_t question, answer;
};

static void *answer_letters(void *arg)
{
    struct torture *t = arg;
    struct letter *letter;
    uint64_t n = 0, count;
    bool was_empty = false;

    while (n < t->n_items) {
        letter = ring_get(&t->there);
        if (!letter) { /* empty: sleep, as a worker does, and rely on being woken */
            (void)!read(t->wake_fd, &count, sizeof(count));
            continue;
        }
        letter->answer = letter->question * 3;
        while (ring_put(&t->back, letter, &was_empty) != 0)
            ;
        n++;
    }
    return NULL;
}

static uint64_t take_back(struct torture *t, struct letter **free_letters, unsigned *n_free)
{
    struct letter *letter;
    uint64_t n = 0;

    while ((letter = ring_get(&t->back)) != NULL) {
        assert_int_equal(letter->answer, letter->question * 3);
        free_letters[(*n_free)++] = letter;
        n++;
    }
    return n;
}

static void ring_loses_nothing_between_two_threads_and_wakes_the_reader(void **state)
{
    static struct torture t;
    static struct letter letters[RING_SIZE];
    static struct letter *free_letters[RING_SIZE];
    const uint64_t one = 1;
    uint64_t sent = 0, returned = 0;
    unsigned n_free;
    pthread_t thread;
    bool was_empty = false;

    (void)state;
    t.n_items = getenv("PICRELAY_LONG_TESTS") ? TORTURE_ITEMS_LONG : TORTURE_ITEMS;
    ring_init(&t.there);
    ring_init(&t.back);
    t.wake_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(t.wake_fd >= 0);
    for (n_free = 0; n_free < RING_SIZE; n_free++)
        free_letters[n_free] = &letters[n_free];
    assert_int_equal(pthread_create(&thread, NULL, answer_letters, &t), 0);
    while (returned < t.n_items) {
        if (sent < t.n_items && n_free > 0) {
            struct letter *letter = free_letters[--n_free];

            letter->question = sent++;
            assert_int_equal(ring_put(&t.there, letter, &was_empty), 0);
            if (was_empty)
                assert_int_equal(write(t.wake_fd, &one, sizeof(one)), sizeof(one));
        }
        returned += take_back(&t, free_letters, &n_free);
    }
    pthread_join(thread, NULL);
    assert_int_equal(n_free, RING_SIZE);
    close(t.wake_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_gives_back_in_the_order_in_which_it_took),
        cmocka_unit_test(ring_refuses_one_more_than_it_holds_and_loses_none),
        cmocka_unit_test(ring_says_when_its_reader_may_be_asleep),
        cmocka_unit_test(ring_loses_nothing_between_two_threads_and_wakes_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
