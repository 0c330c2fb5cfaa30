/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image tag's check. The version is the manifest that this machine's platform would use, not the
 * index that the tag names: an index moves whenever any architecture is pushed. The tag's own
 * digest is the memo, so that a tag that has not moved costs one HEAD.
 */
#include <string.h>

#include "check.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"

struct image_check {
    struct rb_registry *registry;
    struct rb_registry_request *request; /* NULL when the reference was refused */
    struct rb_reference reference;
    struct rb_timer *refusal; /* tells start_error, later */
    struct rb_err start_error;
    char *known_manifest;
    char *known_digest;
    rb_check_cb *done;
    void *context;
};

static void free_check(struct image_check *check)
{
    rb_timer_free(check->refusal);
    rb_reference_deinit(&check->reference);
    rb_free(check->known_manifest);
    rb_free(check->known_digest);
    rb_free(check);
}

static void report(struct image_check *check, const struct rb_check_outcome *outcome)
{
    rb_check_cb *done = check->done;
    void *context = check->context;
    done(context, outcome);
    free_check(check);
}

static json_t *make_detail(const struct rb_resolved *resolved, const char *manifest)
{
    struct rb_platform platform = rb_platform_here();
    RB_CLEANUP_FREE char *shown = rb_asprintf("%s/%s%s%s", platform.os, platform.architecture,
                                              platform.variant != NULL ? "/" : "",
                                              platform.variant != NULL ? platform.variant : "");
    json_t *detail = rb_json_object();
    rb_json_set_string(detail, "digest", resolved->digest);
    rb_json_set_string(detail, "manifest", manifest);
    rb_json_set_string(detail, "platform", shown);
    return detail;
}

static void on_resolved(void *context, const struct rb_resolved *resolved,
                        const struct rb_err *error)
{
    struct image_check *check = context;
    struct rb_check_outcome outcome = {.error = error,
                                       .requests = resolved->cost.requests,
                                       .bytes = resolved->cost.bytes,
                                       .retry_after_ms = resolved->retry_after_ms};
    if (error != NULL) {
        report(check, &outcome);
        return;
    }
    const char *manifest = resolved->unchanged ? check->known_manifest : resolved->manifest_digest;
    RB_CLEANUP_JSON json_t *detail = make_detail(resolved, manifest);
    RB_CLEANUP_JSON json_t *memo = rb_json_object();
    rb_json_set_string(memo, "digest", resolved->digest);
    struct rb_check_result result = {
        .unchanged = rb_text_equal(manifest, check->known_manifest),
        .version = manifest,
        .detail = detail,
        .memo = memo,
    };
    outcome.result = &result;
    report(check, &outcome);
}

static void refuse(void *context)
{
    struct image_check *check = context;
    struct rb_check_outcome outcome = {.error = &check->start_error, .retry_after_ms = -1};
    report(check, &outcome);
}

static void *start(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context)
{
    const struct rb_source *source = request->source;
    struct image_check *check = rb_zalloc(sizeof(*check));
    check->registry = tools->registry;
    check->known_manifest = rb_strdup(request->known_version);
    /* The tag's digest is only worth knowing together with the manifest that it led to. */
    if (request->known_version != NULL)
        check->known_digest = rb_strdup(rb_json_get_string(request->memo, "digest", NULL));
    check->done = done;
    check->context = context;
    RB_CLEANUP_FREE char *text = rb_asprintf("%s:%s", source->image.repository, source->image.tag);
    if (rb_reference_parse(text, &check->reference, &check->start_error) != 0) {
        check->refusal = rb_timer_new(tools->loop, refuse, check);
        rb_timer_start(check->refusal, 0, 0);
        return check;
    }
    struct rb_platform platform = rb_platform_here();
    rb_registry_resolve(tools->registry, &check->reference, &platform, check->known_digest,
                        on_resolved, check, &check->request);
    return check;
}

static void cancel(void *state)
{
    struct image_check *check = state;
    if (check->request != NULL)
        rb_registry_cancel(check->request);
    free_check(check);
}

const struct rb_check_kind rb_check_image = {.start = start, .cancel = cancel};
