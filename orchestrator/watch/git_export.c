/* SPDX-License-Identifier: Apache-2.0 */
#include "git_export.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/watch/followed.h"

enum { FILES_MAXIMUM = 1000, TOTAL_MAXIMUM = 32 << 20, NAME_MAXIMUM = 200 };

struct exporting {
    const struct rb_git_mirror *mirror;
    git_odb *odb;
    const char *path;       /* of the folder in the repository */
    char *folder;           /* that is being filled */
    struct rb_strlist read; /* files, in their order; and: */
    struct rb_strlist names;
    struct rb_strlist policies; /* that they name; and who does: */
    struct rb_strlist naming;
    size_t total_bytes;
};

/* What a message calls a file; the caller frees it. */
static char *shown_name(const struct exporting *all, const char *name)
{
    bool is_root = strcmp(all->path, ".") == 0;
    RB_CLEANUP_FREE char *whole =
        rb_asprintf("%s%s%s", is_root ? "" : all->path, is_root ? "" : "/", name);
    size_t size = strlen(whole) + 1;
    return rb_text_printable(whole, rb_alloc(size), size);
}

/* Two pipelines of one name would take turns for ever. */
static int check_name(struct exporting *all, const char *shown, const struct rb_pipeline *pipeline,
                      struct rb_err *err)
{
    for (size_t i = 0; i < all->names.count; i++) {
        if (rb_text_equal(all->names.items[i], pipeline->name))
            return rb_err_set(err, RB_EINVALID,
                              "%.300s: pipeline \"%s\" is already defined in %.300s", shown,
                              pipeline->name, all->read.items[i]);
    }
    rb_strlist_add(&all->read, shown);
    rb_strlist_add(&all->names, pipeline->name);
    if (pipeline->policy != NULL && pipeline->policy->file != NULL) {
        rb_strlist_add(&all->policies, pipeline->policy->file);
        rb_strlist_add(&all->naming, shown);
    }
    return 0;
}

static int read_file(struct exporting *all, const char *name, const char *shown, const char *data,
                     size_t size, struct rb_err *err)
{
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", all->folder, name);
    bool is_other = rb_pipeline_is_other(data, size); /* a policy: who names it reads it */
    int status = is_other ? 0 : rb_followed_parse(data, size, shown, &pipeline, err);
    if (status == 0 && !is_other)
        status = check_name(all, shown, pipeline, err);
    return status == 0 ? rb_file_write_atomic(path, data, size, 0600, err) : status;
}

static int take_blob(struct exporting *all, const git_tree_entry *entry, const char *shown,
                     struct rb_err *err)
{
    size_t size;
    git_object_t type;
    git_odb_object *object = NULL;
    int code = git_odb_read_header(&size, &type, all->odb, git_tree_entry_id(entry));
    if (code != 0)
        return rb_git_mirror_broken(all->mirror, code, shown, err);
    all->total_bytes += size;
    if (size > RB_FOLLOWED_FILE_MAXIMUM || all->total_bytes > TOTAL_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%.300s is larger than %d bytes, or all are than %d",
                          shown, RB_FOLLOWED_FILE_MAXIMUM, TOTAL_MAXIMUM);
    code = git_odb_read(&object, all->odb, git_tree_entry_id(entry));
    if (code != 0)
        return rb_git_mirror_broken(all->mirror, code, shown, err);
    int status = read_file(all, git_tree_entry_name(entry), shown, git_odb_object_data(object),
                           git_odb_object_size(object), err);
    git_odb_object_free(object);
    return status;
}

static int take_entry(struct exporting *all, const git_tree_entry *entry, struct rb_err *err)
{
    const char *name = git_tree_entry_name(entry);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    if (!rb_pipeline_is_file_name(name))
        return 0;
    RB_CLEANUP_FREE char *shown = shown_name(all, name);
    if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
        return rb_err_set(err, RB_EINVALID,
                          "%.300s is not a regular file: links and folders are not followed",
                          shown);
    if (all->read.count >= FILES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "there are more than %d pipeline files", FILES_MAXIMUM);
    if (strlen(name) > NAME_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "the name %.200s… is longer than %d bytes", shown,
                          NAME_MAXIMUM);
    (void)alarm(all->mirror->request->silence_s); /* we are not silent */
    return take_blob(all, entry, shown, err);
}

