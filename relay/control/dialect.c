#include "relay/control/dialect.h"

#include <errno.h>

#include "relay/control/sdp/lync_sdp.h"
#include "relay/control/sdp/sdp_scan.h"
#include "relay/log.h"

static int find_dialect(enum config_dialect *dialect, struct str word)
{
    for (unsigned i = DIALECT_AUTO; i <= DIALECT_RFC; i++) {
        if (str_equal_nocase(word, str_of(dialect_name((enum config_dialect)i)))) {
            *dialect = (enum config_dialect)i;
            return 0;
        }
    }
    return EINVAL;
}

int dialect_wish_read(struct dialect_wish *w, struct str value)
{
    struct str rest = value, first = scan_trim(scan_until(&rest, ','));
    int err;

    *w = (struct dialect_wish){DIALECT_AUTO, DIALECT_AUTO};
    if (str_is_empty(value))
        return 0;
    if (first.n == scan_trim(value).n)
        return find_dialect(&w->receiver, first);
    err = find_dialect(&w->sender, first);
    return err ? err : find_dialect(&w->receiver, scan_trim(rest));
}

void dialect_settle(struct leg *leg, const struct sdp_doc *doc, enum config_dialect asked)
{
    const struct config_interface *itf = &leg->call->control->cfg->interfaces[leg->interface];
    const struct lync_knowledge known = {.asked = asked,
                                         .before = leg->dialect,
                                         .before_why = leg->dialect_why,
                                         .configured = itf->dialect};
    struct lync_detection found;

    if (leg->ice) {
        if (asked != DIALECT_AUTO && asked != leg->dialect)
            log_notice(leg->call->id,
                       "dialect %s was asked for, but %s has an ICE agent of %s: it stays so",
                       dialect_name(asked), itf->name, dialect_name(leg->dialect));
        return;
    }
    found = lync_choose(doc, &known);
    leg->dialect = found.dialect;
    leg->dialect_why = found.why;
}
