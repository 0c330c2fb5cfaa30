/* SPDX-License-Identifier: Apache-2.0 */
#include "git_credential.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { STORE_MAXIMUM = 1 << 20 };

/* The path of a URL without user info, without the slashes around it; "" if it has none. */
static const char *path_of(const char *shown, size_t *ret_origin_size)
{
    const char *slashes = strstr(shown, "://");
    const char *host = slashes == NULL ? shown : slashes + 3;
    const char *slash = strchr(host, '/');
    if (slash == NULL)
        slash = host + strlen(host);
    *ret_origin_size = (size_t)(slash - shown);
    while (*slash == '/')
        slash++;
    return slash;
}

static bool line_fits(const char *line, const char *url, const char *url_user,
                      const char *line_user)
{
    RB_CLEANUP_FREE char *line_shown = rb_address_shown(line);
    RB_CLEANUP_FREE char *url_shown = rb_address_shown(url);
    size_t line_origin, url_origin;
    const char *line_path = path_of(line_shown, &line_origin);
    const char *url_path = path_of(url_shown, &url_origin);
    if (line_origin != url_origin || strncasecmp(line_shown, url_shown, line_origin) != 0)
        return false;
    if (line_path[0] != '\0' && strcmp(line_path, url_path) != 0)
        return false;
    return url_user == NULL || strcmp(url_user, line_user) == 0;
}

bool rb_git_credential_match(const char *store, const char *url, char **ret_user,
                             char **ret_password)
{
    RB_CLEANUP_FREE char *url_user = NULL;
    RB_CLEANUP_FREE char *url_password = NULL;
    rb_address_user_info(url, &url_user, &url_password);
    while (*store != '\0') {
        size_t size = strcspn(store, "\r\n");
        RB_CLEANUP_FREE char *line = rb_strndup(store, size);
        RB_CLEANUP_FREE char *user = NULL;
        RB_CLEANUP_FREE char *password = NULL;
        store += size;
        store += strspn(store, "\r\n");
        rb_address_user_info(line, &user, &password);
        if (user == NULL || password == NULL || !line_fits(line, url, url_user, user))
            continue;
        *ret_user = rb_steal(&user);
        *ret_password = rb_steal(&password);
        return true;
    }
    return false;
}

static bool find_in_file(const char *path, const char *url, char **ret_user, char **ret_password)
{
    RB_CLEANUP_FREE char *store = NULL;
    return rb_file_read(path, STORE_MAXIMUM, &store, NULL, NULL) == 0 &&
           rb_git_credential_match(store, url, ret_user, ret_password);
}

bool rb_git_credential_find(const char *url, char **ret_user, char **ret_password)
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    RB_CLEANUP_FREE char *first = NULL;
    RB_CLEANUP_FREE char *second = NULL;
    if (!rb_text_is_empty(home))
        first = rb_asprintf("%s/.git-credentials", home);
    if (!rb_text_is_empty(config))
        second = rb_asprintf("%s/git/credentials", config);
    else if (!rb_text_is_empty(home))
        second = rb_asprintf("%s/.config/git/credentials", home);
    return (first != NULL && find_in_file(first, url, ret_user, ret_password)) ||
           (second != NULL && find_in_file(second, url, ret_user, ret_password));
}
