/* SPDX-License-Identifier: Apache-2.0 */
/* The order of package versions, as each distribution's own tools define it. */
#ifndef REBAKE_INVENTORY_VERSION_H
#define REBAKE_INVENTORY_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* Debian versions, [epoch:]upstream[-revision], ordered as deb-version(7) and dpkg do: negative,
   zero or positive as a is older than, equal to or newer than b. Total: any two texts have an
   order, also ones that dpkg would refuse; no allocation, no recursion. */
int rb_version_compare_deb(const char *a, const char *b);

/* What dpkg accepts as a version (deb-version(7)), be it with a warning: characters that Debian's
   policy does not allow are in use elsewhere. */
bool rb_version_is_deb(const char *version);

#endif
