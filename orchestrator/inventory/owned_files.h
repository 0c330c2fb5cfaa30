/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a distribution's packages own, by databases that are read for more than that. */
#ifndef ORCHESTRATOR_INVENTORY_OWNED_FILES_H
#define ORCHESTRATOR_INVENTORY_OWNED_FILES_H

#include "path_set.h"

/* apk's database of what is installed: "F:FOLDER" lines, each with "R:NAME" lines behind it
   (apk-package(5)). */
void own_apk_files(const char *database, struct path_set *owned);

/* dpkg's NAME.md5sums: "HASH  PATH" lines (dh_md5sums(1)). */
void own_md5sums(const char *text, struct path_set *owned);

#endif
