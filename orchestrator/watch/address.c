/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* RFC 3986 section 3.2.1: between "//" and the last '@' before the path. False if there is none. */
static bool find_user_info(const char *url, const char **ret_start, size_t *ret_size)
{
    const char *slashes = strstr(url, "://");
    if (slashes == NULL)
        return false;
    const char *start = slashes + 3;
    size_t authority = strcspn(start, "/?#");
    for (size_t i = authority; i > 0; i--) {
        if (start[i - 1] == '@') {
            *ret_start = start;
            *ret_size = i - 1;
            return true;
        }
    }
    return false;
}

char *rb_address_shown(const char *url)
{
    const char *start;
    size_t size;
    if (!find_user_info(url, &start, &size))
        return rb_strdup(url);
    return rb_asprintf("%.*s%s", (int)(start - url), url, start + size + 1);
}

/* %00 stays as it is written: text ends at a NUL. */
static char *percent_decoded(const char *text, size_t size)
{
    char *decoded = rb_strndup(text, size);
    char *out = decoded;
    for (const char *at = decoded; *at != '\0'; at++) {
        int high = at[0] == '%' ? rb_text_hex_digit(at[1]) : -1;
        int low = high >= 0 ? rb_text_hex_digit(at[2]) : -1;
        if (low >= 0 && high * 16 + low != 0) {
            *out++ = (char)(high * 16 + low);
            at += 2;
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
    return decoded;
}

void rb_address_user_info(const char *url, char **ret_user, char **ret_password)
{
    const char *start;
    size_t size;
    *ret_user = *ret_password = NULL;
    if (!find_user_info(url, &start, &size))
        return;
    const char *colon = memchr(start, ':', size);
    size_t user_size = colon == NULL ? size : (size_t)(colon - start);
    *ret_user = percent_decoded(start, user_size);
    if (colon != NULL)
        *ret_password = percent_decoded(colon + 1, size - user_size - 1);
}

static void replace_all(char *text, size_t text_size, const char *secret)
{
    size_t size = strlen(secret);
    if (size < 4) /* as short as that it would hit innocent words */
        return;
    RB_CLEANUP_FREE char *copy = rb_strdup(text);
    const char *at = copy, *found;
    size_t used = 0;
    text[0] = '\0';
    while (used < text_size && (found = strstr(at, secret)) != NULL) {
        used += (size_t)snprintf(text + used, text_size - used, "%.*s***", (int)(found - at), at);
        at = found + size;
    }
    if (used < text_size)
        (void)snprintf(text + used, text_size - used, "%s", at);
}

void rb_address_scrub(const char *url, struct rb_err *err)
{
    const char *start;
    size_t size;
    if (err == NULL || !find_user_info(url, &start, &size))
        return;
    RB_CLEANUP_FREE char *user_info = rb_strndup(start, size);
    RB_CLEANUP_FREE char *user = NULL;
    RB_CLEANUP_FREE char *password = NULL;
    rb_address_user_info(url, &user, &password);
    replace_all(err->text, sizeof(err->text), user_info);
    if (password != NULL)
        replace_all(err->text, sizeof(err->text), password);
}
