/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a container that matter for what it is and what it may do. Those that podman
 * derives from the machine (limits, paths, the runtime) are none of a deployment's business: they
 * are not looked at, and their change is no drift.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { TEXT_MAXIMUM = 4096 };

static void compare(json_t *drift, const char *subject, const char *expected, const char *found)
{
    if (!rb_text_equal(expected, found))
        deploy_add_drift(drift, "configuration", subject, expected == NULL ? "" : expected,
                         found == NULL ? "" : found);
}

static const char *yes_or_no(bool value)
{
    return value ? "true" : "false";
}

static bool has_text(const json_t *array, const char *text)
{
    size_t i;
    const json_t *item;
    json_array_foreach(array, i, item)
    {
        if (rb_text_equal(json_string_value(item), text))
            return true;
    }
    return false;
}

/* "one two" of an array of texts; the caller frees it. */
static char *join(const json_t *array)
{
    struct rb_strbuf text = RB_STRBUF_INIT(TEXT_MAXIMUM);
    size_t i;
    const json_t *item;
    json_array_foreach(array, i, item) rb_strbuf_printf(
        &text, "%s%s", i == 0 ? "" : " ", json_is_string(item) ? json_string_value(item) : "?");
    return rb_strbuf_steal(&text);
}

static void compare_state(const json_t *container, json_t *drift)
{
    const json_t *state = json_object_get(container, "State");
    const char *status = rb_json_get_string(state, "Status", "unknown");
    int64_t exit_code = rb_json_get_integer(state, "ExitCode", 0);
    RB_CLEANUP_FREE char *found = strcmp(status, "exited") == 0
                                      ? rb_asprintf("exited (%lld)", (long long)exit_code)
                                      : rb_strdup(status);
    if (strcmp(status, "running") != 0)
        deploy_add_drift(drift, "stopped", rb_json_get_string(container, "Name", ""), "running",
                         found);
}

/* One image may go by several digests in podman's storage: one that was also built there has a
   manifest of its own, beside that of the registry, for the same content. */
static bool goes_by(const json_t *container, const char *digest)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(container, "RepoDigests"), i, item)
    {
        const char *name = json_string_value(item);
        const char *at = name == NULL ? NULL : strchr(name, '@');
        if (at != NULL && strcmp(at + 1, digest) == 0)
            return true;
    }
    return false;
}

static void compare_image(const struct deploy_target *target, const json_t *container,
                          json_t *drift)
{
    const char *digest = rb_json_get_string(container, "ImageDigest", "unknown");
    if (strcmp(digest, target->digest) != 0 && !goes_by(container, target->digest))
        deploy_add_drift(drift, "digest", target->reference, target->digest, digest);
}

static void compare_labels(const struct deploy_target *target, const json_t *container,
                           json_t *drift)
{
    const json_t *labels = json_object_get(json_object_get(container, "Config"), "Labels");
    compare(drift, "label " DEPLOY_LABEL_DEPLOYMENT, target->deployment,
            rb_json_get_string(labels, DEPLOY_LABEL_DEPLOYMENT, NULL));
    compare(drift, "label " DEPLOY_LABEL_SPEC, target->spec_hash,
            rb_json_get_string(labels, DEPLOY_LABEL_SPEC, NULL));
}

static void compare_command(const struct deploy_target *target, const json_t *config, json_t *drift)
{
    const json_t *command = json_object_get(config, "Cmd");
    if (json_array_size(target->command) == 0 || json_equal(target->command, command))
        return;
    RB_CLEANUP_FREE char *expected = join(target->command);
    RB_CLEANUP_FREE char *found = join(command);
    deploy_add_drift(drift, "configuration", "command", expected, found);
}

/* The image and podman add variables of their own; ours must be there as they were given. Values
   may be secret: only the name is told. */
static void compare_environment(const struct deploy_target *target, const json_t *config,
                                json_t *drift)
{
    size_t i;
    const json_t *item;
    json_array_foreach(target->environment, i, item)
    {
        const char *setting = json_string_value(item);
        if (has_text(json_object_get(config, "Env"), setting))
            continue;
        RB_CLEANUP_FREE char *subject =
            rb_asprintf("environment %.*s", (int)strcspn(setting, "="), setting);
        deploy_add_drift(drift, "configuration", subject, "as given", "not as given");
    }
}

