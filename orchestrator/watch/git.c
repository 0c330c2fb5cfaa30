/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A git source's check:
 *
 *     start ──http(s)──▶ LIST (git_http.c) ──nothing new──▶ done
 *       │                  │
 *       │                  └─ a new commit, unknown trees, or no such ref (which the child tells
 *       │                     with the names that there are)
 *       │                  ▼
 *       └──ssh, file──▶ LOOK (a child, git_child.c) ──▶ judged ──▶ done
 */
#include <signal.h>
#include <string.h>

#include "address.h"
#include "check.h"
#include "fetching.h"
#include "git_http.h"
#include "git_message.h"
#include "git_tags.h"
#include "git_trees.h"
#include "rebake/base/digest.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "rebake/loop/timer.h"
#include "rebake/watch/followed.h"

enum { ANSWER_MAXIMUM = 4 << 20, ERRORS_MAXIMUM = 64 << 10, TIMEOUT_MS = 15 * 60 * 1000 };

static const char TAGS[] = "refs/tags/";

struct git_check {
    const struct rb_watch_tools *tools;
    struct rb_git_http *listing; /* at most one of these three is under way */
    struct rb_process *process;
    struct rb_timer *refusal; /* tells start_error, later */
    struct rb_err start_error;
    json_t *request; /* to the child */
    json_t *manner;  /* of the listing, for the memo; NULL: none */
    char *shown;
    struct rb_check_outcome spent; /* by the listing */
    rb_check_cb *done;             /* NULL once cancelled */
    void *context;
};

static void free_check(struct git_check *check)
{
    rb_timer_free(check->refusal);
    json_decref(check->request);
    json_decref(check->manner);
    rb_free(check->shown);
    rb_free(check);
}

static void report(struct git_check *check, const struct rb_check_outcome *outcome)
{
    rb_check_cb *done = check->done;
    void *context = check->context;
    if (done != NULL)
        done(context, outcome);
    free_check(check);
}

static void report_failure(struct git_check *check, const struct rb_err *error,
                           enum rb_trouble trouble)
{
    struct rb_check_outcome outcome = check->spent;
    outcome.error = error;
    outcome.trouble = trouble;
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
    if (answer->tag != NULL) {
        rb_json_set_string(detail, "tag", answer->tag);
        rb_json_set_string(memo, "tag", answer->tag);
    }
    rb_json_set(memo, "trees", json_incref(answer->trees));
    if (check->manner != NULL)
        rb_json_set(memo, "manner", json_incref(check->manner));
    struct rb_check_result result = {
        .unchanged =
            rb_text_equal(answer->commit, rb_json_get_string(check->request, "known", NULL)),
        .version = answer->commit,
        .detail = detail,
        .memo = memo,
        .upstream_at = answer->committed_at,
    };
    struct rb_check_outcome outcome = check->spent;
    outcome.result = &result;
    outcome.requests += answer->requests;
    outcome.bytes += answer->bytes;
    report(check, &outcome);
}

/* ── the child ──────────────────────────────────────────────────────────────────────────────── */

static int judge(const struct git_check *check, const struct rb_process_result *result,
                 struct rb_git_answer *ret_answer, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    if (result->signal == SIGALRM)
        return rb_err_set(err, RB_ETIMEOUT, "%s: the server has fallen silent", check->shown);
    if (rb_process_check(result, "git check", err) != 0)
        return rb_err_wrap(err, "%s", check->shown);
    return rb_git_answer_parse(result->output, result->output_size, ret_answer, ret_trouble, err);
}

static void child_ended(void *context, const struct rb_process_result *result)
{
    struct git_check *check = context;
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer answer = {0};
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_err err;
    check->process = NULL;
    if (check->done == NULL) {
        free_check(check);
    } else if (judge(check, result, &answer, &trouble, &err) != 0) {
        check->spent.requests++;
        report_failure(check, &err, trouble);
    } else {
        report_answer(check, &answer);
    }
}

