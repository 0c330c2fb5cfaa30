/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/daemon/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"

/* Built, the two programs stand side by side; installed, rebaked stands in sbin. */
static const char *const PLACES[] = {"rebake", "../bin/rebake"};

int rb_program_path(char **ret_path, struct rb_err *err)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (size < 0)
        return rb_err_sys(err, errno, "read /proc/self/exe");
    self[size] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < RB_COUNT_OF(PLACES); i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", self, PLACES[i]);
        if (access(path, X_OK) == 0) {
            *ret_path = rb_steal(&path);
            return 0;
        }
    }
    return rb_err_set(err, RB_ENOTFOUND,
                      "rebake, which carries out the jobs, is neither in %s nor in %s/../bin: "
                      "install both programs of one version",
                      self, self);
}
