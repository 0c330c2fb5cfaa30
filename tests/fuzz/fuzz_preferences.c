/* SPDX-License-Identifier: Apache-2.0 */
/* apt's preferences, and a verdict by them: it is the installed version's or something newer. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/upgrade.h"
#include "rebake/inventory/version.h"

static const char packages[] = "Package: a\nVersion: 2\nArchitecture: amd64\nSource: s (1)\n\n"
                               "Package: a\nVersion: 3\nArchitecture: amd64\n\n"
                               "Package: lib-b\nVersion: 1:0\nArchitecture: i386\n";
static const char status[] = "Package: a\nVersion: 2\nArchitecture: amd64\n\n"
                             "Package: lib-b\nVersion: 1.0\nArchitecture: i386\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rb_index *make_index(void)
{
    RB_CLEANUP_FREE char *folder = NULL;
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-fuzz-", &folder, NULL) == 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index", folder);
    struct rb_index_builder *builder = rb_index_builder_new();
    struct rb_index *index = NULL;
    RB_ASSERT(rb_index_builder_feed(builder, packages, strlen(packages), NULL) == 0 &&
              rb_index_builder_end_file(builder, "packages", NULL) == 0 &&
              rb_index_builder_write(builder, path, NULL) == 0 &&
              rb_index_open(path, &index, NULL) == 0 && rb_tree_remove(folder, NULL) == 0);
    rb_index_builder_free(builder);
    return index;
}

static void judge(const struct rb_preferences *preferences, const struct rb_index *index)
{
    struct rb_repository repository = {
        .index = index,
        .name = "main",
        .site = "mirror.example.com",
        .suite = "stable",
        .codename = "bookworm",
        .origin = "Debian",
        .label = "Debian",
        .version = "12.5",
        .component = "main",
    };
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    RB_ASSERT(rb_inventory_add_dpkg(&inventory, status, strlen(status), true, "status", NULL) == 0);
    rb_inventory_sort(&inventory);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_upgrade *upgrades;
    size_t count = rb_upgrades_find(&inventory, &repository, 1, preferences, arena, &upgrades);
    RB_ASSERT(count <= inventory.package_count);
    for (size_t i = 0; i < count; i++)
        RB_ASSERT(rb_version_compare_deb(upgrades[i].available, upgrades[i].package->version) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rb_index *index; /* the same for all inputs, and slow to make */
    if (index == NULL)
        index = make_index();
    struct rb_preferences *preferences = rb_preferences_new();
    if (rb_preferences_add(preferences, (const char *)data, size, "preferences", NULL) == 0)
        judge(preferences, index);
    rb_preferences_free(preferences);
    return 0;
}
