/* SPDX-License-Identifier: Apache-2.0 */
#include "exposures.h"
#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/builds.h"

static const char SQL_FIND[] =
    "SELECT id, recipe_hash, retired_at FROM images WHERE pipeline_id = ?1 AND name = ?2";
static const char SQL_ADD[] =
    "INSERT INTO images (pipeline_id, name, recipe_hash, state_since) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_CHANGE[] = "UPDATE images SET recipe_hash = ?2, retired_at = 0 WHERE id = ?1";
static const char SQL_DROPPED[] =
    "SELECT name FROM images WHERE pipeline_id = ?1 AND retired_at = 0"
    " AND name NOT IN (SELECT value FROM json_each(?2))";
static const char SQL_RETIRE[] = "UPDATE images SET retired_at = ?2 WHERE id = ?1";
static const char SQL_STATE[] = "SELECT state, cause, waits_for, reasons FROM images WHERE id = ?1";
static const char SQL_SET_STATE[] =
    "UPDATE images SET state = ?2, cause = ?3, waits_for = ?4, reasons = ?5 WHERE id = ?1";
static const char SQL_SET_KEY[] = "UPDATE images SET input_key = ?2 WHERE id = ?1";
static const char SQL_SET_SINCE[] = "UPDATE images SET state_since = ?2 WHERE id = ?1";

#define SQL_IMAGES                                                                                 \
    "SELECT i.id, i.pipeline_id, p.name, i.name, i.recipe_hash, i.state, i.cause, i.waits_for,"    \
    " i.reasons, i.state_since,"                                                                   \
    " (SELECT max(a.id) FROM artifacts a WHERE a.image_id = i.id AND a.good = 1),"                 \
    " i.input_key"                                                                                 \
    " FROM images i JOIN pipelines p ON p.id = i.pipeline_id"

static const char SQL_LIST[] = SQL_IMAGES " WHERE i.retired_at = 0 ORDER BY p.name, i.name";
static const char SQL_ONE[] = SQL_IMAGES " WHERE i.id = ?1";

/* What the store has of an image that a pipeline file names. */
struct known {
    int64_t id; /* 0: not known */
    const char *recipe_hash;
    bool retired;
};

static int find_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                      struct rb_arena *arena, struct known *known, struct rb_err *err)
{
    *known = (struct known){0};
    struct query query = query_start(store, SQL_FIND);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    if (query_step(&query)) {
        known->id = query_integer(&query);
        known->recipe_hash = query_text(&query, arena);
        known->retired = query_integer(&query) != 0;
    }
    return query_end(&query, err);
}

static int add_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                     const char *recipe_hash, int64_t *ret_id, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, pipeline_id);
    query_bind_text(&query, name);
    query_bind_text(&query, recipe_hash);
    query_bind_integer(&query, rb_clock_now(store->clock));
    return query_insert(&query, ret_id, err);
}

static int change_image(struct rb_store *store, int64_t id, const char *recipe_hash,
                        struct rb_err *err)
{
    struct query query = query_start(store, SQL_CHANGE);
    query_bind_integer(&query, id);
    query_bind_text(&query, recipe_hash);
    return query_run(&query, err);
}

static int write_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                       const char *recipe_hash, struct known *known, struct rb_err *err)
{
    bool is_new = known->id == 0 || known->retired;
    int status = known->id == 0 ? add_image(store, pipeline_id, name, recipe_hash, &known->id, err)
                                : change_image(store, known->id, recipe_hash, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    if (!is_new)
        rb_json_set_string(data, "from", known->recipe_hash);
    rb_json_set_string(data, is_new ? "recipeHash" : "to", recipe_hash);
    return event_of_image(store, known->id, is_new ? "image.added" : "image.changed", data, err);
}

int rb_store_put_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                       const char *recipe_hash, int64_t *ret_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct known known;
    int status = find_image(store, pipeline_id, name, arena, &known, err);
    if (status == 0 && (known.retired || !rb_text_equal(known.recipe_hash, recipe_hash))) {
        status = change_begin(store, err);
        if (status != 0)
            return status;
        status = write_image(store, pipeline_id, name, recipe_hash, &known, err);
        status = change_end(store, status, err);
    }
    if (status == 0)
        *ret_id = known.id;
    return status;
}

