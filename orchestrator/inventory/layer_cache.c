/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is SHA-256 of the rest, then numbers of eight bytes and texts, each behind its size: the
 * items, and where they were asked for the finds. Written and read on one machine, so in its own
 * byte order.
 */
#include "layer_cache.h"

#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"

enum { FORMAT = 2, FILE_MAXIMUM = 512 * 1024 * 1024, HASH_BYTES = RB_SHA256_HEX_SIZE - 1 };
static const int64_t UNUSED_MAXIMUM_MS = INT64_C(7) * 24 * 3600 * 1000;
static const char ENDING[] = ".layer";

/* What was asked for is part of the name: asked for more, the layer is another one. */
static char *path_of(const struct layer_cache *cache, const char *digest,
                     const struct wanted *wanted, const struct finds *finds)
{
    char hex[RB_SHA256_HEX_SIZE];
    struct rb_sha256 *hash = rb_sha256_new();
    RB_CLEANUP_FREE char *first = rb_asprintf("%d %s %d\n", FORMAT, digest, finds != NULL);
    rb_sha256_update(hash, first, strlen(first));
    for (size_t i = 0; i < wanted->count; i++) {
        rb_sha256_update(hash, wanted->paths[i].path, strlen(wanted->paths[i].path));
        rb_sha256_update(hash, wanted->paths[i].tree ? "/\n" : "\n", wanted->paths[i].tree ? 2 : 1);
    }
    rb_sha256_hex(hash, hex);
    rb_sha256_free(hash);
    return rb_asprintf("%s/%s%s", cache->folder, hex, ENDING);
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

/* What is left of a file; broken once more was taken than is there. */
struct input {
    const char *at;
    size_t left;
    bool broken;
};

static const void *take(struct input *input, size_t size)
{
    const void *data = input->at;
    if (input->broken || size > input->left) {
        input->broken = true;
        return NULL;
    }
    input->at += size;
    input->left -= size;
    return data;
}

static uint64_t take_number(struct input *input)
{
    uint64_t number = 0;
    const void *data = take(input, sizeof(number));
    if (data != NULL)
        memcpy(&number, data, sizeof(number));
    return number;
}

/* A count of things that each have so many bytes at least. */
static size_t take_count(struct input *input, size_t bytes)
{
    uint64_t count = take_number(input);
    if (count > input->left / bytes)
        input->broken = true;
    return input->broken ? 0 : (size_t)count;
}

/* A text that ends with a NUL which its size does not count. */
static const char *take_text(struct input *input, size_t *ret_size)
{
    uint64_t size = take_number(input);
    const char *text = size < input->left ? take(input, (size_t)size + 1) : NULL;
    if (text == NULL || text[size] != '\0') {
        input->broken = true;
        return "";
    }
    if (ret_size != NULL)
        *ret_size = (size_t)size;
    return text;
}

static void take_items(struct input *input, struct rb_arena *arena, struct layer *layer)
{
    size_t count = take_count(input, sizeof(uint64_t));
    layer->items = rb_arena_array(arena, count + 1, sizeof(*layer->items));
    for (size_t i = 0; i < count && !input->broken; i++) {
        struct layer_item *item = &layer->items[layer->count++];
        uint64_t kind = take_number(input);
        if (kind > LAYER_OPAQUE)
            input->broken = true;
        item->kind = (enum layer_kind)kind;
        item->path = take_text(input, NULL);
        if (item->kind == LAYER_SYMLINK || item->kind == LAYER_HARDLINK)
            item->target = take_text(input, NULL);
        if (item->kind == LAYER_FILE && take_number(input) != 0)
            item->data = take_text(input, &item->size);
    }
}

static void take_set(struct input *input, struct path_set *set)
{
    size_t count = take_count(input, sizeof(uint64_t));
    for (size_t i = 0; i < count; i++)
        path_set_add(set, take_number(input));
}

static void take_links(struct input *input, struct hard_links *links)
{
    size_t count = take_count(input, sizeof(uint64_t));
    links->items = rb_arena_array(links->arena, count + 1, sizeof(*links->items));
    links->capacity = count + 1;
    for (size_t i = 0; i < count && !input->broken; i++) {
        struct hard_link *link = &links->items[links->count++];
        uint64_t kind = take_number(input);
        if (kind >= LANGUAGE_FILE_COUNT)
            input->broken = true;
        link->kind = (enum language_file)kind;
        link->path = rb_arena_strdup(links->arena, take_text(input, NULL));
        link->target = rb_arena_strdup(links->arena, take_text(input, NULL));
    }
}

static void take_finds(struct input *input, struct finds *finds)
{
    size_t count = take_count(input, sizeof(uint64_t));
    for (size_t i = 0; i < count && !input->broken; i++) {
        uint64_t type = take_number(input);
        const char *name = take_text(input, NULL), *version = take_text(input, NULL);
        if (type >= RB_PACKAGE_TYPE_COUNT)
            input->broken = true;
        else
            language_add(&finds->packages, (enum rb_package_type)type, name, version,
                         take_text(input, NULL));
    }
    take_set(input, &finds->hidden);
    count = take_count(input, sizeof(uint64_t));
    for (size_t i = 0; i < count && !input->broken; i++)
        take_set(input, finds_add_owner(finds, take_text(input, NULL)));
    take_links(input, &finds->links);
}

static bool has_its_hash(const char *data, size_t size)
{
    char hex[RB_SHA256_HEX_SIZE];
    return size >= HASH_BYTES &&
           memcmp(rb_sha256_of(data + HASH_BYTES, size - HASH_BYTES, hex), data, HASH_BYTES) == 0;
}

bool layer_cache_load(const struct layer_cache *cache, const char *digest,
                      const struct wanted *wanted, struct rb_arena *arena, struct layer *ret_layer,
                      struct finds *finds)
{
    if (cache->folder == NULL || *digest == '\0')
        return false;
    RB_CLEANUP_FREE char *path = path_of(cache, digest, wanted, finds);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    if (rb_file_read(path, FILE_MAXIMUM, &data, &size, NULL) != 0 || !has_its_hash(data, size))
        return false;
    char *kept = rb_arena_alloc(arena, size - HASH_BYTES + 1);
    memcpy(kept, data + HASH_BYTES, size - HASH_BYTES);
    struct input input = {kept, size - HASH_BYTES, false};
    struct finds found;
    finds_init(&found, finds == NULL ? NULL : finds->budget);
    *ret_layer = (struct layer){0};
    take_items(&input, arena, ret_layer);
    if (finds != NULL)
        take_finds(&input, &found);
    if (input.broken || input.left != 0) {
        finds_deinit(&found);
        return false;
    }
    rb_file_note_use(path);
    if (finds != NULL) {
        finds_deinit(finds);
        *finds = found;
    } else {
        finds_deinit(&found);
    }
    return true;
}

/* ── writing ────────────────────────────────────────────────────────────────────────────────── */

static void put_number(struct rb_strbuf *out, uint64_t number)
{
    (void)rb_strbuf_append(out, &number, sizeof(number));
}

static void put_text(struct rb_strbuf *out, const char *text, size_t size)
{
    put_number(out, size);
    (void)rb_strbuf_append(out, text, size);
    (void)rb_strbuf_putc(out, '\0');
}

static void put_items(struct rb_strbuf *out, const struct layer *layer)
{
    put_number(out, layer->count);
    for (size_t i = 0; i < layer->count; i++) {
        const struct layer_item *item = &layer->items[i];
        put_number(out, item->kind);
        put_text(out, item->path, strlen(item->path));
        if (item->kind == LAYER_SYMLINK || item->kind == LAYER_HARDLINK)
            put_text(out, item->target, strlen(item->target));
        if (item->kind == LAYER_FILE)
            put_number(out, item->data != NULL);
        if (item->kind == LAYER_FILE && item->data != NULL)
            put_text(out, item->data, item->size);
    }
}

static void put_set(struct rb_strbuf *out, const struct path_set *set)
{
    put_number(out, set->count);
    (void)rb_strbuf_append(out, set->hashes, set->count * sizeof(*set->hashes));
}

static void put_finds(struct rb_strbuf *out, const struct finds *finds)
{
    const struct rb_inventory *inventory = &finds->packages;
    put_number(out, inventory->package_count);
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        put_number(out, package->type);
        put_text(out, package->name, strlen(package->name));
        put_text(out, package->version, strlen(package->version));
        put_text(out, package->path, strlen(package->path));
    }
    put_set(out, &finds->hidden);
    put_number(out, finds->owner_count);
    for (size_t i = 0; i < finds->owner_count; i++) {
        put_text(out, finds->owners[i].path, strlen(finds->owners[i].path));
        put_set(out, &finds->owners[i].files);
    }
    put_number(out, finds->links.count);
    for (size_t i = 0; i < finds->links.count; i++) {
        const struct hard_link *link = &finds->links.items[i];
        put_number(out, link->kind);
        put_text(out, link->path, strlen(link->path));
        put_text(out, link->target, strlen(link->target));
    }
}

