/* SPDX-License-Identifier: Apache-2.0 */
#include "vulnerabilities.h"

#include <string.h>
#include <strings.h>

#include "engine_parts.h"
#include "rebake/advisory/cvss.h"
#include "rebake/advisory/lookup.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* What findings are judged by, and the list that they come into. */
struct judging {
    struct rb_engine *engine;
    struct rb_arena *arena;
    struct rb_advisory_source *sets;
    size_t set_count;
    const struct rb_threats *exploited; /* NULL: not watched, or not read yet */
    const struct rb_threats *likely;
    json_t *list;
    json_t *seen; /* ids that are in it */
};

/* Derived, as advisories are. */
static const struct rb_threats *threats_of(struct rb_engine *engine, enum rb_source_kind kind)
{
    for (size_t i = 0; i < engine->source_count; i++) {
        struct engine_source *source = &engine->sources[i];
        const char *path = rb_json_get_string(source->detail, "index", NULL);
        struct rb_err err;
        if (source->model->kind != kind || (path == NULL && source->threats == NULL))
            continue;
        if (source->threats == NULL && rb_threats_open(path, &source->threats, &err) != 0) {
            rb_log(RB_LOG_WARNING, "a list of threats is unusable; reading it again", "source",
                   source->name, "error", err.text, NULL);
            engine_check_soon(source);
            continue;
        }
        return source->threats;
    }
    return NULL;
}

static struct judging begin(struct rb_engine *engine)
{
    struct judging judging = {.engine = engine,
                              .arena = rb_arena_new(),
                              .exploited = threats_of(engine, RB_SOURCE_KEV),
                              .likely = threats_of(engine, RB_SOURCE_EPSS),
                              .list = rb_json_array(),
                              .seen = rb_json_object()};
    judging.set_count = engine_find_sets(engine, judging.arena, &judging.sets);
    return judging;
}

static json_t *end(struct judging *judging)
{
    json_decref(judging->seen);
    rb_arena_free(judging->arena);
    return judging->list;
}

/* Publishers' words for how bad it is. */
static const char *band_of_word(const char *word)
{
    static const char *const WORDS[][2] = {
        {"critical", "critical"}, {"high", "high"}, {"important", "high"}, {"medium", "medium"},
        {"moderate", "medium"},   {"low", "low"},   {"negligible", "low"}};
    for (size_t i = 0; i < RB_COUNT_OF(WORDS); i++) {
        if (strcasecmp(WORDS[i][0], word) == 0)
            return WORDS[i][1];
    }
    return NULL;
}

/* The worst that anybody says: a score before a word. */
static void set_severity(const struct rb_vulnerability *vulnerability, json_t *advisory)
{
    const char *band = NULL;
    int score = RB_SEVERITY_NO_SCORE;
    for (size_t i = 0; i < vulnerability->severity_count; i++) {
        const struct rb_severity *severity = &vulnerability->severities[i];
        if (severity->score > score) {
            score = severity->score;
            band = rb_cvss_band(severity->type == RB_SEVERITY_CVSS_V2 ? 20 : 31, score);
        } else if (severity->score == RB_SEVERITY_NO_SCORE && band == NULL) {
            band = band_of_word(severity->text);
        }
    }
    if (band != NULL)
        rb_json_set_string(advisory, "severity", band);
    if (score != RB_SEVERITY_NO_SCORE)
        rb_json_set(advisory, "score", json_real(score / 10.0));
}

static void add(struct judging *judging, const char *id, const char *package, const char *fixed)
{
    struct rb_vulnerability vulnerability = {0};
    struct rb_exploited exploited;
    struct rb_epss epss;
    if (json_object_get(judging->seen, id) != NULL ||
        json_array_size(judging->list) >= ENGINE_ADVISORIES_MAXIMUM)
        return;
    rb_json_set_bool(judging->seen, id, true);
    json_t *advisory = rb_json_object(), *aliases = rb_json_array();
    (void)rb_advisory_look_up(id, judging->sets, judging->set_count, judging->arena,
                              &vulnerability);
    for (size_t i = 0; i < vulnerability.name_count; i++) {
        if (strcmp(vulnerability.names[i], id) != 0)
            rb_json_append_string(aliases, vulnerability.names[i]);
    }
    rb_json_set_string(advisory, "id", id);
    rb_json_set(advisory, "aliases", aliases);
    set_severity(&vulnerability, advisory);
    rb_json_set_string(advisory, "package", package);
    if (!rb_text_is_empty(fixed))
        rb_json_set_string(advisory, "fixed", fixed);
    rb_json_set_bool(advisory, "kev",
                     judging->exploited != NULL &&
                         rb_threats_exploited(judging->exploited, id, &exploited));
    if (judging->likely != NULL && rb_threats_epss(judging->likely, id, &epss))
        rb_json_set(advisory, "epss", json_real(epss.score));
    rb_json_append(judging->list, advisory);
}

