/* SPDX-License-Identifier: Apache-2.0 */
/* The unix socket that the API listens on. */
#ifndef REBAKE_API_SOCKET_H
#define REBAKE_API_SOCKET_H

#include <sys/types.h>

#include "rebake/base/err.h"

struct api_socket {
    int fd;
    dev_t device; /* which file it is: another may have taken the path since */
    ino_t inode;
};

/* Makes a listening socket at path, mode 0600 from the moment that it is there. A socket that
   nobody listens on any more is replaced; RB_EEXIST when somebody does, or it is no socket. */
RB_NODISCARD int api_socket_listen(const char *path, struct api_socket *ret_socket,
                                   struct rb_err *err);
/* Removes the path if it is still this socket's. The descriptor is not closed. */
void api_socket_remove(const struct api_socket *socket, const char *path);

#endif
