/* SPDX-License-Identifier: Apache-2.0 */
#include "ext_tree.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

enum { DEPTH_MAXIMUM = 64, ENTRIES_MAXIMUM = 5000000, NAME_ROOM = 256, MODE_MAY_RUN = 0111 };

struct ext_tree {
    struct disk *disk;
    struct disk_partition partition;
    struct struct_io_manager manager;
    ext2_filsys system;
    struct rb_err disk_err; /* what the disk failed with, behind the library's back */
    size_t entries;         /* that a walk has seen */
};

/* ── the disk, as the library asks for blocks ───────────────────────────────────────────────── */

static errcode_t close_channel(io_channel channel)
{
    if (--channel->refcount == 0) {
        rb_free(channel->name);
        rb_free(channel);
    }
    return 0;
}

/* The library hands on nothing but a name: it is the address of the tree. */
static errcode_t open_channel(const char *name, int flags, io_channel *ret_channel)
{
    struct ext_tree *tree = (struct ext_tree *)(uintptr_t)strtoumax(name, NULL, 16);
    struct struct_io_channel *channel = rb_zalloc(sizeof(*channel));
    (void)flags;
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = &tree->manager;
    channel->name = rb_strdup(name);
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->private_data = tree;
    *ret_channel = channel;
    return 0;
}

