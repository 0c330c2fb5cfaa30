/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of an answer about exposure. */
#include <stdlib.h>
#include <string.h>

#include "exposure.h"
#include "names.h"
#include "rebake/advisory/cvss.h"
#include "rebake/base/text.h"
#include "shapes.h"
#include "vex.h"

json_t *api_exploited_json(const struct api_feeds *feeds, const char *id)
{
    struct rb_exploited exploited;
    if (feeds->kev == NULL || !rb_threats_exploited(feeds->kev, id, &exploited))
        return json_null();
    json_t *json = rb_json_object();
    rb_json_set_string(json, "name", exploited.name);
    rb_json_set_time(json, "addedAt", exploited.added_at);
    rb_json_set_time(json, "dueAt", exploited.due_at);
    rb_json_set_bool(json, "ransomware", exploited.ransomware);
    return json;
}

json_t *api_epss_json(const struct api_feeds *feeds, const char *id)
{
    struct rb_epss epss;
    if (feeds->epss == NULL || !rb_threats_epss(feeds->epss, id, &epss))
        return json_null();
    json_t *json = rb_json_object();
    rb_json_set(json, "score", json_real(epss.score));
    rb_json_set(json, "percentile", json_real(epss.percentile));
    return json;
}

static const char *band_of(const struct rb_severity *severity)
{
    return rb_cvss_band(severity->type == RB_SEVERITY_CVSS_V2 ? 20 : 31, severity->score);
}

json_t *api_severities_json(const struct rb_severity *severities, size_t count)
{
    static const char *const TYPES[] = {
        [RB_SEVERITY_CVSS_V2] = "CVSS_V2", [RB_SEVERITY_CVSS_V3] = "CVSS_V3",
        [RB_SEVERITY_CVSS_V4] = "CVSS_V4", [RB_SEVERITY_UBUNTU] = "Ubuntu",
        [RB_SEVERITY_OTHER] = "other",
    };
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *json = rb_json_object();
        bool has_score = severities[i].score != RB_SEVERITY_NO_SCORE;
        rb_json_set_string(json, "type", TYPES[severities[i].type]);
        rb_json_set_string(json, "text", severities[i].text);
        rb_json_set(json, "score", has_score ? json_real(severities[i].score / 10.0) : json_null());
        rb_json_set_string(json, "band", has_score ? band_of(&severities[i]) : NULL);
        rb_json_append(array, json);
    }
    return array;
}

static const char *or_null(const char *text)
{
    return rb_text_is_empty(text) ? NULL : text;
}

static json_t *match_json(const struct rb_advisory_match *match)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "feed", match->feed);
    rb_json_set_string(json, "advisory", match->advisory);
    rb_json_set_string(json, "verdict", rb_verdict_name(match->verdict));
    rb_json_set_string(json, "ecosystem", match->ecosystem);
    rb_json_set_string(json, "channel", or_null(match->suffix));
    rb_json_set_string(json, "package", match->package);
    rb_json_set_string(json, "version", match->version);
    rb_json_set_string(json, "range", or_null(match->range));
    rb_json_set_string(json, "fixedVersion", match->fixed_version);
    rb_json_set_string(json, "status", or_null(rb_advisory_status_name(match->status)));
    rb_json_set_string(json, "urgency", or_null(match->urgency));
    rb_json_set_string(json, "postponed", or_null(match->postponed));
    rb_json_set_string(json, "reason", or_null(match->reason));
    rb_json_set_string(json, "cause", or_null(match->cause));
    return json;
}

static json_t *package_json(const struct api_finding *found)
{
    RB_CLEANUP_FREE char *purl = rb_package_purl(&found->inventory, &found->package);
    json_t *json = rb_json_object();
    rb_json_set_string(json, "type", rb_package_type_name(found->package.type));
    rb_json_set_string(json, "name", found->package.name);
    rb_json_set_string(json, "version", found->package.version);
    rb_json_set_string(json, "architecture", or_null(found->package.architecture));
    rb_json_set_string(json, "source", found->package.source_name);
    rb_json_set_string(json, "sourceVersion", found->package.source_version);
    rb_json_set_string(json, "distribution", or_null(found->inventory.distribution));
    rb_json_set_string(json, "release", or_null(found->inventory.distribution_version));
    rb_json_set_string(json, "purl", purl);
    return json;
}

/* What a fix is compared by: Debian's advisories speak of source packages, whose versions those of
   the built ones need not have. */
static const char *offered(const struct api_finding *found, const struct rb_offer *offer)
{
    return found->package.type == RB_PACKAGE_DEB ? offer->source_version : offer->version;
}

