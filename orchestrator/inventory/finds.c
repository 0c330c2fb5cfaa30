/* SPDX-License-Identifier: Apache-2.0 */
#include "finds.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    LINE_MAXIMUM = 4096,
    OWNERS_MAXIMUM = 20000,  /* lists in one layer */
    OWNED_MAXIMUM = 5000000, /* files in one list */
    NAMES_MAXIMUM = 1000000  /* of files that tell of packages, for each package */
};
static const char LISTS[] = "var/lib/dpkg/info/", LIST[] = ".list";
static const char BELOW[] = "/."; /* behind a folder whose content is hidden: no path ends so */

void finds_init(struct finds *finds, struct language_budget *budget)
{
    *finds = (struct finds){.budget = budget};
    rb_inventory_init(&finds->packages);
    finds->links.arena = finds->packages.arena;
}

void finds_deinit(struct finds *finds)
{
    for (size_t i = 0; i < finds->owner_count; i++) {
        rb_free(finds->owners[i].path);
        path_set_deinit(&finds->owners[i].files);
    }
    rb_free(finds->owners);
    path_set_deinit(&finds->hidden);
    rb_inventory_deinit(&finds->packages);
}

void finds_hide(struct finds *finds, const char *path)
{
    path_set_add(&finds->hidden, path_hash(path));
}

void finds_hide_below(struct finds *finds, const char *folder)
{
    path_set_add(&finds->hidden, path_hash_more(path_hash(folder), BELOW, strlen(BELOW)));
}

void finds_end(struct finds *finds)
{
    path_set_sort(&finds->hidden);
    hard_links_sort(&finds->links);
}

void finds_own(struct path_set *owned, const char *path)
{
    static const char *const MERGED[] = {"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/"};
    static const char USR[] = "usr/";
    path += strspn(path, "/");
    path_set_add(owned, path_hash(path));
    for (size_t i = 0; i < RB_COUNT_OF(MERGED); i++) {
        if (rb_text_starts_with(path, MERGED[i]))
            path_set_add(owned, path_hash_more(path_hash(USR), path, strlen(path)));
    }
}

static bool is_list(const char *path)
{
    return rb_text_starts_with(path, LISTS) && rb_text_ends_with(path, LIST);
}

bool finds_wants(const char *path, bool is_executable)
{
    return is_list(path) || language_file_of(path, is_executable) != LANGUAGE_NONE;
}

/* A list is lines; one that is longer than a path can be names no file. */
struct list_reader {
    struct path_set *files;
    char line[LINE_MAXIMUM + 1];
    size_t size;
};

static void end_line(struct list_reader *reader)
{
    reader->line[reader->size] = '\0';
    if (reader->size > 0 && reader->size < LINE_MAXIMUM && reader->files->count < OWNED_MAXIMUM)
        finds_own(reader->files, reader->line);
    reader->size = 0;
}

struct path_set *finds_add_owner(struct finds *finds, const char *path)
{
    finds->owners = rb_reallocarray(finds->owners, finds->owner_count + 1, sizeof(*finds->owners));
    struct finds_owner *owner = &finds->owners[finds->owner_count++];
    *owner = (struct finds_owner){.path = rb_strdup(path)};
    return &owner->files;
}

static int read_list(struct finds *finds, const char *path, const struct file_bytes *bytes,
                     struct rb_err *err)
{
    char piece[16384];
    size_t size = 0;
    if (finds->owner_count == OWNERS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "a layer has more than %d lists of dpkg's",
                          OWNERS_MAXIMUM);
    struct list_reader reader = {.files = finds_add_owner(finds, path)};
    do {
        int status = bytes->read(bytes->context, piece, sizeof(piece), &size, err);
        if (status != 0)
            return status;
        for (size_t i = 0; i < size; i++) {
            if (piece[i] == '\n')
                end_line(&reader);
            else if (reader.size < LINE_MAXIMUM)
                reader.line[reader.size++] = piece[i];
        }
    } while (size > 0);
    end_line(&reader);
    return 0;
}

