/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a unix socket. */
#ifndef REBAKE_API_PEER_H
#define REBAKE_API_PEER_H

#include "rebake/base/arena.h"

/* "user:root", or "user:1000" where the number has no name; the kernel's word (SO_PEERCRED in
   unix(7)), not the client's. "user:?" when the kernel does not tell. Lives in the arena. */
const char *api_peer_name(int fd, struct rb_arena *arena);

#endif
