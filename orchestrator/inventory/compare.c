/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/compare.h"

#include <stdlib.h>
#include <string.h>

/* What is left of an inventory that is walked, and its packages of the name that comes first. */
struct side {
    const struct rb_package *at;
    size_t left;
    size_t group;
};

struct changes {
    struct rb_arena *arena;
    struct rb_package_change *all;
    size_t count;
    size_t capacity;
};

static void add(struct changes *changes, const struct rb_package *before,
                const struct rb_package *after)
{
    changes->all = rb_arena_grow(changes->arena, changes->all, changes->count, &changes->capacity,
                                 sizeof(*changes->all));
    changes->all[changes->count++] = (struct rb_package_change){before, after};
}

/* As inventories are sorted, but for what differs between packages of one name. */
static int compare_identity(const struct rb_package *a, const struct rb_package *b)
{
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    int difference = strcmp(a->name, b->name);
    return difference != 0 ? difference : strcmp(a->architecture, b->architecture);
}

static void find_group(struct side *side)
{
    side->group = side->left > 0;
    while (side->group < side->left && compare_identity(side->at, &side->at[side->group]) == 0)
        side->group++;
}

static int compare_version(const void *version, const void *package)
{
    return strcmp(version, ((const struct rb_package *)package)->version);
}

/* The next of the group whose version the other group does not have; NULL at the end. */
static const struct rb_package *next_alone(const struct side *side, const struct side *other,
                                           size_t *position)
{
    while (*position < side->group) {
        const struct rb_package *package = &side->at[(*position)++];
        if (other->group == 0 || bsearch(package->version, other->at, other->group,
                                         sizeof(*other->at), compare_version) == NULL)
            return package;
    }
    return NULL;
}

static void compare_groups(struct changes *changes, const struct side *before,
                           const struct side *after)
{
    size_t places[2] = {0, 0};
    for (;;) {
        const struct rb_package *old = next_alone(before, after, &places[0]);
        const struct rb_package *new = next_alone(after, before, &places[1]);
        if (old == NULL && new == NULL)
            return;
        add(changes, old, new);
    }
}

static void skip_group(struct side *side)
{
    side->at += side->group;
    side->left -= side->group;
}

size_t rb_inventory_compare(const struct rb_inventory *before, const struct rb_inventory *after,
                            struct rb_arena *arena, struct rb_package_change **ret_changes)
{
    struct changes changes = {.arena = arena};
    struct side old = {before->packages, before->package_count, 0};
    struct side new = {after->packages, after->package_count, 0};
    while (old.left > 0 || new.left > 0) {
        find_group(&old);
        find_group(&new);
        if (old.group > 0 && new.group > 0) {
            int difference = compare_identity(old.at, new.at);
            if (difference < 0)
                new.group = 0;
            if (difference > 0)
                old.group = 0;
        }
        compare_groups(&changes, &old, &new);
        skip_group(&old);
        skip_group(&new);
    }
    *ret_changes = changes.all;
    return changes.count;
}
