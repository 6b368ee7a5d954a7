#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/loopback/session.h"
#include "bench/sound/wav.h"

/* picrelay-loopback: a call through the relay that one can hear. Exit status 0: it works; 1: it
 * does not; 2: a mistake in what was asked for. */

#define EXIT_MISTAKE 2

static int complain(const char *why)
{
    fprintf(stderr, "picrelay-loopback: %s\n", why);
    return EXIT_MISTAKE;
}

static int devices_list(void)
{
    char why[CARD_TEXT_MAX];

    if (card_library_open(why) != 0) {
        (void)complain(why);
        return EXIT_FAILURE;
    }
    if (!card_list(stdout))
        printf("there are no sound devices\n");
    card_library_close();
    return EXIT_SUCCESS;
}

static int files_read(struct sound files[2], const struct plan *plan)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct plan_end *e = &plan->end[i];

        if (!plan_has(plan, i) || e->mouth.kind != MOUTH_FILE)
            continue;
        int err = wav_read(&files[i], e->file);
        if (err) {
            fprintf(stderr, "picrelay-loopback: %s: %s\n", e->file,
                    err == ENOTSUP ? "16-bit mono PCM is wanted" : strerror(err));
            return EXIT_MISTAKE;
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct sound files[2] = {{0}};
    struct options o;
    struct plan plan;
    char why[200];

    options_default(&o);
    if (options_read(&o, argc, argv) != 0)
        return EXIT_MISTAKE;
    if (o.is_help) {
        options_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (o.is_list)
        return devices_list();
    if (options_plan(&plan, &o, why, sizeof(why)) != 0)
        return complain(why);
    int status = files_read(files, &plan);
    if (status == EXIT_SUCCESS)
        status = session_run(&o, &plan, files);
    sound_wipe(&files[0]);
    sound_wipe(&files[1]);
    return status;
}
