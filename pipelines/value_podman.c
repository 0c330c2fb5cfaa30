/* SPDX-License-Identifier: Apache-2.0 */
/* What podman-run(1) takes, checked when the file is read and not first when a deployment fails. */
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "rebake/base/text.h"

static const char *const capabilities[] = {
    /* capabilities(7), Linux 6.1 */
    "all",
    "audit_control",
    "audit_read",
    "audit_write",
    "block_suspend",
    "bpf",
    "checkpoint_restore",
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "ipc_lock",
    "ipc_owner",
    "kill",
    "lease",
    "linux_immutable",
    "mac_admin",
    "mac_override",
    "mknod",
    "net_admin",
    "net_bind_service",
    "net_broadcast",
    "net_raw",
    "perfmon",
    "setfcap",
    "setgid",
    "setpcap",
    "setuid",
    "sys_admin",
    "sys_boot",
    "sys_chroot",
    "sys_module",
    "sys_nice",
    "sys_pacct",
    "sys_ptrace",
    "sys_rawio",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "syslog",
    "wake_alarm",
    NULL};

const char *rb_value_capability(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    char *name = rb_arena_strdup(arena, text);
    for (char *at = name; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    if (rb_text_starts_with(name, "cap_"))
        name += 4;
    for (size_t i = 0; capabilities[i] != NULL; i++) {
        if (rb_text_equal(name, capabilities[i]))
            return capabilities[i];
    }
    const char *nearest = rb_text_nearest(name, capabilities);
    return rb_value_refuse(complaint, "is not a capability of Linux",
                           nearest == NULL ? "write for example net_bind_service, or all"
                                           : rb_arena_printf(arena, "did you mean %s?", nearest));
}

/* podman's names: [a-zA-Z0-9][a-zA-Z0-9_.-]* */
static bool is_podman_name(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (strchr(rb_letters_and_digits, text[i]) == NULL &&
            (i == 0 || strchr("_.-", text[i]) == NULL))
            return false;
    }
    return size > 0 && size <= 128;
}

const char *rb_value_container(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    (void)arena;
    if (is_podman_name(text))
        return text;
    return rb_value_refuse(
        complaint, "is not a name for a container",
        "write letters, digits, \"_\", \".\" and \"-\", a letter or digit first");
}

const char *rb_value_network(struct rb_arena *arena, const char *text,
                             struct rb_complaint *complaint)
{
    (void)arena;
    bool good = isalnum((unsigned char)*text) && strlen(text) <= 255;
    for (const char *at = text; *at != '\0'; at++)
        good = good && *at > ' ' && *at <= '~';
    return good ? text
                : rb_value_refuse(complaint, "is not a network",
                                  "write host, none, or the name of a podman network");
}

/* "80" or "8000-8010", up to end. */
static bool is_port_range(const char *text, const char *end)
{
    char copy[12] = {0};
    uint64_t first, last;
    if (end <= text || (size_t)(end - text) >= sizeof(copy))
        return false;
    memcpy(copy, text, (size_t)(end - text));
    char *dash = strchr(copy, '-');
    if (dash != NULL)
        *dash = '\0';
    if (!rb_text_to_u64(copy, &first) || !rb_text_to_u64(dash == NULL ? copy : dash + 1, &last))
        return false;
    return first >= 1 && first <= last && last <= 65535;
}

static bool is_address(const char *text, const char *end)
{
    char copy[INET6_ADDRSTRLEN + 2] = {0};
    unsigned char address[16];
    size_t size = (size_t)(end - text);
    if (size < 2 || size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    if (copy[0] != '[' || copy[size - 1] != ']')
        return inet_pton(AF_INET, copy, address) == 1;
    copy[size - 1] = '\0';
    return inet_pton(AF_INET6, copy + 1, address) == 1;
}

static const char *last_colon(const char *text, const char *end)
{
    while (end > text && end[-1] != ':')
        end--;
    return end > text ? end - 1 : NULL;
}

/* [[ADDRESS:][HOST-PORT]:]CONTAINER-PORT[/PROTOCOL] */
static bool is_published_port(const char *text)
{
    const char *end = text + strcspn(text, "/");
    if (*end == '/' && !rb_text_equal(end, "/tcp") && !rb_text_equal(end, "/udp") &&
        !rb_text_equal(end, "/sctp"))
        return false;
    const char *colon = last_colon(text, end);
    if (!is_port_range(colon == NULL ? text : colon + 1, end))
        return false;
    if (colon == NULL)
        return true;
    const char *address_end = last_colon(text, colon);
    if (address_end == NULL)
        return is_port_range(text, colon);
    return is_address(text, address_end) &&
           (address_end + 1 == colon || is_port_range(address_end + 1, colon));
}

const char *rb_value_port(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    if (is_published_port(text))
        return text;
    return rb_value_refuse(complaint, "is not a port to publish",
                           "write HOST:CONTAINER, for example \"8080:80\" or "
                           "\"127.0.0.1:8080:80/tcp\"");
}

const char *rb_value_volume(struct rb_arena *arena, const char *text,
                            struct rb_complaint *complaint)
{
    const char *colon = strchr(text, ':');
    const char *hint =
        "write SOURCE:/PATH, for example data:/var/lib/data or /etc/shop:/etc/shop:ro";
    if (colon == NULL || colon[1] != '/')
        return rb_value_refuse(complaint, "is not a volume", hint);
    const char *source = rb_arena_strndup(arena, text, (size_t)(colon - text));
    const char *target = rb_arena_strndup(arena, colon + 1, strcspn(colon + 1, ":"));
    if (*source == '/' ? rb_value_absolute_path(arena, source, complaint) == NULL
                       : !is_podman_name(source))
        return rb_value_refuse(complaint, "names no absolute path and no volume to mount", hint);
    if (rb_value_absolute_path(arena, target, complaint) == NULL)
        return NULL;
    const char *options = colon + 1 + strlen(target);
    if (*options == ':' && !rb_value_consists_of(options + 1,
                                                 "abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                 "0123456789,=_-@",
                                                 ","))
        return rb_value_refuse(complaint, "has mount options that podman does not know",
                               "write for example ro,Z");
    return text;
}
