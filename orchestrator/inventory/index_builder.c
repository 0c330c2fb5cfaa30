/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is fed is cut into stanzas. One that the earlier index has is taken from there; the others
 * are parsed. What is kept of the earlier index is never copied but to the new file.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "index_format.h"
#include "index_known.h"
#include "index_merge.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/deb822.h"
#include "rebake/inventory/decompress.h"
#include "rebake/inventory/index.h"
#include "rebake/inventory/index_strings.h"
#include "rebake/inventory/mapped.h"
#include "rebake/inventory/version.h"
#include "source_field.h"

enum { OFFERS_MAX = 8 << 20 };

/* Of a record's number: it is among the added ones, not the known. */
static const uint32_t ADDED = UINT32_C(1) << 31;

enum field { PACKAGE, VERSION, ARCHITECTURE, SOURCE };
static const char *const field_names[] = {
    [PACKAGE] = "Package",
    [VERSION] = "Version",
    [ARCHITECTURE] = "Architecture",
    [SOURCE] = "Source",
    NULL,
};

struct rb_index_builder {
    const struct rb_version_order *order;
    struct rb_deb822 *reader;
    struct rb_strbuf cut; /* the start of a stanza whose end was not fed yet */
    struct rb_index_known known;
    bool *is_kept; /* of each of the known index's records */
    size_t known_count;
    size_t kept_count;
    struct rb_index_strings strings;
    struct rb_index_record *added;
    size_t added_count;
    size_t added_capacity;
    /* What the next builder can know. */
    struct rb_index_file *files;
    size_t file_count;
    size_t file_capacity;
    bool in_file; /* the last of files has begun and not ended */
    struct rb_index_stanza *stanzas;
    size_t stanza_count;
    size_t stanza_capacity;
    size_t written_count; /* of offers; 0 before they are written */
};

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    return rb_reallocarray(array, *capacity, size);
}

static void add_stanza(struct rb_index_builder *builder, struct rb_index_stanza stanza)
{
    builder->stanzas = grow(builder->stanzas, builder->stanza_count, &builder->stanza_capacity,
                            sizeof(builder->stanzas[0]));
    builder->stanzas[builder->stanza_count++] = stanza;
}

static void keep(struct rb_index_builder *builder, const struct rb_index_stanza *stanza)
{
    if (!builder->is_kept[stanza->record])
        builder->kept_count++;
    builder->is_kept[stanza->record] = true;
    add_stanza(builder, *stanza);
}

/* What a package says of the source that it was built from is a piece of another text. */
static int add_offer(struct rb_index_builder *builder, const struct rb_offer *offer,
                     const struct rb_source_field *source, struct rb_err *err)
{
    struct rb_index_strings *strings = &builder->strings;
    if (!builder->order->is_version(offer->version))
        return rb_err_set(err, RB_EINVALID, "package %s: \"%s\" is not a version", offer->name,
                          offer->version);
    if (rb_index_builder_count(builder) == OFFERS_MAX)
        return rb_err_set(err, RB_ELIMIT, "more than %d packages", OFFERS_MAX);
    builder->added = grow(builder->added, builder->added_count, &builder->added_capacity,
                          sizeof(builder->added[0]));
    builder->added[builder->added_count++] = (struct rb_index_record){
        .name = rb_index_strings_put(strings, offer->name, strlen(offer->name)),
        .version = rb_index_strings_put(strings, offer->version, strlen(offer->version)),
        .architecture =
            rb_index_strings_put(strings, offer->architecture, strlen(offer->architecture)),
        .source_name = rb_index_strings_put(strings, source->name, source->name_size),
        .source_version = rb_index_strings_put(strings, source->version, source->version_size),
    };
    if (strings->own.overflowed)
        return rb_err_set(err, RB_ELIMIT, "more than %d bytes of names and versions",
                          RB_INDEX_STRINGS_MAX);
    return 0;
}

