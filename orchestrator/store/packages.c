/* SPDX-License-Identifier: Apache-2.0 */
#include "packages.h"

#include <limits.h>
#include <stdlib.h>

#include "query.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char SQL_FIND_RELEASE[] =
    "SELECT id FROM package_releases WHERE distribution = ?1 AND version = ?2 AND codename = ?3";
static const char SQL_ADD_RELEASE[] =
    "INSERT INTO package_releases (distribution, version, codename) VALUES (?1, ?2, ?3)";
static const char SQL_FIND[] =
    "SELECT id FROM packages WHERE release_id = ?1 AND type = ?2 AND name = ?3 AND version = ?4"
    " AND architecture = ?5 AND source_name = ?6 AND source_version = ?7 AND module = ?8";
static const char SQL_ADD[] =
    "INSERT INTO packages (release_id, type, name, version, architecture, source_name,"
    " source_version, module) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/* A language's package may stand in an image at several places. */
static const char SQL_ADD_HOLDING[] =
    "INSERT OR IGNORE INTO inventory_packages (package_id, inventory_id) VALUES (?1, ?2)";
static const char SQL_KNOWN[] = "UPDATE inventories SET packages_known = 1 WHERE id = ?1";

#define SQL_PACKAGES                                                                               \
    "SELECT k.id, k.type, k.name, k.version, k.architecture, k.source_name, k.source_version,"     \
    " k.module, r.distribution, r.version, r.codename FROM packages k"                             \
    " JOIN package_releases r ON r.id = k.release_id"

static const char SQL_NAMED[] = SQL_PACKAGES " WHERE k.name = ?1 ORDER BY k.id";
static const char SQL_OF_SOURCE[] = SQL_PACKAGES " WHERE k.source_name = ?1 ORDER BY k.id";
static const char SQL_ALL[] = SQL_PACKAGES " WHERE k.id > ?1 ORDER BY k.id LIMIT ?2";

static const char SQL_LAST_INVENTORY[] = "SELECT max(id) FROM inventories";
static const char SQL_INVENTORIES_WITH[] =
    "SELECT inventory_id FROM inventory_packages WHERE package_id = ?1";
static const char SQL_ARTIFACTS_WITH[] =
    "SELECT a.id, a.image_id, a.id = (SELECT max(n.id) FROM artifacts n INDEXED BY artifacts_good"
    " WHERE n.image_id = a.image_id AND n.good = 1),"
    " EXISTS (SELECT 1 FROM deployments d WHERE d.artifact_id = a.id AND d.retired_at = 0)"
    " FROM artifacts a WHERE a.inventory_id = ?1";

/* Finds the row that the texts make, or adds it. */
static int put_row(struct rb_store *store, const char *find_sql, const char *add_sql,
                   int64_t release_id, const char *const *texts, size_t count, int64_t *ret_id,
                   struct rb_err *err)
{
    const char *const steps[] = {find_sql, add_sql};
    *ret_id = 0;
    for (size_t step = 0; step < RB_COUNT_OF(steps); step++) {
        struct query query = query_start(store, steps[step]);
        if (release_id != 0)
            query_bind_integer(&query, release_id);
        for (size_t i = 0; i < count; i++)
            query_bind_text(&query, texts[i]);
        int status =
            step == 0 ? query_find(&query, ret_id, err) : query_insert(&query, ret_id, err);
        if (status != 0 || *ret_id != 0)
            return status;
    }
    return 0;
}

static int put_release(struct rb_store *store, const json_t *distribution, int64_t *ret_id,
                       struct rb_err *err)
{
    const char *texts[] = {rb_json_get_string(distribution, "id", ""),
                           rb_json_get_string(distribution, "version", ""),
                           rb_json_get_string(distribution, "codename", "")};
    return put_row(store, SQL_FIND_RELEASE, SQL_ADD_RELEASE, 0, texts, RB_COUNT_OF(texts), ret_id,
                   err);
}

/* The types that belong to a release are the package managers' of distributions. */
static bool has_release(const char *type)
{
    static const char *const types[] = {"deb", "apk", "rpm"};
    for (size_t i = 0; i < RB_COUNT_OF(types); i++) {
        if (rb_text_equal(types[i], type))
            return true;
    }
    return false;
}

static int put_package(struct rb_store *store, const json_t *package, int64_t release_id,
                       int64_t *ret_id, struct rb_err *err)
{
    const char *name = rb_json_get_string(package, "name", "");
    const char *version = rb_json_get_string(package, "version", "");
    const char *texts[] = {rb_json_get_string(package, "type", "deb"),
                           name,
                           version,
                           rb_json_get_string(package, "architecture", ""),
                           rb_json_get_string(package, "source", name),
                           rb_json_get_string(package, "sourceVersion", version),
                           rb_json_get_string(package, "module", "")};
    return put_row(store, SQL_FIND, SQL_ADD, release_id, texts, RB_COUNT_OF(texts), ret_id, err);
}

static int put_holding(struct rb_store *store, int64_t package_id, int64_t inventory_id,
                       struct rb_err *err)
{
    struct query query = query_start(store, SQL_ADD_HOLDING);
    query_bind_integer(&query, package_id);
    query_bind_integer(&query, inventory_id);
    return query_run(&query, err);
}