/* The newest version that a repository offers of the package, if it has the fix; else NULL. */
static const char *fix_in(const struct api_finding *found, const struct rb_index *index,
                          const struct rb_version_order *order, const char *fixed,
                          struct rb_offer *offer)
{
    const char *newest = NULL;
    size_t first, count = rb_index_find_package(index, &found->package, &first);
    for (size_t i = first; i < first + count; i++) {
        rb_index_get(index, i, offer);
        bool is_for_it = rb_text_equal(offer->architecture, found->package.architecture) ||
                         rb_text_equal(offer->architecture, "all") ||
                         rb_text_equal(offer->architecture, "noarch");
        if (is_for_it && order->compare(offered(found, offer), fixed) >= 0 &&
            (newest == NULL || order->compare(offer->version, newest) > 0))
            newest = offer->version;
    }
    return newest;
}

json_t *api_available_json(const struct api_exposure *exposure, const struct api_finding *found)
{
    const struct rb_version_order *order = rb_package_type_order(found->package.type);
    const char *fixed = found->finding->matches[0].fixed_version;
    json_t *array = rb_json_array();
    for (size_t i = 0; fixed != NULL && i < exposure->feeds.repository_count; i++) {
        const struct api_repository *repository = &exposure->feeds.repositories[i];
        struct rb_offer offer;
        const char *version = repository->type == found->package.type
                                  ? fix_in(found, repository->index, order, fixed, &offer)
                                  : NULL;
        if (version == NULL)
            continue;
        json_t *json = rb_json_object();
        rb_json_set_string(json, "source", repository->names);
        rb_json_set_string(json, "version", version);
        rb_json_append(array, json);
    }
    return array;
}

static json_t *finding_json(const struct api_exposure *exposure, struct api_finding *found)
{
    const struct rb_finding *finding = found->finding;
    struct rb_vulnerability vulnerability;
    json_t *json = rb_json_object();
    json_t *names = rb_json_array(), *matches = rb_json_array(), *artifacts = rb_json_array();
    for (size_t i = 0; i < finding->name_count; i++)
        rb_json_append_string(names, finding->names[i]);
    for (size_t i = 0; i < finding->match_count; i++)
        rb_json_append(matches, match_json(&finding->matches[i]));
    for (size_t i = 0; i < found->artifact_count; i++)
        rb_json_append(artifacts, json_integer(found->artifacts[i]));
    (void)rb_advisory_look_up(finding->id, exposure->feeds.advisories,
                              exposure->feeds.advisory_count, exposure->request->arena,
                              &vulnerability);
    rb_json_set_string(json, "id", finding->id);
    rb_json_set(json, "names", names);
    found->json = json;
    found->published_at = vulnerability.published_at;
    rb_json_set_time(json, "publishedAt", vulnerability.published_at);
    rb_json_set_string(json, "verdict", rb_verdict_name(found->verdict));
    rb_json_set_bool(json, "conflict", finding->has_conflict);
    rb_json_set(json, "vex", api_vex_json(found));
    rb_json_set(json, "package", package_json(found));
    rb_json_set_string(json, "fixedVersion", finding->matches[0].fixed_version);
    rb_json_set(json, "available", api_available_json(exposure, found));
    rb_json_set(json, "severities",
                api_severities_json(vulnerability.severities, vulnerability.severity_count));
    rb_json_set(json, "exploited", api_exploited_json(&exposure->feeds, finding->id));
    rb_json_set(json, "epss", api_epss_json(&exposure->feeds, finding->id));
    rb_json_set(json, "matches", matches);
    rb_json_set(json, "artifacts", artifacts);
    rb_json_set(json, "open", rb_json_array());
    return json;
}

/* Since when the deployment runs the artifact: the end of its newest good rollout of it. */
static int add_since(const struct api_exposure *exposure, const struct rb_deployment_row *row,
                     json_t *json, struct rb_err *err)
{
    enum { ROLLOUTS_LOOKED_AT = 100 };
    struct rb_rollout_row *rollouts;
    size_t count;
    int64_t since = 0;
    int status = rb_store_artifact_rollouts(exposure->request->options->store, row->artifact_id,
                                            ROLLOUTS_LOOKED_AT, exposure->request->arena, &rollouts,
                                            &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rollouts[i].deployment_id == row->id && rb_text_equal(rollouts[i].state, "succeeded"))
            since = rollouts[i].finished_at; /* the first of them in the end */
    }
    if (status == 0)
        rb_json_set_time(json, "since", since);
    return status;
}

