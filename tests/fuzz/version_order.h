/* SPDX-License-Identifier: Apache-2.0 */
/* What every order of versions must hold for any three texts. */
#ifndef REBAKE_FUZZ_VERSION_ORDER_H
#define REBAKE_FUZZ_VERSION_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/inventory/version.h"

/* Three texts, a line each: whatever they are, they have one order, in which every
   version stands behind the empty text. Aborts where it is not so. */
void check_version_order(const struct rb_version_order *order, const uint8_t *data, size_t size);

#endif
