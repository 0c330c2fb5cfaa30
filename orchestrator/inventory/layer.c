/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char WHITEOUT[] = ".wh.", OPAQUE[] = ".wh..wh..opq", RESERVED[] = ".wh..wh.";
static const uint64_t ENTRIES_MAXIMUM = 5000000;

struct reader {
    struct layer_stream *stream;
    const struct wanted *wanted;
    struct layer_budget *budget;
    struct rb_arena *arena;
    struct layer *layer;
    struct finds *finds; /* or NULL */
    bool only_linked;    /* it is read for what its hard links lead to, and nothing else */
    struct archive *tar;
    struct rb_err stream_err;         /* what the stream failed with, behind libarchive's back */
    char path[TREE_PATH_MAXIMUM + 1]; /* of the entry at hand, normalised */
};

bool file_tree_is_below(const char *inner, const char *outer)
{
    size_t size = strlen(outer);
    return size == 0 || (strncmp(inner, outer, size) == 0 && inner[size] == '/');
}

bool wanted_covers(const struct wanted *wanted, const char *path)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (strcmp(wanted->paths[i].path, path) == 0 ||
            (wanted->paths[i].tree && file_tree_is_below(path, wanted->paths[i].path)))
            return true;
    }
    return false;
}

void wanted_add(struct wanted *wanted, const char *path, bool tree)
{
    wanted->paths = rb_arena_grow(wanted->arena, wanted->paths, wanted->count, &wanted->capacity,
                                  sizeof(*wanted->paths));
    wanted->paths[wanted->count++] =
        (struct wanted_path){.path = rb_arena_strdup(wanted->arena, path), .tree = tree};
}

/* A parent of a wanted path matters too: it may be a link, or hidden. */
static bool matters(const struct wanted *wanted, const char *path)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (file_tree_is_below(wanted->paths[i].path, path))
            return true;
    }
    return wanted_covers(wanted, path);
}

/* Without leading "/" and "./", doubled or trailing '/'. RB_EINVALID for a path that leads up. */
static int normalise(const char *path, char out[TREE_PATH_MAXIMUM + 1], struct rb_err *err)
{
    char *end = out;
    if (strlen(path) > TREE_PATH_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "a path in the layer is longer than %d bytes",
                          TREE_PATH_MAXIMUM);
    for (const char *at = path; *at != '\0';) {
        size_t part = strcspn(at, "/");
        if (part == 2 && at[0] == '.' && at[1] == '.')
            return rb_err_set(err, RB_EINVALID, "a path in the layer leads out of it: %s", path);
        if (part > 0 && !(part == 1 && at[0] == '.')) {
            if (end != out)
                *end++ = '/';
            memcpy(end, at, part);
            end += part;
        }
        at += part + (at[part] == '/');
    }
    *end = '\0';
    return 0;
}

static struct layer_item *add_item(struct reader *reader, enum layer_kind kind, const char *path,
                                   struct rb_err *err)
{
    struct layer *layer = reader->layer;
    if (reader->budget->items++ >= TREE_ITEMS_MAXIMUM) {
        (void)rb_err_set(err, RB_ELIMIT,
                         "the image holds more than %d files where package databases and apt's "
                         "configuration stand",
                         TREE_ITEMS_MAXIMUM);
        return NULL;
    }
    layer->items = rb_arena_grow(reader->arena, layer->items, layer->count, &layer->capacity,
                                 sizeof(*layer->items));
    struct layer_item *item = &layer->items[layer->count++];
    *item = (struct layer_item){.kind = kind, .path = rb_arena_strdup(reader->arena, path)};
    return item;
}

static int archive_failure(const struct reader *reader, struct rb_err *err)
{
    if (reader->stream_err.code != RB_OK)
        return rb_err_copy(err, &reader->stream_err);
    int status = layer_stream_check_source(reader->stream, err);
    if (status != 0)
        return status;
    const char *text = archive_error_string(reader->tar);
    return rb_err_set(err, RB_EINVALID, "the layer is no good tar file: %s",
                      text == NULL ? "it is broken" : text);
}

