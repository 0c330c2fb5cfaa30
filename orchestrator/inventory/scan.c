/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/scan.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "databases.h"
#include "layer_cache.h"
#include "layer_set.h"
#include "layer_view.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "root_folder.h"
#include "root_walk.h"
#include "scan_disk.h"
#include "scan_sbom.h"

/* Links lead to paths that need another reading; more than a few are a game. */
enum { READINGS_MAXIMUM = 6 };
static const uint64_t UNPACKED_MAXIMUM = UINT64_C(64) << 30; /* of all layers together */

static const char *const OS_RELEASE[] = {"etc/os-release", "usr/lib/os-release"};
static const char *const APT_TREES[] = {"etc/apt", "usr/share/keyrings"};
static const char DPKG_ARCHITECTURES[] = "var/lib/dpkg/arch";

static void want_all(struct wanted *wanted, bool keep_apt)
{
    databases_want(wanted);
    for (size_t i = 0; i < RB_COUNT_OF(OS_RELEASE); i++)
        wanted_add(wanted, OS_RELEASE[i], false);
    for (size_t i = 0; keep_apt && i < RB_COUNT_OF(APT_TREES); i++)
        wanted_add(wanted, APT_TREES[i], true);
    if (keep_apt)
        wanted_add(wanted, DPKG_ARCHITECTURES, false);
}

static int add_os_release(const struct file_tree *tree, struct rb_inventory *inventory,
                          struct rb_err *err)
{
    for (size_t i = 0; i < RB_COUNT_OF(OS_RELEASE); i++) {
        const char *data;
        size_t size;
        int status = tree->read(tree->context, OS_RELEASE[i], inventory->arena, &data, &size, err);
        if (status != 0)
            return status;
        if (data != NULL) {
            rb_inventory_add_os_release(inventory, data, size);
            return 0;
        }
    }
    return 0;
}

static int keep_file(const struct file_tree *tree, const char *path, struct rb_scan *scan,
                     size_t *capacity, struct rb_err *err)
{
    struct rb_arena *arena = scan->inventory.arena;
    struct rb_kept_file file = {.path = rb_arena_strdup(arena, path)};
    int status = tree->read(tree->context, path, arena, &file.data, &file.size, err);
    if (status != 0 || file.data == NULL)
        return status;
    scan->files =
        rb_arena_grow(arena, scan->files, scan->file_count, capacity, sizeof(*scan->files));
    scan->files[scan->file_count++] = file;
    return 0;
}

static int keep_apt_files(const struct file_tree *tree, struct rb_scan *scan, struct rb_err *err)
{
    size_t capacity = 0;
    int status = keep_file(tree, DPKG_ARCHITECTURES, scan, &capacity, err);
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(APT_TREES); i++) {
        RB_CLEANUP(rb_strlist_deinit) struct rb_strlist paths = {0};
        status = tree->list(tree->context, APT_TREES[i], &paths, err);
        for (size_t j = 0; status == 0 && j < paths.count; j++) {
            if (j == 0 || strcmp(paths.items[j], paths.items[j - 1]) != 0)
                status = keep_file(tree, paths.items[j], scan, &capacity, err);
        }
    }
    return status;
}

/* finds: of each layer, the top first, or of the one folder. */
static int fill(const struct file_tree *tree, const struct finds *finds, size_t find_count,
                const struct rb_scan_options *options, struct rb_scan *scan, struct rb_err *err)
{
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    struct contents contents = {&scan->inventory, &owned};
    int status = add_os_release(tree, &scan->inventory, err);
    if (status == 0)
        status = databases_read(tree, &contents, err);
    if (status == 0) {
        status = finds_merge(finds, find_count, &owned, &scan->inventory, err);
        rb_inventory_sort(&scan->inventory);
    }
    return status == 0 && options->keep_apt ? keep_apt_files(tree, scan, err) : status;
}

/* Counts what comes from the cache as if it were read. */
static int charge(const struct layer *layer, struct layer_budget *budget, struct rb_err *err)
{
    budget->items += layer->count;
    for (size_t i = 0; i < layer->count; i++)
        budget->bytes += layer->items[i].size;
    if (budget->items <= TREE_ITEMS_MAXIMUM && budget->bytes <= TREE_TOTAL_MAXIMUM)
        return 0;
    return rb_err_set(err, RB_ELIMIT, "the image's layers hold more than is read of an image");
}

