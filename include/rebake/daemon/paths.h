/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are unless somebody says otherwise, and where the program itself is. */
#ifndef REBAKE_DAEMON_PATHS_H
#define REBAKE_DAEMON_PATHS_H

#include "rebake/base/err.h"

#define RB_DEFAULT_STATE_FOLDER "/var/lib/rebake"
#define RB_DEFAULT_SOCKET_PATH  "/run/rebake/rebake.sock"
/* No *.yaml: pipelines are read from the folder that it stands in. */
#define RB_DEFAULT_SETTINGS_PATH "/etc/rebake/rebaked.conf"

/* The absolute path of `rebake`: beside the program that runs (rebaked or rebake itself), or in the
   folder bin beside that one's. The caller frees it. */
RB_NODISCARD int rb_program_path(char **ret_path, struct rb_err *err);

#endif