static int keep_content(struct reader *reader, struct archive_entry *entry, struct layer_item *item,
                        struct rb_err *err)
{
    la_int64_t size = archive_entry_size(entry);
    if (size < 0 || size > TREE_FILE_MAXIMUM ||
        (size_t)size > TREE_TOTAL_MAXIMUM - reader->budget->bytes)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than we read (%lld bytes)", item->path,
                          (long long)size);
    char *data = rb_arena_alloc(reader->arena, (size_t)size + 1);
    size_t filled = 0;
    while (filled < (size_t)size) {
        la_ssize_t got = archive_read_data(reader->tar, data + filled, (size_t)size - filled);
        if (got < 0)
            return archive_failure(reader, err);
        if (got == 0)
            return rb_err_set(err, RB_EINVALID, "%s ends early", item->path);
        filled += (size_t)got;
    }
    reader->budget->bytes += (size_t)size;
    item->data = data;
    item->size = (size_t)size;
    return 0;
}

/* ".wh.NAME" and its kin; the marks say nothing of their own layer. path is changed into what the
   mark speaks of. */
static int take_mark(struct reader *reader, char *path, char *name, struct rb_err *err)
{
    bool opaque = strcmp(name, OPAQUE) == 0;
    if (!opaque && rb_text_starts_with(name, RESERVED))
        return 0;
    const char *hidden = name + strlen(WHITEOUT);
    if (opaque)
        name[name == path ? 0 : -1] = '\0';
    else
        memmove(name, hidden, strlen(hidden) + 1);
    if (reader->finds != NULL && opaque)
        finds_hide_below(reader->finds, path);
    else if (reader->finds != NULL)
        finds_hide(reader->finds, path);
    if (*path != '\0' && !matters(reader->wanted, path))
        return 0;
    return add_item(reader, opaque ? LAYER_OPAQUE : LAYER_WHITEOUT, path, err) == NULL ? RB_ELIMIT
                                                                                       : 0;
}

static enum layer_kind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL)
        return LAYER_HARDLINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return LAYER_FILE;
    case AE_IFLNK:
        return LAYER_SYMLINK;
    case AE_IFDIR:
        return LAYER_FOLDER;
    default:
        return LAYER_OTHER;
    }
}

static int take_target(struct reader *reader, struct archive_entry *entry, struct layer_item *item,
                       struct rb_err *err)
{
    if (item->kind == LAYER_SYMLINK) {
        const char *target = archive_entry_symlink(entry);
        item->target =
            rb_arena_strndup(reader->arena, target == NULL ? "" : target, TREE_PATH_MAXIMUM);
        return 0;
    }
    int status = normalise(archive_entry_hardlink(entry), reader->path, err);
    item->target = rb_arena_strdup(reader->arena, reader->path);
    return status;
}

static int read_content(void *context, void *buffer, size_t room, size_t *ret_size,
                        struct rb_err *err)
{
    struct reader *reader = context;
    la_ssize_t got = archive_read_data(reader->tar, buffer, room);
    *ret_size = got > 0 ? (size_t)got : 0;
    return got < 0 ? archive_failure(reader, err) : 0;
}

static int take_link(struct reader *reader, struct archive_entry *entry, const char *path,
                     bool is_executable, struct rb_err *err)
{
    char target[TREE_PATH_MAXIMUM + 1];
    int status = normalise(archive_entry_hardlink(entry), target, err);
    return status == 0 ? hard_links_add(&reader->finds->links, path, target, is_executable, err)
                       : status;
}

static int take_linked(struct reader *reader, struct archive_entry *entry, struct rb_err *err)
{
    const char *path = reader->path;
    enum language_file kind = hard_links_kind_of(&reader->finds->links, path);
    if (kind == LANGUAGE_NONE || kind_of(entry) != LAYER_FILE)
        return 0;
    const struct file_bytes bytes = {.context = reader, .read = read_content};
    int status = finds_read_as(reader->finds, kind, path, &bytes, err);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", path);
}

