/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/image_name.h"

#include <stdint.h>
#include <string.h>

#include "rebake/base/text.h"

enum { LONGEST_REGISTRY = 255, LONGEST_REPOSITORY = 255, LONGEST_TAG = 128 };

#define LOWER_ALNUM "abcdefghijklmnopqrstuvwxyz0123456789"
#define ALNUM       "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER_ALNUM

size_t rb_image_name_registry_size(const char *text)
{
    size_t size = strcspn(text, "/");
    bool host = memchr(text, '.', size) != NULL || memchr(text, ':', size) != NULL ||
                (size == 9 && memcmp(text, "localhost", 9) == 0);
    return text[size] == '/' && host ? size : 0;
}

static bool is_port(const char *text)
{
    uint64_t number;
    return rb_text_to_u64(text, &number) && number > 0 && number < 65536;
}

bool rb_image_name_is_registry(const char *text, size_t size)
{
    char copy[LONGEST_REGISTRY + 1];
    if (size == 0 || size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    size_t run;
    if (copy[0] == '[') {
        run = 1 + strspn(copy + 1, "0123456789abcdefABCDEF:.");
        if (run == 1 || copy[run] != ']')
            return false;
        run++;
    } else {
        run = strspn(copy, ALNUM ".-");
        if (run == 0 || copy[0] == '.' || copy[0] == '-')
            return false;
    }
    return copy[run] == '\0' || (copy[run] == ':' && is_port(copy + run + 1));
}

static size_t separator_size(const char *text)
{
    if (text[0] == '.')
        return 1;
    if (text[0] == '_')
        return text[1] == '_' ? 2 : 1;
    return strspn(text, "-");
}

bool rb_image_name_is_repository(const char *text)
{
    if (strlen(text) > LONGEST_REPOSITORY)
        return false;
    for (;;) {
        size_t run = strspn(text, LOWER_ALNUM);
        if (run == 0)
            return false;
        text += run;
        if (*text == '\0')
            return true;
        text += *text == '/' ? 1 : separator_size(text);
    }
}

bool rb_image_name_is_tag(const char *text)
{
    return strchr(".-", *text) == NULL && strlen(text) <= LONGEST_TAG &&
           text[strspn(text, ALNUM "_.-")] == '\0';
}
