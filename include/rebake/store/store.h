/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: SQLite, the truth of what Rebake knows. One connection, one writer, the loop thread.
 * WAL with synchronous=FULL: what a function here has returned 0 for outside a transaction, or what
 * rb_store_commit has, survives a crash and power loss. Every change appends its event in the same
 * transaction. Query results live in the arena that the caller passes.
 *
 * A function that changes something joins the open transaction, or makes one of its own if none is.
 */
#ifndef REBAKE_STORE_STORE_H
#define REBAKE_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/clock.h"
#include "rebake/base/err.h"

struct rb_store;

/* Opens (or creates, mode 0600) the store and brings its schema up to date: numbered migrations,
   each in a transaction with its checksum. A copy of the file is kept as PATH.before-N first.
   RB_EDB when the schema is newer than this binary knows, or a migration's checksum differs.
   ":memory:" for tests. The clock stamps rows; it must outlive the store. */
RB_NODISCARD int rb_store_open(const char *path, const struct rb_clock *clock,
                               struct rb_store **ret_store, struct rb_err *err);
void rb_store_close(struct rb_store *store); /* NULL is allowed; rolls an open transaction back */

/* Transactions do not nest. */
RB_NODISCARD int rb_store_begin(struct rb_store *store, struct rb_err *err);
RB_NODISCARD int rb_store_commit(struct rb_store *store, struct rb_err *err);
void rb_store_rollback(struct rb_store *store);

/* The number that grows with every committed change: a reader who saw it before has seen all. */
int64_t rb_store_generation(const struct rb_store *store);

#endif