static int take_stanza(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err)
{
    struct rb_index_builder *builder = context;
    const char *const *values = stanza->values;
    for (size_t i = PACKAGE; i <= ARCHITECTURE; i++) {
        if (values[i] == NULL || *values[i] == '\0')
            return rb_err_set(err, RB_EINVALID, "a package has no %s field", field_names[i]);
    }
    struct rb_offer offer = {
        .name = values[PACKAGE], .version = values[VERSION], .architecture = values[ARCHITECTURE]};
    struct rb_source_field source =
        rb_source_field_split(values[SOURCE], values[PACKAGE], values[VERSION]);
    add_stanza(builder, (struct rb_index_stanza){.record = ADDED | (uint32_t)builder->added_count});
    return add_offer(builder, &offer, &source, err);
}

static struct rb_index_builder *make_builder(const struct rb_version_order *order,
                                             const struct rb_index *known)
{
    struct rb_index_builder *builder = rb_zalloc(sizeof(*builder));
    struct rb_deb822_options options = {
        .names = field_names,
        .stanza = take_stanza,
        .context = builder,
    };
    builder->order = order;
    builder->reader = rb_deb822_new(&options);
    builder->cut = RB_STRBUF_INIT(RB_DEB822_STANZA_MAX);
    rb_index_known_init(&builder->known, known);
    const struct rb_index *index = builder->known.index;
    builder->known_count = index == NULL ? 0 : index->count;
    builder->is_kept = rb_calloc(builder->known_count + 1, sizeof(builder->is_kept[0]));
    rb_index_strings_init(&builder->strings, index == NULL ? NULL : index->strings,
                          index == NULL ? 0 : index->strings_size);
    return builder;
}

struct rb_index_builder *rb_index_builder_new(void)
{
    return make_builder(&rb_version_deb, NULL);
}

struct rb_index_builder *rb_index_builder_new_ordered(const struct rb_version_order *order)
{
    return make_builder(order, NULL);
}

struct rb_index_builder *rb_index_builder_new_from(const struct rb_index *known)
{
    return make_builder(&rb_version_deb, known);
}

void rb_index_builder_free(struct rb_index_builder *builder)
{
    if (builder == NULL)
        return;
    rb_deb822_free(builder->reader);
    rb_strbuf_deinit(&builder->cut);
    rb_index_known_deinit(&builder->known);
    rb_index_strings_deinit(&builder->strings);
    rb_free(builder->is_kept);
    rb_free(builder->added);
    rb_free(builder->files);
    rb_free(builder->stanzas);
    rb_free(builder);
}

static void begin_file(struct rb_index_builder *builder, const char *key)
{
    if (builder->in_file)
        return;
    builder->files = grow(builder->files, builder->file_count, &builder->file_capacity,
                          sizeof(builder->files[0]));
    struct rb_index_file *file = &builder->files[builder->file_count];
    *file = (struct rb_index_file){.first = (uint32_t)builder->stanza_count};
    if (key != NULL)
        memcpy(file->key, key, sizeof(file->key));
    rb_index_known_begin_file(&builder->known, builder->file_count++);
    builder->in_file = true;
}

static void end_file(struct rb_index_builder *builder)
{
    struct rb_index_file *file = &builder->files[builder->file_count - 1];
    file->count = (uint32_t)builder->stanza_count - file->first;
    builder->in_file = false;
}

bool rb_index_builder_take_file(struct rb_index_builder *builder, const char *key)
{
    RB_ASSERT(!builder->in_file && strlen(key) == RB_INDEX_KEY_SIZE);
    const struct rb_index_file *file = rb_index_known_file(&builder->known, key);
    begin_file(builder, key);
    if (file == NULL)
        return false;
    for (size_t i = 0; i < file->count; i++)
        keep(builder, &builder->known.stanzas[file->first + i]);
    end_file(builder);
    return true;
}

static void skip(struct rb_index_builder *builder, const struct rb_index_stanza *stanza)
{
    keep(builder, stanza);
    rb_deb822_skip(builder->reader, stanza->lines);
}

