/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings are interned as they come: most source names, versions and architectures were seen
 * before. The table holds places among the strings, in open addressing at most two thirds full.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "index_format.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/deb822.h"
#include "rebake/inventory/decompress.h"
#include "rebake/inventory/index.h"
#include "rebake/inventory/version.h"
#include "source_field.h"

enum {
    OFFERS_MAX = 8 << 20,
    STRINGS_MAX = 1 << 30, /* bytes; a place among them fits in 32 bits */
    FIRST_SLOTS = 1 << 12
};

enum field { PACKAGE, VERSION, ARCHITECTURE, SOURCE };
static const char *const field_names[] = {
    [PACKAGE] = "Package",
    [VERSION] = "Version",
    [ARCHITECTURE] = "Architecture",
    [SOURCE] = "Source",
    NULL,
};

struct slot {
    uint32_t hash;
    uint32_t place; /* 0: free, since "" is never looked up */
};

struct rb_index_builder {
    const struct rb_version_order *order;
    struct rb_deb822 *reader;
    struct rb_strbuf strings;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    size_t slots_used;
    struct rb_index_record *records;
    size_t count;
    size_t capacity;
};

/* FNV-1a: short keys, and nobody gains by making them collide but the signer of the repository. */
static uint32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

static void put_slot(struct slot *slots, size_t count, struct slot slot)
{
    size_t at = slot.hash & (count - 1);
    while (slots[at].place != 0)
        at = (at + 1) & (count - 1);
    slots[at] = slot;
}

static void grow_slots(struct rb_index_builder *builder)
{
    size_t count = builder->slot_count == 0 ? FIRST_SLOTS : builder->slot_count * 2;
    struct slot *slots = rb_calloc(count, sizeof(slots[0]));
    for (size_t i = 0; i < builder->slot_count; i++) {
        if (builder->slots[i].place != 0)
            put_slot(slots, count, builder->slots[i]);
    }
    rb_free(builder->slots);
    builder->slots = slots;
    builder->slot_count = count;
}

/* The place of a text among the strings, where it is put unless it stands there. */
static uint32_t intern(struct rb_index_builder *builder, const char *text, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t hash = hash_of(text, size);
    size_t at = hash & (builder->slot_count - 1);
    for (; builder->slots[at].place != 0; at = (at + 1) & (builder->slot_count - 1)) {
        const char *known = builder->strings.data + builder->slots[at].place;
        if (builder->slots[at].hash == hash && strncmp(known, text, size) == 0 &&
            known[size] == '\0')
            return builder->slots[at].place;
    }
    uint32_t place = (uint32_t)builder->strings.size;
    rb_strbuf_append(&builder->strings, text, size);
    rb_strbuf_putc(&builder->strings, '\0');
    builder->slots[at] = (struct slot){.hash = hash, .place = place};
    if (++builder->slots_used > builder->slot_count / 3 * 2)
        grow_slots(builder);
    return place;
}

/* What a package says of the source that it was built from is a piece of another text. */
static int add_offer(struct rb_index_builder *builder, const struct rb_offer *offer,
                     const struct rb_source_field *source, struct rb_err *err)
{
    if (!builder->order->is_version(offer->version))
        return rb_err_set(err, RB_EINVALID, "package %s: \"%s\" is not a version", offer->name,
                          offer->version);
    if (builder->count == OFFERS_MAX)
        return rb_err_set(err, RB_ELIMIT, "more than %d packages", OFFERS_MAX);
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity == 0 ? 1024 : builder->capacity * 2;
        builder->records =
            rb_reallocarray(builder->records, builder->capacity, sizeof(builder->records[0]));
    }
    builder->records[builder->count++] = (struct rb_index_record){
        .name = intern(builder, offer->name, strlen(offer->name)),
        .version = intern(builder, offer->version, strlen(offer->version)),
        .architecture = intern(builder, offer->architecture, strlen(offer->architecture)),
        .source_name = intern(builder, source->name, source->name_size),
        .source_version = intern(builder, source->version, source->version_size),
    };
    if (builder->strings.overflowed)
        return rb_err_set(err, RB_ELIMIT, "more than %d bytes of names and versions", STRINGS_MAX);
    return 0;
}

static int take_stanza(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    const char *const *values = stanza->values;
    for (size_t i = PACKAGE; i <= ARCHITECTURE; i++) {
        if (values[i] == NULL || *values[i] == '\0')
            return rb_err_set(err, RB_EINVALID, "a package has no %s field", field_names[i]);
    }
    struct rb_offer offer = {
        .name = values[PACKAGE], .version = values[VERSION], .architecture = values[ARCHITECTURE]};
    struct rb_source_field source =
        rb_source_field_split(values[SOURCE], values[PACKAGE], values[VERSION]);
    return add_offer(context, &offer, &source, err);
}

struct rb_index_builder *rb_index_builder_new_ordered(const struct rb_version_order *order)
{
    struct rb_index_builder *builder = rb_zalloc(sizeof(*builder));
    builder->order = order;
    struct rb_deb822_options options = {
        .names = field_names,
        .stanza = take_stanza,
        .context = builder,
    };
    builder->reader = rb_deb822_new(&options);
    builder->strings = RB_STRBUF_INIT(STRINGS_MAX);
    rb_strbuf_putc(&builder->strings, '\0');
    grow_slots(builder);
    return builder;
}

