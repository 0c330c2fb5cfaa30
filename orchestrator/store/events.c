/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/store/events.h"

#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char OURSELVES[] = "rebaked";

static const char SQL_ADD[] =
    "INSERT INTO events (at, actor, name, subject, data) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_IMAGE_SUBJECT[] =
    "SELECT p.name || '/' || i.name FROM images i JOIN pipelines p ON p.id = i.pipeline_id"
    " WHERE i.id = ?1";
static const char SQL_DEPLOYMENT_SUBJECT[] =
    "SELECT p.name || '/' || d.name FROM deployments d JOIN pipelines p ON p.id = d.pipeline_id"
    " WHERE d.id = ?1";
static const char SQL_NEWEST[] =
    "SELECT id, at, actor, name, subject, data FROM events WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
static const char SQL_NEWEST_OF_SUBJECT[] =
    "SELECT id, at, actor, name, subject, data FROM events"
    " WHERE subject = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

static const char SQL_NEWEST_OF_BUILD[] =
    "SELECT id, at, actor, name, subject, data FROM events"
    " WHERE json_extract(data, '$.build') = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

static int add(struct rb_store *store, const char *actor, const char *name, const char *subject,
               const json_t *data, struct rb_err *err)
{
    RB_CLEANUP_FREE char *text = data == NULL ? rb_strdup("{}") : rb_json_canonical(data);
    struct query query = query_start(store, SQL_ADD);
    query_bind_integer(&query, rb_clock_now(store->clock));
    query_bind_text(&query, actor);
    query_bind_text(&query, name);
    query_bind_text(&query, subject);
    query_bind_text(&query, text);
    return query_run(&query, err);
}

int event_add(struct rb_store *store, const char *actor, const char *name, const char *subject,
              json_t *data, struct rb_err *err)
{
    int status = add(store, actor == NULL ? OURSELVES : actor, name, subject, data, err);
    json_decref(data);
    return status;
}

static int add_about(struct rb_store *store, const char *sql, int64_t id, const char *name,
                     json_t *data, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *owned = data;
    const char *subject = NULL;
    struct query query = query_start(store, sql);
    query_bind_integer(&query, id);
    if (query_step(&query))
        subject = query_text(&query, arena);
    int status = query_end(&query, err);
    return status == 0 ? add(store, OURSELVES, name, subject, owned, err) : status;
}

int event_of_image(struct rb_store *store, int64_t image_id, const char *name, json_t *data,
                   struct rb_err *err)
{
    return add_about(store, SQL_IMAGE_SUBJECT, image_id, name, data, err);
}

int event_of_deployment(struct rb_store *store, int64_t deployment_id, const char *name,
                        json_t *data, struct rb_err *err)
{
    return add_about(store, SQL_DEPLOYMENT_SUBJECT, deployment_id, name, data, err);
}

int event_of_source(struct rb_store *store, int64_t source_id, const char *name, json_t *data,
                    struct rb_err *err)
{
    RB_CLEANUP_FREE char *subject = rb_asprintf("source:%lld", (long long)source_id);
    return event_add(store, OURSELVES, name, subject, data, err);
}

int rb_store_add_event(struct rb_store *store, const char *actor, const char *name,
                       const char *subject, const json_t *data, struct rb_err *err)
{
    int status = change_begin(store, err);
    if (status != 0)
        return status;
    return change_end(store, add(store, actor, name, subject, data, err), err);
}

/* Binds what the events are to be about, and gives the query that selects them. */
static struct query select_about(struct rb_store *store, const char *subject)
{
    int64_t build_id;
    if (subject == NULL)
        return query_start(store, SQL_NEWEST);
    if (rb_text_starts_with(subject, "build:") && rb_text_to_i64(subject + 6, &build_id)) {
        struct query query = query_start(store, SQL_NEWEST_OF_BUILD);
        query_bind_integer(&query, build_id);
        return query;
    }
    struct query query = query_start(store, SQL_NEWEST_OF_SUBJECT);
    query_bind_text(&query, subject);
    return query;
}

int rb_store_events(struct rb_store *store, const char *subject, int64_t before, size_t limit,
                    struct rb_arena *arena, struct rb_event **ret_events, size_t *ret_count,
                    struct rb_err *err)
{
    struct rb_event *events = NULL;
    size_t count = 0, capacity = 0;
    struct query query = select_about(store, subject);
    query_bind_integer(&query, before == 0 ? INT64_MAX : before);
    query_bind_limit(&query, limit);
    while (query_step(&query)) {
        events = rb_arena_grow(arena, events, count, &capacity, sizeof(*events));
        struct rb_event *event = &events[count++];
        event->id = query_integer(&query);
        event->at = query_integer(&query);
        event->actor = query_text(&query, arena);
        event->name = query_text(&query, arena);
        event->subject = query_text(&query, arena);
        event->data = query_text(&query, arena);
    }
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    *ret_events = events;
    *ret_count = count;
    return 0;
}