/* The folder of the commit; that something stands there is known. The caller frees it. */
static int find_folder(const struct exporting *all, const git_oid *id, git_tree **ret_tree,
                       struct rb_err *err)
{
    git_commit *commit = NULL;
    git_tree *root = NULL;
    git_tree_entry *entry = NULL;
    bool is_root = strcmp(all->path, ".") == 0, is_folder = true;
    int code = git_commit_lookup(&commit, all->mirror->repository, id);
    if (code == 0)
        code = git_commit_tree(&root, commit);
    if (code == 0 && !is_root)
        code = git_tree_entry_bypath(&entry, root, all->path);
    if (code == 0 && !is_root)
        is_folder = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
    if (code == 0 && is_folder)
        code = git_tree_lookup(ret_tree, all->mirror->repository,
                               is_root ? git_tree_id(root) : git_tree_entry_id(entry));
    int status = code == 0 ? 0 : rb_git_mirror_broken(all->mirror, code, "read the folder", err);
    git_tree_entry_free(entry);
    git_tree_free(root);
    git_commit_free(commit);
    if (status == 0 && !is_folder)
        return rb_err_set(err, RB_ENOTFOUND, "\"%.300s\" is not a folder", all->path);
    return status;
}

static int take_folder(struct exporting *all, const git_oid *commit, struct rb_err *err)
{
    git_tree *tree = NULL;
    int status = find_folder(all, commit, &tree, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < git_tree_entrycount(tree); i++)
        status = take_entry(all, git_tree_entry_byindex(tree, i), err);
    git_tree_free(tree);
    if (status == 0 && all->read.count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "there is no *.yaml or *.yml in \"%.300s\"",
                          all->path);
    return status;
}

/* All that a policy stands on is there now. */
static int check_policies(const struct exporting *all, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < all->policies.count; i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", all->folder, all->policies.items[i]);
        if (!rb_file_exists(path))
            status = rb_err_set(err, RB_EINVALID,
                                "%.300s: the policy \"%.300s\" does not stand beside it",
                                all->naming.items[i], all->policies.items[i]);
        else if (all->mirror->request->check_policy != NULL)
            status = all->mirror->request->check_policy(path, err);
    }
    return status;
}

/* Only whole it gets the name by which it is found. */
static int fill_folder(struct exporting *all, const git_oid *commit, const char *wanted,
                       struct rb_err *err)
{
    int status = rb_tree_remove(all->folder, err);
    if (status == 0)
        status = rb_folder_make(all->folder, 0700, err);
    if (status == 0)
        status = take_folder(all, commit, err);
    if (status == 0)
        status = check_policies(all, err);
    if (status == 0)
        status = rb_file_put_in_place(all->folder, wanted, err);
    if (status != 0 && rb_tree_remove(all->folder, NULL) != 0)
        return rb_err_wrap(err, "%s cannot be removed", all->folder);
    return status;
}

static int export_folder(const struct rb_git_mirror *mirror, const git_oid *commit,
                         const char *path, const char *wanted, struct rb_err *err)
{
    struct exporting all = {.mirror = mirror, .path = path};
    int code = git_repository_odb(&all.odb, mirror->repository);
    all.folder = rb_asprintf("%s/new", mirror->request->files);
    int status = code == 0 ? fill_folder(&all, commit, wanted, err)
                           : rb_git_mirror_broken(mirror, code, "open the mirror's objects", err);
    git_odb_free(all.odb);
    rb_free(all.folder);
    rb_strlist_deinit(&all.read);
    rb_strlist_deinit(&all.names);
    rb_strlist_deinit(&all.policies);
    rb_strlist_deinit(&all.naming);
    return status;
}

static int drop_others(const char *folder, const char *tree, const char *keep, struct rb_err *err)
{
    int status = 0;
    DIR *trees = opendir(folder);
    const struct dirent *entry;
    while (status == 0 && trees != NULL && (entry = readdir(trees)) != NULL) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && !rb_text_equal(entry->d_name, tree) &&
            !rb_text_equal(entry->d_name, keep))
            status = rb_tree_remove(path, err);
    }
    if (trees != NULL)
        (void)closedir(trees);
    return status;
}

int rb_git_export(const struct rb_git_mirror *mirror, const git_oid *commit,
                  const struct rb_git_answer *answer, struct rb_err *err)
{
    const struct rb_git_request *request = mirror->request;
    const char *path = json_string_value(json_array_get(request->paths, 0));
    const char *tree = rb_json_get_string(answer->trees, path, NULL);
    RB_CLEANUP_FREE char *wanted = rb_asprintf("%s/%s", request->files, tree == NULL ? "" : tree);
    int status = 0;
    if (tree == NULL)
        status = rb_err_set(err, RB_ENOTFOUND, "there is no folder \"%.300s\"", path);
    else if (!rb_file_exists(wanted))
        status = export_folder(mirror, commit, path, wanted, err);
    if (status == 0)
        status = drop_others(request->files, tree, request->keep, err);
    if (status == 0)
        return 0;
    char id[13];
    RB_CLEANUP_FREE char *shown = rb_address_shown(request->url);
    return rb_err_wrap(err, "%s: commit %s", shown, git_oid_tostr(id, sizeof(id), commit));
}