int packages_of_inventory(struct rb_store *store, int64_t inventory_id, const json_t *inventory,
                          struct rb_err *err)
{
    const json_t *packages = json_object_get(inventory, "packages"), *package;
    int64_t release_id = 0, none_id = 0;
    size_t i;
    int status = put_release(store, json_object_get(inventory, "distribution"), &release_id, err);
    if (status == 0)
        status = put_release(store, NULL, &none_id, err);
    json_array_foreach(packages, i, package)
    {
        int64_t package_id = 0;
        bool of_release = has_release(rb_json_get_string(package, "type", "deb"));
        if (status == 0)
            status =
                put_package(store, package, of_release ? release_id : none_id, &package_id, err);
        if (status == 0)
            status = put_holding(store, package_id, inventory_id, err);
    }
    if (status != 0)
        return status;
    struct query known = query_start(store, SQL_KNOWN);
    query_bind_integer(&known, inventory_id);
    return query_run(&known, err);
}

static int read_packages(struct query *query, struct rb_arena *arena,
                         struct rb_package_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct rb_package_row *rows = NULL;
    size_t count = 0, capacity = 0;
    while (query_step(query)) {
        rows = rb_arena_grow(arena, rows, count, &capacity, sizeof(*rows));
        struct rb_package_row *row = &rows[count++];
        row->id = query_integer(query);
        row->type = query_text(query, arena);
        row->name = query_text(query, arena);
        row->version = query_text(query, arena);
        row->architecture = query_text(query, arena);
        row->source_name = query_text(query, arena);
        row->source_version = query_text(query, arena);
        row->module = query_text(query, arena);
        row->distribution = query_text(query, arena);
        row->release = query_text(query, arena);
        row->codename = query_text(query, arena);
    }
    *ret_rows = rows;
    *ret_count = count;
    return query_end(query, err);
}

int rb_store_packages_named(struct rb_store *store, const char *name, bool by_source,
                            struct rb_arena *arena, struct rb_package_row **ret_rows,
                            size_t *ret_count, struct rb_err *err)
{
    struct query query = query_start(store, by_source ? SQL_OF_SOURCE : SQL_NAMED);
    query_bind_text(&query, name);
    return read_packages(&query, arena, ret_rows, ret_count, err);
}

int rb_store_packages(struct rb_store *store, int64_t after, size_t limit, struct rb_arena *arena,
                      struct rb_package_row **ret_rows, size_t *ret_count, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ALL);
    query_bind_integer(&query, after);
    query_bind_limit(&query, limit);
    return read_packages(&query, arena, ret_rows, ret_count, err);
}

/* Inventories that were seen to match: a bit each, by id. */
struct marks {
    uint64_t *words;
    int64_t last;
};

static void deinit_marks(struct marks *marks)
{
    rb_free(marks->words);
}

static bool is_marked(const struct marks *marks, int64_t id)
{
    return (marks->words[id / 64] >> (id % 64) & 1) != 0;
}

/* An artifact matches by whichever package, so that each inventory is looked at once, whatever many
   of its packages were asked for. */
static int mark_inventories(struct rb_store *store, const int64_t *package_ids, size_t count,
                            struct marks *marks, struct rb_err *err)
{
    struct query last = query_start(store, SQL_LAST_INVENTORY);
    int status = query_find(&last, &marks->last, err);
    if (status != 0)
        return status;
    marks->words = rb_calloc((size_t)marks->last / 64 + 1, sizeof(*marks->words));
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct query query = query_start(store, SQL_INVENTORIES_WITH);
        query_bind_integer(&query, package_ids[i]);
        while (query_step(&query)) {
            int64_t id = query_integer(&query);
            if (id >= 0 && id <= marks->last)
                marks->words[id / 64] |= UINT64_C(1) << (id % 64);
        }
        status = query_end(&query, err);
    }
    return status;
}

struct holders {
    struct rb_holder_row *rows;
    size_t count;
    size_t capacity;
};

static int add_artifacts(struct rb_store *store, int64_t inventory_id, bool current_only,
                         struct rb_arena *arena, struct holders *holders, struct rb_err *err)
{
    struct query query = query_start(store, SQL_ARTIFACTS_WITH);
    query_bind_integer(&query, inventory_id);
    while (query_step(&query)) {
        struct rb_holder_row row;
        row.artifact_id = query_integer(&query);
        row.image_id = query_integer(&query);
        row.newest = query_integer(&query) != 0;
        row.deployed = query_integer(&query) != 0;
        if (current_only && !row.newest && !row.deployed)
            continue;
        holders->rows = rb_arena_grow(arena, holders->rows, holders->count, &holders->capacity,
                                      sizeof(*holders->rows));
        holders->rows[holders->count++] = row;
    }
    return query_end(&query, err);
}

static int compare_holders(const void *left, const void *right)
{
    const struct rb_holder_row *a = left, *b = right;
    return (a->artifact_id > b->artifact_id) - (a->artifact_id < b->artifact_id);
}

int rb_store_holders(struct rb_store *store, const int64_t *package_ids, size_t count,
                     bool current_only, struct rb_arena *arena, struct rb_holder_row **ret_rows,
                     size_t *ret_count, struct rb_err *err)
{
    RB_CLEANUP(deinit_marks) struct marks marks = {0};
    struct holders holders = {0};
    int status = mark_inventories(store, package_ids, count, &marks, err);
    for (int64_t id = 0; status == 0 && id <= marks.last; id++) {
        if (marks.words[id / 64] == 0)
            id |= 63;
        else if (is_marked(&marks, id))
            status = add_artifacts(store, id, current_only, arena, &holders, err);
    }
    if (status != 0)
        return status;
    if (holders.count > 0)
        qsort(holders.rows, holders.count, sizeof(*holders.rows), compare_holders);
    *ret_rows = holders.rows;
    *ret_count = holders.count;
    return 0;
}
