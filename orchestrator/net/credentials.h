/* SPDX-License-Identifier: Apache-2.0 */
/* Where credentials for registries are found: the files that docker and podman keep, and the helper
   programs that these files name. */
#ifndef REBAKE_NET_CREDENTIALS_H
#define REBAKE_NET_CREDENTIALS_H

#include "auth_file.h"
#include "rebake/loop/loop.h"

/* The first file that says something (containers-auth.json(5)): REGISTRY_AUTH_FILE alone where the
   environment names it; else $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID without
   that variable), $XDG_CONFIG_HOME/containers/auth.json (~/.config), $DOCKER_CONFIG/config.json
   (~/.docker), ~/.dockercfg. A file that cannot be read is an error, an absent one is not. */
RB_NODISCARD int rb_credentials_find(const char *registry, const char *repository,
                                     struct rb_credentials *ret_credentials, struct rb_err *err);

/* credentials is borrowed for the call, and empty when the helper knows none. */
typedef void rb_credentials_cb(void *context, const struct rb_credentials *credentials,
                               const struct rb_err *error);

/* Runs `docker-credential-HELPER get` for the registry. *running is counted up, and down when the
   child has ended. */
struct rb_helper_run;
RB_NODISCARD int rb_helper_start(struct rb_loop *loop, const char *helper, const char *registry,
                                 int *running, rb_credentials_cb *done, void *context,
                                 struct rb_helper_run **ret_run, struct rb_err *err);
/* done will not come, but the child must still end before the loop is freed. */
void rb_helper_cancel(struct rb_helper_run *run);

#endif