json_t *engine_open_advisories(struct rb_engine *engine, const struct rb_inventory *inventory)
{
    struct judging judging = begin(engine);
    for (size_t i = 0; judging.set_count > 0 && i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        struct rb_finding *findings;
        size_t count = rb_advisory_match(inventory, package, judging.sets, judging.set_count,
                                         judging.arena, &findings);
        for (size_t j = 0; j < count; j++) {
            if (findings[j].verdict == RB_VERDICT_AFFECTED)
                add(&judging, findings[j].id, package->name, findings[j].matches[0].fixed_version);
        }
    }
    return end(&judging);
}

static void add_closed(struct judging *judging, const struct engine_image *image,
                       const struct rb_plan_update *update, const struct rb_package *package)
{
    const struct rb_inventory *inventory = &image->inventory;
    struct rb_package after = *package;
    after.version = update->to;
    after.source_version = update->to;
    for (size_t i = 0; i < image->repository_count; i++) {
        if (engine_offered(engine_see_index(image, image->repositories[i]), update->to, &after))
            break;
    }
    const struct rb_judged before = {inventory, package}, then = {inventory, &after};
    const char **ids;
    size_t count =
        rb_advisory_closed(&before, &then, judging->sets, judging->set_count, judging->arena, &ids);
    for (size_t i = 0; i < count; i++)
        add(judging, ids[i], package->name, update->to);
}

static json_t *find_closed(struct rb_engine *engine, const struct engine_image *image)
{
    struct judging judging = begin(engine);
    const struct rb_inventory *inventory = &image->inventory;
    size_t next = 0; /* updates stand in the inventory's order */
    for (size_t i = 0; judging.set_count > 0 && i < image->update_count; i++) {
        const struct rb_plan_update *update = &image->updates[i];
        for (size_t j = 0; j < inventory->package_count; j++) {
            size_t at = (next + j) % inventory->package_count;
            const struct rb_package *package = &inventory->packages[at];
            if (strcmp(package->name, update->package) != 0 ||
                strcmp(package->version, update->from) != 0)
                continue;
            add_closed(&judging, image, update, package);
            next = at;
            break;
        }
    }
    return end(&judging);
}

void engine_forget_known(struct engine_image *image)
{
    json_decref(image->known.open);
    json_decref(image->known.closed);
    image->known = (struct engine_known){0};
}

int64_t engine_known_stamp(const struct rb_engine *engine)
{
    int64_t newest = engine_advisories_stamp(engine);
    for (size_t i = 0; i < engine->source_count; i++) {
        const struct engine_source *source = &engine->sources[i];
        enum rb_source_kind kind = source->model->kind;
        if ((kind == RB_SOURCE_KEV || kind == RB_SOURCE_EPSS) && source->version_id > newest)
            newest = source->version_id;
    }
    return newest;
}

static struct engine_known *known_of(const struct rb_engine *engine, struct engine_image *image)
{
    int64_t stamp = engine_known_stamp(engine);
    if (image->known.stamp != stamp)
        engine_forget_known(image);
    image->known.stamp = stamp;
    return &image->known;
}

json_t *engine_open_in_image(struct rb_engine *engine, struct engine_image *image)
{
    struct engine_known *known = known_of(engine, image);
    if (known->open == NULL)
        known->open = engine_open_advisories(engine, &image->inventory);
    return json_incref(known->open);
}

json_t *engine_closed_advisories(struct rb_engine *engine, struct engine_image *image)
{
    struct engine_known *known = known_of(engine, image);
    if (known->closed == NULL)
        known->closed = find_closed(engine, image);
    return json_incref(known->closed);
}

json_t *engine_advisories_without(const json_t *advisories, const json_t *others)
{
    RB_CLEANUP_JSON json_t *known = rb_json_object();
    json_t *left = rb_json_array(), *item;
    size_t i;
    json_array_foreach(others, i, item)
        rb_json_set_bool(known, rb_json_get_string(item, "id", ""), true);
    json_array_foreach(advisories, i, item)
    {
        if (json_object_get(known, rb_json_get_string(item, "id", "")) == NULL)
            rb_json_append(left, json_incref(item));
    }
    return left;
}
