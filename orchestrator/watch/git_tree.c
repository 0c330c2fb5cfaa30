/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is written out by ourselves and not by libgit2's checkout: what is locked is the content
 * as it is stored, which attributes and filters would change, and every name is judged before it
 * becomes a file. libgit2 checks each object against its id as it reads it.
 */
#include "rebake/watch/git_code.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <linux/openat2.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"

enum { DEPTH_MAXIMUM = 100, ENTRIES_MAXIMUM = 1000000, LINK_MAXIMUM = 4096 };
static const uint64_t FILE_MAXIMUM = UINT64_C(1) << 30;
static const uint64_t TOTAL_MAXIMUM = UINT64_C(8) << 30;

struct writer {
    const struct rb_git_tree_request *request;
    git_repository *repository;
    git_odb *odb;
    struct rb_strlist links; /* paths below the folder */
    uint64_t total_bytes;
    size_t entries;
};

static int write_tree(struct writer *writer, const git_oid *id, int folder_fd, const char *path,
                      int depth, struct rb_err *err);

static int fail(const char *doing, struct rb_err *err)
{
    const git_error *error = git_error_last();
    return rb_err_set(err, RB_EGIT, "%s: %s", doing,
                      error != NULL && error->message != NULL ? error->message : "no reason told");
}

static void free_writer(struct writer *writer)
{
    git_odb_free(writer->odb);
    git_repository_free(writer->repository);
    rb_strlist_deinit(&writer->links);
    (void)git_libgit2_shutdown();
}

/* ── writing ────────────────────────────────────────────────────────────────────────────────── */

static bool is_file_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strcasecmp(name, ".git") != 0 && strchr(name, '/') == NULL;
}

/* The caller frees *ret_object. */
static int read_blob(struct writer *writer, const git_oid *id, const char *path, uint64_t maximum,
                     git_odb_object **ret_object, struct rb_err *err)
{
    size_t size;
    git_object_t type;
    if (git_odb_read_header(&size, &type, writer->odb, id) != 0)
        return fail(path, err);
    writer->total_bytes += size;
    if (size > maximum || writer->total_bytes > TOTAL_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: the code is larger than we accept", path);
    return git_odb_read(ret_object, writer->odb, id) == 0 ? 0 : fail(path, err);
}

static int write_file(struct writer *writer, const git_oid *id, int folder_fd, const char *name,
                      const char *path, mode_t mode, struct rb_err *err)
{
    git_odb_object *object = NULL;
    int status = read_blob(writer, id, path, FILE_MAXIMUM, &object, err);
    if (status != 0)
        return status;
    RB_CLEANUP_CLOSE int fd =
        openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || fchmod(fd, mode) != 0)
        status = rb_err_sys(err, errno, "write %s", path);
    else if (rb_write_all(fd, git_odb_object_data(object), git_odb_object_size(object), err) != 0)
        status = rb_err_wrap(err, "%s", path);
    git_odb_object_free(object);
    return status;
}

static int write_link(struct writer *writer, const git_oid *id, int folder_fd, const char *name,
                      const char *path, struct rb_err *err)
{
    git_odb_object *object = NULL;
    int status = read_blob(writer, id, path, LINK_MAXIMUM, &object, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *target =
        rb_strndup(git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    rb_strlist_add(&writer->links, path);
    if (symlinkat(target, folder_fd, name) != 0)
        return rb_err_sys(err, errno, "make the link %s", path);
    return 0;
}

static int write_folder(struct writer *writer, const git_oid *id, int folder_fd, const char *name,
                        const char *path, int depth, struct rb_err *err)
{
    if (mkdirat(folder_fd, name, 0755) != 0)
        return rb_err_sys(err, errno, "make the folder %s", path);
    RB_CLEANUP_CLOSE int fd =
        openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0755) != 0)
        return rb_err_sys(err, errno, "open the folder %s", path);
    return write_tree(writer, id, fd, path, depth + 1, err);
}

static int write_entry(struct writer *writer, const git_tree_entry *entry, int folder_fd,
                       const char *parent, int depth, struct rb_err *err)
{
    const char *name = git_tree_entry_name(entry);
    const git_oid *id = git_tree_entry_id(entry);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s%s%s", parent, parent[0] != '\0' ? "/" : "", name);
    if (!is_file_name(name))
        return rb_err_set(err, RB_EINVALID,
                          "the code holds the name \"%.200s\", which no file "
                          "may have",
                          path);
    switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE:
        return write_folder(writer, id, folder_fd, name, path, depth, err);
    case GIT_FILEMODE_BLOB:
        return write_file(writer, id, folder_fd, name, path, 0644, err);
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return write_file(writer, id, folder_fd, name, path, 0755, err);
    case GIT_FILEMODE_LINK:
        return write_link(writer, id, folder_fd, name, path, err);
    case GIT_FILEMODE_COMMIT:
        return rb_err_set(err, RB_EINVALID,
                          "%s is a submodule: submodules are not fetched; keep "
                          "what is built in the repository itself",
                          path);
    case GIT_FILEMODE_UNREADABLE:
        break;
    }
    return rb_err_set(err, RB_EINVALID, "%s is neither a file, a folder nor a link", path);
}

