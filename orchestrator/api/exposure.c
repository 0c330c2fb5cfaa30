/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has it, where does it run, where is the fix: from the name of a vulnerability to the packages
 * that feeds speak of under it, to those that any inventory holds, each judged, to the artifacts
 * that hold one, to their deployments. It costs what it finds. From an image: each of its packages.
 */
#include "exposure.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "rebake/inventory/purl.h"
#include "shapes.h"

enum { ROWS_MAXIMUM = 20000 /* packages that are judged for one answer */ };

bool api_exposure_judge(struct api_exposure *exposure, const struct rb_inventory *inventory,
                        const struct rb_package *package,
                        const struct rb_vulnerability *vulnerability, const int64_t *artifacts,
                        size_t artifact_count)
{
    struct rb_arena *arena = exposure->request->arena;
    struct rb_finding *findings;
    bool has_any = false;
    size_t count = rb_advisory_match(inventory, package, exposure->feeds.advisories,
                                     exposure->feeds.advisory_count, arena, &findings);
    for (size_t i = 0; i < count; i++) {
        if (vulnerability != NULL && !rb_vulnerability_is(vulnerability, &findings[i]))
            continue;
        exposure->findings = rb_arena_grow(arena, exposure->findings, exposure->count,
                                           &exposure->capacity, sizeof(*exposure->findings));
        struct api_finding *found = &exposure->findings[exposure->count++];
        *found = (struct api_finding){.inventory = *inventory,
                                      .package = *package,
                                      .finding = &findings[i],
                                      .verdict = findings[i].verdict,
                                      .artifacts = artifacts,
                                      .artifact_count = artifact_count};
        has_any = true;
    }
    return has_any;
}

int api_exposure_judge_row(struct api_exposure *exposure, const struct rb_package_row *row,
                           const struct rb_vulnerability *vulnerability, struct rb_err *err)
{
    const struct rb_inventory inventory = {.distribution = row->distribution,
                                           .distribution_version = row->release,
                                           .codename = row->codename,
                                           .pretty_name = "",
                                           .architecture = row->architecture};
    struct rb_package package = {.name = row->name,
                                 .architecture = row->architecture,
                                 .version = row->version,
                                 .source_name = row->source_name,
                                 .source_version = row->source_version,
                                 .path = "",
                                 .module = row->module};
    struct rb_holder_row *holders;
    size_t count, before = exposure->count;
    if (!rb_package_type_find(row->type, &package.type))
        return 0;
    bool has_any = api_exposure_judge(exposure, &inventory, &package, vulnerability, NULL, 0);
    if (!has_any && exposure->only_findings)
        return 0;
    int status = rb_store_holders(exposure->request->options->store, &row->id, 1, true,
                                  exposure->request->arena, &holders, &count, err);
    if (status != 0 || count == 0) {
        exposure->count = before;
        return status;
    }
    exposure->cleared += !has_any;
    int64_t *artifacts = rb_arena_array(exposure->request->arena, count, sizeof(*artifacts));
    for (size_t i = 0; i < count; i++)
        artifacts[i] = holders[i].artifact_id;
    for (size_t i = before; i < exposure->count; i++) {
        exposure->findings[i].artifacts = artifacts;
        exposure->findings[i].artifact_count = count;
    }
    return 0;
}

/* Packages to judge, each once. */
struct rows {
    struct rb_package_row *all;
    size_t count;
    size_t capacity;
};

static int add_rows(const struct api_request *request, const char *name, bool by_source,
                    enum rb_package_type type, struct rows *rows, struct rb_err *err)
{
    struct rb_package_row *found;
    size_t count;
    int status = rb_store_packages_named(request->options->store, name, by_source, request->arena,
                                         &found, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        bool is_new = rb_text_equal(found[i].type, rb_package_type_name(type));
        for (size_t j = rows->count; is_new && j-- > 0;)
            is_new = rows->all[j].id != found[i].id;
        if (!is_new)
            continue;
        if (rows->count == ROWS_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "more than %d packages would have to be judged",
                              ROWS_MAXIMUM);
        rows->all = rb_arena_grow(request->arena, rows->all, rows->count, &rows->capacity,
                                  sizeof(*rows->all));
        rows->all[rows->count++] = found[i];
    }
    return status;
}

static int judge_rows(struct api_exposure *exposure, const struct rows *rows,
                      const struct rb_vulnerability *vulnerability, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < rows->count; i++)
        status = api_exposure_judge_row(exposure, &rows->all[i], vulnerability, err);
    return status;
}

