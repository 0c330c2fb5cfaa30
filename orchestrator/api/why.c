/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain that explains a thing, from what runs back to the upstream version that set it off:
 *
 *   build ──reason: the base was rebuilt──▶ the base's build ──reason──▶ … ──▶ version of a source
 *     └──▶ artifact ──▶ rollouts
 */
#include <string.h>

#include "deadlines.h"
#include "decisions.h"
#include "names.h"
#include "rebake/base/text.h"
#include "shapes.h"
#include "words.h"

/* A chain is as deep as images stand upon each other; a wrong one must still end. */
enum { DEEPEST_CHAIN = 32, ROLLOUTS_SHOWN = 20 };

struct chain {
    const struct api_request *request;
    struct rb_image_row *images;
    size_t image_count;
    json_t *links;
};

/* The pipeline's own name for the source, of "blog/site, shop/code"; the first where it has none
   any more, and NULL where nobody has. */
static const char *name_in_pipeline(const struct api_request *request, const char *names,
                                    const char *pipeline)
{
    size_t size = strlen(pipeline);
    const char *found = names;
    for (const char *at = names; *at != '\0'; at += strspn(at, ", ")) {
        if (strncmp(at, pipeline, size) == 0 && at[size] == '/') {
            found = at;
            break;
        }
        at += strcspn(at, ",");
    }
    return *found == '\0' ? NULL : rb_arena_strndup(request->arena, found, strcspn(found, ","));
}

static int version_json(const struct chain *chain, const struct rb_build_row *build,
                        int64_t version_id, json_t **ret_json, struct rb_err *err)
{
    const struct api_request *request = chain->request;
    struct rb_version_row version;
    struct rb_source_row source;
    *ret_json = json_null();
    if (version_id == 0)
        return 0;
    struct rb_store *store = request->options->store;
    int status = rb_store_version(store, version_id, request->arena, &version, err);
    if (status == 0)
        status = rb_store_source(store, version.source_id, request->arena, &source, err);
    if (status != 0)
        return status;
    json_t *json = rb_json_object();
    rb_json_set_string(json, "source", name_in_pipeline(request, source.names, build->pipeline));
    rb_json_set_string(json, "description", source.description);
    rb_json_set_string(json, "value", version.value);
    rb_json_set_time(json, "seenAt", version.seen_at);
    rb_json_set_time(json, "upstreamAt", version.upstream_at);
    *ret_json = json;
    return 0;
}

/* The build that made the base which the reason speaks of; 0 where the base is a source. */
static int base_build(const struct chain *chain, const struct rb_build_row *build,
                      const struct rb_reason *reason, int64_t *ret_build_id, struct rb_err *err)
{
    const struct api_request *request = chain->request;
    *ret_build_id = 0;
    if (strcmp(reason->kind, "base") != 0)
        return 0;
    const struct rb_image_row *base =
        api_image_named(chain->images, chain->image_count, build->pipeline, reason->subject);
    struct rb_artifact_row artifact;
    if (base == NULL)
        return 0;
    int status = rb_store_artifact_by_digest(request->options->store, base->id, reason->to,
                                             request->arena, &artifact, err);
    if (status == 0)
        *ret_build_id = artifact.build_id;
    return status == RB_ENOTFOUND ? 0 : status; /* the name was another thing's once */
}

static int add_reasons(const struct chain *chain, const struct rb_build_row *build, json_t *link,
                       int64_t *ret_base_build_id, struct rb_err *err)
{
    json_t *array = rb_json_array();
    rb_json_set(link, "reasons", array);
    *ret_base_build_id = 0;
    for (size_t i = 0; i < build->reason_count; i++) {
        const struct rb_reason *reason = &build->reasons[i];
        int64_t base_build_id;
        json_t *version;
        int status = version_json(chain, build, reason->version_id, &version, err);
        if (status != 0)
            return status;
        json_t *json = rb_json_object();
        rb_json_append(array, json);
        rb_json_set_string(json, "kind", reason->kind);
        rb_json_set_string(json, "subject", reason->subject);
        rb_json_set_string(json, "from", reason->from);
        rb_json_set_string(json, "to", reason->to);
        rb_json_set_bool(json, "remains", reason->remains);
        rb_json_set(json, "version", version);
        status = base_build(chain, build, reason, &base_build_id, err);
        if (status != 0)
            return status;
        rb_json_set(json, "build", base_build_id == 0 ? json_null() : json_integer(base_build_id));
        if (base_build_id != 0)
            *ret_base_build_id = base_build_id;
    }
    return 0;
}

static int add_rollouts(const struct chain *chain, int64_t artifact_id, json_t *link,
                        struct rb_err *err)
{
    const struct api_request *request = chain->request;
    struct rb_rollout_row *rows;
    size_t count;
    int status = rb_store_artifact_rollouts(request->options->store, artifact_id, ROLLOUTS_SHOWN,
                                            request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++)
        rb_json_append(array, api_rollout_json(request, &rows[i]));
    rb_json_set(link, "rollouts", array);
    return 0;
}

