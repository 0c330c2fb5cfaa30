/* SPDX-License-Identifier: Apache-2.0 */
/* A listening unix socket: of the API, and of the policy server. */
#ifndef REBAKE_SERVE_UNIX_SOCKET_H
#define REBAKE_SERVE_UNIX_SOCKET_H

#include <sys/types.h>

#include "rebake/base/err.h"

struct rb_unix_socket {
    int fd;
    dev_t device; /* which file it is: another may have taken the path since */
    ino_t inode;
};

/* Makes a listening socket at path, mode 0600 from the moment that it is there. A socket that
   nobody listens on any more is replaced; RB_EEXIST when somebody does, or it is no socket. */
RB_NODISCARD int rb_unix_socket_listen(const char *path, struct rb_unix_socket *ret_socket,
                                       struct rb_err *err);
/* Removes the path if it is still this socket's. The descriptor is not closed. */
void rb_unix_socket_remove(const struct rb_unix_socket *socket, const char *path);

#endif
