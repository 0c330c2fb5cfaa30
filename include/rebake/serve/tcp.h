/* SPDX-License-Identifier: Apache-2.0 */
/* A listening TCP socket, and who may connect to it. */
#ifndef REBAKE_SERVE_TCP_H
#define REBAKE_SERVE_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "rebake/base/err.h"

/* A listening socket at "HOST:PORT", which rb_listen_address_split takes. RB_EINVALID for any
   other text, RB_EEXIST when another has the address. */
RB_NODISCARD int rb_tcp_listen(const char *address, int *ret_fd, struct rb_err *err);

/* True when the address is in one of the networks, "10.0.0.7" or "10.0.0.0/8"; NULL-terminated. */
bool rb_tcp_is_in(const struct sockaddr *address, const char *const *networks);

#endif