int finds_read_as(struct finds *finds, enum language_file kind, const char *path,
                  const struct file_bytes *bytes, struct rb_err *err)
{
    struct file_bytes counted = *bytes;
    counted.budget = finds->budget;
    return language_read(kind, path, &counted, &finds->packages, err);
}

int finds_read(struct finds *finds, const char *path, bool is_executable,
               const struct file_bytes *bytes, struct rb_err *err)
{
    if (is_list(path))
        return read_list(finds, path, bytes, err);
    return finds_read_as(finds, language_file_of(path, is_executable), path, bytes, err);
}

/* Does the layer hide what those below it have at the path: by itself, by a folder above it that is
   none here, or whose content is gone? */
static bool hides(const struct finds *layer, const char *path)
{
    const char *begin = path;
    uint64_t hash = PATH_HASH_BEGIN; /* of what stands before the part at hand */
    for (;;) {
        if (path_set_has(&layer->hidden, path_hash_more(hash, BELOW, strlen(BELOW))))
            return true;
        size_t size = strcspn(path, "/");
        hash = path_hash_more(hash, path == begin ? "" : "/", path != begin);
        hash = path_hash_more(hash, path, size);
        if (path_set_has(&layer->hidden, hash))
            return true;
        if (path[size] == '\0')
            return false;
        path += size + 1;
    }
}

static bool is_seen(const struct finds *layers, size_t layer, const char *path)
{
    for (size_t i = 0; i < layer; i++) {
        if (hides(&layers[i], path))
            return false;
    }
    return true;
}

/* An archive's inner ones are told of behind "!/": the file is what stands before. */
static size_t file_size(const char *path)
{
    const char *inner = strstr(path, "!/");
    return inner == NULL ? strlen(path) : (size_t)(inner - path);
}

/* Once more under another name of its file, if that is seen. */
static void tell(const struct finds *layers, size_t layer, const struct rb_package *package,
                 const char *name, struct rb_inventory *inventory)
{
    struct rb_package told = *package;
    if (!is_seen(layers, layer, name))
        return;
    RB_CLEANUP_FREE char *path =
        rb_asprintf("%s%s", name, package->path + file_size(package->path));
    told.path = path;
    rb_inventory_add(inventory, &told);
}

/* What owns a file owns it under all its names. Returns the number of names. */
static size_t merge_package(const struct finds *layers, size_t layer,
                            const struct rb_package *package, const struct path_set *owned,
                            struct rb_inventory *inventory)
{
    const struct hard_links *links = &layers[layer].links;
    const struct hard_link *first = NULL;
    RB_CLEANUP_FREE char *file = rb_strndup(package->path, file_size(package->path));
    size_t count = hard_links_to(links, file, &first);
    bool is_owned = path_set_has(owned, path_hash(file));
    for (size_t i = 0; i < count; i++)
        is_owned |= path_set_has(owned, path_hash(first[i].path));
    if (is_owned)
        return count + 1;
    if (hard_links_kind_of(links, file) == LANGUAGE_NONE)
        tell(layers, layer, package, file, inventory);
    for (size_t i = 0; i < count; i++)
        tell(layers, layer, package, first[i].path, inventory);
    return count + 1;
}

static void own_listed(const struct finds *layers, size_t count, struct path_set *owned)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < layers[i].owner_count; j++) {
            const struct finds_owner *owner = &layers[i].owners[j];
            bool counts = is_seen(layers, i, owner->path);
            for (size_t k = 0; counts && k < owner->files.count; k++)
                path_set_add(owned, owner->files.hashes[k]);
        }
    }
    path_set_sort(owned);
}

int finds_merge(const struct finds *layers, size_t count, struct path_set *owned,
                struct rb_inventory *inventory, struct rb_err *err)
{
    size_t names = 0;
    own_listed(layers, count, owned);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < layers[i].packages.package_count; j++) {
            names += merge_package(layers, i, &layers[i].packages.packages[j], owned, inventory);
            if (names > NAMES_MAXIMUM)
                return rb_err_set(err, RB_ELIMIT,
                                  "the image has packages of languages under more than %d names",
                                  NAMES_MAXIMUM);
        }
    }
    return 0;
}