static int store(const struct layer_cache *cache, const char *path, const struct rb_strbuf *out,
                 struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE];
    if (out->overflowed)
        return rb_err_set(err, RB_ELIMIT, "it has more of interest than is kept");
    (void)rb_sha256_of(out->data, out->size, hex);
    const struct iovec pieces[] = {{hex, HASH_BYTES}, {out->data, out->size}};
    int status = rb_folder_make(cache->folder, 0700, err);
    if (status == 0)
        status = rb_file_write_pieces(path, pieces, RB_COUNT_OF(pieces), 0600, err);
    if (status == 0)
        rb_folder_prune(cache->folder, ENDING, UNUSED_MAXIMUM_MS);
    return status;
}

void layer_cache_store(const struct layer_cache *cache, const char *digest,
                       const struct wanted *wanted, const struct layer *layer,
                       const struct finds *finds)
{
    if (cache->folder == NULL || *digest == '\0')
        return;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(FILE_MAXIMUM);
    RB_CLEANUP_FREE char *path = path_of(cache, digest, wanted, finds);
    struct rb_err err;
    put_items(&out, layer);
    if (finds != NULL)
        put_finds(&out, finds);
    if (store(cache, path, &out, &err) != 0)
        rb_log(RB_LOG_WARNING, "a layer is not remembered", "layer", digest, "error", err.text,
               NULL);
}
