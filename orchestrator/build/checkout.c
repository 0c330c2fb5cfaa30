/* SPDX-License-Identifier: Apache-2.0 */
#include "checkout.h"

#include <string.h>

#include "git_fetch.h"
#include "rebake/base/memory.h"
#include "rebake/watch/git_code.h"

/* Where the commit is; the caller frees the path. */
static int find_commit(struct rb_job *job, const struct checkout_request *request,
                       char **ret_repository, struct rb_err *err)
{
    const char *kind = request->branch != NULL ? "branch" : "tag";
    const char *name = request->branch != NULL ? request->branch : request->tag;
    if (request->mirror != NULL && rb_git_has_commit(request->mirror, request->commit)) {
        rb_job_log(job, "%s is in the mirror", request->commit);
        *ret_repository = rb_strdup(request->mirror);
        return 0;
    }
    RB_CLEANUP_FREE char *repository = rb_asprintf("%s/code.git", job->scratch);
    RB_CLEANUP_FREE char *ref =
        rb_asprintf("refs/%s/%s", request->branch != NULL ? "heads" : "tags", name);
    int status = git_fetch(job, request->url, ref, request->commit, repository, err);
    if (status != 0)
        return status;
    if (!rb_git_has_commit(repository, request->commit))
        return rb_err_set(err, RB_EINVALID, "commit %s is no longer on %s %s of %s",
                          request->commit, kind, name, request->url);
    *ret_repository = rb_steal(&repository);
    return 0;
}

static int go_on(void *context, struct rb_err *err)
{
    return rb_job_check(context, err);
}

int checkout(struct rb_job *job, const struct checkout_request *request, const char *folder,
             struct rb_err *err)
{
    RB_CLEANUP_FREE char *repository = NULL;
    struct rb_git_tree_size size = {0};
    if (strlen(request->commit) != 40 || strlen(request->tree) != 40)
        return rb_err_set(err, RB_EINVALID, "the lock names no commit and tree of git");
    int status = find_commit(job, request, &repository, err);
    if (status != 0)
        return status;
    const struct rb_git_tree_request tree = {
        .repository = repository,
        .commit = request->commit,
        .tree = request->tree,
        .path = request->path,
        .is_contained = true,
        .go_on = go_on,
        .context = job,
    };
    status = rb_git_tree_write(&tree, folder, &size, err);
    if (status == 0)
        rb_job_log(job, "%zu files and folders, %zu bytes", size.entries, (size_t)size.bytes);
    return status;
}
