/* SPDX-License-Identifier: Apache-2.0 */
/* What planning needs to know of an image: its newest good artifact and what that was built from,
   how its last build ended, and which of its packages a watched repository has a newer version of.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/lock.h"
#include "vulnerabilities.h"

static enum rb_plan_last last_of(const struct rb_build_row *build)
{
    switch (build->state) {
    case RB_BUILD_SUCCEEDED:
    case RB_BUILD_UNCHANGED:
        return RB_LAST_GOOD;
    case RB_BUILD_UNRESOLVED:
        return RB_LAST_UNRESOLVED;
    case RB_BUILD_CANCELED:
        return RB_LAST_CANCELED;
    case RB_BUILD_FAILED:
        return rb_text_equal(build->error_class, "infrastructure") ? RB_LAST_TRANSIENT
                                                                   : RB_LAST_FAILED;
    case RB_BUILD_QUEUED:
    case RB_BUILD_RUNNING:
    case RB_BUILD_STATE_COUNT:
        break;
    }
    return RB_LAST_NONE;
}

static enum rb_plan_reason_kind reason_kind(const char *name)
{
    for (unsigned kind = 0; kind < RB_REASON_KIND_COUNT; kind++) {
        if (strcmp(rb_plan_reason_kind_name((enum rb_plan_reason_kind)kind), name) == 0)
            return (enum rb_plan_reason_kind)kind;
    }
    return RB_REASON_MANUAL;
}

static void note_last_build(struct engine_image *image, const struct rb_build_row *build)
{
    struct rb_plan_image *plan = &image->plan;
    plan->last = last_of(build);
    plan->last_key = build->input_key;
    plan->last_finished_at = build->finished_at;
    plan->last_attempt = build->attempt;
    struct rb_plan_reason *remaining =
        rb_arena_array(image->facts, build->reason_count, sizeof(*remaining));
    size_t count = 0;
    for (size_t i = 0; i < build->reason_count; i++) {
        const struct rb_reason *reason = &build->reasons[i];
        if (strcmp(reason->kind, "manual") == 0) {
            plan->last_request_who = reason->subject;
            plan->last_request_why = reason->to;
        }
        if (reason->remains)
            remaining[count++] = (struct rb_plan_reason){.kind = reason_kind(reason->kind),
                                                         .subject = reason->subject,
                                                         .from = reason->from,
                                                         .to = reason->to,
                                                         .version_id = reason->version_id};
    }
    plan->last_remaining = remaining;
    plan->last_remaining_count = count;
}

static int note_trial(struct rb_engine *engine, const struct engine_image *image, const char *input,
                      enum rb_plan_trial *ret_trial, struct rb_err *err)
{
    bool done, good;
    int status =
        rb_store_trial(engine->store, image->id, image->plan.last_key, input, &done, &good, err);
    if (status == 0)
        *ret_trial = !done ? RB_TRIAL_NONE : good ? RB_TRIAL_GOOD : RB_TRIAL_BAD;
    return status;
}

static int note_trials(struct rb_engine *engine, struct engine_image *image, struct rb_err *err)
{
    int status = note_trial(engine, image, "base", &image->plan.base_trial, err);
    return status == 0 ? note_trial(engine, image, "code", &image->plan.code_trial, err) : status;
}

static bool was_asked_for(const struct rb_build_row *build)
{
    for (size_t i = 0; i < build->reason_count; i++) {
        if (strcmp(build->reasons[i].kind, "manual") == 0)
            return true;
    }
    return false;
}

/* At most one build of an image is open. */
static int refresh_builds(struct rb_engine *engine, struct engine_image *image, struct rb_err *err)
{
    struct rb_build_row *open, last;
    struct rb_plan_image *plan = &image->plan;
    size_t count;
    int status =
        rb_store_builds(engine->store, image->id, true, 1, image->facts, &open, &count, err);
    if (status == 0)
        status = rb_store_last_build(engine->store, image->id, image->facts, &last, &plan->given_up,
                                     err);
    if (status != 0)
        return status;
    if (last.id != 0)
        note_last_build(image, &last);
    if (plan->last == RB_LAST_FAILED)
        status = note_trials(engine, image, err);
    if (status != 0)
        return status;
    if (count == 0)
        return 0;
    plan->open_build = open->id;
    plan->open_running = open->state == RB_BUILD_RUNNING;
    plan->open_key = open->input_key;
    plan->open_requested = was_asked_for(open);
    return 0;
}