/* A whole stanza, with the empty line behind it. Where that is no stanza or several, it cannot be
   known again. */
static int take_whole(struct rb_index_builder *builder, const char *data, size_t size,
                      struct rb_err *err)
{
    const struct rb_index_stanza *known = rb_index_known_find(&builder->known, data, size);
    if (known != NULL) {
        skip(builder, known);
        return 0;
    }
    size_t before = builder->stanza_count, lines = rb_deb822_lines(builder->reader);
    int status = rb_deb822_feed(builder->reader, data, size, err);
    if (status == 0 && builder->stanza_count == before + 1) {
        struct rb_index_stanza *stanza = &builder->stanzas[before];
        rb_index_stanza_hash(stanza, data, size);
        stanza->lines = (uint32_t)(rb_deb822_lines(builder->reader) - lines);
    }
    return status;
}

/* Behind the next empty line, or NULL. */
static const char *stanza_end(const char *at, const char *end)
{
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at == end)
            return NULL;
        if (*at == '\n')
            return at + 1;
    }
    return NULL;
}

static int cut_off(struct rb_index_builder *builder, const char *data, size_t size,
                   struct rb_err *err)
{
    if (rb_strbuf_append(&builder->cut, data, size))
        return 0;
    return rb_err_set(err, RB_ELIMIT, "line %zu: the stanza is larger than %d bytes",
                      rb_deb822_lines(builder->reader) + 1, RB_DEB822_STANZA_MAX);
}

/* The stanza that an earlier piece began; moves *at behind it. */
static int end_cut(struct rb_index_builder *builder, const char **at, const char *end,
                   struct rb_err *err)
{
    const struct rb_strbuf *cut = &builder->cut;
    bool is_between = cut->data[cut->size - 1] == '\n' && **at == '\n';
    const char *stop = is_between ? *at + 1 : stanza_end(*at, end);
    int status = cut_off(builder, *at, (size_t)((stop == NULL ? end : stop) - *at), err);
    *at = stop == NULL ? end : stop;
    if (status != 0 || stop == NULL)
        return status;
    status = take_whole(builder, cut->data, cut->size, err);
    rb_strbuf_clear(&builder->cut);
    return status;
}

int rb_index_builder_feed(struct rb_index_builder *builder, const void *data, size_t size,
                          struct rb_err *err)
{
    const char *at = data;
    const char *end = at + size;
    begin_file(builder, NULL);
    int status = size > 0 && builder->cut.size > 0 ? end_cut(builder, &at, end, err) : 0;
    while (status == 0 && at < end) {
        const struct rb_index_stanza *known =
            rb_index_known_next(&builder->known, at, (size_t)(end - at));
        const char *stop = known != NULL ? at + known->size : stanza_end(at, end);
        if (known != NULL)
            skip(builder, known);
        else if (stop != NULL)
            status = take_whole(builder, at, (size_t)(stop - at), err);
        else
            return cut_off(builder, at, (size_t)(end - at), err);
        at = stop;
    }
    return status;
}

int rb_index_builder_end_file(struct rb_index_builder *builder, const char *what,
                              struct rb_err *err)
{
    begin_file(builder, NULL);
    int status =
        rb_deb822_feed(builder->reader, rb_strbuf_text(&builder->cut), builder->cut.size, err);
    rb_strbuf_clear(&builder->cut);
    if (status == 0)
        status = rb_deb822_end(builder->reader, err);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    end_file(builder);
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
    return builder->written_count > 0 ? builder->written_count
                                      : builder->kept_count + builder->added_count;
}

/* Strings that no offer has any more stay, until they are as many as the others. */
static void compact(struct rb_index_builder *builder, struct rb_index_merge *merge)
{
    struct rb_index_strings strings;
    rb_index_strings_init(&strings, NULL, 0);
    for (size_t i = 0; i < merge->count; i++) {
        uint32_t *places = &merge->records[i].name;
        for (size_t j = 0; j < sizeof(merge->records[0]) / sizeof(places[0]); j++) {
            const char *text = rb_index_strings_at(&builder->strings, places[j]);
            places[j] = rb_index_strings_put(&strings, text, strlen(text));
        }
    }
    rb_index_strings_deinit(&builder->strings);
    builder->strings = strings;
}

