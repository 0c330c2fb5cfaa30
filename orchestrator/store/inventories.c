/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal inventories are one row. They are most of what a store holds, and say the same few words
 * again and again, so they are kept deflated: to an eighth or so.
 */
#include "inventories.h"

#include <string.h>

#include "deflated.h"
#include "packages.h"
#include "query.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/store/builds.h"

enum { INVENTORY_MAXIMUM = 64 * 1024 * 1024 }; /* bytes of JSON */

static const char SQL_FIND[] = "SELECT id FROM inventories WHERE sha256 = ?1";
static const char SQL_ADD[] =
    "INSERT INTO inventories (sha256, size_bytes, deflated) VALUES (?1, ?2, ?3)";
static const char SQL_UNKNOWN[] =
    "SELECT id, size_bytes, deflated FROM inventories INDEXED BY inventories_open"
    " WHERE packages_known = 0 LIMIT 1";
static const char SQL_OF_ARTIFACT[] =
    "SELECT n.size_bytes, n.deflated FROM artifacts a JOIN inventories n ON n.id = a.inventory_id"
    " WHERE a.id = ?1";

static int add_inventory(struct rb_store *store, const char *hash, const char *content, size_t size,
                         int64_t *ret_id, struct rb_err *err)
{
    size_t deflated_size;
    RB_CLEANUP_FREE void *deflated = deflated_make(content, size, &deflated_size);
    struct query query = query_start(store, SQL_ADD);
    query_bind_text(&query, hash);
    query_bind_integer(&query, (int64_t)size);
    query_bind_bytes(&query, deflated, deflated_size);
    return query_insert(&query, ret_id, err);
}

int inventory_put(struct rb_store *store, const json_t *inventory, int64_t *ret_id,
                  struct rb_err *err)
{
    RB_CLEANUP_FREE char *content = rb_json_canonical(inventory);
    size_t size = strlen(content);
    char hash[RB_SHA256_HEX_SIZE];
    if (size > INVENTORY_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "an inventory is larger than %d bytes",
                          INVENTORY_MAXIMUM);
    rb_sha256_of(content, size, hash);
    struct query query = query_start(store, SQL_FIND);
    query_bind_text(&query, hash);
    int status = query_find(&query, ret_id, err);
    if (status != 0 || *ret_id != 0)
        return status;
    status = add_inventory(store, hash, content, size, ret_id, err);
    return status == 0 ? packages_of_inventory(store, *ret_id, inventory, err) : status;
}

int rb_store_inventory(struct rb_store *store, int64_t artifact_id, json_t **ret_inventory,
                       struct rb_err *err)
{
    RB_CLEANUP_FREE char *content = NULL;
    size_t size = 0;
    struct query query = query_start(store, SQL_OF_ARTIFACT);
    query_bind_integer(&query, artifact_id);
    bool found = query_step(&query);
    if (found)
        content = deflated_read(&query, INVENTORY_MAXIMUM, &size);
    int status = query_end(&query, err);
    if (status != 0)
        return status;
    if (!found)
        return rb_err_set(err, RB_ENOTFOUND, "artifact %lld has no inventory",
                          (long long)artifact_id);
    if (content == NULL)
        return rb_err_set(err, RB_EDB,
                          "store %s: the inventory of artifact %lld is damaged: restore the store "
                          "from a backup, or build its image again",
                          store->path, (long long)artifact_id);
    return rb_json_parse(content, size, "a stored inventory", ret_inventory, err);
}

/* One at a time: each is a transaction, so that a stop loses nothing of what was done. */
static int read_unknown(struct rb_store *store, int64_t *ret_id, json_t **ret_inventory,
                        struct rb_err *err)
{
    RB_CLEANUP_FREE char *content = NULL;
    size_t size = 0;
    *ret_id = 0;
    struct query query = query_start(store, SQL_UNKNOWN);
    if (query_step(&query)) {
        *ret_id = query_integer(&query);
        content = deflated_read(&query, INVENTORY_MAXIMUM, &size);
    }
    int status = query_end(&query, err);
    if (status != 0 || *ret_id == 0)
        return status;
    /* A damaged one holds nothing that can be asked for; who reads it is told. */
    if (content == NULL || rb_json_parse(content, size, "inventory", ret_inventory, NULL) != 0)
        *ret_inventory = rb_json_object();
    return 0;
}

int inventories_learn_packages(struct rb_store *store, struct rb_err *err)
{
    for (;;) {
        RB_CLEANUP_JSON json_t *inventory = NULL;
        int64_t id;
        int status = read_unknown(store, &id, &inventory, err);
        if (status != 0 || id == 0)
            return status;
        status = change_begin(store, err);
        if (status == 0)
            status = change_end(store, packages_of_inventory(store, id, inventory, err), err);
        if (status != 0)
            return status;
    }
}
