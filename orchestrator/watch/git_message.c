/* SPDX-License-Identifier: Apache-2.0 */
#include "git_message.h"

#include <string.h>

#include "git_tags.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { SILENCE_S = 60, SILENCE_MAXIMUM_S = 3600 };

static const char WHAT_REQUEST[] = "the git check's request";
static const char WHAT_ANSWER[] = "the git check's answer";

bool rb_git_is_object_id(const char *text)
{
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

static int check_paths(const json_t *paths, struct rb_err *err)
{
    if (!json_is_array(paths))
        return rb_err_set(err, RB_EINVALID, "%s: \"paths\" is not an array", WHAT_REQUEST);
    size_t i;
    const json_t *path;
    json_array_foreach(paths, i, path)
    {
        if (!json_is_string(path) || json_string_length(path) == 0)
            return rb_err_set(err, RB_EINVALID, "%s: a path is not text", WHAT_REQUEST);
    }
    return 0;
}

static int check_trees(const json_t *trees, const char *what, struct rb_err *err)
{
    if (!json_is_object(trees))
        return rb_err_set(err, RB_EINVALID, "%s: trees are not an object", what);
    const char *path;
    json_t *tree;
    json_object_foreach((json_t *)(uintptr_t)trees, path, tree)
    {
        if (!json_is_null(tree) &&
            (!json_is_string(tree) || !rb_git_is_object_id(json_string_value(tree))))
            return rb_err_set(err, RB_EINVALID, "%s: the tree of %.200s is not an object id", what,
                              path);
    }
    return 0;
}

static int check_commit(const char *commit, const char *what, struct rb_err *err)
{
    if (rb_git_is_object_id(commit))
        return 0;
    return rb_err_set(err, RB_EINVALID, "%s: \"%.60s\" is not a commit id", what, commit);
}

static int read_ref(struct rb_git_request *request, struct rb_err *err)
{
    const json_t *tags = json_object_get(request->json, "tags");
    request->ref = rb_json_get_string(request->json, "ref", NULL);
    if (request->ref != NULL && !rb_text_starts_with(request->ref, "refs/"))
        return rb_err_set(err, RB_EINVALID, "%s: \"ref\" is not the full name of one",
                          WHAT_REQUEST);
    if (request->ref == NULL && !json_is_object(tags))
        return rb_err_set(err, RB_EINVALID, "%s: has neither \"ref\" nor \"tags\"", WHAT_REQUEST);
    rb_git_tags_policy_read(tags, &request->tags);
    request->known_tag = rb_json_get_string(request->json, "knownTag", NULL);
    request->allowed_signers = rb_json_get_string(request->json, "allowedSigners", NULL);
    request->keyring = rb_json_get_string(request->json, "keyring", NULL);
    return 0;
}

static int read_found(struct rb_git_request *request, struct rb_err *err)
{
    const char *found = rb_json_get_string(request->json, "found", NULL);
    if (found == NULL || request->ref == NULL)
        return 0;
    int status = check_commit(found, WHAT_REQUEST, err);
    request->found = found;
    request->found_object = rb_json_get_string(request->json, "foundObject", found);
    return status == 0 ? check_commit(request->found_object, WHAT_REQUEST, err) : status;
}

static int read_request(struct rb_git_request *request, struct rb_err *err)
{
    const json_t *json = request->json;
    int status = rb_json_want_string(json, WHAT_REQUEST, "url", &request->url, err);
    if (status == 0)
        status = read_ref(request, err);
    if (status == 0)
        status = rb_json_want_string(json, WHAT_REQUEST, "mirror", &request->mirror, err);
    request->known = rb_json_get_string(json, "known", NULL);
    if (status == 0 && request->known != NULL)
        status = check_commit(request->known, WHAT_REQUEST, err);
    if (status == 0)
        status = read_found(request, err);
    request->paths = json_object_get(json, "paths");
    if (status == 0)
        status = check_paths(request->paths, err);
    request->files = rb_json_get_string(json, "files", NULL);
    request->keep = rb_json_get_string(json, "keep", NULL);
    if (status == 0 && request->files != NULL && json_array_size(request->paths) != 1)
        return rb_err_set(err, RB_EINVALID, "%s: \"files\" of other than one path", WHAT_REQUEST);
    request->known_trees = json_object_get(json, "knownTrees");
    if (status == 0)
        status = check_trees(request->known_trees, WHAT_REQUEST, err);
    int64_t silence_s = rb_json_get_integer(json, "silenceSeconds", SILENCE_S);
    if (status == 0 && (silence_s < 1 || silence_s > SILENCE_MAXIMUM_S))
        return rb_err_set(err, RB_EINVALID, "%s: \"silenceSeconds\" is not in 1 .. %d",
                          WHAT_REQUEST, SILENCE_MAXIMUM_S);
    request->silence_s = (unsigned)silence_s;
    return status;
}

int rb_git_request_parse(const char *data, size_t size, struct rb_git_request *ret_request,
                         struct rb_err *err)
{
    struct rb_git_request request = {0};
    int status = rb_json_parse(data, size, WHAT_REQUEST, &request.json, err);
    if (status == 0)
        status = read_request(&request, err);
    if (status == 0)
        *ret_request = request;
    else
        rb_git_request_deinit(&request);
    return status;
}

void rb_git_request_deinit(struct rb_git_request *request)
{
    json_decref(request->json);
    *request = (struct rb_git_request){0};
}

static enum rb_trouble trouble_named(const char *name)
{
    for (int trouble = RB_TROUBLE_NONE; trouble <= RB_TROUBLE_OURS; trouble++) {
        if (rb_text_equal(rb_trouble_name((enum rb_trouble)trouble), name))
            return (enum rb_trouble)trouble;
    }
    return RB_TROUBLE_NONE;
}

static int told_error(const json_t *error, enum rb_trouble *ret_trouble, struct rb_err *err)
{
    int64_t code = 0;
    const char *text = NULL;
    int status = rb_json_want_integer(error, WHAT_ANSWER, "code", &code, err);
    if (status == 0)
        status = rb_json_want_string(error, WHAT_ANSWER, "text", &text, err);
    if (status != 0)
        return status;
    if (code >= 0 || code < RB_EINTERNAL)
        code = RB_EINTERNAL;
    *ret_trouble = trouble_named(rb_json_get_string(error, "trouble", NULL));
    return rb_err_set(err, (enum rb_errc)code, "%s", text);
}

static int read_answer(struct rb_git_answer *answer, enum rb_trouble *ret_trouble,
                       struct rb_err *err)
{
    const json_t *error = json_object_get(answer->json, "error");
    if (error != NULL)
        return told_error(error, ret_trouble, err);
    int status = rb_json_want_string(answer->json, WHAT_ANSWER, "commit", &answer->commit, err);
    if (status == 0)
        status = check_commit(answer->commit, WHAT_ANSWER, err);
    answer->tag = rb_json_get_string(answer->json, "tag", NULL);
    answer->trees = json_object_get(answer->json, "trees");
    if (status == 0)
        status = check_trees(answer->trees, WHAT_ANSWER, err);
    answer->committed_at = rb_json_get_integer(answer->json, "committedAt", 0);
    answer->bytes = rb_json_get_integer(answer->json, "bytes", 0);
    answer->requests = (int)rb_json_get_integer(answer->json, "requests", 0);
    const json_t *rewritten = json_object_get(answer->json, "rewritten");
    if (json_is_boolean(rewritten))
        answer->rewritten = json_is_true(rewritten) ? RB_GIT_REWRITTEN_YES : RB_GIT_REWRITTEN_NO;
    return status;
}

int rb_git_answer_parse(const char *data, size_t size, struct rb_git_answer *ret_answer,
                        enum rb_trouble *ret_trouble, struct rb_err *err)
{
    *ret_trouble = RB_TROUBLE_NONE;
    struct rb_git_answer answer = {0};
    int status = rb_json_parse(data, size, WHAT_ANSWER, &answer.json, err);
    if (status == 0)
        status = read_answer(&answer, ret_trouble, err);
    if (status == 0)
        *ret_answer = answer;
    else
        rb_git_answer_deinit(&answer);
    return status;
}

void rb_git_answer_deinit(struct rb_git_answer *answer)
{
    json_decref(answer->json);
    *answer = (struct rb_git_answer){0};
}

char *rb_git_answer_format(const struct rb_git_answer *answer, const struct rb_err *error,
                           enum rb_trouble trouble)
{
    RB_CLEANUP_JSON json_t *json = rb_json_object();
    if (error != NULL) {
        json_t *told = rb_json_object();
        rb_json_set_integer(told, "code", error->code);
        rb_json_set_string(told, "text", error->text);
        if (trouble != RB_TROUBLE_NONE)
            rb_json_set_string(told, "trouble", rb_trouble_name(trouble));
        rb_json_set(json, "error", told);
        return rb_json_canonical(json);
    }
    rb_json_set_string(json, "commit", answer->commit);
    if (answer->tag != NULL)
        rb_json_set_string(json, "tag", answer->tag);
    rb_json_set(json, "trees", json_incref(answer->trees));
    rb_json_set_integer(json, "committedAt", answer->committed_at);
    rb_json_set_integer(json, "requests", answer->requests);
    rb_json_set_integer(json, "bytes", answer->bytes);
    if (answer->rewritten != RB_GIT_REWRITTEN_UNKNOWN)
        rb_json_set_bool(json, "rewritten", answer->rewritten == RB_GIT_REWRITTEN_YES);
    return rb_json_canonical(json);
}
