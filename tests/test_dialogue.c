#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "relay/control/libre.h"

#include <cmocka.h>

#include "relay/control/dialogue.h"

/* Which legs a request is about, by its tags and branches alone: no media, no sockets. */

static const struct dialogue_interfaces interfaces = {.offerer = 0, .answerer = 1};

static struct control control;
static struct call call;

static int setup(void **state)
{
    (void)state;
    memset(&call, 0, sizeof(call));
    call.control = &control;
    list_init(&call.legs);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    list_flush(&call.legs);
    return 0;
}

static struct str text(const char *s)
{
    return s ? str_of(s) : (struct str){NULL, 0};
}

static struct ng_request request(const char *from, const char *to, const char *branch)
{
    return (struct ng_request){
        .from_tag = text(from), .to_tag = text(to), .via_branch = text(branch)};
}

static struct dialogue offer(const char *from, const char *to, const char *branch)
{
    const struct ng_request req = request(from, to, branch);
    struct dialogue d = {NULL, NULL};

    assert_int_equal(dialogue_offer(&d, &call, &req, &interfaces), 0);
    if (!d.offerer->doc) { /* as the offer would have left it */
        static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                  "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n";

        assert_int_equal(sdp_parse(&d.offerer->doc, str_of(sdp)), 0);
    }
    return d;
}

static int answer(struct dialogue *d, const char *from, const char *to, const char *branch)
{
    const struct ng_request req = request(from, to, branch);

    memset(d, 0, sizeof(*d));
    return dialogue_answer(d, &call, &req);
}

/* ---- offers -----------------------------------------------------------------------------------
 */

static void an_offer_makes_its_sender_and_somebody_unknown(void **state)
{
    const struct dialogue d = offer("a", NULL, NULL);

    (void)state;
    assert_string_equal(d.offerer->tag, "a");
    assert_null(d.answerer->tag);
    assert_int_equal(d.offerer->interface, 0);
    assert_int_equal(d.answerer->interface, 1);
    assert_ptr_equal(d.answerer->peer, d.offerer);
    assert_ptr_equal(d.offerer->peer, d.answerer);
}

static void the_same_offer_again_means_the_same_legs(void **state)
{
    const struct dialogue first = offer("a", NULL, NULL), again = offer("a", NULL, NULL);

    (void)state;
    assert_ptr_equal(again.offerer, first.offerer);
    assert_ptr_equal(again.answerer, first.answerer);
    assert_int_equal(list_count(&call.legs), 2);
}

static void each_branch_is_a_leg_of_its_own(void **state)
{
    const struct dialogue one = offer("a", NULL, "one"), two = offer("a", NULL, "two");

    (void)state;
    assert_ptr_equal(one.offerer, two.offerer);
    assert_ptr_not_equal(one.answerer, two.answerer);
    assert_ptr_equal(offer("a", NULL, "one").answerer, one.answerer);
}

static void an_offer_of_the_callee_turns_the_legs_round(void **state)
{
    const struct dialogue first = offer("a", NULL, NULL);
    struct dialogue d;

    (void)state;
    assert_int_equal(answer(&d, "a", "b", NULL), 0);
    d = offer("b", "a", NULL);
    assert_ptr_equal(d.offerer, first.answerer);
    assert_ptr_equal(d.answerer, first.offerer);
    assert_int_equal(list_count(&call.legs), 2);
}

