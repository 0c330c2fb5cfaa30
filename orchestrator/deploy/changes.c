/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a container that differ from its image. podman lists more than somebody's changes:
 * the mount points that it made, the folders above them, and every folder in which something
 * changed. All listed paths, those that podman made and the mount points are put into one order in
 * which a folder stands right before what is in it; a path that has another one below it tells
 * nothing that the other does not, and is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "deploy_parts.h"
#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct change {
    const char *path;
    const char *found; /* "added", "changed", "deleted"; NULL: not somebody's change */
};

struct changes {
    struct rb_arena *arena;
    struct change *items;
    size_t count;
    size_t capacity;
};

/* What podman puts into every container, and what is not of the image's file system. */
static const char *const PODMANS[] = {
    "/dev",  "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf",
    "/proc", "/run",          "/sys"};

static void add(struct changes *changes, const char *path, const char *found)
{
    changes->items = rb_arena_grow(changes->arena, changes->items, changes->count,
                                   &changes->capacity, sizeof(*changes->items));
    changes->items[changes->count++] = (struct change){path, found};
}

static bool is_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && (path[size] == '/' || strcmp(folder, "/") == 0);
}

static bool is_at_or_below_any(const char *path, const char *const *folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(path, folders[i]) == 0 || is_below(path, folders[i]))
            return true;
    }
    return false;
}

static bool is_ignored(const struct deploy_target *target, const char *path)
{
    size_t i;
    const json_t *glob;
    json_array_foreach(target->ignore, i, glob)
    {
        if (rb_text_glob(json_string_value(glob), path))
            return true;
    }
    return false;
}

/* Bytes in order, but '/' before all others: so what is in a folder follows it at once. */
static int compare_paths(const void *a, const void *b)
{
    const unsigned char *left = (const unsigned char *)((const struct change *)a)->path;
    const unsigned char *right = (const unsigned char *)((const struct change *)b)->path;
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    int left_rank = *left == '/' ? 1 : *left == '\0' ? 0 : *left + 1;
    int right_rank = *right == '/' ? 1 : *right == '\0' ? 0 : *right + 1;
    return left_rank - right_rank;
}

/* The places at which something else than the image is mounted; the list lives in the arena. */
static const char **mount_points(const struct deploy_target *target, const json_t *container,
                                 struct rb_arena *arena, size_t *ret_count)
{
    static const char *const TEMPORARY[] = {"/tmp", "/var/tmp"}; /* where the root is read-only */
    const json_t *mounts = json_object_get(container, "Mounts");
    size_t count = 0, most = json_array_size(mounts) + RB_COUNT_OF(PODMANS) + 2;
    const char **points = rb_arena_array(arena, most, sizeof(*points));
    for (size_t i = 0; i < RB_COUNT_OF(PODMANS); i++)
        points[count++] = PODMANS[i];
    for (size_t i = 0; target->read_only && i < RB_COUNT_OF(TEMPORARY); i++)
        points[count++] = TEMPORARY[i];
    for (size_t i = 0; i < json_array_size(mounts); i++) {
        const char *path = rb_json_get_string(json_array_get(mounts, i), "Destination", "/dev");
        size_t size = strlen(path);
        while (size > 1 && path[size - 1] == '/') /* podman keeps what somebody wrote */
            size--;
        points[count++] = rb_arena_strndup(arena, path, size);
    }
    *ret_count = count;
    return points;
}

static void collect(const struct deploy_target *target, const json_t *container,
                    const json_t *listed, struct changes *changes)
{
    static const char *const KINDS[] = {"added", "changed", "deleted"};
    size_t count, i;
    const json_t *item;
    const char **points = mount_points(target, container, changes->arena, &count);
    for (i = 0; i < count; i++)
        add(changes, points[i], NULL);
    for (size_t kind = 0; kind < RB_COUNT_OF(KINDS); kind++) {
        json_array_foreach(json_object_get(listed, KINDS[kind]), i, item)
        {
            const char *path = json_string_value(item);
            if (path == NULL)
                continue;
            bool nobodys = is_at_or_below_any(path, points, count) || is_ignored(target, path);
            add(changes, path, nobodys ? NULL : KINDS[kind]);
        }
    }
}

void deploy_compare_files(const struct deploy_target *target, const json_t *container,
                          const json_t *listed, json_t *drift)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct changes changes = {.arena = arena};
    size_t told = 0, untold = 0;
    collect(target, container, listed, &changes);
    if (changes.count > 0)
        qsort(changes.items, changes.count, sizeof(*changes.items), compare_paths);
    for (size_t i = 0; i < changes.count; i++) {
        const struct change *change = &changes.items[i];
        bool stands_for_another =
            i + 1 < changes.count && is_below(changes.items[i + 1].path, change->path);
        if (change->found == NULL || stands_for_another)
            continue;
        if (told < DEPLOY_FILES_MAXIMUM) {
            deploy_add_drift(drift, "file", change->path, "as in the image", change->found);
            told++;
        } else {
            untold++;
        }
    }
    if (untold > 0) {
        RB_CLEANUP_FREE char *more = rb_asprintf("%zu more changed", untold);
        deploy_add_drift(drift, "file", "/", "as in the image", more);
    }
}
