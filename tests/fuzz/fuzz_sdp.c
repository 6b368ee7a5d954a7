#include <stdint.h>

#include "../sdp_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sdp_doc *doc;

    if (sdp_parse(&doc, (struct str){(const char *)data, n}) != 0)
        return 0;
    if (!echo_is_stable(doc, DIALECT_RFC))
        abort();
    sdp_free(doc);
    return 0;
}