static int start_child(struct git_check *check, struct rb_err *err)
{
    const char *const arguments[] = {check->tools->program, "internal", "git-check", NULL};
    RB_CLEANUP_FREE char *input = rb_json_canonical(check->request);
    struct rb_process_options options = {
        .arguments = arguments,
        .input = input,
        .input_size = strlen(input),
        .output_maximum = ANSWER_MAXIMUM,
        .errors_maximum = ERRORS_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    return rb_process_start(check->tools->loop, &options, child_ended, check, &check->process, err);
}

/* ── the listing ────────────────────────────────────────────────────────────────────────────── */

/* The beginning of the names of all refs that may be wanted; the caller frees it. */
static char *prefix_of(const struct rb_git_source *git)
{
    static const char SPECIAL[] = "*?";
    if (git->branch != NULL)
        return rb_asprintf("refs/heads/%s", git->branch);
    const char *glob = git->tags.glob == NULL ? "" : git->tags.glob;
    return rb_asprintf("%s%.*s", TAGS, (int)strcspn(glob, SPECIAL), glob);
}

static int choose_tag(const struct git_check *check, const struct rb_git_refs *refs, char **ret_ref,
                      enum rb_trouble *ret_trouble, struct rb_err *err)
{
    size_t count;
    const struct rb_git_ref *list = rb_git_refs_list(refs, &count);
    RB_CLEANUP_FREE const char **names = rb_calloc(count, sizeof(char *));
    struct rb_tag_policy policy;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++)
        names[i] = list[i].name + strlen(TAGS);
    rb_git_tags_policy_read(json_object_get(check->request, "tags"), &policy);
    int status = rb_git_tags_choose(&policy, names, count,
                                    rb_json_get_string(check->request, "knownTag", NULL),
                                    check->shown, &best, ret_trouble, err);
    if (status == 0)
        *ret_ref = rb_asprintf("%s%s", TAGS, best);
    return status;
}

/* True where nothing needs to be fetched or verified, and reported. */
static bool is_known(struct git_check *check, const struct rb_git_ref *ref)
{
    const char *tag = rb_text_starts_with(ref->name, TAGS) ? ref->name + strlen(TAGS) : NULL;
    if (!rb_text_equal(ref->commit, rb_json_get_string(check->request, "known", NULL)) ||
        !rb_text_equal(tag, rb_json_get_string(check->request, "knownTag", NULL)))
        return false;
    RB_CLEANUP_JSON json_t *trees = rb_json_object();
    if (!rb_git_trees_take(json_object_get(check->request, "knownTrees"),
                           json_object_get(check->request, "paths"), trees))
        return false;
    struct rb_git_answer answer = {
        .commit = ref->commit, .tag = tag, .trees = trees, .rewritten = RB_GIT_REWRITTEN_NO};
    report_answer(check, &answer);
    return true;
}

/* The branch that the request names, or the tag that is chosen. */
static int find_ref(const struct git_check *check, const struct rb_git_refs *refs,
                    const struct rb_git_ref **ret_ref, enum rb_trouble *ret_trouble,
                    struct rb_err *err)
{
    RB_CLEANUP_FREE char *name = rb_strdup(rb_json_get_string(check->request, "ref", NULL));
    int status = name == NULL ? choose_tag(check, refs, &name, ret_trouble, err) : 0;
    if (status == 0)
        *ret_ref = rb_git_refs_find(refs, name);
    return status;
}

static void listed(void *context, const struct rb_git_listing *listing, const struct rb_err *error)
{
    struct git_check *check = context;
    const struct rb_git_ref *ref = NULL;
    enum rb_trouble trouble = RB_TROUBLE_NONE;
    struct rb_err err;
    check->listing = NULL;
    check->spent = rb_check_outcome_of(&listing->cost);
    check->spent.trouble = listing->moved ? RB_TROUBLE_MOVED : RB_TROUBLE_NONE;
    if (error != NULL) {
        report_failure(check, error, RB_TROUBLE_NONE);
        return;
    }
    check->manner = json_incref(listing->manner);
    if (find_ref(check, listing->refs, &ref, &trouble, &err) != 0) {
        report_failure(check, &err, trouble);
        return;
    }
    if (ref != NULL && is_known(check, ref))
        return;
    if (ref != NULL) {
        rb_json_set_string(check->request, "ref", ref->name);
        rb_json_set_string(check->request, "found", ref->commit);
        rb_json_set_string(check->request, "foundObject", ref->object);
    }
    if (start_child(check, &err) != 0)
        report_failure(check, &err, RB_TROUBLE_NONE);
}

/* ── the outside ────────────────────────────────────────────────────────────────────────────── */

/* A mirror a source: checks of different sources never wait for each other. */
char *rb_git_mirror_folder(const char *cache_folder, const struct rb_source *source)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_JSON json_t *spec = rb_source_spec(source);
    RB_CLEANUP_FREE char *name = rb_json_canonical(spec);
    rb_sha256_of(name, strlen(name), hex);
    return rb_asprintf("%s/git/%.32s", cache_folder, hex);
}

