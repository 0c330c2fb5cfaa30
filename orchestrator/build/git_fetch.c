/* SPDX-License-Identifier: Apache-2.0 */
#include "git_fetch.h"

#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/watch/git_code.h"

enum { ANSWER_MAXIMUM = 1 << 20 };

/* By the same program, with the same credentials, as the checks of git sources
   (rb_git_check_main): a process of its own, since libgit2 has no time limits. */
static int fetch_ref(struct rb_job *job, const char *url, const char *ref, const char *repository,
                     struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/git-request.json", job->scratch);
    RB_CLEANUP_FREE char *program = rb_asprintf("/proc/%d/exe", (int)getpid());
    RB_CLEANUP_FREE char *answer = NULL;
    RB_CLEANUP_JSON json_t *request = rb_git_history_request(url, ref, repository);
    const char *arguments[] = {"sh",    "-c", "exec \"$0\" internal git-check <\"$1\"",
                               program, path, NULL};
    int status = rb_json_write_file(path, request, 0600, err);
    if (status == 0)
        status = rb_job_capture(job, arguments, ANSWER_MAXIMUM, &answer, "fetch the code", err);
    return status == 0 ? rb_git_history_answer(answer, strlen(answer), err) : status;
}

/* libgit2 1.5 fetches whole histories only: git asks for the one commit. */
static int fetch_commit(struct rb_job *job, const char *url, const char *commit,
                        const char *repository, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist init = {0};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist fetch = {0};
    rb_git_commit_commands(url, commit, repository, &init, &fetch);
    int status = rb_job_run(job, (const char *const *)init.items, "make a repository", err);
    if (status == 0)
        status = rb_job_run(job, (const char *const *)fetch.items, "fetch the commit", err);
    return status;
}

int git_fetch(struct rb_job *job, const char *url, const char *ref, const char *commit,
              const char *repository, struct rb_err *err)
{
    int status = fetch_commit(job, url, commit, repository, err);
    if (status == 0 || status == RB_ECANCELED || status == RB_ETIMEOUT)
        return status;
    rb_job_log(job, "the commit cannot be had alone: %s is fetched with its history", ref);
    return fetch_ref(job, url, ref, repository, err);
}
