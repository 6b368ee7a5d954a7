#ifndef PICRELAY_BENCH_REPORT_MACHINE_H
#define PICRELAY_BENCH_REPORT_MACHINE_H

#include <jansson.h>

/** What a measurement was made on and with: date, command, version, processor, kernel, memory.
 *  @return a new object; NULL: no memory */
json_t *report_machine(int argc, char **argv);

#endif
