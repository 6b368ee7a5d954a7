#ifndef PICRELAY_SDP_SCAN_H
#define PICRELAY_SDP_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/addr.h"
#include "relay/str.h"

/**
 * The words of an SDP line: each function cuts from the front of *rest and never looks beyond it.
 * Shared by the SDP rooms only. [pure] Any thread. Source: RFC 8866 s.9.
 */

/** @return the next run without blanks; empty: none is left */
struct str scan_word(struct str *rest);
/** @return what stands before the first c, which is dropped; all of it if there is no c */
struct str scan_until(struct str *rest, char c);
/** @return the next line, without its CRLF, LF or CR; may be empty. Call while *rest has bytes. */
struct str scan_line(struct str *rest);
/** Without blanks at both ends. */
struct str scan_trim(struct str s);

bool scan_has_prefix(struct str s, struct str prefix); /* without regard to case */
/** Whether text occurs anywhere, without regard to case; false for an empty text. */
bool scan_contains(struct str s, struct str text);

/** @return true: all of s is a decimal number of at most max; else *v is as it was */
bool scan_uint(uint32_t *v, struct str s, uint32_t max);
/** "IN IP4 192.0.2.1[/ttl[/n]]". @return false: no numeric address of the family it names */
bool scan_connection(union addr *a, struct str value);

#endif
