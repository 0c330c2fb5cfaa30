/* SPDX-License-Identifier: Apache-2.0 */
/* The candidate of a package where the newest version counts: for dnf, apk, and languages. */
#ifndef ORCHESTRATOR_INVENTORY_NEWEST_H
#define ORCHESTRATOR_INVENTORY_NEWEST_H

#include "rebake/inventory/upgrade.h"

/* The newest version that is newer than what is installed, in the index's memory, and who has it;
   NULL where there is none.
   dnf (dnf(8), check-update): the same name and architecture, to and from noarch; of a package that
   is installed in several versions, a kernel, only the newest can be outdated. Excludes, version
   locks and modules are not known here.
   apk (apk-version(8), -l '<'): the same name; all repositories count, tagged ones too.
   Of a language's package: no prerelease, as pip and npm have it. One of the same line, which is
   the first number of a version, or the first two where that is 0 (semver.org, 4 and 8), comes
   before one of another: a recipe mostly holds to a line, and what it cannot have must not hide
   what it can. */
const char *newest_offer(const struct rb_inventory *inventory, const struct rb_package *package,
                         const struct rb_repository *repositories, size_t count,
                         const struct rb_repository **ret_repository);

#endif
