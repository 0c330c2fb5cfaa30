/* SPDX-License-Identifier: Apache-2.0 */
/* The architecture that Rebake itself was built for, in the words of each package format. */
#ifndef PIPELINES_OWN_ARCHITECTURE_H
#define PIPELINES_OWN_ARCHITECTURE_H

#include "rebake/base/arena.h"

enum rb_package_format { RB_FORMAT_DEB, RB_FORMAT_RPM, RB_FORMAT_APK };

/* A list of that one name, NULL at its end, as a source holds its architectures. */
const char *const *rb_own_architectures(struct rb_arena *arena, enum rb_package_format format);

#endif