static json_t *vulnerability_json(const struct api_exposure *exposure,
                                  const struct rb_vulnerability *vulnerability)
{
    json_t *json = rb_json_object(), *names = rb_json_array();
    for (size_t i = 0; i < vulnerability->name_count; i++)
        rb_json_append_string(names, vulnerability->names[i]);
    rb_json_set_string(json, "id", vulnerability->id);
    rb_json_set(json, "names", names);
    rb_json_set_string(json, "summary",
                       *vulnerability->summary == '\0' ? NULL : vulnerability->summary);
    rb_json_set_time(json, "publishedAt", vulnerability->published_at);
    rb_json_set(json, "severities",
                api_severities_json(vulnerability->severities, vulnerability->severity_count));
    rb_json_set(json, "exploited", api_exploited_json(&exposure->feeds, vulnerability->id));
    rb_json_set(json, "epss", api_epss_json(&exposure->feeds, vulnerability->id));
    return json;
}

static int expose_id(struct api_exposure *exposure, const char *id, json_t *into,
                     struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    struct rb_vulnerability vulnerability;
    struct rows rows = {0};
    int status = 0;
    if (!rb_advisory_look_up(id, exposure->feeds.advisories, exposure->feeds.advisory_count,
                             request->arena, &vulnerability))
        return rb_err_set(err, RB_ENOTFOUND,
                          "no advisory that is watched speaks of %.100s: is it written as its "
                          "publisher does?",
                          id);
    rb_json_set(into, "vulnerability", vulnerability_json(exposure, &vulnerability));
    for (size_t i = 0; status == 0 && i < vulnerability.package_count; i++) {
        const struct rb_vulnerable_package *package = &vulnerability.packages[i];
        status = add_rows(request, package->name, true, package->kind->type, &rows, err);
        if (status == 0 && package->kind->names == RB_NAMES_EITHER)
            status = add_rows(request, package->name, false, package->kind->type, &rows, err);
    }
    return status == 0 ? judge_rows(exposure, &rows, &vulnerability, err) : status;
}

static int expose_purl(struct api_exposure *exposure, const char *purl, struct rb_err *err)
{
    struct rb_arena *arena = exposure->request->arena;
    struct rb_purl read;
    struct rb_package asked;
    struct rows rows = {0};
    if (!rb_purl_read(purl, arena, &read) || !rb_purl_to_package(&read, arena, &asked))
        return rb_err_set(err, RB_EINVALID,
                          "\"%.200s\" is no package URL (write pkg:deb/debian/openssl, with "
                          "@VERSION for one version)",
                          purl);
    int status = add_rows(exposure->request, asked.name, false, asked.type, &rows, err);
    size_t kept = 0;
    for (size_t i = 0; status == 0 && i < rows.count; i++) {
        if (*asked.version == '\0' || strcmp(rows.all[i].version, asked.version) == 0)
            rows.all[kept++] = rows.all[i];
    }
    rows.count = kept;
    if (status == 0 && kept == 0)
        return rb_err_set(err, RB_ENOTFOUND, "no image that is known holds %.200s", purl);
    return status == 0 ? judge_rows(exposure, &rows, NULL, err) : status;
}

static int read_inventory(const struct api_request *request, int64_t artifact_id,
                          struct rb_inventory *ret_inventory, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *stored = NULL;
    int status = rb_store_inventory(request->options->store, artifact_id, &stored, err);
    return status == 0 ? rb_inventory_from_json(stored, ret_inventory, err) : status;
}

/* Judges all that is in an artifact. The inventory must live as long as the findings. */
static void expose_artifact(struct api_exposure *exposure, int64_t artifact_id,
                            const struct rb_inventory *inventory)
{
    int64_t *artifact = rb_arena_array(exposure->request->arena, 1, sizeof(*artifact));
    *artifact = artifact_id;
    for (size_t i = 0; i < inventory->package_count; i++) {
        if (!api_exposure_judge(exposure, inventory, &inventory->packages[i], NULL, artifact, 1))
            exposure->cleared++;
    }
}

