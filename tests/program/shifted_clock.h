#ifndef PICRELAY_TESTS_SHIFTED_CLOCK_H
#define PICRELAY_TESTS_SHIFTED_CLOCK_H

/** The environment variable that names the file of picrelay-shifted's clock: an int64_t, how far
 * its wall clock is from that of the machine [us]. It may change at any time. */
#define SHIFTED_CLOCK_FILE "PICRELAY_TEST_CLOCK"

#endif
