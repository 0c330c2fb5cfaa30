/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a source package's file, as rpm packages tell of what they were built from. */
#ifndef REBAKE_INVENTORY_RPM_SOURCE_H
#define REBAKE_INVENTORY_RPM_SOURCE_H

#include <stdbool.h>

/* "bash-5.1.8-6.el9.src.rpm" is the source "bash" in "5.1.8-6.el9", of which no epoch is told: cuts
   the text there. False, and the text is of no more use, where it is no such name. */
bool rb_rpm_source_split(char *file_name, const char **ret_name, const char **ret_version);

#endif
