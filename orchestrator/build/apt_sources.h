/* SPDX-License-Identifier: Apache-2.0 */
/* The repositories that an image watches, for apt inside its build. */
#ifndef REBAKE_BUILD_APT_SOURCES_H
#define REBAKE_BUILD_APT_SOURCES_H

#include "rebake/base/json.h"

/* The name of the build context that holds them, for --build-context. */
#define APT_SOURCES_CONTEXT "rebake-repositories"

/* Writes for each repository of the spec an apt source and a copy of its keyring below folder
   (sources.list(5), deb822 style). *ret_run_flags are the flags that show them, read-only, to a
   RUN; NULL when there are no repositories. The caller frees it. */
RB_NODISCARD int apt_sources_write(const json_t *repositories, const char *folder,
                                   char **ret_run_flags, struct rb_err *err);

#endif
