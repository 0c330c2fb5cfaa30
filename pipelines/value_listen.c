/* SPDX-License-Identifier: Apache-2.0 */
/* What a settings file says of listening: addresses, networks, rates, headers. */
#include <arpa/inet.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/settings.h"
#include "settings_parts.h"
#include "value.h"

enum { RATE_MAXIMUM = 1000000, HEADER_MAXIMUM = 64 };

/* The family of an address in its numeric form, or 0. */
static int family_of(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, text, bytes) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

bool rb_listen_address_split(const char *address, char *host, int *ret_port)
{
    uint64_t port;
    const char *colon = strrchr(address, ':');
    if (colon == NULL || !rb_text_to_u64(colon + 1, &port) || port == 0 || port > 65535)
        return false;
    size_t size = (size_t)(colon - address);
    bool brackets = size >= 2 && address[0] == '[' && address[size - 1] == ']';
    const char *from = brackets ? address + 1 : address;
    size -= brackets ? 2 : 0;
    if (size >= RB_HOST_SIZE)
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    *ret_port = (int)port;
    return family_of(host) == (brackets ? AF_INET6 : AF_INET);
}

const char *rb_value_listen_address(struct rb_arena *arena, const char *text,
                                    struct rb_complaint *complaint)
{
    char host[RB_HOST_SIZE];
    int port;
    (void)arena;
    if (rb_listen_address_split(text, host, &port))
        return text;
    return rb_value_refuse(complaint, "is not an address with a port",
                           "write \"0.0.0.0:8443\" or \"[::]:8443\"");
}

const char *rb_value_proxy(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    const char *slash = strchr(text, '/');
    uint64_t bits = 0;
    char *address =
        rb_arena_strndup(arena, text, slash == NULL ? strlen(text) : (size_t)(slash - text));
    int family = family_of(address);
    bool good = slash == NULL || rb_text_to_u64(slash + 1, &bits);
    if (family != 0 && good && bits <= (family == AF_INET ? 32 : 128))
        return text;
    return rb_value_refuse(complaint, "is not an address or a network",
                           "write 10.0.0.7, 10.0.0.0/8 or fd00::/8");
}

/* "600/m" */
static bool split_rate(const char *text, int64_t *ret_count, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"/s", 1000}, {"/m", 60 * 1000}, {"/h", 60 * 60 * 1000}};
    const char *slash = strchr(text, '/');
    char digits[16];
    if (slash == NULL || (size_t)(slash - text) >= sizeof(digits))
        return false;
    memcpy(digits, text, (size_t)(slash - text));
    digits[slash - text] = '\0';
    for (size_t i = 0; i < RB_COUNT_OF(units); i++) {
        if (strcmp(slash, units[i].unit) != 0)
            continue;
        *ret_ms = units[i].ms;
        return rb_text_to_i64(digits, ret_count) && *ret_count > 0 && *ret_count <= RATE_MAXIMUM;
    }
    return false;
}

void rb_rate_split(const char *text, int64_t *ret_count, int64_t *ret_ms)
{
    RB_ASSERT(split_rate(text, ret_count, ret_ms));
}

const char *rb_value_rate(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    int64_t count, ms;
    (void)arena;
    if (split_rate(text, &count, &ms))
        return text;
    return rb_value_refuse(complaint, "is not a rate",
                           "write 10/s, 600/m or 1000/h, 1000000 at most");
}

const char *rb_value_header(struct rb_arena *arena, const char *text,
                            struct rb_complaint *complaint)
{
    (void)arena;
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '-' && strchr(rb_letters_and_digits, text[i]) == NULL)
            size = 0;
    }
    if (size > 0 && size <= HEADER_MAXIMUM)
        return text;
    return rb_value_refuse(complaint, "is not the name of a header",
                           "write at most 64 letters, digits and \"-\"");
}

const char *rb_value_source_glob(struct rb_arena *arena, const char *text,
                                 struct rb_complaint *complaint)
{
    const char *slash = strchr(text, '/');
    (void)arena;
    if (slash != NULL && slash != text && slash[1] != '\0' && strchr(slash + 1, '/') == NULL)
        return text;
    return rb_value_refuse(complaint, "names no source",
                           "write PIPELINE/SOURCE, with * for any: shop/*");
}
