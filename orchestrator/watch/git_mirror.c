/* SPDX-License-Identifier: Apache-2.0 */
#include "git_mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "git_error.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { PACKS_MAXIMUM = 400 };

/* A killed fetch leaves its unfinished pack behind; nobody but the holder of the lock is here. */
static size_t sweep_packs(const char *mirror)
{
    RB_CLEANUP_FREE char *folder = rb_asprintf("%s/objects/pack", mirror);
    DIR *packs = opendir(folder);
    if (packs == NULL)
        return 0;
    size_t count = 0;
    const struct dirent *entry;
    while ((entry = readdir(packs)) != NULL) {
        if (rb_text_starts_with(entry->d_name, "pack_git2_"))
            (void)unlinkat(dirfd(packs), entry->d_name, 0);
        count += rb_text_ends_with(entry->d_name, ".pack");
    }
    (void)closedir(packs);
    return count;
}

static int lock(struct rb_git_mirror *mirror, struct rb_err *err)
{
    const char *folder = mirror->request->mirror;
    int status = rb_folder_make(folder, 0700, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s.lock", folder);
    mirror->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (mirror->lock_fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    if (flock(mirror->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return rb_err_set(err, RB_EBUSY, "another check is using the mirror %s", folder);
    return 0;
}

int rb_git_mirror_remove(const struct rb_git_mirror *mirror, struct rb_err *err)
{
    int status = rb_tree_remove(mirror->request->mirror, err);
    return status == 0 ? 0 : rb_err_wrap(err, "renew the mirror");
}

int rb_git_mirror_open(struct rb_git_mirror *mirror, const struct rb_git_request *request,
                       struct rb_err *err)
{
    *mirror = (struct rb_git_mirror){.request = request, .lock_fd = -1};
    int status = lock(mirror, err);
    if (status == 0 && sweep_packs(request->mirror) > PACKS_MAXIMUM)
        status = rb_git_mirror_remove(mirror, err);
    if (status != 0)
        return status;
    int code = git_repository_open_bare(&mirror->repository, request->mirror);
    if (code != 0) {
        status = rb_git_mirror_remove(mirror, err);
        if (status != 0)
            return status;
        code = git_repository_init(&mirror->repository, request->mirror, 1);
    }
    return code == 0 ? 0 : rb_err_git(code, request->url, "open the mirror", err);
}

void rb_git_mirror_close(struct rb_git_mirror *mirror)
{
    git_repository_free(mirror->repository);
    if (mirror->lock_fd >= 0)
        (void)close(mirror->lock_fd);
    *mirror = (struct rb_git_mirror){.lock_fd = -1};
}

bool rb_git_mirror_has(const struct rb_git_mirror *mirror, const git_oid *commit)
{
    git_odb *odb = NULL;
    bool has =
        git_repository_odb(&odb, mirror->repository) == 0 && git_odb_exists(odb, commit) == 1;
    git_odb_free(odb);
    return has;
}

int rb_git_mirror_broken(const struct rb_git_mirror *mirror, int code, const char *doing,
                         struct rb_err *err)
{
    rb_err_git(code, mirror->request->url, doing, err);
    if (err != NULL)
        err->code = RB_EGIT;
    return RB_EGIT;
}

static int read_tree(const struct rb_git_mirror *mirror, const git_tree *root, const char *path,
                     json_t *trees, struct rb_err *err)
{
    char id[GIT_OID_HEXSZ + 1];
    git_tree_entry *entry = NULL;
    if (strcmp(path, ".") == 0) {
        rb_json_set_string(trees, path, git_oid_tostr(id, sizeof(id), git_tree_id(root)));
        return 0;
    }
    int code = git_tree_entry_bypath(&entry, root, path);
    if (code != 0 && code != GIT_ENOTFOUND)
        return rb_git_mirror_broken(mirror, code, path, err);
    rb_json_set_string(trees, path,
                       code == 0 ? git_oid_tostr(id, sizeof(id), git_tree_entry_id(entry)) : NULL);
    git_tree_entry_free(entry);
    return 0;
}

/* The whole history is here, so a known commit that is not is no ancestor. Tags have no history in
   common: only one that now names another commit was rewritten. */
static enum rb_git_rewritten compare_history(const struct rb_git_mirror *mirror, const char *tag,
                                             const git_oid *commit)
{
    git_oid known;
    const char *text = mirror->request->known;
    if (text == NULL || git_oid_fromstr(&known, text) != 0)
        return RB_GIT_REWRITTEN_UNKNOWN;
    if (tag != NULL && !rb_text_equal(tag, mirror->request->known_tag))
        return RB_GIT_REWRITTEN_UNKNOWN;
    if (tag != NULL)
        return git_oid_equal(&known, commit) ? RB_GIT_REWRITTEN_NO : RB_GIT_REWRITTEN_YES;
    if (git_oid_equal(&known, commit))
        return RB_GIT_REWRITTEN_NO;
    if (!rb_git_mirror_has(mirror, &known))
        return RB_GIT_REWRITTEN_YES;
    switch (git_graph_descendant_of(mirror->repository, commit, &known)) {
    case 1:
        return RB_GIT_REWRITTEN_NO;
    case 0:
        return RB_GIT_REWRITTEN_YES;
    default:
        return RB_GIT_REWRITTEN_UNKNOWN;
    }
}

int rb_git_mirror_read(const struct rb_git_mirror *mirror, const git_oid *oid,
                       struct rb_git_answer *answer, struct rb_err *err)
{
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    int status = 0;
    int code = git_commit_lookup(&commit, mirror->repository, oid);
    if (code == 0)
        code = git_commit_tree(&tree, commit);
    if (code != 0)
        status = rb_git_mirror_broken(mirror, code, "read the commit", err);
    size_t i;
    const json_t *path;
    json_array_foreach(mirror->request->paths, i, path)
    {
        if (status == 0)
            status = read_tree(mirror, tree, json_string_value(path), answer->trees, err);
    }
    if (status == 0) {
        answer->committed_at = (int64_t)git_commit_time(commit) * 1000;
        answer->rewritten = compare_history(mirror, answer->tag, oid);
    }
    git_tree_free(tree);
    git_commit_free(commit);
    return status;
}