/* The newest good lock is the newest good build's, also of one whose content was nothing new. */
static int refresh_built_inputs(struct rb_engine *engine, struct engine_image *image,
                                struct rb_err *err)
{
    struct rb_build_row build;
    int status = rb_store_good_build(engine->store, image->id, image->facts, &build, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *lock = NULL;
    status = rb_json_parse(build.lock, strlen(build.lock), "lock of a build", &lock, err);
    if (status != 0)
        return status;
    const json_t *base = json_object_get(lock, "base");
    char code_key[RB_SHA256_HEX_SIZE];
    image->built = (struct rb_plan_inputs){
        .recipe = rb_arena_strdup(image->facts, rb_json_get_string(lock, "recipe", NULL)),
        .base_digest = rb_arena_strdup(image->facts, rb_json_get_string(base, "digest", NULL)),
        .tree = rb_arena_strdup(image->facts, rb_lock_built_code_key(lock, code_key)),
    };
    return 0;
}

static int refresh_artifact(struct rb_engine *engine, struct engine_image *image,
                            struct rb_err *err)
{
    struct rb_artifact_row artifact;
    int status = rb_store_artifact(engine->store, image->artifact_id, image->facts, &artifact, err);
    if (status != 0)
        return status;
    image->artifact_digest = artifact.digest;
    RB_CLEANUP_JSON json_t *inventory = NULL;
    status = rb_store_inventory(engine->store, artifact.id, &inventory, err);
    if (status == 0)
        status = rb_inventory_from_json(inventory, &image->inventory, err);
    return status == 0 ? refresh_built_inputs(engine, image, err) : status;
}

/* They count no more, and tell still what brought them. */
static void put_updates_aside(struct engine_image *image)
{
    engine_forget_known(image);
    if (image->update_count > 0) {
        rb_arena_free(image->before_arena);
        image->before_arena = rb_steal(&image->updates_arena);
        image->before =
            (struct engine_updates_before){.all = image->updates, .count = image->update_count};
    }
    rb_arena_free(rb_steal(&image->updates_arena));
    image->update_count = 0;
}

/* What was to be updated when the store was last told, for the versions that brought it. */
static void recall_updates(struct engine_image *image, const char *reasons)
{
    RB_CLEANUP_JSON json_t *array = NULL;
    struct rb_err err;
    if (rb_json_parse(reasons, strlen(reasons), "stored reasons", &array, &err) != 0) {
        rb_log(RB_LOG_WARNING, "reasons of before are lost", "image", image->name, "error",
               err.text, NULL);
        return;
    }
    struct rb_arena *arena = image->before_arena = rb_arena_new();
    size_t count = 0, i;
    struct rb_plan_update *updates =
        rb_arena_array(arena, json_array_size(array) + 1, sizeof(*updates));
    const json_t *item;
    json_array_foreach(array, i, item)
    {
        enum rb_plan_reason_kind kind = reason_kind(rb_json_get_string(item, "kind", ""));
        int64_t version_id = rb_json_get_integer(item, "versionId", 0);
        if (version_id == 0 || (kind != RB_REASON_PACKAGE && kind != RB_REASON_ADVISORY))
            continue;
        updates[count++] = (struct rb_plan_update){
            .package = rb_arena_strdup(arena, rb_json_get_string(item, "subject", "")),
            .from = "",
            .to = rb_arena_strdup(arena, rb_json_get_string(item, "to", "")),
            .version_id = version_id};
    }
    image->before = (struct engine_updates_before){.all = updates, .count = count};
}

/* What an engine of before knew, and this one does not yet. */
static void recall(struct engine_image *image, const struct rb_image_row *row)
{
    recall_updates(image, row->reasons);
    if (rb_text_equal(row->state, rb_plan_state_name(RB_PLAN_SETTLING)))
        image->settling_since = row->state_since;
}

int engine_refresh_image(struct rb_engine *engine, struct engine_image *image, struct rb_err *err)
{
    if (!image->stale)
        return 0;
    struct rb_image_row row;
    bool is_first = image->facts == NULL;
    rb_inventory_deinit(&image->inventory);
    rb_arena_free(image->facts);
    image->facts = rb_arena_new();
    image->plan = (struct rb_plan_image){0};
    image->built = (struct rb_plan_inputs){0};
    image->artifact_digest = NULL;
    int status = rb_store_image(engine->store, image->id, image->facts, &row, err);
    if (status == 0)
        status = refresh_builds(engine, image, err);
    if (status != 0)
        return status;
    if (is_first)
        recall(image, &row);
    image->artifact_id = row.artifact_id;
    if (row.artifact_id != 0)
        status = refresh_artifact(engine, image, err);
    /* An update counts for one artifact's inventory. */
    memset(image->updates_for, 0, image->repository_count * sizeof(*image->updates_for));
    put_updates_aside(image);
    image->stale = status != 0;
    return status;
}

/* The source's package index, opened once a version. Indexes are derived data: where one is gone or
   cannot be read, the repository is read again, and the update is seen then. What is known of its
   time and release stays. */
const struct rb_index *engine_index_of(struct engine_source *source)
{
    struct rb_err err;
    const char *path = rb_json_get_string(source->detail, "index", NULL);
    if (source->index != NULL || path == NULL)
        return source->index;
    if (rb_index_open(path, &source->index, &err) == 0)
        return source->index;
    rb_log(RB_LOG_WARNING, "package index is unusable; reading the repository again", "source",
           source->name, "error", err.text, NULL);
    json_decref(source->detail);
    source->detail = NULL;
    engine_check_soon(source);
    return NULL;
}

static struct rb_repository repository_of(const struct engine_image *image,
                                          struct engine_source *source)
{
    const json_t *detail = engine_see(image, source).detail;
    enum rb_package_type type;
    RB_ASSERT(rb_package_type_of_source(rb_source_kind_name(source->model->kind), &type));
    return (struct rb_repository){
        .type = type,
        .index = engine_see_index(image, source),
        .name = source->model->name,
        .site = "",
        .suite = rb_json_get_string(detail, "suite", ""),
        .codename = rb_json_get_string(detail, "codename", ""),
        .origin = rb_json_get_string(detail, "origin", ""),
        .label = rb_json_get_string(detail, "label", ""),
        .version = rb_json_get_string(detail, "version", ""),
        .not_automatic = rb_json_get_bool(detail, "notAutomatic", false),
        .but_automatic_upgrades = rb_json_get_bool(detail, "butAutomaticUpgrades", false),
    };
}

bool engine_wants_fixes_alone(const struct engine_image *image)
{
    return strcmp(image->model->rebuild_on, RB_REBUILD_ON_ADVISORY) == 0;
}

static bool updates_are_current(const struct rb_engine *engine, const struct engine_image *image)
{
    if (engine_wants_fixes_alone(image) &&
        image->updates_for_advisories != engine->advisories_stamp)
        return false;
    for (size_t i = 0; i < image->repository_count; i++) {
        if (image->updates_for[i] != engine_see(image, image->repositories[i]).version_id)
            return false;
    }
    return true;
}

/* The version that has brought the update first: later ones of the repository do not make it newer.
 */
static int64_t first_version(struct engine_updates_before *before, const struct rb_upgrade *upgrade,
                             int64_t version_id)
{
    for (size_t i = 0; i < before->count; i++) {
        size_t at = (before->next + i) % before->count;
        const struct rb_plan_update *update = &before->all[at];
        if (strcmp(update->package, upgrade->package->name) != 0 ||
            strcmp(update->to, upgrade->available) != 0)
            continue;
        before->next = at + 1;
        return update->version_id;
    }
    return version_id;
}

static void keep_updates(struct engine_image *image, const struct rb_upgrade *upgrades,
                         size_t count, const struct rb_repository *repositories)
{
    struct rb_arena *arena = image->updates_arena; /* they outlive the inventory and the index */
    image->updates = rb_arena_array(arena, count, sizeof(*image->updates));
    image->update_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rb_package *package = upgrades[i].package;
        if (package->held) /* its owner's word: a rebuild would not move it either */
            continue;
        size_t which = (size_t)(upgrades[i].repository - repositories);
        image->updates[image->update_count++] = (struct rb_plan_update){
            .package = rb_arena_strdup(arena, package->name),
            .from = rb_arena_strdup(arena, package->version),
            .to = rb_arena_strdup(arena, upgrades[i].available),
            .version_id = first_version(&image->before, &upgrades[i],
                                        engine_see(image, image->repositories[which]).version_id),
        };
    }
}

