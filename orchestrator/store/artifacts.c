/* SPDX-License-Identifier: Apache-2.0 */
#include "artifacts.h"

#include "inventories.h"
#include "query.h"

static const char SQL_ADD[] =
    "INSERT INTO artifacts (image_id, build_id, reference, digest, size_bytes, created_at, good,"
    " inventory_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char SQL_NEWEST_WITH_DIGEST[] =
    "SELECT max(id) FROM artifacts WHERE image_id = ?1 AND digest = ?2";

#define SQL_ARTIFACTS                                                                              \
    "SELECT a.id, a.image_id, a.build_id, p.name, i.name, a.reference, a.digest, a.size_bytes,"    \
    " a.created_at, a.good FROM artifacts a JOIN images i ON i.id = a.image_id"                    \
    " JOIN pipelines p ON p.id = i.pipeline_id"

static const char SQL_ONE[] = SQL_ARTIFACTS " WHERE a.id = ?1";
static const char SQL_NEWEST_OF_IMAGE[] =
    SQL_ARTIFACTS " WHERE a.image_id = ?1 AND a.digest = ?2 ORDER BY a.id DESC LIMIT 1";

static int find_existing(struct rb_store *store, int64_t image_id, const struct rb_build_end *end,
                         int64_t *ret_id, struct rb_err *err)
{
    struct query query = query_start(store, SQL_NEWEST_WITH_DIGEST);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, end->digest);
    int status = query_find(&query, ret_id, err);
    if (status == 0 && *ret_id == 0)
        return rb_err_set(err, RB_ENOTFOUND,
                          "build %lld is unchanged, but its image has no artifact %s",
                          (long long)end->build_id, end->digest);
    return status;
}

static int add_artifact(struct rb_store *store, int64_t image_id, const struct rb_build_end *end,
                        int64_t *ret_id, struct rb_err *err)
{
    int64_t inventory_id = 0;
    int status =
        end->inventory == NULL ? 0 : inventory_put(store, end->inventory, &inventory_id, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, image_id);
    query_bind_integer(&query, end->build_id);
    query_bind_text(&query, end->reference);
    query_bind_text(&query, end->digest);
    query_bind_integer(&query, end->size_bytes);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_integer(&query, end->good);
    query_bind_id(&query, inventory_id);
    status = query_insert(&query, ret_id, err);
    if (status != 0)
        return status;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "artifact", *ret_id);
    rb_json_set_integer(data, "build", end->build_id);
    rb_json_set_string(data, "reference", end->reference);
    rb_json_set_string(data, "digest", end->digest);
    rb_json_set_integer(data, "sizeBytes", end->size_bytes);
    rb_json_set_bool(data, "good", end->good);
    return event_of_image(store, image_id, "artifact.created", data, err);
}

int artifact_of_build(struct rb_store *store, int64_t image_id, const struct rb_build_end *end,
                      int64_t *ret_id, struct rb_err *err)
{
    *ret_id = 0;
    if (end->digest == NULL)
        return 0;
    return end->state == RB_BUILD_UNCHANGED ? find_existing(store, image_id, end, ret_id, err)
                                            : add_artifact(store, image_id, end, ret_id, err);
}

static int read_artifact(struct query *query, struct rb_arena *arena, bool *ret_found,
                         struct rb_artifact_row *ret_row, struct rb_err *err)
{
    *ret_found = query_step(query);
    if (*ret_found) {
        ret_row->id = query_integer(query);
        ret_row->image_id = query_integer(query);
        ret_row->build_id = query_integer(query);
        ret_row->pipeline = query_text(query, arena);
        ret_row->image = query_text(query, arena);
        ret_row->reference = query_text(query, arena);
        ret_row->digest = query_text(query, arena);
        ret_row->size_bytes = query_integer(query);
        ret_row->created_at = query_integer(query);
        ret_row->good = query_integer(query) != 0;
    }
    return query_end(query, err);
}

int rb_store_artifact(struct rb_store *store, int64_t id, struct rb_arena *arena,
                      struct rb_artifact_row *ret_row, struct rb_err *err)
{
    bool found;
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    int status = read_artifact(&query, arena, &found, ret_row, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no artifact %lld", (long long)id);
    return status;
}

int rb_store_artifact_by_digest(struct rb_store *store, int64_t image_id, const char *digest,
                                struct rb_arena *arena, struct rb_artifact_row *ret_row,
                                struct rb_err *err)
{
    bool found;
    struct query query = query_start(store, SQL_NEWEST_OF_IMAGE);
    query_bind_integer(&query, image_id);
    query_bind_text(&query, digest);
    int status = read_artifact(&query, arena, &found, ret_row, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "image %lld has no artifact %s", (long long)image_id,
                          digest);
    return status;
}
