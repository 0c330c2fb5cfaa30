/* SPDX-License-Identifier: Apache-2.0 */
/* git's credential store (gitcredentials(7), git-credential-store(1)): one URL a line, with user
   and password, for the host that it names. */
#ifndef REBAKE_WATCH_GIT_CREDENTIAL_H
#define REBAKE_WATCH_GIT_CREDENTIAL_H

#include <stdbool.h>

/* Looks a URL up in the text of a store: protocol and host (with port) must be equal, a user in url
   must be that of the line, and a path in the line must be the URL's. The first line that fits is
   taken; its user and password go to the caller, who frees them. */
bool rb_git_credential_match(const char *store, const char *url, char **ret_user,
                             char **ret_password);

/* Looks in $HOME/.git-credentials, then in $XDG_CONFIG_HOME/git/credentials (or
   $HOME/.config/git/credentials). */
bool rb_git_credential_find(const char *url, char **ret_user, char **ret_password);

#endif
