/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/decisions.h"

#include <string.h>

#include "deflated.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { INPUT_MAXIMUM = 16 * 1024 * 1024 }; /* bytes of JSON */

static const char SQL_ADD[] =
    "INSERT INTO decisions (subject, image_id, deployment_id, key, word, rule, reason, until_at,"
    " result, error, input_bytes, input, asked_at, took_us)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
static const char SQL_LAST_OF_IMAGE[] = "SELECT word, rule FROM decisions WHERE image_id = ?1 AND "
                                        "subject = ?2 ORDER BY id DESC LIMIT 1";
static const char SQL_LAST_OF_DEPLOYMENT[] =
    "SELECT word, rule FROM decisions WHERE deployment_id = ?1 AND subject = ?2"
    " ORDER BY id DESC LIMIT 1";
static const char SQL_DROP_OF_IMAGE[] =
    "DELETE FROM decisions WHERE image_id = ?1 AND id <="
    " (SELECT id FROM decisions WHERE image_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
    " AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.decision_id = decisions.id)";
static const char SQL_DROP_OF_DEPLOYMENT[] =
    "DELETE FROM decisions WHERE deployment_id = ?1 AND id <="
    " (SELECT id FROM decisions WHERE deployment_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
    " AND NOT EXISTS (SELECT 1 FROM rollouts r WHERE r.decision_id = decisions.id)";
static const char SQL_BUILD[] = "UPDATE builds SET decision_id = ?2 WHERE id = ?1";
static const char SQL_ROLLOUT[] = "UPDATE rollouts SET decision_id = ?2 WHERE id = ?1";
static const char SQL_INPUT[] =
    "SELECT input_bytes, input FROM decisions WHERE id = ?1 AND input_bytes > 0";

#define SQL_DECISIONS                                                                              \
    "SELECT e.id, e.subject, e.image_id, e.deployment_id, p.name || '/' || coalesce(i.name,"       \
    " d.name), e.key, e.word, e.rule, e.reason, e.until_at, e.result, e.error, e.asked_at,"        \
    " e.took_us FROM decisions e LEFT JOIN images i ON i.id = e.image_id"                          \
    " LEFT JOIN deployments d ON d.id = e.deployment_id"                                           \
    " LEFT JOIN pipelines p ON p.id = coalesce(i.pipeline_id, d.pipeline_id)"

static const char SQL_ONE[] = SQL_DECISIONS " WHERE e.id = ?1";
static const char SQL_ALL[] = SQL_DECISIONS " WHERE e.id < ?1 ORDER BY e.id DESC LIMIT ?2";
static const char SQL_OF_IMAGE[] =
    SQL_DECISIONS " WHERE e.image_id = ?1 ORDER BY e.id DESC LIMIT ?2";
static const char SQL_OF_DEPLOYMENT[] =
    SQL_DECISIONS " WHERE e.deployment_id = ?1 ORDER BY e.id DESC LIMIT ?2";

static int insert(struct rb_store *store, const struct rb_decision_row *row, const json_t *input,
                  int64_t *ret_id, struct rb_err *err)
{
    RB_CLEANUP_FREE char *content = input == NULL ? NULL : rb_json_canonical(input);
    RB_CLEANUP_FREE void *deflated = NULL;
    size_t size = content == NULL ? 0 : strlen(content), deflated_size = 0;
    if (size > INPUT_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "the input of a decision is larger than %d bytes",
                          INPUT_MAXIMUM);
    if (content != NULL)
        deflated = deflated_make(content, size, &deflated_size);
    struct query query = query_start(store, SQL_ADD);
    query_bind_text(&query, row->subject);
    query_bind_id(&query, row->image_id);
    query_bind_id(&query, row->deployment_id);
    query_bind_text(&query, row->key);
    query_bind_text(&query, row->word);
    query_bind_text(&query, row->rule);
    query_bind_text(&query, row->reason);
    query_bind_integer(&query, row->until_at);
    query_bind_text(&query, row->result);
    query_bind_text(&query, row->error);
    query_bind_integer(&query, (int64_t)size);
    query_bind_bytes(&query, deflated, deflated_size);
    query_bind_integer(&query, row->asked_at);
    query_bind_integer(&query, row->took_us);
    return query_insert(&query, ret_id, err);
}

static int64_t owner_of(const struct rb_decision_row *row)
{
    return row->image_id != 0 ? row->image_id : row->deployment_id;
}

static int is_news(struct rb_store *store, const struct rb_decision_row *row, bool *ret_news,
                   struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct query query =
        query_start(store, row->image_id != 0 ? SQL_LAST_OF_IMAGE : SQL_LAST_OF_DEPLOYMENT);
    query_bind_integer(&query, owner_of(row));
    query_bind_text(&query, row->subject);
    *ret_news = true;
    if (query_step(&query)) {
        bool same_word = rb_text_equal(query_text(&query, arena), row->word);
        *ret_news = !rb_text_equal(query_text(&query, arena), row->rule) || !same_word;
    }
    return query_end(&query, err);
}