static int write_tree(struct writer *writer, const git_oid *id, int folder_fd, const char *path,
                      int depth, struct rb_err *err)
{
    git_tree *tree = NULL;
    const struct rb_git_tree_request *request = writer->request;
    int status = request->go_on == NULL ? 0 : request->go_on(request->context, err);
    if (status != 0)
        return status;
    if (depth > DEPTH_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: folders stand deeper than we accept", path);
    if (git_tree_lookup(&tree, writer->repository, id) != 0)
        return fail("read the code", err);
    size_t count = git_tree_entrycount(tree);
    writer->entries += count;
    if (writer->entries > ENTRIES_MAXIMUM)
        status = rb_err_set(err, RB_ELIMIT, "the code holds more than %d files", ENTRIES_MAXIMUM);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = write_entry(writer, git_tree_entry_byindex(tree, i), folder_fd, path, depth, err);
    git_tree_free(tree);
    return status;
}

/* Links are judged when all is there, by the kernel: a link may lead through others. A link to
   something that is not there, or in a ring, leads nowhere. */
static int check_links(const struct writer *writer, int folder_fd, struct rb_err *err)
{
    for (size_t i = 0; i < writer->links.count; i++) {
        const char *link = writer->links.items[i];
        RB_CLEANUP_CLOSE int fd = rb_open_inside(folder_fd, link, O_PATH, RESOLVE_BENEATH);
        if (fd < 0 && errno == EXDEV)
            return rb_err_set(err, RB_EINVALID,
                              "the link %s leads out of the context: make it in "
                              "the recipe (RUN ln -s)",
                              link);
        if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENOTDIR)
            return rb_err_sys(err, errno, "follow the link %s", link);
    }
    return 0;
}

/* ── finding ────────────────────────────────────────────────────────────────────────────────── */

/* Where the objects cannot be read, nothing is open that free_writer would not close. */
static bool open_repository(struct writer *writer, const char *path, const git_oid *commit)
{
    return git_repository_open_bare(&writer->repository, path) == 0 &&
           git_repository_odb(&writer->odb, writer->repository) == 0 &&
           git_odb_exists(writer->odb, commit) == 1;
}

bool rb_git_has_commit(const char *repository, const char *commit)
{
    RB_CLEANUP(free_writer) struct writer writer = {0};
    git_oid id;
    (void)git_libgit2_init();
    return git_oid_fromstr(&id, commit) == 0 && open_repository(&writer, repository, &id);
}

static int find_tree(struct writer *writer, const git_oid *commit_id, git_oid *ret_tree,
                     struct rb_err *err)
{
    const struct rb_git_tree_request *request = writer->request;
    git_commit *commit = NULL;
    git_tree *root = NULL;
    git_tree_entry *entry = NULL;
    int status = 0;
    if (git_commit_lookup(&commit, writer->repository, commit_id) != 0 ||
        git_commit_tree(&root, commit) != 0)
        status = fail("read the commit", err);
    else if (strcmp(request->path, ".") == 0)
        git_oid_cpy(ret_tree, git_tree_id(root));
    else if (git_tree_entry_bypath(&entry, root, request->path) != 0 ||
             git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        status = rb_err_set(err, RB_EINVALID, "commit %s has no folder %s", request->commit,
                            request->path);
    else
        git_oid_cpy(ret_tree, git_tree_entry_id(entry));
    git_tree_entry_free(entry);
    git_tree_free(root);
    git_commit_free(commit);
    return status;
}

static int write_out(struct writer *writer, const git_oid *tree, const char *folder,
                     struct rb_err *err)
{
    if (mkdir(folder, 0755) != 0)
        return rb_err_sys(err, errno, "make the folder %s", folder);
    RB_CLEANUP_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0755) != 0)
        return rb_err_sys(err, errno, "open the folder %s", folder);
    int status = write_tree(writer, tree, fd, "", 0, err);
    if (status == 0 && writer->request->is_contained)
        status = check_links(writer, fd, err);
    return status;
}

/* Is the tree that was found the one that was asked for? */
static int judge_tree(const struct rb_git_tree_request *request, const git_oid *tree,
                      struct rb_err *err)
{
    git_oid wanted;
    if (request->tree == NULL)
        return 0;
    if (git_oid_fromstr(&wanted, request->tree) != 0)
        return rb_err_set(err, RB_EINVALID, "\"%.60s\" is no id of a tree of git", request->tree);
    if (git_oid_equal(tree, &wanted))
        return 0;
    return rb_err_set(err, RB_EVERIFY,
                      "commit %s holds at %s another tree than the lock "
                      "says (%s)",
                      request->commit, request->path, request->tree);
}

int rb_git_tree_write(const struct rb_git_tree_request *request, const char *folder,
                      struct rb_git_tree_size *ret_size, struct rb_err *err)
{
    RB_CLEANUP(free_writer) struct writer writer = {.request = request};
    git_oid commit, tree;
    (void)git_libgit2_init();
    if (git_oid_fromstr(&commit, request->commit) != 0)
        return rb_err_set(err, RB_EINVALID, "\"%.60s\" is no id of a commit of git",
                          request->commit);
    if (!open_repository(&writer, request->repository, &commit))
        return fail("open the fetched code", err);
    int status = find_tree(&writer, &commit, &tree, err);
    if (status == 0)
        status = judge_tree(request, &tree, err);
    if (status == 0)
        status = write_out(&writer, &tree, folder, err);
    *ret_size = (struct rb_git_tree_size){.entries = writer.entries, .bytes = writer.total_bytes};
    return status;
}
