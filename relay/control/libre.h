#ifndef PICRELAY_LIBRE_H
#define PICRELAY_LIBRE_H

/**
 * What the control plane uses of libre: its main loop, timers, objects, lists and hashes. <re.h>
 * would bring the names of its ICE, SRTP and SDP too, which are ours here.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>

#include <re_types.h>
#include <re_fmt.h>
#include <re_mbuf.h>
#include <re_list.h>
#include <re_hash.h>
#include <re_main.h>
#include <re_mem.h>
#include <re_sys.h>
#include <re_tmr.h>

#endif