static int open_layer(const struct layer_set *set, size_t number, const struct layer_budget *budget,
                      struct layer_reader **ret_reader, struct layer_stream **ret_stream,
                      struct rb_err *err)
{
    struct layer_source source;
    const char *diff_id = set->entries[number].diff_id;
    int status = layer_set_read(set, number, ret_reader, &source, err);
    return status != 0
               ? status
               : layer_stream_open(&source, *diff_id == '\0' ? NULL : diff_id,
                                   UNPACKED_MAXIMUM - budget->unpacked_bytes, ret_stream, err);
}

static int read_linked(const struct layer_set *set, size_t number, struct layer_budget *budget,
                       struct finds *finds, struct rb_err *err)
{
    struct layer_reader *reader = NULL;
    RB_CLEANUP(layer_stream_cleanup) struct layer_stream *stream = NULL;
    int status = open_layer(set, number, budget, &reader, &stream, err);
    if (status == 0)
        status = layer_read_linked(stream, budget, finds, err);
    layer_reader_free(reader);
    return status;
}

static int read_layer(const struct layer_set *set, const struct layer_cache *cache, size_t number,
                      const struct wanted *wanted, struct layer_budget *budget,
                      struct rb_arena *arena, struct layer *layer, struct finds *finds,
                      struct rb_err *err)
{
    struct layer_reader *reader = NULL;
    RB_CLEANUP(layer_stream_cleanup) struct layer_stream *stream = NULL;
    const char *digest = set->entries[number].blob.digest;
    if (layer_cache_load(cache, digest, wanted, arena, layer, finds))
        return charge(layer, budget, err);
    int status = open_layer(set, number, budget, &reader, &stream, err);
    if (status == 0)
        status = layer_read(stream, wanted, budget, arena, layer, finds, err);
    layer_reader_free(reader);
    if (status == 0 && finds != NULL && hard_links_need_reading(&finds->links))
        status = read_linked(set, number, budget, finds, err);
    if (status == 0)
        layer_cache_store(cache, digest, wanted, layer, finds);
    return status == 0 ? 0 : rb_err_wrap(err, "layer %zu of %zu", number + 1, set->count);
}

/* One reading of all layers, from the top down. finds: one for each, or NULL. */
static int read_all(const struct layer_set *set, const struct layer_cache *cache,
                    struct wanted *wanted, struct rb_arena *arena, struct finds *finds,
                    struct layer_view *ret_view, struct rb_err *err)
{
    struct layer_budget budget = {0};
    struct layer *layers = rb_arena_array(arena, set->count, sizeof(*layers));
    for (size_t i = 0; i < set->count; i++) {
        int status = read_layer(set, cache, set->count - 1 - i, wanted, &budget, arena, &layers[i],
                                finds == NULL ? NULL : &finds[i], err);
        if (status != 0)
            return status;
    }
    *ret_view = (struct layer_view){
        .arena = arena, .layers = layers, .count = set->count, .wanted = wanted};
    layer_view_settle(ret_view);
    return 0;
}

static int scan_with_finds(const struct layer_set *set, const struct rb_scan_options *options,
                           struct finds *finds, struct rb_scan *scan, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *wanted_arena = rb_arena_new();
    struct wanted wanted = {.arena = wanted_arena};
    const struct layer_cache cache = {options->cache_folder};
    want_all(&wanted, options->keep_apt);
    for (int reading = 0; reading < READINGS_MAXIMUM; reading++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct layer_view view;
        int status = read_all(set, &cache, &wanted, arena, reading == 0 ? finds : NULL, &view, err);
        if (status != 0)
            return status;
        if (!view.incomplete) {
            struct file_tree tree = layer_view_tree(&view);
            return fill(&tree, finds, set->count, options, scan, err);
        }
    }
    return rb_err_set(err, RB_ELIMIT, "links lead from one to the next without an end");
}

static int scan_layers(const struct layer_set *set, const struct rb_scan_options *options,
                       struct rb_scan *scan, struct rb_err *err)
{
    struct finds *finds = rb_calloc(set->count, sizeof(*finds));
    struct language_budget languages = {0};
    for (size_t i = 0; i < set->count; i++)
        finds_init(&finds[i], &languages);
    int status = scan_with_finds(set, options, finds, scan, err);
    for (size_t i = 0; i < set->count; i++)
        finds_deinit(&finds[i]);
    rb_free(finds);
    return status;
}

static int scan_folder(const char *path, const struct rb_scan_options *options,
                       struct rb_scan *scan, struct rb_err *err)
{
    struct root_folder folder;
    struct language_budget languages = {0};
    struct finds finds;
    int status = root_folder_open(&folder, path, err);
    if (status != 0)
        return status;
    finds_init(&finds, &languages);
    status = root_walk(&folder, &finds, err);
    struct file_tree tree = root_folder_tree(&folder);
    if (status == 0)
        status = fill(&tree, &finds, 1, options, scan, err);
    finds_deinit(&finds);
    root_folder_close(&folder);
    return status;
}

