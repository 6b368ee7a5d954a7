#ifndef PICRELAY_BENCH_CALL_ACCOUNT_H
#define PICRELAY_BENCH_CALL_ACCOUNT_H

#include <stdio.h>

#include "bench/peer/call.h"

/** What came of a call, from its two peers; and its text and JSON. Thread: the loop's. */

/** @param expected  what each should have heard; NULL: not scored. @return 0; EINVAL; ENOMEM */
int call_account_peers(struct call_account *account, struct peer *const peer[2],
                       const struct sound *const expected[2]);

/** One line a fact, for people. */
void call_account_print(FILE *f, const struct call_account *account);
/** @return a new reference; NULL: no memory */
json_t *call_account_json(const struct call_account *account);

#endif