static int retire_image(struct rb_store *store, int64_t pipeline_id, const char *name,
                        struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct known known;
    int status = find_image(store, pipeline_id, name, arena, &known, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_RETIRE);
    query_bind_integer(&query, known.id);
    query_bind_integer(&query, rb_clock_now(store->clock));
    status = query_run(&query, err);
    if (status == 0)
        status = exposures_close(store, known.id, err);
    return status == 0 ? event_of_image(store, known.id, "image.removed", NULL, err) : status;
}

int rb_store_retain_images(struct rb_store *store, int64_t pipeline_id, const char *const *names,
                           struct rb_err *err)
{
    return change_retain(store, pipeline_id, names, SQL_DROPPED, retire_image, err);
}

static void read_image(struct query *query, struct rb_arena *arena, struct rb_image_row *row)
{
    row->id = query_integer(query);
    row->pipeline_id = query_integer(query);
    row->pipeline = query_text(query, arena);
    row->name = query_text(query, arena);
    row->recipe_hash = query_text(query, arena);
    row->state = query_text(query, arena);
    row->cause = query_text(query, arena);
    row->waits_for = query_text(query, arena);
    row->reasons = query_text(query, arena);
    row->state_since = query_integer(query);
    row->artifact_id = query_integer(query);
    row->input_key = query_text(query, arena);
}

int rb_store_set_image_key(struct rb_store *store, int64_t image_id, const char *input_key,
                           struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_SET_KEY);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, input_key);
    return change_end(store, query_run(&query, err), err);
}

int rb_store_images(struct rb_store *store, struct rb_arena *arena, struct rb_image_row **ret_rows,
                    size_t *ret_count, struct rb_err *err)
{
    struct rb_image_row *rows = NULL;
    size_t count = 0, capacity = 0;
    struct query query = query_start(store, SQL_LIST);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_image(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_image(struct rb_store *store, int64_t id, struct rb_arena *arena,
                   struct rb_image_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        read_image(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no image %lld", (long long)id);
    return status;
}

/* The planner's word as the store has it. */
struct word {
    const char *state;
    const char *cause;
    const char *waits_for;
    const char *reasons;
};

static int read_word(struct rb_store *store, int64_t image_id, struct rb_arena *arena,
                     struct word *word, struct rb_err *err)
{
    struct query query = query_start(store, SQL_STATE);
    query_bind_integer(&query, image_id);
    bool found = query_step(&query);
    if (found) {
        word->state = query_text(&query, arena);
        word->cause = query_text(&query, arena);
        word->waits_for = query_text(&query, arena);
        word->reasons = query_text(&query, arena);
    }
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no image %lld", (long long)image_id);
    return status;
}

static int state_event(struct rb_store *store, int64_t image_id, const char *from,
                       const struct word *word, struct rb_err *err)
{
    json_t *data = rb_json_object();
    rb_json_set_string(data, "from", from);
    rb_json_set_string(data, "to", word->state);
    rb_json_set_string(data, "cause", word->cause);
    if (word->waits_for != NULL)
        rb_json_set_string(data, "waitsFor", word->waits_for);
    return event_of_image(store, image_id, "image.state", data, err);
}

static int write_word(struct rb_store *store, int64_t image_id, const char *from,
                      const struct word *word, struct rb_err *err)
{
    struct query query = query_start(store, SQL_SET_STATE);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, word->state);
    query_bind_text(&query, word->cause);
    query_bind_text(&query, word->waits_for);
    query_bind_text(&query, word->reasons);
    int status = query_run(&query, err);
    if (status != 0 || rb_text_equal(from, word->state))
        return status;
    struct query since = query_start(store, SQL_SET_SINCE);
    query_bind_integer(&since, image_id);
    query_bind_integer(&since, rb_clock_now(store->clock));
    status = query_run(&since, err);
    return status == 0 ? state_event(store, image_id, from, word, err) : status;
}

int rb_store_set_image_state(struct rb_store *store, int64_t image_id, const char *state,
                             const char *cause, const char *waits_for, const char *reasons,
                             struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct word next = {state, cause, waits_for, reasons};
    struct word now = {0};
    int status = read_word(store, image_id, arena, &now, err);
    if (status != 0)
        return status;
    if (rb_text_equal(now.state, state) && rb_text_equal(now.cause, cause) &&
        rb_text_equal(now.waits_for, waits_for) && rb_text_equal(now.reasons, reasons))
        return 0;
    status = change_begin(store, err);
    if (status != 0)
        return status;
    status = write_word(store, image_id, now.state, &next, err);
    return change_end(store, status, err);
}