static errcode_t set_block_size(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

/* count: of blocks, or where it is negative of bytes. */
static errcode_t read_blocks(io_channel channel, unsigned long long block, int count, void *data)
{
    struct ext_tree *tree = channel->private_data;
    uint64_t block_size = (uint64_t)channel->block_size;
    uint64_t size = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * block_size;
    if (block > tree->partition.size / block_size ||
        size > tree->partition.size - block * block_size)
        return EXT2_ET_SHORT_READ;
    return disk_read(tree->disk, tree->partition.offset + block * block_size, data, (size_t)size,
                     &tree->disk_err) == 0
               ? 0
               : EXT2_ET_SHORT_READ;
}

static errcode_t read_few_blocks(io_channel channel, unsigned long block, int count, void *data)
{
    return read_blocks(channel, block, count, data);
}

static errcode_t flush_nothing(io_channel channel)
{
    (void)channel;
    return 0;
}

/* ── opening ────────────────────────────────────────────────────────────────────────────────── */

static int failure(const struct ext_tree *tree, errcode_t code, const char *path,
                   struct rb_err *err)
{
    if (tree->disk_err.code != RB_OK)
        return rb_err_copy(err, &tree->disk_err);
    return rb_err_set(err, RB_EINVALID, "the file system at %" PRIu64 " is broken at /%s: %s",
                      tree->partition.offset, path, error_message(code));
}

int ext_tree_open(struct disk *disk, const struct disk_partition *partition,
                  struct ext_tree **ret_tree, struct rb_err *err)
{
    struct ext_tree *tree = rb_zalloc(sizeof(*tree));
    char name[32];
    tree->disk = disk;
    tree->partition = *partition;
    tree->manager = (struct struct_io_manager){.magic = EXT2_ET_MAGIC_IO_MANAGER,
                                               .name = "disk image",
                                               .open = open_channel,
                                               .close = close_channel,
                                               .set_blksize = set_block_size,
                                               .read_blk = read_few_blocks,
                                               .read_blk64 = read_blocks,
                                               .flush = flush_nothing};
    (void)snprintf(name, sizeof(name), "%" PRIxPTR, (uintptr_t)tree);
    errcode_t code = ext2fs_open(name, EXT2_FLAG_64BITS, 0, 0, &tree->manager, &tree->system);
    *ret_tree = code == 0 ? tree : NULL;
    if (code == 0)
        return 0;
    int status = tree->disk_err.code != RB_OK ? rb_err_copy(err, &tree->disk_err) : 0;
    rb_free(tree);
    return status;
}

void ext_tree_close(struct ext_tree *tree)
{
    if (tree == NULL)
        return;
    (void)ext2fs_close_free(&tree->system);
    rb_free(tree);
}

/* ── single files ───────────────────────────────────────────────────────────────────────────── */

/* What path comes to, links followed inside the file system; false where that is nothing. */
static bool find(struct ext_tree *tree, const char *path, ext2_ino_t *ret_inode,
                 struct ext2_inode *ret_content)
{
    return ext2fs_namei_follow(tree->system, EXT2_ROOT_INO, EXT2_ROOT_INO, path, ret_inode) == 0 &&
           ext2fs_read_inode(tree->system, *ret_inode, ret_content) == 0;
}

bool ext_tree_is_root(struct ext_tree *tree)
{
    ext2_ino_t inode;
    struct ext2_inode content;
    return find(tree, "etc", &inode, &content) && LINUX_S_ISDIR(content.i_mode);
}

static int read_whole(struct ext_tree *tree, ext2_ino_t inode, const char *path, char *data,
                      size_t size, struct rb_err *err)
{
    ext2_file_t file;
    unsigned got = 1;
    size_t filled = 0;
    errcode_t code = ext2fs_file_open(tree->system, inode, 0, &file);
    if (code != 0)
        return failure(tree, code, path, err);
    while (code == 0 && got > 0 && filled < size) {
        code = ext2fs_file_read(file, data + filled, (unsigned)(size - filled), &got);
        filled += got;
    }
    (void)ext2fs_file_close(file);
    return code == 0 ? 0 : failure(tree, code, path, err);
}

static int read_file(void *context, const char *path, struct rb_arena *arena, const char **ret_data,
                     size_t *ret_size, struct rb_err *err)
{
    struct ext_tree *tree = context;
    ext2_ino_t inode;
    struct ext2_inode content;
    *ret_data = NULL;
    if (!find(tree, path, &inode, &content) || !LINUX_S_ISREG(content.i_mode))
        return 0;
    uint64_t size = EXT2_I_SIZE(&content);
    if (size > TREE_FILE_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than we read (%" PRIu64 " bytes)", path,
                          size);
    char *data = rb_arena_alloc(arena, (size_t)size + 1);
    *ret_data = data;
    *ret_size = (size_t)size;
    return read_whole(tree, inode, path, data, (size_t)size, err);
}

/* ── folders ────────────────────────────────────────────────────────────────────────────────── */

struct entry {
    ext2_ino_t inode;
    char *path;
};

struct entries {
    const char *folder;
    struct entry *items;
    size_t count;
    size_t capacity;
    size_t *total; /* of the walk; not more than ENTRIES_MAXIMUM */
};

static void entries_deinit(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        rb_free(entries->items[i].path);
    rb_free(entries->items);
}

static int take_entry(ext2_ino_t folder, int kind, struct ext2_dir_entry *found, int offset,
                      int block_size, char *buffer, void *context)
{
    struct entries *entries = context;
    char name[NAME_ROOM];
    (void)folder, (void)offset, (void)block_size, (void)buffer;
    (void)snprintf(name, sizeof(name), "%.*s", ext2fs_dirent_name_len(found), found->name);
    if (kind != DIRENT_OTHER_FILE || found->inode == 0 || *name == '\0')
        return 0;
    if (++*entries->total > ENTRIES_MAXIMUM)
        return DIRENT_ABORT;
    if (entries->count == entries->capacity) {
        entries->capacity = entries->capacity * 2 + 16;
        entries->items =
            rb_reallocarray(entries->items, entries->capacity, sizeof(*entries->items));
    }
    entries->items[entries->count++] =
        (struct entry){found->inode, rb_asprintf("%s%s%s", entries->folder,
                                                 *entries->folder == '\0' ? "" : "/", name)};
    return 0;
}

static int read_entries(struct ext_tree *tree, ext2_ino_t folder, struct entries *entries,
                        struct rb_err *err)
{
    errcode_t code = ext2fs_dir_iterate2(tree->system, folder, 0, NULL, take_entry, entries);
    if (*entries->total > ENTRIES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "the file system has more than %d files",
                          ENTRIES_MAXIMUM);
    return code == 0 ? 0 : failure(tree, code, entries->folder, err);
}

static int list_folder(struct ext_tree *tree, ext2_ino_t folder, const char *path, int depth,
                       size_t *total, struct rb_strlist *ret_paths, struct rb_err *err)
{
    RB_CLEANUP(entries_deinit) struct entries entries = {.folder = path, .total = total};
    int status = depth > DEPTH_MAXIMUM
                     ? rb_err_set(err, RB_ELIMIT, "folders are too deep at %s", path)
                     : read_entries(tree, folder, &entries, err);
    for (size_t i = 0; status == 0 && i < entries.count; i++) {
        struct ext2_inode content;
        if (ext2fs_read_inode(tree->system, entries.items[i].inode, &content) != 0)
            continue;
        if (LINUX_S_ISDIR(content.i_mode))
            status = list_folder(tree, entries.items[i].inode, entries.items[i].path, depth + 1,
                                 total, ret_paths, err);
        else if (ret_paths->count >= TREE_ITEMS_MAXIMUM)
            status = rb_err_set(err, RB_ELIMIT, "more than %d files stand below %s",
                                TREE_ITEMS_MAXIMUM, path);
        else
            rb_strlist_add(ret_paths, entries.items[i].path);
    }
    return status;
}

static int list_files(void *context, const char *folder, struct rb_strlist *ret_paths,
                      struct rb_err *err)
{
    struct ext_tree *tree = context;
    ext2_ino_t inode;
    struct ext2_inode content;
    size_t total = 0;
    if (!find(tree, folder, &inode, &content) || !LINUX_S_ISDIR(content.i_mode))
        return 0;
    int status = list_folder(tree, inode, folder, 0, &total, ret_paths, err);
    rb_strlist_sort(ret_paths);
    return status;
}

struct file_tree ext_tree_files(struct ext_tree *tree)
{
    return (struct file_tree){.context = tree, .read = read_file, .list = list_files};
}

/* ── all of it ──────────────────────────────────────────────────────────────────────────────── */

struct open_file {
    struct ext_tree *tree;
    ext2_file_t file;
    const char *path;
};

static int read_piece(void *context, void *buffer, size_t room, size_t *ret_size,
                      struct rb_err *err)
{
    struct open_file *open = context;
    unsigned got = 0;
    errcode_t code =
        ext2fs_file_read(open->file, buffer, room > INT32_MAX ? INT32_MAX : (unsigned)room, &got);
    *ret_size = got;
    return code == 0 ? 0 : failure(open->tree, code, open->path, err);
}

static int skip_piece(void *context, uint64_t size, struct rb_err *err)
{
    struct open_file *open = context;
    errcode_t code = ext2fs_file_llseek(open->file, size, EXT2_SEEK_CUR, NULL);
    return code == 0 ? 0 : failure(open->tree, code, open->path, err);
}

static int look_at_file(struct ext_tree *tree, const struct entry *entry, unsigned mode,
                        struct finds *finds, struct rb_err *err)
{
    bool is_executable = (mode & MODE_MAY_RUN) != 0;
    struct open_file open = {.tree = tree, .path = entry->path};
    if (!finds_wants(entry->path, is_executable))
        return 0;
    errcode_t code = ext2fs_file_open(tree->system, entry->inode, 0, &open.file);
    if (code != 0)
        return failure(tree, code, entry->path, err);
    const struct file_bytes bytes = {.context = &open, .read = read_piece, .skip = skip_piece};
    int status = finds_read(finds, entry->path, is_executable, &bytes, err);
    (void)ext2fs_file_close(open.file);
    return status;
}

static int walk(struct ext_tree *tree, ext2_ino_t folder, const char *path, int depth,
                struct finds *finds, struct rb_err *err)
{
    RB_CLEANUP(entries_deinit) struct entries entries = {.folder = path, .total = &tree->entries};
    int status = depth > DEPTH_MAXIMUM
                     ? rb_err_set(err, RB_ELIMIT, "folders are too deep at %s", path)
                     : read_entries(tree, folder, &entries, err);
    for (size_t i = 0; status == 0 && i < entries.count; i++) {
        const struct entry *entry = &entries.items[i];
        struct ext2_inode content;
        if (ext2fs_read_inode(tree->system, entry->inode, &content) != 0)
            continue;
        if (LINUX_S_ISDIR(content.i_mode))
            status = walk(tree, entry->inode, entry->path, depth + 1, finds, err);
        else if (LINUX_S_ISREG(content.i_mode))
            status = look_at_file(tree, entry, content.i_mode, finds, err);
    }
    return status;
}

int ext_tree_walk(struct ext_tree *tree, struct finds *finds, struct rb_err *err)
{
    tree->entries = 0;
    return walk(tree, EXT2_ROOT_INO, "", 0, finds, err);
}
