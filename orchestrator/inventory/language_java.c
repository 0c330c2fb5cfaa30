/* SPDX-License-Identifier: Apache-2.0 */
/* An archive is read as a stream, so that none is held: what stands in its local headers counts,
   not the list at its end. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "language.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum {
    PROPERTIES_MAXIMUM = 64 * 1024,
    DEPTH_MAXIMUM = 4, /* archives in archives */
    ENTRIES_MAXIMUM = 100000,
    PIECE_BYTES = 64 * 1024
};
struct zip {
    const struct file_bytes *source;
    struct archive *archive;
    size_t *entries; /* read so far of the file of the image */
    struct rb_err source_err;
    bool has_begun;
    char piece[PIECE_BYTES];
};

/* Fills the piece, if the source has so much. */
static int read_piece(struct zip *zip, size_t *ret_size)
{
    size_t got = 1;
    int status = 0;
    for (*ret_size = 0; status == 0 && got > 0 && *ret_size < PIECE_BYTES; *ret_size += got)
        status = zip->source->read(zip->source->context, zip->piece + *ret_size,
                                   PIECE_BYTES - *ret_size, &got, &zip->source_err);
    return status;
}

/* How much of the first piece stands before the archive: a script, where it can be run as a program
   (Spring Boot, "Installing Spring Boot Applications"). */
static size_t script_size(const struct zip *zip, size_t size)
{
    static const char SCRIPT[] = "#!", ENTRY[] = "PK\003\004";
    if (size < strlen(SCRIPT) || memcmp(zip->piece, SCRIPT, strlen(SCRIPT)) != 0)
        return 0;
    const char *entry = memmem(zip->piece, size, ENTRY, strlen(ENTRY));
    return entry == NULL ? 0 : (size_t)(entry - zip->piece);
}

static la_ssize_t read_source(struct archive *archive, void *context, const void **buffer)
{
    struct zip *zip = context;
    size_t size, before = 0;
    if (read_piece(zip, &size) != 0) {
        archive_set_error(archive, EIO, "the source failed");
        return -1;
    }
    if (!zip->has_begun)
        before = script_size(zip, size);
    zip->has_begun = true;
    *buffer = zip->piece + before;
    return (la_ssize_t)(size - before);
}

/* Of an entry; one that is broken ends. */
static int read_entry(void *context, void *buffer, size_t room, size_t *ret_size,
                      struct rb_err *err)
{
    struct zip *zip = context;
    la_ssize_t got = archive_read_data(zip->archive, buffer, room);
    *ret_size = got > 0 ? (size_t)got : 0;
    if (zip->source_err.code != RB_OK)
        return rb_err_copy(err, &zip->source_err);
    return file_bytes_unpacked(zip->source, *ret_size, err);
}

/* What is left of an entry. libarchive would unpack it as well to find its end, where its size
   stands behind it, and would not say how much that was. */
static int drain_entry(struct zip *zip, struct rb_err *err)
{
    const void *block;
    size_t size;
    la_int64_t offset;
    int status = 0;
    while (status == 0 &&
           archive_read_data_block(zip->archive, &block, &size, &offset) == ARCHIVE_OK)
        status = file_bytes_unpacked(zip->source, size, err);
    return status;
}

/* The value of "KEY=VALUE" lines (java.util.Properties, without its escapes: names and versions of
   Maven need none). */
static char *property(const char *text, const char *key)
{
    size_t size = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strspn(line, " \t");
        if (strncmp(line, key, size) != 0)
            continue;
        const char *value = line + size + strspn(line + size, " \t");
        if (*value != '=' && *value != ':')
            continue;
        value++;
        value += strspn(value, " \t");
        return rb_strndup(value, strcspn(value, " \t\r\n"));
    }
    return NULL;
}

static int read_properties(const char *path, const struct file_bytes *bytes,
                           struct rb_inventory *inventory, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(PROPERTIES_MAXIMUM);
    int status;
    if (!file_bytes_whole(bytes, &text, &status, err))
        return status;
    RB_CLEANUP_FREE char *group = property(rb_strbuf_text(&text), "groupId");
    RB_CLEANUP_FREE char *artifact = property(rb_strbuf_text(&text), "artifactId");
    RB_CLEANUP_FREE char *version = property(rb_strbuf_text(&text), "version");
    if (rb_text_is_empty(group) || rb_text_is_empty(artifact))
        return 0;
    RB_CLEANUP_FREE char *name = rb_asprintf("%s:%s", group, artifact);
    language_add(inventory, RB_PACKAGE_MAVEN, name, version, path);
    return 0;
}

static bool is_properties(const char *name)
{
    static const char FOLDER[] = "META-INF/maven/";
    const char *at = strstr(name, FOLDER); /* below WEB-INF/classes too */
    return at != NULL && (at == name || at[-1] == '/') &&
           rb_text_ends_with(name, "/pom.properties");
}

static int read_archive(const char *path, const struct file_bytes *bytes, int depth,
                        size_t *entries, struct rb_inventory *inventory, struct rb_err *err);

static int take_entry(struct zip *zip, const char *path, const char *name, int depth,
                      struct rb_inventory *inventory, struct rb_err *err)
{
    const struct file_bytes bytes = {
        .context = zip, .read = read_entry, .budget = zip->source->budget};
    if (is_properties(name))
        return read_properties(path, &bytes, inventory, err);
    if (depth == DEPTH_MAXIMUM || language_file_of(name, false) != LANGUAGE_JAVA)
        return 0;
    RB_CLEANUP_FREE char *inner = rb_asprintf("%s!/%s", path, name);
    return read_archive(inner, &bytes, depth + 1, zip->entries, inventory, err);
}

static int read_archive(const char *path, const struct file_bytes *bytes, int depth,
                        size_t *entries, struct rb_inventory *inventory, struct rb_err *err)
{
    struct archive_entry *entry;
    struct zip *zip = rb_zalloc(sizeof(*zip));
    int status = 0;
    zip->source = bytes;
    zip->entries = entries;
    zip->archive = archive_read_new();
    RB_ASSERT(zip->archive != NULL);
    (void)archive_read_support_format_zip_streamable(zip->archive);
    bool is_open = archive_read_open(zip->archive, zip, NULL, read_source, NULL) == ARCHIVE_OK;
    while (is_open && status == 0 && (*entries)++ < ENTRIES_MAXIMUM &&
           archive_read_next_header(zip->archive, &entry) >= ARCHIVE_WARN) {
        const char *name = archive_entry_pathname(entry);
        if (archive_entry_filetype(entry) == AE_IFREG && name != NULL)
            status = take_entry(zip, path, name, depth, inventory, err);
        if (status == 0)
            status = drain_entry(zip, err);
    }
    if (status == 0 && zip->source_err.code != RB_OK)
        status = rb_err_copy(err, &zip->source_err);
    (void)archive_read_free(zip->archive);
    rb_free(zip);
    return status;
}

int java_read(const char *path, const struct file_bytes *bytes, struct rb_inventory *inventory,
              struct rb_err *err)
{
    size_t entries = 0;
    return read_archive(path, bytes, 0, &entries, inventory, err);
}