/* What takes a container's walls down whoever asked for it; deployments never do. */
static void compare_walls(const struct deploy_target *target, const json_t *host, json_t *drift)
{
    static const struct {
        const char *member;
        const char *subject;
    } SPACES[] = {
        {"PidMode", "pid namespace"}, {"IpcMode", "ipc namespace"}, {"UTSMode", "uts namespace"}};
    const json_t *options = json_object_get(host, "SecurityOpt"), *option;
    size_t i;
    compare(drift, "read-only root", yes_or_no(target->read_only),
            yes_or_no(rb_json_get_bool(host, "ReadonlyRootfs", false)));
    compare(drift, "privileged", "false", yes_or_no(rb_json_get_bool(host, "Privileged", false)));
    compare(drift, "no-new-privileges", "true", yes_or_no(has_text(options, "no-new-privileges")));
    json_array_foreach(options, i, option)
    {
        const char *text = json_is_string(option) ? json_string_value(option) : "";
        RB_CLEANUP_FREE char *subject = rb_asprintf("security option %s", text);
        if (rb_text_ends_with(text, "unconfined") || rb_text_ends_with(text, "disable"))
            deploy_add_drift(drift, "configuration", subject, "not set", "set");
    }
    for (i = 0; i < RB_COUNT_OF(SPACES); i++) {
        if (strcmp(rb_json_get_string(host, SPACES[i].member, ""), "host") == 0)
            deploy_add_drift(drift, "configuration", SPACES[i].subject, "its own", "host");
    }
}

/* "net_raw" and "CAP_NET_RAW" are one. name holds size bytes. */
static void capability_name(const char *given, char *name, size_t size)
{
    bool whole = strncasecmp(given, "CAP_", 4) == 0;
    (void)snprintf(name, size, "%s%s", whole ? "" : "CAP_", given);
    for (char *at = name; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

static bool names_capability(const json_t *given, const char *capability)
{
    char name[64];
    size_t i;
    const json_t *item;
    json_array_foreach(given, i, item)
    {
        capability_name(json_string_value(item), name, sizeof(name));
        if (strcmp(name, capability) == 0 || strcmp(name, "CAP_ALL") == 0)
            return true;
    }
    return false;
}

static void add_capability_drift(json_t *drift, const char *capability, const char *expected,
                                 const char *found)
{
    RB_CLEANUP_FREE char *subject = rb_asprintf("capability %s", capability);
    deploy_add_drift(drift, "configuration", subject, expected, found);
}

/* The bounding set holds what the container can ever have. What is dropped must not be in it unless
   it was added, and what was added must. */
static void compare_capabilities(const struct deploy_target *target, const json_t *container,
                                 json_t *drift)
{
    const json_t *bounding = json_object_get(container, "BoundingCaps"), *item;
    size_t i;
    json_array_foreach(bounding, i, item)
    {
        const char *capability = json_is_string(item) ? json_string_value(item) : "";
        if (names_capability(target->drop, capability) &&
            !names_capability(target->add, capability))
            add_capability_drift(drift, capability, "dropped", "held");
    }
    json_array_foreach(target->add, i, item)
    {
        char name[64];
        capability_name(json_string_value(item), name, sizeof(name));
        if (strcmp(name, "CAP_ALL") != 0 && !has_text(bounding, name))
            add_capability_drift(drift, name, "held", "dropped");
    }
}

/* With options behind a ':' or a ',' podman writes the network in words of its own. */
static void compare_network(const struct deploy_target *target, const json_t *container,
                            json_t *drift)
{
    const json_t *networks =
        json_object_get(json_object_get(container, "NetworkSettings"), "Networks");
    const char *mode =
        rb_json_get_string(json_object_get(container, "HostConfig"), "NetworkMode", "");
    const char *wanted = target->network;
    if (wanted == NULL) {
        if (strcmp(mode, "host") == 0)
            deploy_add_drift(drift, "configuration", "network", "podman's default", mode);
    } else if (strpbrk(wanted, ":,") == NULL && json_object_get(networks, wanted) == NULL) {
        compare(drift, "network", wanted, mode);
    }
}

struct volume {
    const char *source; /* not terminated */
    size_t source_size;
    char *destination; /* owned */
    bool read_only;
    bool overlaid; /* podman mounts something of its own making */
};

static bool has_option(const char *options, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = options; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, size) == 0 && (at[size] == '\0' || at[size] == ','))
            return true;
    }
    return false;
}

