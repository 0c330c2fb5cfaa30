/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a store's schema up to date. */
#ifndef REBAKE_STORE_MIGRATE_H
#define REBAKE_STORE_MIGRATE_H

#include "query.h"

struct store_migration {
    int number; /* 1, 2, 3 … without a gap */
    const char *name;
    const char *sql;
};

/* Made at build time from sql/NUMBER_NAME.sql; a row with number 0 ends it. */
extern const struct store_migration STORE_MIGRATIONS[];

/* RB_EDB when the file is not a store, is newer than the list, or has had a migration of another
   content. Writes nothing. */
RB_NODISCARD int store_check_schema(struct rb_store *store,
                                    const struct store_migration *migrations, struct rb_err *err);
/* Applies what a checked store does not have yet, a copy of it kept before. */
RB_NODISCARD int store_migrate(struct rb_store *store, const struct store_migration *migrations,
                               struct rb_err *err);

/* Copies the store to PATH.before-NUMBER, whole or not at all. */
RB_NODISCARD int store_back_up(struct rb_store *store, int number, struct rb_err *err);

#endif