static int add_link(struct chain *chain, int64_t build_id, int64_t *ret_next_id, struct rb_err *err)
{
    const struct api_request *request = chain->request;
    struct rb_build_row build;
    json_t *shown;
    int status = rb_store_build(request->options->store, build_id, request->arena, &build, err);
    if (status == 0)
        status = api_build_json(request, &build, &shown, err);
    if (status != 0)
        return status;
    json_t *link = rb_json_object();
    rb_json_append(chain->links, link);
    rb_json_set(link, "build", shown);
    status = add_reasons(chain, &build, link, ret_next_id, err);
    if (status != 0)
        return status;
    status = api_add_decision(request, build.decision_id, link, err);
    if (status != 0)
        return status;
    rb_json_set(link, "artifact", json_incref(json_object_get(shown, "artifact")));
    return add_rollouts(chain, build.artifact_id, link, err);
}

static int make_chain(const struct api_request *request, int64_t build_id, json_t *links,
                      struct rb_err *err)
{
    struct chain chain = {.request = request, .links = links};
    int status = rb_store_images(request->options->store, request->arena, &chain.images,
                                 &chain.image_count, err);
    for (int depth = 0; status == 0 && build_id != 0 && depth < DEEPEST_CHAIN; depth++)
        status = add_link(&chain, build_id, &build_id, err);
    return status;
}

/* What is asked about: an image, a deployment or a build. */
struct subject {
    const char *name;
    const char *kind;
    struct rb_image_row image;
    const struct rb_deployment_row *deployment; /* or NULL */
    int64_t build_id;                           /* where the chain begins; 0: nothing was built */
};

static int find_build(const struct api_request *request, int64_t id, struct subject *subject,
                      struct rb_err *err)
{
    struct rb_build_row build;
    struct rb_store *store = request->options->store;
    int status = rb_store_build(store, id, request->arena, &build, err);
    if (status != 0)
        return status;
    *subject = (struct subject){.name = request->arguments[0], .kind = "build", .build_id = id};
    return rb_store_image(store, build.image_id, request->arena, &subject->image, err);
}

static int find_subject(const struct api_request *request, struct api_named *named,
                        struct subject *subject, struct rb_err *err)
{
    const char *asked = request->arguments[0];
    struct rb_build_row *newest;
    size_t count;
    int64_t id;
    if (rb_text_starts_with(asked, "build:")) {
        if (!rb_text_to_i64(asked + strlen("build:"), &id))
            return rb_err_set(err, RB_ENOTFOUND, "there is no %s", asked);
        return find_build(request, id, subject, err);
    }
    int status = api_find_named(request, asked, named, err);
    if (status == 0)
        status = rb_store_builds(request->options->store, named->image.id, false, 1, request->arena,
                                 &newest, &count, err);
    if (status != 0)
        return status;
    *subject = (struct subject){.name = named->name,
                                .kind = named->is_deployment ? "deployment" : "image",
                                .image = named->image,
                                .deployment = named->is_deployment ? &named->deployment : NULL,
                                .build_id = count > 0 ? newest[0].id : 0};
    return 0;
}

static int add_deployment(const struct api_request *request, const struct rb_deployment_row *row,
                          json_t *into, struct rb_err *err)
{
    struct rb_drift_row *drift;
    size_t count;
    json_t *json;
    if (row == NULL) {
        rb_json_set(into, "deployment", json_null());
        return 0;
    }
    int status = rb_store_drift(request->options->store, row->id, true, 0, request->arena, &drift,
                                &count, err);
    if (status == 0)
        status = api_deployment_json(request, row, drift, count, &json, err);
    if (status == 0)
        rb_json_set(into, "deployment", json);
    return status;
}

int api_get_why(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct api_named named;
    struct subject subject;
    json_t *image;
    int status = find_subject(request, &named, &subject, err);
    if (status == 0)
        status = api_image_json(request, &subject.image, &image, err);
    if (status != 0)
        return status;
    json_t *links = rb_json_array();
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "subject", subject.name);
    rb_json_set_string(reply->json, "kind", subject.kind);
    rb_json_set(reply->json, "image", image);
    status = add_deployment(request, subject.deployment, reply->json, err);
    if (status == 0)
        status = api_add_last_decision(request, subject.image.id,
                                       subject.deployment == NULL ? 0 : subject.deployment->id,
                                       reply->json, err);
    if (status == 0)
        status = api_add_blind(request, subject.image.pipeline, reply->json, err);
    if (status == 0)
        status = api_add_pins_of(request, &subject.image, reply->json, err);
    if (status == 0)
        status = api_add_deadlines(request, subject.image.id, reply->json, err);
    rb_json_set(reply->json, "chain", links);
    return status == 0 ? make_chain(request, subject.build_id, links, err) : status;
}
