/* SPDX-License-Identifier: Apache-2.0 */
/* A commit: from the mirror of the checks, or else fetched alone, or else with its history. */
#include <string.h>

#include "address.h"
#include "fetching.h"
#include "git_message.h"
#include "git_tags.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "rebake/watch/git_code.h"

enum { ANSWER_MAXIMUM = 1 << 20, ERRORS_MAXIMUM = 64 << 10, TIMEOUT_MS = 30 * 60 * 1000 };

/* What git says may repeat the URL as it was given, with a password in it. */
static int run(const struct rb_fetching *fetching, const struct rb_strlist *arguments,
               const char *what, struct rb_err *err)
{
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    const struct rb_process_options options = {
        .arguments = (const char *const *)arguments->items,
        .errors_maximum = ERRORS_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    int status = rb_process_run(&options, &result, err);
    if (status == 0)
        status = rb_process_check(&result, what, err);
    if (status != 0)
        rb_address_scrub(fetching->source->git.url, err);
    return status;
}

static int fetch_commit(const struct rb_fetching *fetching, const char *repository,
                        struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist init = {0};
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist fetch = {0};
    rb_git_commit_commands(fetching->source->git.url, fetching->version, repository, &init, &fetch);
    int status = run(fetching, &init, "make a repository", err);
    return status == 0 ? run(fetching, &fetch, "fetch the commit", err) : status;
}

/* The ref that the commit was found at; the caller frees it. NULL: a tag, and nobody knows which.
 */
static char *ref_of(const struct rb_fetching *fetching)
{
    const char *tag = rb_json_get_string(fetching->detail, "tag", NULL);
    if (fetching->source->git.branch != NULL)
        return rb_asprintf("refs/heads/%s", fetching->source->git.branch);
    return tag == NULL ? NULL : rb_asprintf("refs/tags/%s", tag);
}

/* Where no tag is known, an older one's commit is most often in the newest one's history. */
static int fetch_history(const struct rb_fetching *fetching, const char *ref,
                         const char *repository, struct rb_err *err)
{
    const struct rb_git_source *git = &fetching->source->git;
    const char *const arguments[] = {fetching->tools->program, "internal", "git-check", NULL};
    RB_CLEANUP_JSON json_t *request = rb_git_history_request(git->url, ref, repository);
    if (ref == NULL)
        rb_json_set(request, "tags", rb_git_tags_policy_write(&git->tags));
    RB_CLEANUP_FREE char *input = rb_json_canonical(request);
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    const struct rb_process_options options = {
        .arguments = arguments,
        .input = input,
        .input_size = strlen(input),
        .output_maximum = ANSWER_MAXIMUM,
        .errors_maximum = ERRORS_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    int status = rb_process_run(&options, &result, err);
    if (status == 0)
        status = rb_process_check(&result, "fetch the code", err);
    return status == 0 ? rb_git_history_answer(result.output, result.output_size, err) : status;
}

static int gone(const struct rb_fetching *fetching, const char *ref, struct rb_err *err)
{
    RB_CLEANUP_FREE char *shown = rb_address_shown(fetching->source->git.url);
    return rb_err_set(err, RB_ENOTFOUND,
                      "%s: the commit %s is no longer there: neither by its id nor in the history "
                      "of %s, and no mirror of it is kept",
                      shown, fetching->version, ref != NULL ? ref : "the newest tag");
}

/* The caller frees *ret_repository. */
static int find_repository(const struct rb_fetching *fetching, char **ret_repository,
                           struct rb_err *err)
{
    RB_CLEANUP_FREE char *mirror =
        rb_git_mirror_folder(fetching->tools->cache_folder, fetching->source);
    if (rb_git_has_commit(mirror, fetching->version)) {
        *ret_repository = rb_steal(&mirror);
        return 0;
    }
    RB_CLEANUP_FREE char *repository = rb_asprintf("%s/code.git", fetching->scratch);
    RB_CLEANUP_FREE char *ref = ref_of(fetching);
    if (fetch_commit(fetching, repository, err) != 0 ||
        !rb_git_has_commit(repository, fetching->version)) {
        int status = fetch_history(fetching, ref, repository, err);
        if (status != 0)
            return status;
    }
    if (!rb_git_has_commit(repository, fetching->version))
        return gone(fetching, ref, err);
    *ret_repository = rb_steal(&repository);
    return 0;
}

int rb_git_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    RB_CLEANUP_FREE char *repository = NULL;
    struct rb_git_tree_size size;
    if (!rb_git_is_object_id(fetching->version))
        return rb_err_set(err, RB_EINVALID,
                          "\"%.80s\" is no version of a git source: 40 hexadecimal digits",
                          fetching->version);
    int status = find_repository(fetching, &repository, err);
    if (status != 0)
        return status;
    const struct rb_git_tree_request tree = {
        .repository = repository, .commit = fetching->version, .path = "."};
    return rb_git_tree_write(&tree, fetching->folder, &size, err);
}
