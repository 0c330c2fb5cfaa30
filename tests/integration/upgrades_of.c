/* SPDX-License-Identifier: Apache-2.0 */
/* upgrades_of TYPE ROOT INDEX...: what of a root folder's packages of that type is behind the
   offers of package indexes, as "name.architecture version" in one line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/scan.h"
#include "rebake/inventory/upgrade.h"

static void must(int status, const struct rb_err *err)
{
    if (status == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

int main(int argc, char **argv)
{
    const struct rb_scan_options options = {0};
    struct rb_scan scan;
    struct rb_err err;
    enum rb_package_type type = RB_PACKAGE_DEB;
    if (argc < 4 || !rb_package_type_find(argv[1], &type))
        return 2;
    RB_CLEANUP_FREE char *reference = rb_asprintf("rootfs:%s", argv[2]);
    must(rb_scan_reference(NULL, reference, &options, &scan, &err), &err);
    size_t count = (size_t)argc - 3;
    struct rb_repository *repositories = rb_calloc(count, sizeof(*repositories));
    struct rb_index **indexes = rb_calloc(count, sizeof(struct rb_index *));
    for (size_t i = 0; i < count; i++) {
        must(rb_index_open(argv[3 + i], &indexes[i], &err), &err);
        repositories[i] = (struct rb_repository){.type = type, .index = indexes[i]};
    }
    struct rb_arena *arena = rb_arena_new();
    struct rb_upgrade *upgrades;
    size_t found = rb_upgrades_find(&scan.inventory, repositories, count, NULL, arena, &upgrades);
    for (size_t i = 0; i < found; i++)
        printf("%s.%s %s\n", upgrades[i].package->name, upgrades[i].package->architecture,
               upgrades[i].available);
    rb_arena_free(arena);
    for (size_t i = 0; i < count; i++)
        rb_index_close(indexes[i]);
    rb_free(indexes);
    rb_free(repositories);
    rb_scan_deinit(&scan);
    return 0;
}