/* The numbers of records become those that they have in the file. */
static void place_stanzas(struct rb_index_builder *builder, const struct rb_index_merge *merge)
{
    for (size_t i = 0; i < builder->stanza_count; i++) {
        uint32_t record = builder->stanzas[i].record;
        builder->stanzas[i].record = (record & ADDED) != 0 ? merge->added_places[record & ~ADDED]
                                                           : merge->known_places[record];
    }
}

static int write_index(struct rb_index_builder *builder, const struct rb_index_merge *merge,
                       size_t compact_size, const char *path, struct rb_err *err)
{
    enum { HEADER, RECORDS, KNOWN_STRINGS, OWN_STRINGS, ORIGIN, FILES, STANZAS, PIECES };
    const struct rb_index_strings *strings = &builder->strings;
    struct rb_index_origin origin = {
        .file_count = (uint32_t)builder->file_count,
        .stanza_count = (uint32_t)builder->stanza_count,
        .compact_size = (uint32_t)compact_size,
    };
    struct rb_index_header header = {
        .magic = RB_INDEX_MAGIC,
        .count = (uint32_t)merge->count,
        .strings_size = (uint32_t)rb_index_strings_size(strings),
    };
    struct iovec pieces[PIECES] = {
        [HEADER] = rb_mapped_piece(&header, sizeof(header)),
        [RECORDS] = rb_mapped_piece(merge->records, merge->count * sizeof(merge->records[0])),
        [KNOWN_STRINGS] = rb_mapped_piece(strings->known, strings->known_size),
        [OWN_STRINGS] = rb_mapped_piece(strings->own.data, strings->own.size),
        [ORIGIN] = rb_mapped_piece(&origin, sizeof(origin)),
        [FILES] = rb_mapped_piece(builder->files, builder->file_count * sizeof(builder->files[0])),
        [STANZAS] =
            rb_mapped_piece(builder->stanzas, builder->stanza_count * sizeof(builder->stanzas[0])),
    };
    header.checksum = rb_mapped_checksum(&pieces[RECORDS], ORIGIN - RECORDS);
    header.origin_size =
        (uint32_t)(pieces[ORIGIN].iov_len + pieces[FILES].iov_len + pieces[STANZAS].iov_len);
    header.origin_checksum = rb_mapped_checksum(&pieces[ORIGIN], PIECES - ORIGIN);
    return rb_file_write_pieces(path, pieces, PIECES, 0644, err);
}

int rb_index_builder_write(struct rb_index_builder *builder, const char *path, struct rb_err *err)
{
    const struct rb_index *known = builder->known.index;
    struct rb_index_merge merge = {
        .order = builder->order,
        .strings = &builder->strings,
        .known = known == NULL ? NULL : known->records,
        .is_kept = builder->is_kept,
        .known_count = builder->known_count,
        .added = builder->added,
        .added_count = builder->added_count,
    };
    rb_index_merge(&merge);
    place_stanzas(builder, &merge);
    size_t compact_size = known == NULL ? 0 : known->origin->compact_size;
    size_t size = rb_index_strings_size(&builder->strings);
    if (known != NULL && size / 2 > compact_size)
        compact(builder, &merge);
    while (rb_index_strings_size(&builder->strings) % 4 != 0)
        rb_strbuf_putc(&builder->strings.own, '\0');
    if (builder->strings.known == NULL)
        compact_size = rb_index_strings_size(&builder->strings);
    builder->written_count = merge.count;
    int status = write_index(builder, &merge, compact_size, path, err);
    rb_free(merge.records);
    rb_free(merge.known_places);
    rb_free(merge.added_places);
    return status;
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
