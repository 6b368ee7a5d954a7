#include "tests/program/pulse.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/sound/wav.h"

#define TRY_EVERY_US 20000

static void file_write(const struct pulse *p, const char *name, const char *text)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", p->folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* PortAudio sees the PCMs of an ALSA configuration; these lead to our server and to no other. */
static void alsa_configure(const struct pulse *p)
{
    static const char *const names[] = {"mic", "ear"};
    static const char *const devices[] = {"mic.monitor", "ear"};
    char text[1200] = "", path[96];

    for (unsigned i = 0; i < 2; i++) {
        size_t n = strlen(text);

        snprintf(text + n, sizeof(text) - n,
                 "pcm.picrelay_%s { type pulse server \"unix:%s/native\" device \"%s\" "
                 "hint { show on description \"a null sink\" } }\n",
                 names[i], p->folder, devices[i]);
    }
    /* one that takes and gives without any clock */
    snprintf(text + strlen(text), sizeof(text) - strlen(text),
             "pcm.picrelay_fast { type null hint { show on description \"no clock\" } }\n");
    file_write(p, "asound.conf", text);
    snprintf(path, sizeof(path), "/usr/share/alsa/alsa.conf:%s/asound.conf", p->folder);
    setenv("ALSA_CONFIG_PATH", path, 1);
    setenv("HOME", p->folder, 1);
    setenv("XDG_RUNTIME_DIR", p->folder, 1);
    snprintf(path, sizeof(path), "unix:%s/native", p->folder);
    setenv("PULSE_SERVER", path, 1);
    /* ALSA's plugin for PulseAudio leaks a little and is unloaded, so no suppression can name it */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

static bool is_listening(const struct pulse *p)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof(un.sun_path), "%s/native", p->folder);
    bool is_up = connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0;
    close(fd);
    return is_up;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

void pulse_start(struct pulse *p)
{
    char protocol[120];
    const char *argv[] = {"/usr/bin/pulseaudio",
                          "--daemonize=no",
                          "--exit-idle-time=-1",
                          "--use-pid-file=no",
                          "--disable-shm=yes",
                          "--realtime=no",
                          "--high-priority=no",
                          "-n",
                          "-L",
                          "module-null-sink sink_name=mic rate=48000",
                          "-L",
                          "module-null-sink sink_name=ear rate=48000",
                          "-L",
                          protocol,
                          NULL};
    struct process_config cfg = {.loop = p->loop, .argv = argv, .is_quiet = true};

    snprintf(protocol, sizeof(protocol),
             "module-native-protocol-unix auth-anonymous=1 socket=%s/native", p->folder);
    assert_int_equal(process_start(&p->server, &cfg), 0);
    for (uint64_t end_us = loop_now_us() + RELAY_PATIENCE_US; !is_listening(p);) {
        if (loop_now_us() > end_us || process_has_ended(p->server))
            fail_msg("pulseaudio does not start: %s", process_err(p->server));
        (void)loop_run(p->loop, never, NULL, loop_now_us() + TRY_EVERY_US);
    }
}

void pulse_open(struct pulse *p, struct loop *loop)
{
    memset(p, 0, sizeof(*p));
    p->loop = loop;
    snprintf(p->folder, sizeof(p->folder), "/tmp/picrelay-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    alsa_configure(p);
    pulse_start(p);
}

void pulse_stop(struct pulse *p)
{
    char path[64];

    process_signal(p->server, SIGTERM);
    assert_int_equal(
        loop_run(p->loop, process_has_ended, p->server, loop_now_us() + RELAY_PATIENCE_US), 0);
    process_free(p->server);
    p->server = NULL;
    snprintf(path, sizeof(path), "%s/native", p->folder);
    unlink(path);
}

/* What clients of the sound system leave in their HOME goes as well. */
void pulse_close(struct pulse *p)
{
    char command[64];

    if (p->server)
        pulse_stop(p);
    if (*p->folder) {
        snprintf(command, sizeof(command), "rm -rf %s", p->folder);
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own folder's name */
    }
    unsetenv("ASAN_OPTIONS");
    memset(p, 0, sizeof(*p));
}

struct process *pulse_say(const struct pulse *p, const char *file)
{
    struct sound once = {0}, often = {0};
    char path[64];

    snprintf(path, sizeof(path), "%s/say.wav", p->folder);
    assert_int_equal(wav_read(&once, file), 0);
    assert_int_equal(sound_alloc(&often, 4 * once.n_samples, once.rate_hz), 0);
    for (uint32_t i = 0; i < often.n_samples; i++)
        often.samples[i] = once.samples[i % once.n_samples];
    assert_int_equal(wav_write(path, &often), 0);
    sound_wipe(&once);
    sound_wipe(&often);

    const char *const argv[] = {"/usr/bin/paplay", "--device=mic", path, NULL};
    struct process_config cfg = {.loop = p->loop, .argv = argv};
    struct process *player;

    assert_int_equal(process_start(&player, &cfg), 0);
    return player;
}
