/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/serve/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rebake/base/memory.h"

enum { BACKLOG = 64 };

static int make_address(const char *path, struct sockaddr_un *address, struct rb_err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path))
        return rb_err_set(err, RB_EINVALID,
                          "socket path %s is longer than %zu bytes: choose a shorter one", path,
                          sizeof(address->sun_path) - 1);
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

/* A socket whose maker was killed stays behind: only asking it tells. */
static int remove_stale(const char *path, const struct sockaddr_un *address, struct rb_err *err)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : rb_err_sys(err, errno, "look at socket %s", path);
    if (!S_ISSOCK(status.st_mode))
        return rb_err_set(err, RB_EEXIST, "%s is there and is not a socket: name another path",
                          path);
    RB_CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return rb_err_sys(err, errno, "make a socket");
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        return rb_err_set(err, RB_EEXIST,
                          "another program answers on %s: stop it, or name another socket", path);
    if (errno != ECONNREFUSED)
        return rb_err_sys(err, errno, "ask whether socket %s is in use", path);
    return unlink(path) == 0 ? 0 : rb_err_sys(err, errno, "remove the old socket %s", path);
}

static int bind_and_listen(int fd, const char *path, const struct sockaddr_un *address,
                           struct rb_unix_socket *ret_socket, struct rb_err *err)
{
    struct stat status;
    /* Linux gives the file the mode that the socket has when it is bound, less the umask: no
       moment is left in which others could connect. */
    if (fchmod(fd, 0600) != 0)
        return rb_err_sys(err, errno, "set the mode of socket %s", path);
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        return rb_err_sys(err, errno, "make socket %s", path);
    if (listen(fd, BACKLOG) != 0 || lstat(path, &status) != 0)
        return rb_err_sys(err, errno, "listen on socket %s", path);
    *ret_socket =
        (struct rb_unix_socket){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    return 0;
}

int rb_unix_socket_listen(const char *path, struct rb_unix_socket *ret_socket, struct rb_err *err)
{
    struct sockaddr_un address;
    int status = make_address(path, &address, err);
    if (status == 0)
        status = remove_stale(path, &address, err);
    if (status != 0)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return rb_err_sys(err, errno, "make a socket");
    status = bind_and_listen(fd, path, &address, ret_socket, err);
    if (status != 0)
        (void)close(fd);
    return status;
}

void rb_unix_socket_remove(const struct rb_unix_socket *socket, const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && status.st_dev == socket->device &&
        status.st_ino == socket->inode)
        (void)unlink(path);
}
