/* SPDX-License-Identifier: Apache-2.0 */
/* A header: how many entries and how many bytes of data there are, the entries of tag, type, place
   and count, the data. All numbers have their most significant byte first. */
#include <string.h>

#include "finds.h"
#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/rpm_source.h"
#include "rpm_database.h"

enum { INTRO_BYTES = 8, ENTRY_BYTES = 16, ENTRIES_MAXIMUM = 0xffff, FOLDERS_MAXIMUM = 4096 };
enum type { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRINGS = 8 };
enum tag {
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_EPOCH = 1003,
    TAG_ARCHITECTURE = 1022,
    TAG_SOURCE = 1044,
    TAG_FOLDER_NUMBERS = 1116, /* of each file */
    TAG_FILE_NAMES = 1117,     /* without the folder */
    TAG_FOLDERS = 1118,        /* "/usr/bin/" */
    TAG_MODULE = 5096
};

struct header {
    const uint8_t *entries;
    size_t entry_count;
    struct rpm_bytes data;
};

static int open_header(struct rpm_bytes bytes, struct header *ret_header, struct rb_err *err)
{
    if (bytes.size < INTRO_BYTES)
        return rb_err_set(err, RB_EINVALID, "a header of %zu bytes", bytes.size);
    size_t entries = rb_be32(bytes.data), data_size = rb_be32(bytes.data + 4);
    if (entries > ENTRIES_MAXIMUM || INTRO_BYTES + entries * ENTRY_BYTES + data_size != bytes.size)
        return rb_err_set(
            err, RB_EINVALID,
            "a header of %zu bytes that says it has %zu entries and %zu bytes of data", bytes.size,
            entries, data_size);
    const uint8_t *first = bytes.data + INTRO_BYTES;
    *ret_header = (struct header){first, entries, {first + entries * ENTRY_BYTES, data_size}};
    return 0;
}

/* Where the tag's value begins; NULL without one of that type. */
static const uint8_t *find(const struct header *header, enum tag tag, enum type type,
                           size_t *ret_left)
{
    for (size_t i = 0; i < header->entry_count; i++) {
        const uint8_t *entry = header->entries + i * ENTRY_BYTES;
        uint32_t offset = rb_be32(entry + 8);
        if (rb_be32(entry) != tag || rb_be32(entry + 4) != type || rb_be32(entry + 12) == 0 ||
            offset >= header->data.size)
            continue;
        *ret_left = header->data.size - offset;
        return header->data.data + offset;
    }
    return NULL;
}

/* NULL where the tag is not there, or has no end. */
static const char *find_text(const struct header *header, enum tag tag)
{
    size_t left = 0;
    const uint8_t *text = find(header, tag, TYPE_STRING, &left);
    return text == NULL || memchr(text, '\0', left) == NULL ? NULL : (const char *)text;
}

static uint32_t find_epoch(const struct header *header)
{
    size_t left = 0;
    const uint8_t *value = find(header, TAG_EPOCH, TYPE_INT32, &left);
    return value == NULL || left < sizeof(uint32_t) ? 0 : rb_be32(value);
}

/* The next of the texts that stand one behind the other; NULL where there is none. */
static const char *next_text(struct rpm_bytes *texts)
{
    const char *text = (const char *)texts->data;
    const char *end = texts->size == 0 ? NULL : memchr(text, '\0', texts->size);
    if (end == NULL)
        return NULL;
    texts->data += end + 1 - text;
    texts->size -= (size_t)(end + 1 - text);
    return text;
}

static struct rpm_bytes find_texts(const struct header *header, enum tag tag)
{
    struct rpm_bytes texts = {0};
    texts.data = find(header, tag, TYPE_STRINGS, &texts.size);
    return texts;
}

static void own_files(const struct header *header, struct path_set *owned)
{
    const char *folders[FOLDERS_MAXIMUM];
    size_t folder_count = 0, left = 0;
    struct rpm_bytes texts = find_texts(header, TAG_FOLDERS);
    struct rpm_bytes names = find_texts(header, TAG_FILE_NAMES);
    const uint8_t *numbers = find(header, TAG_FOLDER_NUMBERS, TYPE_INT32, &left);
    const char *text;
    while (folder_count < FOLDERS_MAXIMUM && (text = next_text(&texts)) != NULL)
        folders[folder_count++] = text;
    for (; numbers != NULL && left >= sizeof(uint32_t) && (text = next_text(&names)) != NULL;
         numbers += sizeof(uint32_t), left -= sizeof(uint32_t)) {
        uint32_t folder = rb_be32(numbers);
        RB_CLEANUP_FREE char *path =
            folder < folder_count ? rb_asprintf("%s%s", folders[folder], text) : NULL;
        if (path != NULL)
            finds_own(owned, path);
    }
}

int rpm_header_add(void *context, struct rpm_bytes bytes, struct rb_err *err)
{
    struct contents *contents = context;
    struct header header = {0};
    int status = open_header(bytes, &header, err);
    if (status != 0)
        return status;
    const char *name = find_text(&header, TAG_NAME);
    const char *version = find_text(&header, TAG_VERSION);
    const char *release = find_text(&header, TAG_RELEASE);
    uint32_t epoch = find_epoch(&header);
    if (rb_text_is_empty(name) || version == NULL || release == NULL)
        return rb_err_set(err, RB_EINVALID, "a package without name, version or release (%.60s)",
                          name == NULL ? "" : name);
    if (strcmp(name, "gpg-pubkey") == 0)
        return 0;
    RB_CLEANUP_FREE char *full = epoch == 0 ? rb_asprintf("%s-%s", version, release)
                                            : rb_asprintf("%u:%s-%s", epoch, version, release);
    RB_CLEANUP_FREE char *source = rb_strdup(find_text(&header, TAG_SOURCE));
    struct rb_package package = {.type = RB_PACKAGE_RPM,
                                 .name = name,
                                 .version = full,
                                 .architecture = find_text(&header, TAG_ARCHITECTURE),
                                 .module = find_text(&header, TAG_MODULE)};
    if (source != NULL)
        (void)rb_rpm_source_split(source, &package.source_name, &package.source_version);
    rb_inventory_add(contents->inventory, &package);
    own_files(&header, contents->owned);
    return 0;
}
