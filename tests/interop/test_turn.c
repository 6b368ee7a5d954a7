#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/program/talk.h"

/* The relay and a TURN server that is not ours (coturn): what it asks for and what it tells. That
 * media goes through it is test_nat's. */

#define SECRET "north"

struct scene {
    struct relay relay;
    struct talk talk;
    struct process *turn;
    char address[16], port[8], config[256];
};

static bool has_relayed(void *arg)
{
    const struct scene *s = arg;

    return strstr(s->talk.sdp[TALK_B], " typ relay ") != NULL;
}

/* It does not say when it is ready: asked until it is. */
static bool is_offered(void *arg)
{
    struct scene *s = arg;

    talk_close(&s->talk);
    talk_open(&s->talk, &s->relay);
    talk_offer(&s->talk, TALK_A, NULL, "ICE=force");
    return has_relayed(s);
}

static void start_turn(struct scene *s, const char *login, const char *value)
{
    const char *const argv[] = {PICRELAY_TURNSERVER,
                                "-n",
                                "--no-cli",
                                "--no-tls",
                                "--no-dtls",
                                "--no-stdout-log",
                                "--log-file",
                                "/dev/null",
                                "--pidfile",
                                "/dev/null",
                                "--realm",
                                "example.com",
                                "--listening-ip",
                                s->address,
                                "--relay-ip",
                                s->address,
                                "--listening-port",
                                s->port,
                                "--lt-cred-mech",
                                login,
                                value,
                                NULL};

    assert_int_equal(process_start(&s->turn, &(struct process_config){.loop = s->relay.loop,
                                                                      .argv = argv,
                                                                      .is_quiet = true}),
                     0);
}

/* @param ours  the interface's login */
static void open_scene(struct scene *s, const char *ours, const char *login, const char *value)
{
    memset(s, 0, sizeof(*s));
    relay_own_address(s->address);
    (void)snprintf(s->port, sizeof(s->port), "%u", relay_free_port(s->address, SOCK_DGRAM));
    (void)snprintf(s->config, sizeof(s->config),
                   "dialect: rfc, turn: {server: \"%s:%s\", gather_ms: 2000, %s}", s->address,
                   s->port, ours);
    relay_start(&s->relay, &(struct relay_config){.skype = s->config});
    start_turn(s, login, value);
    talk_open(&s->talk, &s->relay);
}

static void close_scene(struct scene *s)
{
    talk_close(&s->talk);
    process_free(s->turn);
    relay_stop(&s->relay);
}

static void a_secret_makes_passwords_that_coturn_takes(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, "secret: " SECRET, "--static-auth-secret", SECRET);
    relay_wait_polling(&s.relay, is_offered, &s, "a relayed candidate");
    close_scene(&s);
}

static void a_username_and_its_password_are_taken(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, "username: alice, password: swordfish", "--user", "alice:swordfish");
    relay_wait_polling(&s.relay, is_offered, &s, "a relayed candidate");
    assert_false(relay_has_logged(&s.relay, "swordfish"));
    close_scene(&s);
}

static void a_wrong_password_leaves_the_offer_without(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, "username: alice, password: herring", "--user", "alice:swordfish");
    talk_offer(&s.talk, TALK_A, NULL, "ICE=force");
    assert_false(has_relayed(&s));
    assert_non_null(strstr(s.talk.sdp[TALK_B], " typ host"));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_makes_passwords_that_coturn_takes),
        cmocka_unit_test(a_username_and_its_password_are_taken),
        cmocka_unit_test(a_wrong_password_leaves_the_offer_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
