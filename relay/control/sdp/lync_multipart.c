#include "relay/control/sdp/lync_sdp.h"

#include "relay/control/sdp/sdp_scan.h"

/*
 * multipart/alternative as OCS 2007 R2 to Lync 2013 send it: a draft-06 body for OCS 2007 marked
 * ms-proxy-2007fallback, then the real one. Only the body comes to a media relay, without the SIP
 * header that names the boundary, so the boundary is what the first line that starts with "--"
 * says. Source: RFC 2046 s.5.1, MS-SDPEXT.
 */

#define BOUNDARY_MAX 70 /* RFC 2046 s.5.1.1 */

enum part_kind { PART_OTHER, PART_SDP, PART_FALLBACK };

/** "--boundary", with the blanks cut off that gateways add; empty: not a delimiter of that form */
static struct str as_delimiter(struct str line)
{
    line = scan_trim(line);
    if (line.n > 2 && line.n <= BOUNDARY_MAX + 2 && scan_has_prefix(line, STR("--")))
        return line;
    return (struct str){NULL, 0};
}

/** The first delimiter line; *rest is what follows it. A text that starts as SDP has none. */
static struct str find_first_delimiter(struct str *rest)
{
    while (rest->n > 0) {
        struct str line = scan_line(rest), delimiter = as_delimiter(line);

        if (!str_is_empty(delimiter))
            return delimiter;
        if (scan_has_prefix(line, STR("v=")))
            break;
    }
    return (struct str){NULL, 0};
}

/** Whether a line ends a part: the delimiter, or that with "--" after it. */
static bool ends_part(struct str line, struct str delimiter, bool *is_last)
{
    line = scan_trim(line);
    if (line.n == delimiter.n + 2 && memcmp(line.p + delimiter.n, "--", 2) == 0) {
        *is_last = true;
        line.n -= 2;
    }
    return str_equal(line, delimiter);
}

/** Cuts off the part up to the next delimiter, or to the end where that is missing. */
static struct str cut_part(struct str *rest, struct str delimiter, bool *is_last)
{
    const char *start = rest->p, *end = rest->p + rest->n;

    while (rest->n > 0) {
        struct str line = scan_line(rest);

        if (ends_part(line, delimiter, is_last)) {
            end = line.p;
            break;
        }
        *is_last = false;
    }
    if (end > start && end[-1] == '\n') /* this line end belongs to the delimiter */
        end--;
    if (end > start && end[-1] == '\r')
        end--;
    return (struct str){start, (size_t)(end - start)};
}

static bool is_sdp_type(struct str value)
{
    return str_equal_nocase(scan_trim(scan_until(&value, ';')), STR("application/sdp"));
}

/** Reads a part's header; *part is then its content. */
static enum part_kind read_part_header(struct str *part)
{
    bool is_sdp = false, is_fallback = false;

    while (part->n > 0) {
        struct str line = scan_line(part), value = line, name;

        if (line.n == 0)
            break;
        /* the mark may stand in a folded line, so it is looked for in all of them */
        is_fallback = is_fallback || scan_contains(line, STR("ms-proxy-2007fallback"));
        name = scan_trim(scan_until(&value, ':'));
        if (str_equal_nocase(name, STR("Content-Type")))
            is_sdp = is_sdp_type(value);
    }
    if (!is_sdp || str_is_empty(*part))
        return PART_OTHER;
    return is_fallback ? PART_FALLBACK : PART_SDP;
}

struct str lync_pick_body(struct str body)
{
    struct str rest = body, sdp = {NULL, 0}, fallback = {NULL, 0};
    struct str delimiter = find_first_delimiter(&rest);
    bool is_last = false;

    if (str_is_empty(delimiter))
        return body;
    while (rest.n > 0 && !is_last) {
        struct str part = cut_part(&rest, delimiter, &is_last);

        switch (read_part_header(&part)) {
        case PART_SDP:
            sdp = part;
            break;
        case PART_FALLBACK:
            fallback = part;
            break;
        case PART_OTHER:
            break;
        }
    }
    return str_is_empty(sdp) ? fallback : sdp;
}
