/* SPDX-License-Identifier: Apache-2.0 */
/* A git source's check: a child asks (git_child.c), we judge what it answers. */
#include <signal.h>
#include <string.h>

#include "address.h"
#include "check.h"
#include "git_message.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "rebake/loop/timer.h"

enum { ANSWER_MAXIMUM = 4 << 20, ERRORS_MAXIMUM = 64 << 10, TIMEOUT_MS = 15 * 60 * 1000 };

struct git_check {
    struct rb_process *process; /* NULL when the child could not be started */
    struct rb_timer *refusal;   /* tells start_error, later */
    struct rb_err start_error;
    char *shown;
    char *known;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct git_check *check)
{
    rb_timer_free(check->refusal);
    rb_free(check->shown);
    rb_free(check->known);
    rb_free(check);
}

static void report(struct git_check *check, const struct rb_check_outcome *outcome)
{
    rb_check_cb *done = check->done;
    void *context = check->context;
    free_check(check);
    if (done != NULL)
        done(context, outcome);
}

static void report_failure(struct git_check *check, const struct rb_err *error)
{
    struct rb_check_outcome outcome = {.error = error, .requests = 1, .retry_after_ms = -1};
    report(check, &outcome);
}

static void report_answer(struct git_check *check, const struct rb_git_answer *answer)
{
    RB_CLEANUP_JSON json_t *detail = rb_json_object();
    RB_CLEANUP_JSON json_t *memo = rb_json_object();
    rb_json_set_string(detail, "commit", answer->commit);
    rb_json_set(detail, "trees", json_incref(answer->trees));
    if (answer->rewritten != RB_GIT_REWRITTEN_UNKNOWN)
        rb_json_set_bool(detail, "rewritten", answer->rewritten == RB_GIT_REWRITTEN_YES);
    rb_json_set_string(memo, "commit", answer->commit);
    rb_json_set(memo, "trees", json_incref(answer->trees));
    struct rb_check_result result = {
        .unchanged = rb_text_equal(answer->commit, check->known),
        .version = answer->commit,
        .detail = detail,
        .memo = memo,
        .upstream_at = answer->committed_at,
    };
    struct rb_check_outcome outcome = {.result = &result,
                                       .requests = answer->requests,
                                       .bytes = answer->bytes,
                                       .retry_after_ms = -1};
    report(check, &outcome);
}

static int judge(const struct git_check *check, const struct rb_process_result *result,
                 struct rb_git_answer *ret_answer, struct rb_err *err)
{
    if (result->signal == SIGALRM)
        return rb_err_set(err, RB_ETIMEOUT, "%s: the server has fallen silent", check->shown);
    if (rb_process_check(result, "git check", err) != 0)
        return rb_err_wrap(err, "%s", check->shown);
    return rb_git_answer_parse(result->output, result->output_size, ret_answer, err);
}

static void child_ended(void *context, const struct rb_process_result *result)
{
    struct git_check *check = context;
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer answer = {0};
    struct rb_err err;
    check->process = NULL;
    if (check->done == NULL)
        free_check(check);
    else if (judge(check, result, &answer, &err) != 0)
        report_failure(check, &err);
    else
        report_answer(check, &answer);
}

static void refuse(void *context)
{
    struct git_check *check = context;
    struct rb_err err = check->start_error;
    report_failure(check, &err);
}

/* A mirror a source: checks of different sources never wait for each other. */
char *rb_git_mirror_folder(const char *cache_folder, const char *url, const char *branch)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *name = rb_asprintf("%s\n%s", url, branch);
    rb_sha256_of(name, strlen(name), hex);
    return rb_asprintf("%s/git/%.32s", cache_folder, hex);
}

static char *request_text(const struct rb_watch_tools *tools,
                          const struct rb_check_request *request)
{
    const struct rb_source *source = request->source;
    RB_CLEANUP_JSON json_t *json = rb_json_object();
    RB_CLEANUP_FREE char *mirror =
        rb_git_mirror_folder(tools->cache_folder, source->git.url, source->git.branch);
    json_t *paths = rb_json_array();
    for (size_t i = 0; request->paths != NULL && request->paths[i] != NULL; i++)
        rb_json_append_string(paths, request->paths[i]);
    rb_json_set_string(json, "url", source->git.url);
    rb_json_set_string(json, "branch", source->git.branch);
    rb_json_set_string(json, "mirror", mirror);
    rb_json_set_string(json, "known", request->known_version);
    rb_json_set(json, "paths", paths);
    /* Trees that were remembered for another commit would be believed of this one. */
    json_t *trees = NULL;
    if (request->known_version != NULL &&
        rb_text_equal(rb_json_get_string(request->memo, "commit", NULL), request->known_version))
        trees = json_object_get(request->memo, "trees");
    rb_json_set(json, "knownTrees", json_is_object(trees) ? json_incref(trees) : rb_json_object());
    return rb_json_canonical(json);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    struct git_check *check = rb_zalloc(sizeof(*check));
    check->shown = rb_address_shown(request->source->git.url);
    check->known = rb_strdup(request->known_version);
    check->done = done;
    check->context = context;
    RB_CLEANUP_FREE char *input = request_text(tools, request);
    const char *const arguments[] = {tools->program, "internal", "git-check", NULL};
    struct rb_process_options options = {
        .arguments = arguments,
        .input = input,
        .input_size = strlen(input),
        .output_maximum = ANSWER_MAXIMUM,
        .errors_maximum = ERRORS_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    if (rb_process_start(tools->loop, &options, child_ended, check, &check->process,
                         &check->start_error) != 0) {
        check->refusal = rb_timer_new(tools->loop, refuse, check);
        rb_timer_start(check->refusal, 0, 0);
    }
    return check;
}

static void cancel(void *state)
{
    struct git_check *check = state;
    check->done = NULL;
    if (check->process != NULL)
        rb_process_kill(check->process); /* child_ended frees */
    else
        free_check(check);
}

const struct rb_check_kind rb_check_git = {.start = start, .cancel = cancel};
