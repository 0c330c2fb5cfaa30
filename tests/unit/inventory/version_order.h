/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of every order of versions. */
#ifndef TESTS_INVENTORY_VERSION_ORDER_H
#define TESTS_INVENTORY_VERSION_ORDER_H

#include <stddef.h>

#include "rebake/inventory/version.h"

/* All pairs of a list in rising order, both ways. */
void assert_rising(const struct rb_version_order *order, const char *const *rising, size_t count);
void assert_same(const struct rb_version_order *order, const char *const (*pairs)[2], size_t count);
/* Any three texts of an alphabet, versions or not: sorting must not depend on where it starts. */
void assert_total(const struct rb_version_order *order, const char *alphabet);
/* Both lists are NULL-terminated. */
void assert_versions(const struct rb_version_order *order, const char *const *good,
                     const char *const *bad);

#endif
