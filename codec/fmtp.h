#ifndef PICRELAY_FMTP_H
#define PICRELAY_FMTP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Reads one number of an fmtp value such as "minptime=10;useinbandfec=1": names without case,
 * blanks around the parts allowed, the first of several counts. [pure]
 * @return its value; `otherwise` when it is absent, not a decimal number or above UINT32_MAX
 */
uint32_t fmtp_number(const char *fmtp, const char *name, uint32_t otherwise);
/** Whether the parameter is there and is not such a number. [pure] */
bool fmtp_has_bad_number(const char *fmtp, const char *name);

#endif
