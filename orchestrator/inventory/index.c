/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a lookup relies on is verified when the file is opened; a lookup itself checks nothing
 * and cannot leave the file.
 */
#include "rebake/inventory/index.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "index_format.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/mapped.h"
#include "rebake/inventory/pypi_name.h"

static int refuse(const char *path, const char *reason, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: not a package index of this version of Rebake: %s",
                      path, reason);
}

static bool record_is_within(const struct rb_index_record *record, uint32_t strings_size)
{
    return record->name < strings_size && record->version < strings_size &&
           record->architecture < strings_size && record->source_name < strings_size &&
           record->source_version < strings_size;
}

static int verify(const char *path, struct rb_index *index, struct rb_err *err)
{
    const struct rb_index_header *header = index->map;
    if (header->magic != RB_INDEX_MAGIC || header->reserved != 0)
        return refuse(path, "another magic number", err);
    size_t records_size = (size_t)header->count * sizeof(struct rb_index_record);
    if (index->map_size !=
        sizeof(*header) + records_size + header->strings_size + header->origin_size)
        return refuse(path, "another size than its header says", err);
    index->count = header->count;
    index->strings_size = header->strings_size;
    index->records = (const void *)(header + 1);
    index->strings = (const char *)(index->records + header->count);
    index->origin = (const void *)(index->strings + header->strings_size);
    if (crc32_z(0, (const void *)(header + 1), records_size + header->strings_size) !=
        header->checksum)
        return refuse(path, "its checksum does not hold", err);
    if (header->strings_size == 0 || index->strings[header->strings_size - 1] != '\0')
        return refuse(path, "its strings have no end", err);
    for (size_t i = 0; i < index->count; i++) {
        if (!record_is_within(&index->records[i], header->strings_size))
            return refuse(path, "a record points outside", err);
    }
    return 0;
}

int rb_index_open(const char *path, struct rb_index **ret_index, struct rb_err *err)
{
    struct rb_index *index = rb_zalloc(sizeof(*index));
    int status =
        rb_mapped_open(path, sizeof(struct rb_index_header), &index->map, &index->map_size, err);
    if (status == 0)
        status = verify(path, index, err);
    if (status != 0) {
        rb_index_close(index);
        return status;
    }
    *ret_index = index;
    return 0;
}

void rb_index_close(struct rb_index *index)
{
    if (index == NULL)
        return;
    rb_mapped_close(index->map, index->map_size);
    rb_free(index);
}

size_t rb_index_count(const struct rb_index *index)
{
    return index->count;
}

size_t rb_index_find(const struct rb_index *index, const char *name, size_t *ret_first)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->strings + index->records[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    size_t end = low;
    while (end < index->count && strcmp(index->strings + index->records[end].name, name) == 0)
        end++;
    return end - low;
}

size_t rb_index_find_package(const struct rb_index *index, const struct rb_package *package,
                             size_t *ret_first)
{
    RB_CLEANUP_FREE char *normal =
        package->type == RB_PACKAGE_PYPI ? rb_pypi_name(package->name) : NULL;
    return rb_index_find(index, normal != NULL ? normal : package->name, ret_first);
}

void rb_index_get(const struct rb_index *index, size_t position, struct rb_offer *ret_offer)
{
    RB_ASSERT(position < index->count);
    const struct rb_index_record *record = &index->records[position];
    *ret_offer = (struct rb_offer){
        .name = index->strings + record->name,
        .version = index->strings + record->version,
        .architecture = index->strings + record->architecture,
        .source_name = index->strings + record->source_name,
        .source_version = index->strings + record->source_version,
    };
}
