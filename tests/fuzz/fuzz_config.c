/* Configuration files of strangers: refused with one line, or taken and printed so that what is
 * read back is the same configuration. */
#include <stdlib.h>
#include <string.h>

#include "relay/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct config *cfg)
{
    struct config *again = calloc(1, sizeof(*again));
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    char err[1024];

    if (!again || !out)
        abort();
    config_print(cfg, out);
    fclose(out);
    if (config_parse(again, text, n, "printed", err, sizeof(err)))
        abort();
    /* NOLINTNEXTLINE(*-suspicious-memory-comparison,cert-*): zeroed before, padding included */
    if (memcmp(again, cfg, sizeof(*cfg)) != 0)
        abort();
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *cfg = calloc(1, sizeof(*cfg));
    char err[1024] = "";

    if (!cfg)
        return 0;

    if (config_parse(cfg, (const char *)data, size, "fuzz", err, sizeof(err)) == 0)
        check_round_trip(cfg);
    else if (strncmp(err, "fuzz:", 5) != 0 || strpbrk(err, "\n\r\x1b"))
        abort(); /* a mistake has a line, and is one line */

    free(cfg);
    return 0;
}
