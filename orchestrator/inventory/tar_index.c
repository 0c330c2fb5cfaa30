/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_index.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* A layer is three members in the oldest way of saving. */
enum { MEMBERS_MAXIMUM = 10000, NAME_MAXIMUM = 4096, LINKS_MAXIMUM = 8, BLOCK_BYTES = 64 * 1024 };

struct tar_index {
    struct rb_arena *arena;
    const char *path;
    struct tar_member *members;
    size_t count;
    size_t capacity;
};

static const char *plain_name(const char *name)
{
    while (*name == '/' || rb_text_starts_with(name, "./"))
        name += *name == '/' ? 1 : 2;
    return name;
}

static int add_member(struct tar_index *index, struct archive *tar, struct archive_entry *entry,
                      struct rb_err *err)
{
    const char *name = archive_entry_pathname(entry);
    const char *hard_link = archive_entry_hardlink(entry);
    const char *link = hard_link != NULL ? hard_link : archive_entry_symlink(entry);
    if (name == NULL || (link == NULL && archive_entry_filetype(entry) != AE_IFREG))
        return 0;
    if (index->count == MEMBERS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "it has more than %d members: is it a saved image?",
                          MEMBERS_MAXIMUM);
    if (strlen(name) > NAME_MAXIMUM || (link != NULL && strlen(link) > NAME_MAXIMUM))
        return rb_err_set(err, RB_ELIMIT, "a member's name has more than %d bytes", NAME_MAXIMUM);
    la_int64_t offset = archive_filter_bytes(tar, -1), size = archive_entry_size(entry);
    index->members = rb_arena_grow(index->arena, index->members, index->count, &index->capacity,
                                   sizeof(*index->members));
    index->members[index->count++] =
        (struct tar_member){.name = rb_arena_strdup(index->arena, plain_name(name)),
                            .target = rb_arena_strdup(index->arena, link),
                            .is_hard_link = hard_link != NULL,
                            .offset = offset < 0 ? 0 : (uint64_t)offset,
                            .size = size < 0 ? 0 : (uint64_t)size};
    return 0;
}

static int refuse(struct archive *tar, struct rb_err *err)
{
    const char *text = archive_error_string(tar);
    return rb_err_set(err, RB_EINVALID,
                      "not a tar file as images are saved in, or compressed as a whole (then "
                      "unpack it first): %s",
                      text == NULL ? "it is broken" : text);
}

static int read_members(struct tar_index *index, struct archive *tar, struct rb_err *err)
{
    struct archive_entry *entry;
    for (;;) {
        int status = archive_read_next_header(tar, &entry);
        if (status == ARCHIVE_EOF)
            return 0;
        if (status < ARCHIVE_WARN)
            return refuse(tar, err);
        int code = add_member(index, tar, entry, err);
        if (code != 0)
            return code;
    }
}

int tar_index_open(const char *path, struct tar_index **ret_index, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    struct archive *tar = archive_read_new();
    RB_ASSERT(tar != NULL && archive_read_support_format_tar(tar) == ARCHIVE_OK);
    struct tar_index *index = rb_zalloc(sizeof(*index));
    index->arena = rb_arena_new();
    index->path = rb_arena_strdup(index->arena, path);
    int status = archive_read_open_fd(tar, fd, BLOCK_BYTES) < ARCHIVE_WARN
                     ? refuse(tar, err)
                     : read_members(index, tar, err);
    (void)archive_read_free(tar);
    if (status != 0) {
        tar_index_free(index);
        return rb_err_wrap(err, "%s", path);
    }
    *ret_index = index;
    return 0;
}

void tar_index_free(struct tar_index *index)
{
    if (index == NULL)
        return;
    rb_arena_free(index->arena);
    rb_free(index);
}

const char *tar_index_path(const struct tar_index *index)
{
    return index->path;
}

/* Of several members of a name the last counts, as for tar. */
static const struct tar_member *find_member(const struct tar_index *index, const char *name)
{
    for (size_t i = index->count; i-- > 0;) {
        if (strcmp(index->members[i].name, name) == 0)
            return &index->members[i];
    }
    return NULL;
}

/* "ID/layer.tar" -> "../OTHER/layer.tar", as saved images have it: "OTHER/layer.tar". */
static char *resolve(const struct tar_member *member)
{
    const char *target = member->target;
    const char *slash = member->is_hard_link ? NULL : strrchr(member->name, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - member->name);
    while (folder > 0 && rb_text_starts_with(target, "../")) {
        target += strlen("../");
        const char *up = memrchr(member->name, '/', folder);
        folder = up == NULL ? 0 : (size_t)(up - member->name);
    }
    target = plain_name(target);
    return folder == 0 ? rb_strdup(target)
                       : rb_asprintf("%.*s/%s", (int)folder, member->name, target);
}

const struct tar_member *tar_index_find(const struct tar_index *index, const char *name)
{
    const struct tar_member *member = find_member(index, plain_name(name));
    for (int links = 0; member != NULL && member->target != NULL; links++) {
        if (links == LINKS_MAXIMUM)
            return NULL;
        RB_CLEANUP_FREE char *target = resolve(member);
        member = find_member(index, target);
    }
    return member;
}
