/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/trouble.h"

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const names[] = {
    [RB_TROUBLE_NONE] = "none",           [RB_TROUBLE_UNREACHABLE] = "unreachable",
    [RB_TROUBLE_LIMITED] = "limited",     [RB_TROUBLE_DENIED] = "denied",
    [RB_TROUBLE_VANISHED] = "vanished",   [RB_TROUBLE_MOVED] = "moved",
    [RB_TROUBLE_BACKWARDS] = "backwards", [RB_TROUBLE_EXPIRED] = "expired",
    [RB_TROUBLE_UNTRUSTED] = "untrusted", [RB_TROUBLE_KEY_CHANGED] = "key-changed",
    [RB_TROUBLE_MALFORMED] = "malformed", [RB_TROUBLE_OURS] = "ours",
};

const char *rb_trouble_name(enum rb_trouble trouble)
{
    return names[trouble];
}

enum rb_trouble rb_trouble_from_name(const char *name)
{
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        if (rb_text_equal(names[i], name))
            return (enum rb_trouble)i;
    }
    return RB_TROUBLE_NONE;
}

enum rb_trouble rb_trouble_of(const struct rb_err *error)
{
    switch (error->code) {
    case RB_ENETWORK:
    case RB_ETIMEOUT:
    case RB_EHTTP:
        return RB_TROUBLE_UNREACHABLE;
    case RB_EBUSY:
        return RB_TROUBLE_LIMITED;
    case RB_EAUTH:
        return RB_TROUBLE_DENIED;
    case RB_ENOTFOUND:
        return RB_TROUBLE_VANISHED;
    case RB_EVERIFY:
        return RB_TROUBLE_UNTRUSTED;
    case RB_EINVALID:
    case RB_ELIMIT:
    case RB_EGIT:
        return RB_TROUBLE_MALFORMED;
    case RB_OK:
    case RB_EEXIST:
    case RB_EIO:
    case RB_EDB:
    case RB_ECANCELED:
    case RB_EINTERNAL:
        break;
    }
    return RB_TROUBLE_OURS;
}
