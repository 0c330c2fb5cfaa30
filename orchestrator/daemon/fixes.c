/* SPDX-License-Identifier: Apache-2.0 */
/* Which newer packages close an advisory: what counts for an image that is rebuilt for fixes alone.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/advisory/match.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"

/* An rpm repository may have some of its own. */
static bool is_advisories(const struct engine_source *source)
{
    enum rb_source_kind kind = source->model->kind;
    return kind == RB_SOURCE_OSV || kind == RB_SOURCE_DEBIAN_TRACKER || kind == RB_SOURCE_SECDB ||
           kind == RB_SOURCE_RPM;
}

int64_t engine_advisories_stamp(const struct rb_engine *engine)
{
    int64_t newest = 0;
    for (size_t i = 0; i < engine->source_count; i++) {
        const struct engine_source *source = &engine->sources[i];
        if (is_advisories(source) && source->version_id > newest)
            newest = source->version_id; /* ids only ever rise */
    }
    return newest;
}

/* The source's advisories, opened once a version; NULL where there are none yet. Compiled ones are
   derived: where they are lost, the next check makes them again. */
static const struct rb_advisory_set *set_of(struct engine_source *source)
{
    struct rb_err err;
    const char *path = rb_json_get_string(
        source->detail, source->model->kind == RB_SOURCE_RPM ? "advisorySet" : "index", NULL);
    if (source->advisories != NULL || path == NULL)
        return source->advisories;
    if (rb_advisory_set_open(path, &source->advisories, &err) != 0) {
        rb_log(RB_LOG_WARNING, "advisories are unusable; reading them again", "source",
               source->name, "error", err.text, NULL);
        engine_check_soon(source);
    }
    return source->advisories;
}

size_t engine_find_sets(struct rb_engine *engine, struct rb_arena *arena,
                        struct rb_advisory_source **ret_sets)
{
    size_t count = 0;
    *ret_sets = rb_arena_array(arena, engine->source_count + 1, sizeof(**ret_sets));
    for (size_t i = 0; i < engine->source_count; i++) {
        struct engine_source *source = &engine->sources[i];
        const struct rb_advisory_set *set = is_advisories(source) ? set_of(source) : NULL;
        if (set != NULL)
            (*ret_sets)[count++] = (struct rb_advisory_source){source->name, set};
    }
    return count;
}

bool engine_offered(const struct rb_index *index, const char *version, struct rb_package *package)
{
    size_t first = 0;
    size_t count = index == NULL ? 0 : rb_index_find(index, package->name, &first);
    for (size_t at = first; at < first + count; at++) {
        struct rb_offer offer;
        rb_index_get(index, at, &offer);
        if (strcmp(offer.version, version) == 0) {
            package->source_name = offer.source_name;
            package->source_version = offer.source_version;
            return true;
        }
    }
    return false;
}

static struct rb_package upgraded(const struct rb_upgrade *upgrade)
{
    struct rb_package package = *upgrade->package;
    package.version = upgrade->available;
    package.source_version = upgrade->available;
    (void)engine_offered(upgrade->repository->index, upgrade->available, &package);
    return package;
}

static bool closes_any(const struct rb_inventory *inventory, const struct rb_upgrade *upgrade,
                       const struct rb_advisory_source *sets, size_t set_count)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct rb_package package = upgraded(upgrade);
    const struct rb_judged before = {inventory, upgrade->package}, after = {inventory, &package};
    const char **ids;
    return rb_advisory_closed(&before, &after, sets, set_count, arena, &ids) > 0;
}

size_t engine_keep_fixes(struct rb_engine *engine, const struct rb_inventory *inventory,
                         struct rb_upgrade *upgrades, size_t count)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_source *sets;
    size_t kept = 0, set_count = engine_find_sets(engine, arena, &sets);
    for (size_t i = 0; i < count; i++) {
        if (closes_any(inventory, &upgrades[i], sets, set_count))
            upgrades[kept++] = upgrades[i];
    }
    return kept;
}