/* The image's newest artifact, and those of its deployments that run another. */
static int find_artifacts(const struct api_request *request, const struct rb_image_row *image,
                          int64_t **ret_ids, size_t *ret_count, struct rb_err *err)
{
    struct rb_deployment_row *rows;
    size_t count;
    int status = rb_store_deployments(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    int64_t *ids = rb_arena_array(request->arena, count + 1, sizeof(*ids));
    ids[0] = image->artifact_id;
    *ret_count = image->artifact_id != 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = rows[i].image_id == image->id && rows[i].artifact_id != 0;
        for (size_t j = 0; j < *ret_count; j++)
            is_new = is_new && ids[j] != rows[i].artifact_id;
        if (is_new)
            ids[(*ret_count)++] = rows[i].artifact_id;
    }
    *ret_ids = ids;
    return 0;
}

static int answer_for_image(struct api_exposure *exposure, const char *name, json_t *into,
                            struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    struct rb_image_row image;
    int64_t *ids = NULL;
    size_t count = 0;
    int status = api_find_image(request, name, &image, err);
    if (status == 0)
        status = find_artifacts(request, &image, &ids, &count, err);
    if (status != 0)
        return status;
    if (count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no artifact yet: rebake why %s", name, name);
    struct rb_inventory *inventories = rb_arena_array(request->arena, count, sizeof(*inventories));
    size_t opened = 0;
    while (status == 0 && opened < count) {
        status = read_inventory(request, ids[opened], &inventories[opened], err);
        if (status == 0)
            expose_artifact(exposure, ids[opened], &inventories[opened]);
        opened += status == 0;
    }
    if (status == 0)
        status = api_exposure_add(exposure, into, err);
    while (opened > 0)
        rb_inventory_deinit(&inventories[--opened]);
    return status;
}

int api_exposure_want_advisories(const struct api_exposure *exposure, struct rb_err *err)
{
    if (exposure->feeds.advisory_count > 0)
        return 0;
    return rb_err_set(err, RB_ENOTFOUND,
                      "no advisories are known yet: add a source of kind osv, debian-tracker or "
                      "secdb to a pipeline, and let it be checked");
}

static int answer(struct api_exposure *exposure, json_t *into, struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    const char *id = request->parameter(request, "id");
    const char *purl = request->parameter(request, "purl");
    const char *image = request->parameter(request, "image");
    if ((id != NULL) + (purl != NULL) + (image != NULL) != 1)
        return rb_err_set(err, RB_EINVALID, "name one of id, purl and image");
    int status = api_exposure_want_advisories(exposure, err);
    if (status != 0)
        return status;
    if (image != NULL)
        return answer_for_image(exposure, image, into, err);
    status = id != NULL ? expose_id(exposure, id, into, err) : expose_purl(exposure, purl, err);
    return status == 0 ? api_exposure_add(exposure, into, err) : status;
}

int api_exposure_begin(struct api_exposure *exposure, const struct api_request *request,
                       struct api_reply *reply, struct rb_err *err)
{
    *exposure = (struct api_exposure){.request = request};
    int status = api_shelf_look(request->shelf, request, &exposure->feeds, err);
    if (status != 0)
        return status;
    reply->json = rb_json_object();
    json_t *feeds = rb_json_array();
    for (size_t i = 0; i < exposure->feeds.advisory_count; i++)
        rb_json_append_string(feeds, exposure->feeds.advisories[i].feed);
    json_t *faults = rb_json_array();
    for (size_t i = 0; i < exposure->feeds.fault_count; i++)
        rb_json_append_string(faults, exposure->feeds.faults[i]);
    rb_json_set_time(reply->json, "now", request->now_at);
    rb_json_set(reply->json, "vexFaults", faults);
    rb_json_set(reply->json, "feeds", feeds);
    rb_json_set(reply->json, "vulnerability", json_null());
    return 0;
}

int api_get_exposure(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct api_exposure exposure;
    int status = api_exposure_begin(&exposure, request, reply, err);
    return status == 0 ? answer(&exposure, reply->json, err) : status;
}

int api_judge(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct api_exposure exposure;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory = {0};
    int status = rb_inventory_from_json(request->body, &inventory, err);
    if (status == 0)
        status = api_exposure_begin(&exposure, request, reply, err);
    if (status == 0)
        status = api_exposure_want_advisories(&exposure, err);
    for (size_t i = 0; status == 0 && i < inventory.package_count; i++) {
        if (!api_exposure_judge(&exposure, &inventory, &inventory.packages[i], NULL, NULL, 0))
            exposure.cleared++;
    }
    return status == 0 ? api_exposure_add(&exposure, reply->json, err) : status;
}
