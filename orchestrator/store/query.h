/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the table groups talk to SQLite. A statement is prepared once, at its first use, and known by
 * the address of its text, so the text of a query is a constant beside the function that runs it.
 * One run binds its parameters in order, steps, and reads the columns in order; the first failure
 * sticks, makes the rest do nothing, and is told by query_end:
 *
 *     struct query query = query_start(store, SQL_FIND);
 *     query_bind_text(&query, name);
 *     if (query_step(&query))
 *         id = query_integer(&query);
 *     return query_end(&query, err);
 *
 * A change is what one function does, whole or not at all: in a transaction of its own, or in a
 * savepoint of the open one.
 */
#ifndef REBAKE_STORE_QUERY_H
#define REBAKE_STORE_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>

#include "rebake/base/json.h"
#include "rebake/store/store.h"

enum { STATEMENTS_MAXIMUM = 256 };

struct statement {
    const char *sql;
    sqlite3_stmt *prepared;
};

struct known_keys; /* deliveries.c */

struct rb_store {
    sqlite3 *db;
    char *path;
    const struct rb_clock *clock;
    int64_t generation;
    int changes_before; /* sqlite3_total_changes() at the last commit */
    bool in_transaction;
    struct known_keys *known_keys;                   /* of deliveries; NULL: not read yet */
    struct statement statements[STATEMENTS_MAXIMUM]; /* open hash by the address of sql */
};

struct query {
    struct rb_store *store;
    sqlite3_stmt *prepared;
    int code; /* SQLITE_OK until something failed */
    int parameter;
    int column;
};

/* A failure of SQLite as ours: RB_EDB with SQLite's words and what to do. */
int store_error(struct rb_store *store, int code, struct rb_err *err);

struct query query_start(struct rb_store *store, const char *sql);
void query_bind_integer(struct query *query, int64_t value);
void query_bind_id(struct query *query, int64_t id);         /* 0 becomes NULL */
void query_bind_text(struct query *query, const char *text); /* NULL becomes NULL; borrowed */
/* Borrowed until the query ends. */
void query_bind_bytes(struct query *query, const void *data, size_t size);
void query_bind_limit(struct query *query, size_t limit);      /* 0: no limit */
bool query_step(struct query *query);                          /* true: a row can be read */
int64_t query_integer(struct query *query);                    /* NULL gives 0 */
char *query_text(struct query *query, struct rb_arena *arena); /* NULL gives NULL */
/* Borrowed until the next step or the end. */
const void *query_bytes(struct query *query, size_t *ret_size);
RB_NODISCARD int query_end(struct query *query, struct rb_err *err);
/* Steps to the end and ends. */
RB_NODISCARD int query_run(struct query *query, struct rb_err *err);
/* The same, for an insert: gives the new row's id. */
RB_NODISCARD int query_insert(struct query *query, int64_t *ret_id, struct rb_err *err);
/* Rows changed by the statement that ended last. */
int64_t query_changed(const struct rb_store *store);

/* Finds a row's id: 0 when there is none. */
RB_NODISCARD int query_find(struct query *query, int64_t *ret_id, struct rb_err *err);

RB_NODISCARD int change_begin(struct rb_store *store, struct rb_err *err);
/* Keeps the change when status is 0, undoes it otherwise. Returns the status, or why it could not
   be kept. */
RB_NODISCARD int change_end(struct rb_store *store, int status, struct rb_err *err);

/* Calls retire for each current name of the pipeline that is not in the list. The query at list_sql
   gives them: ?1 is the pipeline's id, ?2 the list as a JSON array. */
RB_NODISCARD int change_retain(struct rb_store *store, int64_t pipeline_id,
                               const char *const *names, const char *list_sql,
                               int (*retire)(struct rb_store *store, int64_t pipeline_id,
                                             const char *name, struct rb_err *err),
                               struct rb_err *err);

/* A person's word (who; NULL: the daemon) is lifted: the row goes that the statement at remove_sql
   deletes by its subject, ?1, and an event tells it. RB_ENOTFOUND when the subject is not what
   `how` says: "paused". */
RB_NODISCARD int change_lift(struct rb_store *store, const char *remove_sql, const char *subject,
                             const char *who, const char *how, const char *event,
                             struct rb_err *err);

/* Appends an event in the name of actor (NULL: the daemon). The data is taken over; NULL is an
 * empty object. */
RB_NODISCARD int event_add(struct rb_store *store, const char *actor, const char *name,
                           const char *subject, json_t *data, struct rb_err *err);
/* The same in the daemon's name, with "pipeline/image", "pipeline/deployment" or "source:ID" as the
   subject. */
RB_NODISCARD int event_of_image(struct rb_store *store, int64_t image_id, const char *name,
                                json_t *data, struct rb_err *err);
RB_NODISCARD int event_of_deployment(struct rb_store *store, int64_t deployment_id,
                                     const char *name, json_t *data, struct rb_err *err);
RB_NODISCARD int event_of_source(struct rb_store *store, int64_t source_id, const char *name,
                                 json_t *data, struct rb_err *err);

#endif
