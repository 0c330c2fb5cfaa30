/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/daemon/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"

int rb_program_path(char **ret_path, struct rb_err *err)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (size < 0)
        return rb_err_sys(err, errno, "read /proc/self/exe");
    self[size] = '\0';
    *strrchr(self, '/') = '\0';
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/rebake", self);
    if (access(path, X_OK) != 0)
        return rb_err_sys(err, errno, "%s, which carries out the jobs", path);
    *ret_path = rb_steal(&path);
    return 0;
}