/* What is wanted for itself is not looked into: its content comes once. */
static int take_find(struct reader *reader, struct archive_entry *entry, const char *path,
                     struct rb_err *err)
{
    enum { ANY_MAY_RUN = 0111 };
    enum layer_kind kind = kind_of(entry);
    bool is_executable = (archive_entry_perm(entry) & ANY_MAY_RUN) != 0;
    if (kind != LAYER_FOLDER)
        finds_hide(reader->finds, path);
    if (!finds_wants(path, is_executable) || wanted_covers(reader->wanted, path))
        return 0;
    if (kind == LAYER_HARDLINK)
        return take_link(reader, entry, path, is_executable, err);
    if (kind != LAYER_FILE)
        return 0;
    const struct file_bytes bytes = {.context = reader, .read = read_content};
    int status = finds_read(reader->finds, path, is_executable, &bytes, err);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", path);
}

static int take_entry(struct reader *reader, struct archive_entry *entry, struct rb_err *err)
{
    const char *raw = archive_entry_pathname(entry);
    char *path = reader->path;
    if (raw == NULL) /* a name that is no ASCII is none of ours */
        return 0;
    int status = normalise(raw, path, err);
    if (status != 0)
        return status;
    if (reader->only_linked)
        return take_linked(reader, entry, err);
    char *slash = strrchr(path, '/');
    char *name = slash == NULL ? path : slash + 1;
    if (rb_text_starts_with(name, WHITEOUT))
        return take_mark(reader, path, name, err);
    if (reader->finds != NULL) {
        status = take_find(reader, entry, path, err);
        if (status != 0)
            return status;
    }
    if (!matters(reader->wanted, path))
        return 0;
    struct layer_item *item = add_item(reader, kind_of(entry), path, err);
    if (item == NULL)
        return RB_ELIMIT;
    if (item->kind == LAYER_HARDLINK || item->kind == LAYER_SYMLINK)
        return take_target(reader, entry, item, err);
    bool keep = item->kind == LAYER_FILE && wanted_covers(reader->wanted, path);
    return keep ? keep_content(reader, entry, item, err) : 0;
}

static la_ssize_t read_tar(struct archive *archive, void *context, const void **buffer)
{
    struct reader *reader = context;
    size_t size = 0;
    if (layer_stream_read(reader->stream, buffer, &size, &reader->stream_err) != 0) {
        archive_set_error(archive, EIO, "the stream failed");
        return -1;
    }
    return (la_ssize_t)size;
}

static int read_entries(struct reader *reader, struct rb_err *err)
{
    struct archive_entry *entry;
    for (;;) {
        int status = archive_read_next_header(reader->tar, &entry);
        if (status == ARCHIVE_EOF)
            return 0;
        if (status < ARCHIVE_WARN)
            return archive_failure(reader, err);
        if (reader->budget->entries++ >= ENTRIES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "the image has more than %llu entries",
                              (unsigned long long)ENTRIES_MAXIMUM);
        int code = take_entry(reader, entry, err);
        if (code != 0)
            return code;
    }
}

static int read_stream(struct reader *reader, struct rb_err *err)
{
    reader->tar = archive_read_new();
    RB_ASSERT(reader->tar != NULL);
    (void)archive_read_support_format_tar(reader->tar);
    (void)archive_read_support_format_empty(reader->tar);
    int status = 0;
    if (archive_read_open(reader->tar, reader, NULL, read_tar, NULL) < ARCHIVE_WARN)
        status = archive_failure(reader, err);
    if (status == 0)
        status = read_entries(reader, err);
    (void)archive_read_free(reader->tar);
    if (status == 0)
        status = layer_stream_finish(reader->stream, err);
    reader->budget->unpacked_bytes += layer_stream_size(reader->stream);
    return status;
}

int layer_read(struct layer_stream *stream, const struct wanted *wanted,
               struct layer_budget *budget, struct rb_arena *arena, struct layer *ret_layer,
               struct finds *finds, struct rb_err *err)
{
    struct reader reader = {.stream = stream,
                            .finds = finds,
                            .wanted = wanted,
                            .budget = budget,
                            .arena = arena,
                            .layer = ret_layer};
    *ret_layer = (struct layer){0};
    int status = read_stream(&reader, err);
    if (finds != NULL)
        finds_end(finds);
    return status;
}

int layer_read_linked(struct layer_stream *stream, struct layer_budget *budget, struct finds *finds,
                      struct rb_err *err)
{
    struct reader reader = {
        .stream = stream, .finds = finds, .budget = budget, .only_linked = true};
    return read_stream(&reader, err);
}