static int scan_disk(const char *path, const struct rb_scan_options *options, struct rb_scan *scan,
                     struct rb_err *err)
{
    struct scanned_disk scanned;
    scan->reference = rb_asprintf("disk:%s", path);
    scan->digest = rb_strdup("");
    int status = scanned_disk_open(&scanned, path, err);
    if (status == 0) {
        struct file_tree tree = ext_tree_files(scanned.root);
        status = fill(&tree, &scanned.finds, 1, options, scan, err);
    }
    scanned_disk_close(&scanned);
    return status;
}

static int scan_root(const char *path, const struct rb_scan_options *options, struct rb_scan *scan,
                     struct rb_err *err)
{
    struct stat status;
    scan->reference = rb_asprintf("rootfs:%s", path);
    scan->digest = rb_strdup("");
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return scan_folder(path, options, scan, err);
    struct layer_set set;
    layer_set_open_tar(&set, path);
    int code = scan_layers(&set, options, scan, err);
    layer_set_close(&set);
    return code;
}

/* What an image is read from, by what its reference begins with. */
struct place {
    const char *prefix;
    int (*open)(struct layer_set *set, const char *name, struct rb_err *err);
};

static const struct place PLACES[] = {
    {"oci:", layer_set_open_layout},
    {"oci-archive:", layer_set_open_layout_archive},
    {"docker-archive:", layer_set_open_docker_archive},
};

static int open_image(struct rb_net_session *session, const char *reference, struct layer_set *set,
                      const char **ret_prefix, struct rb_err *err)
{
    *ret_prefix = "";
    for (size_t i = 0; i < RB_COUNT_OF(PLACES); i++) {
        if (rb_text_starts_with(reference, PLACES[i].prefix)) {
            *ret_prefix = PLACES[i].prefix;
            return PLACES[i].open(set, reference + strlen(*ret_prefix), err);
        }
    }
    return layer_set_open_registry(set, session, reference, err);
}

/* As exact as it gets: by the digest, where there is one. */
static char *name_image(const struct layer_set *set, const char *prefix, const char *reference)
{
    if (*prefix == '\0')
        return rb_asprintf("%s/%s@%s", set->reference.registry, set->reference.repository,
                           set->digest);
    if (*set->digest == '\0')
        return rb_strdup(reference);
    return rb_asprintf("%s%s@%s", prefix,
                       set->archive != NULL ? tar_index_path(set->archive) : set->folder,
                       set->digest);
}

static int scan_image(struct rb_net_session *session, const char *reference,
                      const struct rb_scan_options *options, struct rb_scan *scan,
                      struct rb_err *err)
{
    struct layer_set set;
    const char *prefix;
    int status = open_image(session, reference, &set, &prefix, err);
    if (status != 0)
        return status;
    scan->digest = rb_strdup(set.digest);
    scan->reference = name_image(&set, prefix, reference);
    status = scan_layers(&set, options, scan, err);
    layer_set_close(&set);
    return status;
}

int rb_scan_reference(struct rb_net_session *session, const char *reference,
                      const struct rb_scan_options *options, struct rb_scan *ret_scan,
                      struct rb_err *err)
{
    static const char ROOT[] = "rootfs:", DISK[] = "disk:", SBOM[] = "sbom:",
                      ATTACHED[] = "attached:";
    struct rb_scan scan = {0};
    rb_inventory_init(&scan.inventory);
    int status;
    if (rb_text_starts_with(reference, ROOT))
        status = scan_root(reference + strlen(ROOT), options, &scan, err);
    else if (rb_text_starts_with(reference, DISK))
        status = scan_disk(reference + strlen(DISK), options, &scan, err);
    else if (rb_text_starts_with(reference, SBOM))
        status = scan_sbom_file(reference + strlen(SBOM), &scan, err);
    else if (rb_text_starts_with(reference, ATTACHED))
        status = scan_attached_sbom(session, reference + strlen(ATTACHED), &scan, err);
    else
        status = scan_image(session, reference, options, &scan, err);
    if (status != 0) {
        rb_scan_deinit(&scan);
        return rb_err_wrap(err, "%s", reference);
    }
    *ret_scan = scan;
    return 0;
}

void rb_scan_deinit(struct rb_scan *scan)
{
    rb_inventory_deinit(&scan->inventory);
    rb_free(scan->reference);
    rb_free(scan->digest);
    rb_free(scan->origin);
    *scan = (struct rb_scan){0};
}
