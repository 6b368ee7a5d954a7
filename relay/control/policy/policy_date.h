#ifndef PICRELAY_POLICY_DATE_H
#define PICRELAY_POLICY_DATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Days of the calendar as the policy table has them, in UTC. [pure] Thread: any.
 */

#define POLICY_DAY_S    86400
#define POLICY_DATE_MAX sizeof("9999-12-31")

/** "YYYY-MM-DD", from 1970 on, and nothing else. @param start  first second of the day */
bool policy_date_parse(const char *text, int64_t *start);

/** The day of a time of 1970 to 9999, as policy_date_parse() reads it. @return buf */
const char *policy_date_print(char buf[static POLICY_DATE_MAX], int64_t unix_time);

#endif