static void a_to_tag_names_whom_nobody_had_named(void **state)
{
    const struct dialogue first = offer("a", NULL, NULL);

    (void)state;
    /* an UPDATE before the answer: the anonymous far side is not the one that it names */
    const struct dialogue again = offer("a", "b", NULL);
    assert_string_equal(again.answerer->tag, "b");
    assert_ptr_equal(again.offerer, first.offerer);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void an_answer_names_the_far_side(void **state)
{
    const struct dialogue first = offer("a", NULL, NULL);
    struct dialogue d;

    (void)state;
    assert_int_equal(answer(&d, "a", "b", NULL), 0);
    assert_ptr_equal(d.answerer, first.answerer);
    assert_string_equal(d.answerer->tag, "b");
    assert_int_equal(answer(&d, "a", "b", NULL), 0); /* 183, 200 */
    assert_ptr_equal(d.answerer, first.answerer);
    assert_null(d.answerer->alias);
}

static void a_second_tag_is_an_alias_of_the_same_party(void **state)
{
    const struct dialogue first = offer("a", NULL, NULL);
    struct dialogue d;

    (void)state;
    assert_int_equal(answer(&d, "a", "b", NULL), 0);
    assert_int_equal(answer(&d, "a", "c", NULL), 0);
    assert_ptr_equal(d.answerer, first.answerer);
    assert_ptr_equal(dialogue_find_tag(&call, str_of("b")), first.answerer);
    assert_ptr_equal(dialogue_find_tag(&call, str_of("c")), first.answerer);
}

static void a_branch_decides_who_answers(void **state)
{
    const struct dialogue one = offer("a", NULL, "one"), two = offer("a", NULL, "two");
    struct dialogue d;

    (void)state;
    assert_int_equal(answer(&d, "a", "b2", "two"), 0);
    assert_ptr_equal(d.answerer, two.answerer);
    assert_int_equal(answer(&d, "a", "b1", "one"), 0);
    assert_ptr_equal(d.answerer, one.answerer);
    assert_int_equal(answer(&d, "a", "b2", NULL), 0); /* by its tag, from now on */
    assert_ptr_equal(d.answerer, two.answerer);
}

static void nobody_answers_what_was_not_offered(void **state)
{
    struct dialogue d;

    (void)state;
    assert_int_equal(answer(&d, "a", "b", NULL), ENOENT);
    (void)offer("a", NULL, NULL);
    assert_int_equal(answer(&d, "x", "b", NULL), ENOENT);
    assert_int_equal(answer(&d, "a", "a", NULL), 0); /* a tag of both: the far side, not oneself */
    assert_ptr_not_equal(d.answerer, d.offerer);
}

/* ---- deletes ----------------------------------------------------------------------------------
 */

enum { NOBODY, LEG_ONE, LEG_TWO };

/* A call of a and b, or one that forks: branch one was answered by b, branch two was not. */
static void fork_make(bool has_forked)
{
    struct dialogue d = offer("a", NULL, "one");

    assert_int_equal(answer(&d, "a", "b", "one"), 0);
    if (has_forked)
        (void)offer("a", NULL, "two");
}

static unsigned leg_number(const struct leg *leg)
{
    if (!leg)
        return NOBODY;
    return strcmp(leg->via_branch, "one") == 0 ? LEG_ONE : LEG_TWO;
}

static void a_delete_ends_a_branch_or_the_call(void **state)
{
    static const struct {
        const char *why;
        bool has_forked;
        const char *from, *to, *branch;
        uint64_t flags;
        enum dialogue_scope scope;
        unsigned leg;
    } rows[] = {
        {"the caller", false, "a", "b", NULL, 0, DIALOGUE_CALL, NOBODY},
        {"the callee", false, "b", "a", NULL, 0, DIALOGUE_CALL, NOBODY},
        {"OpenSIPS, which names nobody", false, NULL, NULL, NULL, 0, DIALOGUE_CALL, NOBODY},
        {"a tag that nobody has", false, "x", NULL, NULL, 0, DIALOGUE_NOTHING, NOBODY},
        {"a to-tag that counts", false, "a", "b", NULL, 1ull << NG_FLAG_TO_TAG, DIALOGUE_CALL,
         NOBODY},
        {"a to-tag that counts and nobody has", false, "a", "x", NULL, 1ull << NG_FLAG_TO_TAG,
         DIALOGUE_NOTHING, NOBODY},
        {"forked: the caller", true, "a", NULL, NULL, 0, DIALOGUE_CALL, NOBODY},
        {"forked: nobody named", true, NULL, NULL, NULL, 0, DIALOGUE_CALL, NOBODY},
        {"forked: a branch that lost", true, "a", NULL, "two", 0, DIALOGUE_LEG, LEG_TWO},
        {"forked: the branch of a tag", true, "b", NULL, NULL, 0, DIALOGUE_LEG, LEG_ONE},
        {"forked: a to-tag that counts", true, "a", "b", NULL, 1ull << NG_FLAG_TO_TAG, DIALOGUE_LEG,
         LEG_ONE},
        {"forked: a to-tag from nobody yet", true, "a", "x", NULL, 1ull << NG_FLAG_TO_TAG,
         DIALOGUE_CALL, NOBODY},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ng_request req = request(rows[i].from, rows[i].to, rows[i].branch);
        struct leg *leg;

        print_message("%s\n", rows[i].why);
        (void)setup(state);
        fork_make(rows[i].has_forked);
        req.flags = rows[i].flags;
        assert_int_equal(dialogue_delete(&leg, &call, &req), rows[i].scope);
        assert_int_equal(leg_number(leg), rows[i].leg);
        (void)teardown(state);
    }
}

/* ---- what no proxy means ----------------------------------------------------------------------
 */

static int refused_offer(const char *from, const char *to, const char *branch)
{
    const struct ng_request req = request(from, to, branch);
    struct dialogue d = {NULL, NULL};

    return dialogue_offer(&d, &call, &req, &interfaces);
}

static void nobody_is_offered_what_he_offers(void **state)
{
    struct dialogue d;

    (void)state;
    (void)offer("a", NULL, "branch");
    assert_int_equal(answer(&d, "a", "b", "branch"), 0);
    assert_int_equal(answer(&d, "a", "alias", "branch"), 0);
    assert_int_equal(refused_offer("b", "b", NULL), ELOOP);
    assert_int_equal(refused_offer("b", "alias", NULL), ELOOP);
    assert_int_equal(refused_offer("b", NULL, "branch"), ELOOP);
}

static void a_call_has_a_bounded_number_of_branches(void **state)
{
    char branch[16];

    (void)state;
    for (unsigned i = 1; i < DIALOGUE_LEGS_MAX; i++) {
        snprintf(branch, sizeof(branch), "branch %u", i);
        (void)offer("a", NULL, branch);
    }
    assert_int_equal(refused_offer("a", NULL, "one more"), EMLINK);
    assert_int_equal(refused_offer("c", "b", NULL), EMLINK);
    assert_int_equal(list_count(&call.legs), DIALOGUE_LEGS_MAX);
    (void)offer("a", NULL, "branch 1"); /* those that are there may be spoken to */
}

/* ---- coming back ------------------------------------------------------------------------------
 */

/* What call_end() leaves of the legs, and an offer that comes behind it. */
static struct dialogue offer_after_the_end(const char *from, const char *to)
{
    const struct ng_request req = request(from, to, NULL);

    for (struct le *le = call.legs.head; le; le = le->next)
        ((struct leg *)le->data)->peer = NULL;
    dialogue_forget_former(&call, &req);
    return offer(from, to, NULL);
}

static void a_call_comes_back_with_the_parties_that_the_offer_names(void **state)
{
    struct dialogue first = offer("a", NULL, NULL), again;

    (void)state;
    assert_int_equal(answer(&first, "a", "b", NULL), 0);
    again = offer_after_the_end("a", "b");
    assert_ptr_equal(again.offerer, first.offerer);
    assert_ptr_equal(again.answerer, first.answerer);

    again = offer_after_the_end("a", NULL); /* somebody new is called */
    assert_int_equal(list_count(&call.legs), 2);
    assert_null(again.answerer->tag);
    assert_null(dialogue_find_tag(&call, str_of("b")));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_offer_makes_its_sender_and_somebody_unknown),
        CASE(the_same_offer_again_means_the_same_legs),
        CASE(each_branch_is_a_leg_of_its_own),
        CASE(an_offer_of_the_callee_turns_the_legs_round),
        CASE(a_to_tag_names_whom_nobody_had_named),
        CASE(an_answer_names_the_far_side),
        CASE(a_second_tag_is_an_alias_of_the_same_party),
        CASE(a_branch_decides_who_answers),
        CASE(nobody_answers_what_was_not_offered),
        CASE(a_delete_ends_a_branch_or_the_call),
        CASE(nobody_is_offered_what_he_offers),
        CASE(a_call_has_a_bounded_number_of_branches),
        CASE(a_call_comes_back_with_the_parties_that_the_offer_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
