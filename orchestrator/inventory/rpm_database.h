/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's database of what is installed, in each of the forms that its file had: SQLite, ndb, and the
 * hash of Berkeley DB. All hold one header a package (docs/decisions/0041-rpm-databases.md says why
 * they are read by code of our own). The files come from outside: no reader does more work than the
 * file has bytes, whatever they say.
 */
#ifndef ORCHESTRATOR_INVENTORY_RPM_DATABASE_H
#define ORCHESTRATOR_INVENTORY_RPM_DATABASE_H

#include <stdint.h>

#include "databases.h"
#include "rebake/inventory/package.h"

enum { RPM_FILES = 4 };
/* The names of the files that matter, in a folder of rpm's. */
extern const char *const rpm_files[RPM_FILES];

/* Appends what is installed by the database in the folder, if there is one. Of several files that
   of the newest form counts, as for rpm. */
RB_NODISCARD int rpm_database_read(const struct file_tree *tree, const char *folder,
                                   struct contents *contents, struct rb_err *err);

/* Bytes of a file. */
struct rpm_bytes {
    const uint8_t *data;
    size_t size;
};

/* Takes a header, which is lent; a failure ends the reading and is returned. */
typedef int rpm_header_sink(void *context, struct rpm_bytes header, struct rb_err *err);

/* rpmdb.sqlite (sqlite.org/fileformat2.html); log: rpmdb.sqlite-wal, may be empty. */
RB_NODISCARD int rpm_sqlite_read(struct rpm_bytes file, struct rpm_bytes log, rpm_header_sink *sink,
                                 void *context, struct rb_err *err);
/* Packages.db. */
RB_NODISCARD int rpm_ndb_read(struct rpm_bytes file, rpm_header_sink *sink, void *context,
                              struct rb_err *err);
/* Packages. */
RB_NODISCARD int rpm_bdb_read(struct rpm_bytes file, rpm_header_sink *sink, void *context,
                              struct rb_err *err);

/* Appends the package that a header (rpm's docs/manual/hregions.md, without its magic) describes,
   and its files, to the struct contents that is context. Keys, which rpm keeps as packages
   "gpg-pubkey", are left out. */
RB_NODISCARD int rpm_header_add(void *context, struct rpm_bytes header, struct rb_err *err);

#endif
