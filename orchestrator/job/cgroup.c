/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup of the job's own (cgroups(7), version 2): made only below a cgroup that was delegated to
 * us, which systemd marks by an extended attribute (systemd.resource-control(5), Delegate=). With
 * it nothing that a build starts can hide from the end of the build.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "running.h"

enum { MOUNTS_MAXIMUM = 4 << 20, EMPTY_WITHIN_MS = 2000 };

/* Where the unified hierarchy is mounted: in mountinfo (proc(5)) the file system's type follows
   " - ", the mount point is the fifth field. */
static char *unified_mount(void)
{
    RB_CLEANUP_FREE char *mounts = NULL;
    if (rb_file_read("/proc/self/mountinfo", MOUNTS_MAXIMUM, &mounts, NULL, NULL) != 0)
        return NULL;
    char *rest = mounts, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *point = NULL;
        if (strstr(line, " - cgroup2 ") != NULL && sscanf(line, "%*s %*s %*s %*s %ms", &point) == 1)
            return point;
    }
    return NULL;
}

static char *own_cgroup(void)
{
    RB_CLEANUP_FREE char *text = NULL;
    if (rb_file_read("/proc/self/cgroup", MOUNTS_MAXIMUM, &text, NULL, NULL) != 0)
        return NULL;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (rb_text_starts_with(line, "0::/"))
            return rb_strdup(line + 3);
    }
    return NULL;
}

static bool is_delegated(const char *folder)
{
    char value[2];
    return (getxattr(folder, "user.delegate", value, sizeof(value)) == 1 && value[0] == '1') ||
           (getxattr(folder, "trusted.delegate", value, sizeof(value)) == 1 && value[0] == '1');
}

char *job_cgroup_make(const char *folder, const char **ret_reason)
{
    RB_CLEANUP_FREE char *mount = unified_mount();
    RB_CLEANUP_FREE char *own = mount != NULL ? own_cgroup() : NULL;
    if (own == NULL) {
        *ret_reason = "this machine has no unified hierarchy";
        return NULL;
    }
    RB_CLEANUP_FREE char *parent = rb_asprintf("%s%s", mount, own);
    if (!is_delegated(parent)) {
        *ret_reason = "the runner's cgroup is not delegated to it";
        return NULL;
    }
    const char *name = strrchr(folder, '/') + 1;
    char *cgroup = rb_asprintf("%s/job-%s-%d", parent, name, (int)getpid());
    if (mkdir(cgroup, 0755) == 0)
        return cgroup;
    *ret_reason = strerror(errno);
    rb_free(cgroup);
    return NULL;
}

static int write_control(const char *cgroup, const char *control, const char *value,
                         struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", cgroup, control);
    RB_CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        return rb_err_sys(err, errno, "write %s", path);
    return 0;
}

int job_cgroup_enter(const char *cgroup, struct rb_err *err)
{
    return write_control(cgroup, "cgroup.procs", "0", err);
}

/* cgroup.events wakes its readers with POLLPRI whenever it changes. */
static void await_empty(const char *cgroup)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/cgroup.events", cgroup);
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    char events[256];
    ssize_t got;
    while (fd >= 0 && (got = pread(fd, events, sizeof(events) - 1, 0)) > 0) {
        struct pollfd change = {.fd = fd, .events = POLLPRI};
        events[got] = '\0';
        if (strstr(events, "populated 0") != NULL || poll(&change, 1, EMPTY_WITHIN_MS) <= 0)
            break;
    }
}

void job_cgroup_remove(const char *cgroup)
{
    /* What cannot be killed or removed now goes with our own cgroup. */
    if (write_control(cgroup, "cgroup.kill", "1", NULL) != 0)
        return;
    await_empty(cgroup);
    (void)rmdir(cgroup);
}
