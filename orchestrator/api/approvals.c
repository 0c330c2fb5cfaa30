/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals: of an image or a deployment, and of all in a pipeline, or everywhere, that wait for
 * one now. What is approved is what would be done at this moment, by its key.
 */
#include <string.h>

#include "names.h"
#include "orders.h"
#include "rebake/base/text.h"
#include "rebake/store/approvals.h"

/* The approval that is asked for, and what was approved. */
struct approving {
    const struct api_request *request;
    const char *why;
    int64_t until_at;
    json_t *approved;
};

static bool waits_for_approval(const struct rb_image_row *image)
{
    return rb_text_equal(image->state, "on-hold") && *image->input_key != '\0';
}

static int approve_one(struct approving *approving, const char *subject, const char *key,
                       struct rb_err *err)
{
    const struct api_request *request = approving->request;
    struct rb_approval_row row = {.subject = subject,
                                  .key = key,
                                  .who = request->actor,
                                  .why = approving->why,
                                  .until_at = approving->until_at};
    int status = rb_store_approve(request->options->store, &row, err);
    if (status != 0)
        return status;
    json_t *item = rb_json_object();
    rb_json_set_string(item, "subject", subject);
    rb_json_set_string(item, "key", key);
    rb_json_append(approving->approved, item);
    return 0;
}

/* The digest that is to be deployed: that of the image's newest good artifact. */
static int digest_of(const struct api_request *request, const struct rb_image_row *image,
                     const char **ret_digest, struct rb_err *err)
{
    struct rb_artifact_row artifact;
    *ret_digest = NULL;
    if (image->artifact_id == 0)
        return 0;
    int status = rb_store_artifact(request->options->store, image->artifact_id, request->arena,
                                   &artifact, err);
    if (status == 0)
        *ret_digest = artifact.digest;
    return status;
}

static int approve_named(struct approving *approving, const char *asked, struct rb_err *err)
{
    struct api_named named;
    int status = api_find_named(approving->request, asked, &named, err);
    if (status != 0)
        return status;
    const char *key = named.image.input_key;
    if (named.is_deployment)
        status = digest_of(approving->request, &named.image, &key, err);
    if (status != 0)
        return status;
    if (rb_text_is_empty(key))
        return rb_err_set(err, RB_EINVALID, "there is nothing to approve: %s",
                          named.is_deployment ? "its image has no artifact yet"
                                              : "nothing would be built of it now");
    return approve_one(approving, named.name, key, err);
}

static int approve_images(struct approving *approving, const char *pipeline, struct rb_err *err)
{
    const struct api_request *request = approving->request;
    struct rb_image_row *rows;
    size_t count;
    int status = rb_store_images(request->options->store, request->arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        bool is_meant = pipeline == NULL || strcmp(rows[i].pipeline, pipeline) == 0;
        if (is_meant && waits_for_approval(&rows[i]))
            status = approve_one(approving, api_full_name(request, rows[i].pipeline, rows[i].name),
                                 rows[i].input_key, err);
    }
    return status;
}

/* Those that do not hold their image's newest artifact yet. */
static int approve_deployments(struct approving *approving, const char *pipeline,
                               struct rb_err *err)
{
    const struct api_request *request = approving->request;
    struct rb_deployment_row *rows;
    struct rb_image_row image;
    const char *digest;
    size_t count;
    int status = rb_store_deployments(request->options->store, request->arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (pipeline != NULL && strcmp(rows[i].pipeline, pipeline) != 0)
            continue;
        status =
            rb_store_image(request->options->store, rows[i].image_id, request->arena, &image, err);
        if (status == 0)
            status = digest_of(request, &image, &digest, err);
        if (status == 0 && digest != NULL && !rb_text_equal(digest, rows[i].digest))
            status = approve_one(approving, api_full_name(request, rows[i].pipeline, rows[i].name),
                                 digest, err);
    }
    return status;
}

static int approve(struct approving *approving, const char *asked, struct rb_err *err)
{
    bool is_pipeline;
    int status = api_is_pipeline(approving->request, asked, &is_pipeline, err);
    if (status != 0)
        return status;
    if (!is_pipeline && strcmp(asked, "all") != 0)
        return approve_named(approving, asked, err);
    const char *pipeline = is_pipeline ? asked : NULL;
    status = approve_images(approving, pipeline, err);
    if (status == 0)
        status = approve_deployments(approving, pipeline, err);
    if (status == 0 && json_array_size(approving->approved) == 0)
        status =
            rb_err_set(err, RB_EINVALID, "there is nothing to approve: nothing of %s waits", asked);
    return status;
}

int api_approve(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct approving approving = {.request = request};
    const char *asked;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_want_why(request, false, &approving.why, err);
    if (status == 0)
        status = api_want_until(request, &approving.until_at, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *approved = rb_json_array();
    approving.approved = approved;
    status = rb_store_begin(request->options->store, err);
    if (status != 0)
        return status;
    status = approve(&approving, asked, err);
    if (status == 0)
        status = rb_store_commit(request->options->store, err);
    if (status != 0) {
        rb_store_rollback(request->options->store);
        return status;
    }
    request->options->changed(request->options->context);
    reply->json = rb_json_object();
    rb_json_set(reply->json, "approved", json_incref(approved));
    return 0;
}

int api_withdraw(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *asked;
    struct api_named named;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_find_named(request, asked, &named, err);
    if (status == 0)
        status =
            rb_store_withdraw_approval(request->options->store, named.name, request->actor, err);
    if (status != 0)
        return status;
    request->options->changed(request->options->context);
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "subject", named.name);
    return 0;
}
