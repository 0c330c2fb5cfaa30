/* SPDX-License-Identifier: Apache-2.0 */
/* primary.xml, the packages of an rpm repository: each becomes an offer of an index. */
#ifndef REBAKE_WATCH_RPM_PRIMARY_H
#define REBAKE_WATCH_RPM_PRIMARY_H

#include <stddef.h>

#include "rebake/inventory/index.h"

/* Takes the packages of the architectures (NULL-terminated) and "noarch" into the builder; all is
   borrowed. An epoch of 0 is left out of the version. */
struct rb_rpm_primary;
struct rb_rpm_primary *rb_rpm_primary_new(struct rb_index_builder *builder,
                                          const char *const *architectures);
void rb_rpm_primary_free(struct rb_rpm_primary *primary); /* NULL is allowed */
RB_NODISCARD int rb_rpm_primary_feed(struct rb_rpm_primary *primary, const void *data, size_t size,
                                     struct rb_err *err);
RB_NODISCARD int rb_rpm_primary_end(struct rb_rpm_primary *primary, struct rb_err *err);

#endif