/* What says which ref is wanted, and whom it must be signed by. */
static void add_wanted(json_t *json, const struct rb_git_source *git)
{
    rb_json_set_string(json, "url", git->url);
    if (git->branch != NULL) {
        RB_CLEANUP_FREE char *ref = rb_asprintf("refs/heads/%s", git->branch);
        rb_json_set_string(json, "ref", ref);
    } else {
        rb_json_set(json, "tags", rb_git_tags_policy_write(&git->tags));
    }
    rb_json_set_string(json, "allowedSigners", git->allowed_signers);
    rb_json_set_string(json, "keyring", git->keyring);
}

/* Trees and tag that were remembered for another commit would be believed of this one. */
static void add_known(json_t *json, const struct rb_check_request *request)
{
    const json_t *memo = request->memo;
    bool fits = request->known_version != NULL &&
                rb_text_equal(rb_json_get_string(memo, "commit", NULL), request->known_version);
    json_t *trees = fits ? json_object_get(memo, "trees") : NULL;
    rb_json_set_string(json, "known", request->known_version);
    rb_json_set_string(json, "knownTag", fits ? rb_json_get_string(memo, "tag", NULL) : NULL);
    rb_json_set(json, "knownTrees", json_is_object(trees) ? json_incref(trees) : rb_json_object());
}

/* Files that were exported and are gone are not known any more. */
static void add_files(json_t *json, const struct rb_watch_tools *tools,
                      const struct rb_check_request *request)
{
    RB_CLEANUP_FREE char *folder = rb_followed_folder(tools->pipelines_folder, request->source);
    const char *tree = rb_followed_tree(request->source, request->memo);
    RB_CLEANUP_FREE char *kept = rb_asprintf("%s/%s", folder, tree == NULL ? "" : tree);
    rb_json_set_string(json, "files", folder);
    rb_json_set_string(json, "keep", tree);
    if (tree == NULL || !rb_file_exists(kept))
        rb_json_set(json, "knownTrees", rb_json_object());
}

static json_t *make_request(const struct rb_watch_tools *tools,
                            const struct rb_check_request *request)
{
    json_t *json = rb_json_object();
    RB_CLEANUP_FREE char *mirror = rb_git_mirror_folder(tools->cache_folder, request->source);
    json_t *paths = rb_json_array();
    bool has_files = request->source->kind == RB_SOURCE_PIPELINE;
    if (has_files)
        rb_json_append_string(paths, request->source->git.path);
    for (size_t i = 0; !has_files && request->paths != NULL && request->paths[i] != NULL; i++)
        rb_json_append_string(paths, request->paths[i]);
    add_wanted(json, &request->source->git);
    add_known(json, request);
    rb_json_set_string(json, "mirror", mirror);
    rb_json_set(json, "paths", paths);
    if (has_files)
        add_files(json, tools, request);
    return json;
}

static void refuse(void *context)
{
    struct git_check *check = context;
    struct rb_err err = check->start_error;
    check->spent.requests++;
    report_failure(check, &err, RB_TROUBLE_NONE);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    struct git_check *check = rb_zalloc(sizeof(*check));
    check->tools = tools;
    check->shown = rb_address_shown(request->source->git.url);
    check->request = make_request(tools, request);
    check->done = done;
    check->context = context;
    if (rb_git_is_http(request->source->git.url)) {
        RB_CLEANUP_FREE char *prefix = prefix_of(&request->source->git);
        check->listing = rb_git_http_list(tools->http, request->source->git.url, prefix,
                                          json_object_get(request->memo, "manner"), listed, check);
    } else if (start_child(check, &check->start_error) != 0) {
        check->refusal = rb_timer_new(tools->loop, refuse, check);
        rb_timer_start(check->refusal, 0, 0);
    }
    return check;
}

static void cancel(void *state)
{
    struct git_check *check = state;
    check->done = NULL;
    if (check->process != NULL) {
        rb_process_kill(check->process); /* child_ended frees */
        return;
    }
    if (check->listing != NULL)
        rb_git_http_cancel(check->listing);
    free_check(check);
}

const struct rb_check_kind rb_check_git = {
    .start = start, .cancel = cancel, .fetch = rb_git_fetch_version};
