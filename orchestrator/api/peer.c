/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

const char *api_peer_name(int fd, struct rb_arena *arena)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return "user:?";
    if (getpwuid_r(peer.uid, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        return rb_arena_printf(arena, "user:%s", found->pw_name);
    return rb_arena_printf(arena, "user:%lu", (unsigned long)peer.uid);
}