static int tell(struct rb_store *store, const struct rb_decision_row *row, int64_t id,
                struct rb_err *err)
{
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "decision", id);
    rb_json_set_string(data, "about", row->subject);
    rb_json_set_string(data, "word", row->word);
    rb_json_set_string(data, "rule", row->rule);
    rb_json_set_string(data, "reason", row->reason != NULL ? row->reason : row->error);
    rb_json_set_time(data, "until", row->until_at);
    return row->image_id != 0
               ? event_of_image(store, row->image_id, "decision.made", data, err)
               : event_of_deployment(store, row->deployment_id, "decision.made", data, err);
}

static int drop_older(struct rb_store *store, const struct rb_decision_row *row, struct rb_err *err)
{
    struct query query =
        query_start(store, row->image_id != 0 ? SQL_DROP_OF_IMAGE : SQL_DROP_OF_DEPLOYMENT);
    query_bind_integer(&query, owner_of(row));
    query_bind_integer(&query, RB_DECISIONS_KEPT);
    return query_run(&query, err);
}

static int write_decision(struct rb_store *store, const struct rb_decision_row *row,
                          const json_t *input, int64_t *ret_id, struct rb_err *err)
{
    bool news;
    int status = is_news(store, row, &news, err);
    if (status == 0)
        status = insert(store, row, input, ret_id, err);
    if (status == 0 && news)
        status = tell(store, row, *ret_id, err);
    return status == 0 ? drop_older(store, row, err) : status;
}

int rb_store_add_decision(struct rb_store *store, const struct rb_decision_row *row,
                          const json_t *input, int64_t *ret_id, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, write_decision(store, row, input, ret_id, err), err);
}

static int stand_on(struct rb_store *store, const char *sql, int64_t id, int64_t decision_id,
                    struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    struct query query = query_start(store, sql);
    query_bind_integer(&query, id);
    query_bind_id(&query, decision_id);
    return change_end(store, query_run(&query, err), err);
}

int rb_store_build_stands_on(struct rb_store *store, int64_t build_id, int64_t decision_id,
                             struct rb_err *err)
{
    return stand_on(store, SQL_BUILD, build_id, decision_id, err);
}

int rb_store_rollout_stands_on(struct rb_store *store, int64_t rollout_id, int64_t decision_id,
                               struct rb_err *err)
{
    return stand_on(store, SQL_ROLLOUT, rollout_id, decision_id, err);
}

static void read_decision(struct query *query, struct rb_arena *arena, struct rb_decision_row *row)
{
    row->id = query_integer(query);
    row->subject = query_text(query, arena);
    row->image_id = query_integer(query);
    row->deployment_id = query_integer(query);
    row->name = query_text(query, arena);
    row->key = query_text(query, arena);
    row->word = query_text(query, arena);
    row->rule = query_text(query, arena);
    row->reason = query_text(query, arena);
    row->until_at = query_integer(query);
    row->result = query_text(query, arena);
    row->error = query_text(query, arena);
    row->asked_at = query_integer(query);
    row->took_us = query_integer(query);
}

int rb_store_decision(struct rb_store *store, int64_t id, struct rb_arena *arena,
                      struct rb_decision_row *ret_row, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ONE);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        read_decision(&query, arena, ret_row);
    int status = query_end(&query, err);
    if (status == 0 && !found)
        return rb_err_set(err, RB_ENOTFOUND, "there is no decision %lld", (long long)id);
    return status;
}

int rb_store_decisions(struct rb_store *store, int64_t image_id, int64_t deployment_id,
                       size_t limit, struct rb_arena *arena, struct rb_decision_row **ret_rows,
                       size_t *ret_count, struct rb_err *err)
{
    struct rb_decision_row *rows = NULL;
    size_t count = 0, capacity = 0;
    const char *sql = image_id != 0        ? SQL_OF_IMAGE
                      : deployment_id != 0 ? SQL_OF_DEPLOYMENT
                                           : SQL_ALL;
    struct query query = query_start(store, sql);
    query_bind_integer(&query, image_id != 0        ? image_id
                               : deployment_id != 0 ? deployment_id
                                                    : INT64_MAX);
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        read_decision(&query, arena, &rows[count++]);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

int rb_store_decision_input(struct rb_store *store, int64_t id, json_t **ret_input,
                            struct rb_err *err)
{
    RB_CLEANUP_FREE char *content = NULL;
    size_t size = 0;
    struct query query = query_start(store, SQL_INPUT);
    query_bind_integer(&query, id);
    bool found = query_step(&query);
    if (found)
        content = deflated_read(&query, INPUT_MAXIMUM, &size);
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    if (!found)
        return rb_err_set(err, RB_ENOTFOUND, "nobody was asked for decision %lld", (long long)id);
    if (content == NULL)
        return rb_err_set(err, RB_EDB, "the input of decision %lld is damaged", (long long)id);
    return rb_json_parse(content, size, "the input of a decision", ret_input, err);
}
