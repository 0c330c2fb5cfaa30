/* SPDX-License-Identifier: Apache-2.0 */
/* The text that apk keeps packages in, installed or offered (apk-package(5)): a line "LETTER:value"
   a field, an empty line behind each package. It is read piece by piece. */
#ifndef REBAKE_INVENTORY_APK_RECORDS_H
#define REBAKE_INVENTORY_APK_RECORDS_H

#include <stddef.h>

#include "rebake/base/err.h"

/* "" for what is not said. */
struct rb_apk_record {
    const char *name;
    const char *version;
    const char *architecture;
    const char *origin; /* the package that it was built from; itself where none is said */
};

/* Takes a package, which is lent; a failure ends the reading and is returned. */
typedef int rb_apk_record_sink(void *context, const struct rb_apk_record *record,
                               struct rb_err *err);

struct rb_apk_records;

struct rb_apk_records *rb_apk_records_new(rb_apk_record_sink *sink, void *context);
void rb_apk_records_free(struct rb_apk_records *records); /* NULL is allowed */
void rb_apk_records_cleanup(struct rb_apk_records **records);

/* RB_EINVALID for what is no such text or has a package without name or version, RB_ELIMIT for a
   line that is too long. */
RB_NODISCARD int rb_apk_records_feed(struct rb_apk_records *records, const char *data, size_t size,
                                     struct rb_err *err);
RB_NODISCARD int rb_apk_records_end(struct rb_apk_records *records, struct rb_err *err);

#endif