/* A path without the slashes at its end. */
static size_t path_size(const char *path, size_t size)
{
    while (size > 1 && path[size - 1] == '/')
        size--;
    return size;
}

/* "SOURCE:DESTINATION[:OPTIONS]" or "DESTINATION" alone, as podman's --volume takes it. */
static struct volume parse_volume(const char *text)
{
    size_t size = strcspn(text, ":");
    bool has_source = text[size] == ':';
    const char *destination = has_source ? text + size + 1 : text;
    const char *options = strchr(destination, ':');
    return (struct volume){
        .source = text,
        .source_size = has_source ? path_size(text, size) : 0,
        .destination = rb_strndup(destination, path_size(destination, strcspn(destination, ":"))),
        .read_only = options != NULL && has_option(options + 1, "ro"),
        .overlaid = options != NULL && has_option(options + 1, "O"),
    };
}

/* podman keeps the slash that somebody wrote at its end. The caller frees it. */
static char *destination_of(const json_t *mount)
{
    const char *path = rb_json_get_string(mount, "Destination", "");
    return rb_strndup(path, path_size(path, strlen(path)));
}

static const json_t *mount_at(const json_t *container, const char *destination)
{
    size_t i;
    const json_t *mount;
    json_array_foreach(json_object_get(container, "Mounts"), i, mount)
    {
        RB_CLEANUP_FREE char *found = destination_of(mount);
        if (strcmp(found, destination) == 0)
            return mount;
    }
    return NULL;
}

static bool comes_from(const json_t *mount, const struct volume *volume)
{
    const char *kind = rb_json_get_string(mount, "Type", "");
    const char *source =
        rb_json_get_string(mount, strcmp(kind, "volume") == 0 ? "Name" : "Source", "");
    return volume->source_size == 0 || (strlen(source) == volume->source_size &&
                                        strncmp(source, volume->source, volume->source_size) == 0);
}

static void compare_volumes(const struct deploy_target *target, const json_t *container,
                            json_t *wanted, json_t *drift)
{
    size_t i;
    const json_t *item;
    json_array_foreach(target->volumes, i, item)
    {
        struct volume volume = parse_volume(json_string_value(item));
        RB_CLEANUP_FREE char *destination = volume.destination;
        RB_CLEANUP_FREE char *subject = rb_asprintf("mount %s", destination);
        const json_t *mount = mount_at(container, destination);
        rb_json_set_bool(wanted, destination, true);
        if (volume.overlaid)
            continue;
        if (mount == NULL || !comes_from(mount, &volume) ||
            rb_json_get_bool(mount, "RW", false) == volume.read_only)
            deploy_add_drift(drift, "configuration", subject, json_string_value(item),
                             mount == NULL ? "none" : rb_json_get_string(mount, "Source", ""));
    }
}

/* The volumes that an image asks for itself are not ours to judge; a folder of the machine is. */
static void compare_mounts(const struct deploy_target *target, const json_t *container,
                           json_t *drift)
{
    RB_CLEANUP_JSON json_t *wanted = rb_json_object();
    size_t i;
    const json_t *mount;
    compare_volumes(target, container, wanted, drift);
    json_array_foreach(json_object_get(container, "Mounts"), i, mount)
    {
        RB_CLEANUP_FREE char *destination = destination_of(mount);
        RB_CLEANUP_FREE char *subject = rb_asprintf("mount %s", destination);
        if (strcmp(rb_json_get_string(mount, "Type", ""), "bind") == 0 &&
            json_object_get(wanted, destination) == NULL)
            deploy_add_drift(drift, "configuration", subject, "none",
                             rb_json_get_string(mount, "Source", ""));
    }
}

void deploy_compare_settings(const struct deploy_target *target, const json_t *container,
                             json_t *drift)
{
    const json_t *config = json_object_get(container, "Config");
    compare_state(container, drift);
    compare_image(target, container, drift);
    compare_labels(target, container, drift);
    compare_command(target, config, drift);
    compare_environment(target, config, drift);
    compare_walls(target, json_object_get(container, "HostConfig"), drift);
    compare_capabilities(target, container, drift);
    compare_network(target, container, drift);
    compare_mounts(target, container, drift);
}
