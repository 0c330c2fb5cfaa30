/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/advisory.h"

#include "rebake/base/memory.h"

static const char *const status_names[] = {
    [RB_STATUS_UNTOLD] = "",
    [RB_STATUS_OPEN] = "open",
    [RB_STATUS_RESOLVED] = "resolved",
    [RB_STATUS_UNDETERMINED] = "undetermined",
    [RB_STATUS_NOT_AFFECTED] = "not-affected",
};
_Static_assert(RB_COUNT_OF(status_names) == RB_STATUS_COUNT, "a status has no name");

const char *rb_advisory_status_name(enum rb_advisory_status status)
{
    return status_names[status];
}
