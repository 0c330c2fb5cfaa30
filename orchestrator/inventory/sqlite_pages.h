/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of an SQLite database in memory, as they are after the last transaction of its log
   (sqlite.org/fileformat2.html, "The Database File" and "The Write-Ahead Log"). */
#ifndef ORCHESTRATOR_INVENTORY_SQLITE_PAGES_H
#define ORCHESTRATOR_INVENTORY_SQLITE_PAGES_H

#include "rpm_database.h"

struct sqlite_pages {
    struct rpm_bytes file;
    size_t page_size;
    size_t usable_size;       /* of a page: without what is reserved at its end */
    uint32_t count;           /* of pages */
    const uint8_t **from_log; /* of each page that the log holds where; NULL: there is no log */
};

/* A log that is not one, or has no whole transaction, says nothing, as for SQLite. file and log are
   borrowed. */
RB_NODISCARD int sqlite_pages_open(struct sqlite_pages *pages, struct rpm_bytes file,
                                   struct rpm_bytes log, struct rb_err *err);
void sqlite_pages_close(struct sqlite_pages *pages);

/* The page of that number, counted from 1; NULL when there is none. */
const uint8_t *sqlite_page(const struct sqlite_pages *pages, uint32_t number);

#endif