struct rb_index_builder *rb_index_builder_new(void)
{
    return rb_index_builder_new_ordered(&rb_version_deb);
}

void rb_index_builder_free(struct rb_index_builder *builder)
{
    if (builder == NULL)
        return;
    rb_deb822_free(builder->reader);
    rb_strbuf_deinit(&builder->strings);
    rb_free(builder->slots);
    rb_free(builder->records);
    rb_free(builder);
}

int rb_index_builder_feed(struct rb_index_builder *builder, const void *data, size_t size,
                          struct rb_err *err)
{
    return rb_deb822_feed(builder->reader, data, size, err);
}

int rb_index_builder_end_file(struct rb_index_builder *builder, const char *what,
                              struct rb_err *err)
{
    int status = rb_deb822_end(builder->reader, err);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}

int rb_index_builder_add(struct rb_index_builder *builder, const struct rb_offer *offer,
                         struct rb_err *err)
{
    struct rb_source_field source = {.name = offer->source_name,
                                     .name_size = strlen(offer->source_name),
                                     .version = offer->source_version,
                                     .version_size = strlen(offer->source_version)};
    return add_offer(builder, offer, &source, err);
}

size_t rb_index_builder_count(const struct rb_index_builder *builder)
{
    return builder->count;
}

static int compare_records(const void *left, const void *right, void *context)
{
    const struct rb_index_record *a = left, *b = right;
    const struct rb_index_builder *builder = context;
    const char *strings = builder->strings.data;
    int difference = a->name == b->name ? 0 : strcmp(strings + a->name, strings + b->name);
    if (difference == 0 && a->architecture != b->architecture)
        difference = strcmp(strings + a->architecture, strings + b->architecture);
    if (difference == 0 && a->version != b->version)
        difference = builder->order->compare(strings + b->version, strings + a->version);
    /* Versions that are equal but not the same text ("1.0" and "1.0-0"): any order, but one. */
    return difference != 0 ? difference : (a->version > b->version) - (a->version < b->version);
}

static bool is_sorted(struct rb_index_builder *builder)
{
    for (size_t i = 1; i < builder->count; i++) {
        if (compare_records(&builder->records[i - 1], &builder->records[i], builder) > 0)
            return false;
    }
    return true;
}

/* A package of architecture "all" is offered again in the Packages file of each architecture. */
static void drop_repeated(struct rb_index_builder *builder)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++) {
        if (kept == 0 || memcmp(&builder->records[kept - 1], &builder->records[i],
                                sizeof(builder->records[0])) != 0)
            builder->records[kept++] = builder->records[i];
    }
    builder->count = kept;
}

int rb_index_builder_write(struct rb_index_builder *builder, const char *path, struct rb_err *err)
{
    if (!is_sorted(builder))
        qsort_r(builder->records, builder->count, sizeof(builder->records[0]), compare_records,
                builder);
    drop_repeated(builder);
    struct rb_index_header header = {
        .magic = RB_INDEX_MAGIC,
        .count = (uint32_t)builder->count,
        .strings_size = (uint32_t)builder->strings.size,
    };
    size_t records_size = builder->count * sizeof(builder->records[0]);
    size_t size = sizeof(header) + records_size + builder->strings.size;
    RB_CLEANUP_FREE unsigned char *file = rb_alloc(size);
    unsigned char *body = file + sizeof(header);
    if (records_size > 0)
        memcpy(body, builder->records, records_size);
    memcpy(body + records_size, builder->strings.data, builder->strings.size);
    header.checksum = (uint32_t)crc32_z(0, body, size - sizeof(header));
    memcpy(file, &header, sizeof(header));
    return rb_file_write_atomic(path, file, size, 0644, err);
}

struct unpacking {
    struct rb_index_builder *builder;
    struct rb_sha256 *hash; /* NULL: not asked for */
};

static int take_unpacked(void *context, const void *data, size_t size, struct rb_err *err)
{
    const struct unpacking *unpacking = context;
    if (unpacking->hash != NULL)
        rb_sha256_update(unpacking->hash, data, size);
    return rb_index_builder_feed(unpacking->builder, data, size, err);
}

int rb_index_builder_feed_compressed(struct rb_index_builder *builder, const void *data,
                                     size_t size, uint64_t maximum, char *hex, const char *what,
                                     struct rb_err *err)
{
    RB_CLEANUP(rb_sha256_cleanup)
    struct rb_sha256 *hash = hex == NULL ? NULL : rb_sha256_new();
    struct unpacking unpacking = {.builder = builder, .hash = hash};
    int status = rb_decompress(data, size, maximum, take_unpacked, &unpacking, err);
    if (status != 0) {
        (void)rb_err_wrap(err, "%s", what);
        return status;
    }
    if (hash != NULL)
        (void)rb_sha256_hex(hash, hex);
    return 0;
}
