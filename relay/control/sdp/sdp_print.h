#ifndef PICRELAY_SDP_PRINT_H
#define PICRELAY_SDP_PRINT_H

#include <stddef.h>

#include "relay/control/sdp/sdp.h"

/**
 * Lines into a buffer of fixed size, and the lines that both layouts of a body share (sdp_write.c,
 * lync_write.c). Once something does not fit, nothing more is written. [pure] Thread: control.
 */

struct sdp_printer {
    char *buf;
    size_t cap, len;
    bool is_full;
};

/** Any text, a whole line with its CRLF included. */
void sdp_put(struct sdp_printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A line as it was read, with CRLF. */
void sdp_put_line(struct sdp_printer *p, const struct sdp_line *line);
/** @return length without NUL; -ENOSPC */
int sdp_printed(const struct sdp_printer *p);

/** "IP4 192.0.2.1"; "IP4 0.0.0.0" for an address that is not set */
void sdp_put_address(struct sdp_printer *p, const union addr *a);
void sdp_put_connection(struct sdp_printer *p, const union addr *a);

/** m= with this port; formats of out, else the template's. */
void sdp_put_m_line(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_media *m,
                    const struct sdp_media_out *out, uint16_t port);
/** rtpmap, fmtp and rtcp-fb of each format, as far as it has them. */
void sdp_put_formats(struct sdp_printer *p, const struct sdp_media_out *out);
void sdp_put_crypto(struct sdp_printer *p, const struct sdp_media_out *out);
void sdp_put_remote_candidates(struct sdp_printer *p, const struct sdp_media_out *out);
void sdp_put_direction(struct sdp_printer *p, enum sdp_direction direction);
/** A whole section as it was read. */
void sdp_put_section(struct sdp_printer *p, const struct sdp_doc *doc, const struct sdp_media *m);

/** Whether nothing of the document is ours to change: it has lines, and all are kept. */
bool sdp_is_untouched(const struct sdp_doc *doc, const struct sdp_out *out);
/** The document as it was read. */
void sdp_put_document(struct sdp_printer *p, const struct sdp_doc *doc);

#endif