static int add_deployments(const struct api_exposure *exposure, int64_t artifact_id,
                           const struct rb_deployment_row *rows, size_t count, json_t *into,
                           struct rb_err *err)
{
    json_t *array = rb_json_array();
    int status = 0;
    rb_json_set(into, "deployments", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rows[i].artifact_id != artifact_id)
            continue;
        json_t *json = rb_json_object();
        rb_json_append(array, json);
        rb_json_set_string(json, "name",
                           api_full_name(exposure->request, rows[i].pipeline, rows[i].name));
        rb_json_set_string(json, "state", rows[i].state);
        status = add_since(exposure, &rows[i], json, err);
    }
    return status;
}

static int add_artifact(struct api_exposure *exposure, int64_t id,
                        const struct rb_deployment_row *deployments, size_t deployment_count,
                        json_t *into, struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    struct rb_artifact_row artifact;
    struct rb_image_row image;
    int status = rb_store_artifact(request->options->store, id, request->arena, &artifact, err);
    if (status == 0)
        status =
            rb_store_image(request->options->store, artifact.image_id, request->arena, &image, err);
    if (status != 0)
        return status;
    json_t *json = api_artifact_json(&artifact);
    rb_json_append(into, json);
    rb_json_set_bool(json, "newest", image.artifact_id == id);
    rb_json_set_string(json, "image", api_full_name(request, image.pipeline, image.name));
    rb_json_set_string(json, "imageState", image.state);
    rb_json_set_string(json, "imageCause", image.cause);
    rb_json_set(json, "imageReasons", api_stored_json(image.reasons));
    status = add_deployments(exposure, id, deployments, deployment_count, json, err);
    return status == 0 ? api_exposure_add_open(exposure, &artifact, &image, err) : status;
}

static int compare_ids(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int add_artifacts(struct api_exposure *exposure, json_t *into, struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    struct rb_deployment_row *deployments;
    size_t deployment_count, count = 0;
    int status = rb_store_deployments(request->options->store, request->arena, &deployments,
                                      &deployment_count, err);
    api_causes_begin(&exposure->causes, request);
    if (status != 0)
        return status;
    for (size_t i = 0; i < exposure->count; i++)
        count += exposure->findings[i].artifact_count;
    int64_t *ids = rb_arena_array(request->arena, count + 1, sizeof(*ids));
    count = 0;
    for (size_t i = 0; i < exposure->count; i++) {
        for (size_t j = 0; j < exposure->findings[i].artifact_count; j++)
            ids[count++] = exposure->findings[i].artifacts[j];
    }
    qsort(ids, count, sizeof(*ids), compare_ids);
    json_t *array = rb_json_array();
    rb_json_set(into, "artifacts", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (i == 0 || ids[i] != ids[i - 1])
            status = add_artifact(exposure, ids[i], deployments, deployment_count, array, err);
    }
    return status;
}

/* The worst first: by verdict, then what is exploited, then by how likely it is to be. */
static int compare_findings(const void *left, const void *right)
{
    const json_t *const *a = left, *const *b = right;
    static const char *const VERDICTS[] = {"affected", "undetermined", "unjudged", "not-affected",
                                           "outside"};
    size_t places[2] = {0, 0};
    double scores[2];
    bool exploited[2];
    const json_t *both[2] = {*a, *b};
    for (size_t i = 0; i < 2; i++) {
        const char *verdict = rb_json_get_string(both[i], "verdict", "");
        while (places[i] < RB_COUNT_OF(VERDICTS) && strcmp(VERDICTS[places[i]], verdict) != 0)
            places[i]++;
        exploited[i] = json_is_object(json_object_get(both[i], "exploited"));
        scores[i] = json_real_value(json_object_get(json_object_get(both[i], "epss"), "score"));
    }
    if (places[0] != places[1])
        return places[0] < places[1] ? -1 : 1;
    if (exploited[0] != exploited[1])
        return exploited[0] ? -1 : 1;
    if (scores[0] > scores[1] || scores[0] < scores[1])
        return scores[0] > scores[1] ? -1 : 1;
    return strcmp(rb_json_get_string(*a, "id", ""), rb_json_get_string(*b, "id", ""));
}

int api_exposure_add(struct api_exposure *exposure, json_t *into, struct rb_err *err)
{
    int status = api_vex_apply(exposure, err);
    if (status != 0)
        return status;
    json_t **found = rb_arena_array(exposure->request->arena, exposure->count + 1, sizeof(*found));
    json_t *array = rb_json_array();
    for (size_t i = 0; i < exposure->count; i++)
        found[i] = finding_json(exposure, &exposure->findings[i]);
    qsort(found, exposure->count, sizeof(*found), compare_findings);
    for (size_t i = 0; i < exposure->count; i++)
        rb_json_append(array, found[i]);
    rb_json_set(into, "findings", array);
    rb_json_set_integer(into, "cleared", (int64_t)exposure->cleared);
    return add_artifacts(exposure, into, err);
}