static void find_updates(struct rb_engine *engine, struct engine_image *image)
{
    struct rb_repository *repositories =
        rb_arena_array(image->updates_arena, image->repository_count, sizeof(*repositories));
    size_t seen = 0;
    for (size_t i = 0; i < image->repository_count; i++) {
        repositories[i] = repository_of(image, image->repositories[i]);
        seen += repositories[i].index != NULL;
    }
    if (seen < image->repository_count) /* judged when all of them can be seen */
        return;
    struct rb_upgrade *upgrades;
    size_t count = rb_upgrades_find(&image->inventory, repositories, image->repository_count, NULL,
                                    image->updates_arena, &upgrades);
    if (engine_wants_fixes_alone(image)) {
        image->updates_for_advisories = engine->advisories_stamp;
        count = engine_keep_fixes(engine, &image->inventory, upgrades, count);
    }
    keep_updates(image, upgrades, count, repositories);
    for (size_t i = 0; i < image->repository_count; i++)
        image->updates_for[i] = engine_see(image, image->repositories[i]).version_id;
}

void engine_refresh_updates(struct rb_engine *engine, struct engine_image *image)
{
    if (image->artifact_id == 0 || updates_are_current(engine, image))
        return;
    put_updates_aside(image);
    image->updates_arena = rb_arena_new();
    find_updates(engine, image);
}
