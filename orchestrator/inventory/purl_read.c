/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/purl.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { PURL_MAXIMUM = 8192 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL where what is encoded is no text. */
static const char *decode(struct rb_arena *arena, const char *text, size_t size)
{
    char *out = rb_arena_strndup(arena, text, size), *end = out;
    for (const char *at = out; *at != '\0'; at++) {
        if (*at != '%') {
            *end++ = *at;
            continue;
        }
        int high = hex_digit(at[1]), low = high < 0 ? -1 : hex_digit(at[2]);
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        *end++ = (char)(high * 16 + low);
        at += 2;
    }
    *end = '\0';
    return out;
}

static const char *lower(struct rb_arena *arena, const char *text, size_t size)
{
    char *out = rb_arena_strndup(arena, text, size);
    for (char *at = out; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return out;
}

static bool read_qualifiers(const char *text, struct rb_arena *arena, struct rb_purl *purl)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "&"), key = strcspn(text, "=");
        if (key >= size || purl->qualifier_count == RB_PURL_QUALIFIERS_MAXIMUM)
            return false;
        const char *value = decode(arena, text + key + 1, size - key - 1);
        if (value == NULL)
            return false;
        purl->qualifiers[purl->qualifier_count].key = lower(arena, text, key);
        purl->qualifiers[purl->qualifier_count++].value = value;
        text += size + (text[size] == '&');
    }
    return true;
}

/* "namespace/name@version"; the '@' of an encoded scope is %40, but some write it as it is. */
static bool read_path(const char *path, struct rb_arena *arena, struct rb_purl *purl)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *at = strrchr(name, '@');
    purl->namespace = slash == NULL ? "" : decode(arena, path, (size_t)(slash - path));
    purl->name = decode(arena, name, at == NULL ? strlen(name) : (size_t)(at - name));
    purl->version = at == NULL ? "" : decode(arena, at + 1, strlen(at + 1));
    return purl->namespace != NULL && !rb_text_is_empty(purl->name) && purl->version != NULL;
}

bool rb_purl_read(const char *text, struct rb_arena *arena, struct rb_purl *ret_purl)
{
    static const char SCHEME[] = "pkg:";
    *ret_purl = (struct rb_purl){0};
    if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0 || strlen(text) > PURL_MAXIMUM)
        return false;
    text += strlen(SCHEME);
    text += strspn(text, "/");
    char *rest = rb_arena_strndup(arena, text, strcspn(text, "#"));
    char *question = strchr(rest, '?');
    if (question != NULL)
        *question = '\0';
    size_t type = strcspn(rest, "/");
    if (type == 0 || rest[type] == '\0')
        return false;
    ret_purl->type = lower(arena, rest, type);
    return read_path(rest + type + 1, arena, ret_purl) &&
           (question == NULL || read_qualifiers(question + 1, arena, ret_purl));
}

const char *rb_purl_qualifier(const struct rb_purl *purl, const char *key)
{
    for (size_t i = 0; i < purl->qualifier_count; i++) {
        if (strcmp(purl->qualifiers[i].key, key) == 0)
            return purl->qualifiers[i].value;
    }
    return "";
}

static const char *whole_name(const struct rb_purl *purl, enum rb_package_type type,
                              struct rb_arena *arena)
{
    if (*purl->namespace == '\0' || rb_package_type_is_distribution(type))
        return purl->name;
    return rb_arena_printf(arena, "%s%c%s", purl->namespace, type == RB_PACKAGE_MAVEN ? ':' : '/',
                           purl->name);
}

bool rb_purl_to_package(const struct rb_purl *purl, struct rb_arena *arena,
                        struct rb_package *ret_package)
{
    const char *epoch = rb_purl_qualifier(purl, "epoch");
    *ret_package = (struct rb_package){.path = "", .module = ""};
    if (!rb_package_type_find(purl->type, &ret_package->type))
        return false;
    ret_package->name = whole_name(purl, ret_package->type, arena);
    ret_package->version = purl->version;
    if (ret_package->type == RB_PACKAGE_RPM && *epoch != '\0' && strcmp(epoch, "0") != 0)
        ret_package->version = rb_arena_printf(arena, "%s:%s", epoch, purl->version);
    ret_package->architecture =
        rb_package_type_is_distribution(ret_package->type) ? rb_purl_qualifier(purl, "arch") : "";
    ret_package->source_name = ret_package->name;
    ret_package->source_version = ret_package->version;
    return true;
}

bool rb_purl_means(const struct rb_purl *purl, const struct rb_inventory *inventory,
                   const struct rb_package *package)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_FREE char *text = rb_package_purl(inventory, package);
    struct rb_purl ours;
    if (!rb_purl_read(text, arena, &ours) || strcmp(purl->type, ours.type) != 0 ||
        strcasecmp(purl->namespace, ours.namespace) != 0 ||
        strcasecmp(purl->name, ours.name) != 0 ||
        (*purl->version != '\0' && strcmp(purl->version, ours.version) != 0))
        return false;
    for (size_t i = 0; i < purl->qualifier_count; i++) {
        const char *value = rb_purl_qualifier(&ours, purl->qualifiers[i].key);
        if (*value != '\0' && strcmp(value, purl->qualifiers[i].value) != 0)
            return false;
    }
    return true;
}
