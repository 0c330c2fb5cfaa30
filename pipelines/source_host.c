/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_kind.h"

/* What stands behind the key that tells the kind, where that is a text. */
static const char *address_of(const struct rb_source *source)
{
    const struct rb_source_language *language = rb_source_language(source->kind);
    for (const struct rb_field *field = language->fields; field->key != NULL; field++) {
        bool tells = rb_text_equal(field->key, language->name) ||
                     rb_text_equal(field->key, language->other_name);
        const void *place = (const char *)source + field->offset;
        if (tells && field->kind == RB_FIELD_TEXT && *(const char *const *)place != NULL)
            return *(const char *const *)place;
    }
    return NULL;
}

char *rb_source_host(const struct rb_source *source)
{
    const char *address = address_of(source);
    if (address == NULL)
        return rb_strdup(rb_source_kind_name(source->kind));
    const char *scheme = strstr(address, "://");
    const char *authority = scheme == NULL ? address : scheme + strlen("://");
    size_t size = strcspn(authority, "/?");
    const char *user_end = memrchr(authority, '@', size);
    if (user_end != NULL) {
        size -= (size_t)(user_end + 1 - authority);
        authority = user_end + 1;
    }
    char *host = size == 0 ? rb_strdup("localhost") : rb_strndup(authority, size);
    for (char *at = host; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return host;
}
