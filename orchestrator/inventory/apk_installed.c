/* SPDX-License-Identifier: Apache-2.0 */
/* apk's database of what is installed: its records have further fields for the files. */
#include "rebake/base/memory.h"
#include "rebake/inventory/apk_records.h"
#include "rebake/inventory/package.h"

/* An origin has its packages' version, since one recipe makes them all (APKBUILD(5)). */
static int take_record(void *context, const struct rb_apk_record *record, struct rb_err *err)
{
    const struct rb_package package = {.type = RB_PACKAGE_APK,
                                       .name = record->name,
                                       .version = record->version,
                                       .architecture = record->architecture,
                                       .source_name = record->origin,
                                       .source_version = record->version};
    (void)err;
    rb_inventory_add(context, &package);
    return 0;
}

int rb_inventory_add_apk(struct rb_inventory *inventory, const char *data, size_t size,
                         const char *what, struct rb_err *err)
{
    RB_CLEANUP(rb_apk_records_cleanup)
    struct rb_apk_records *records = rb_apk_records_new(take_record, inventory);
    int status = rb_apk_records_feed(records, data, size, err);
    if (status == 0)
        status = rb_apk_records_end(records, err);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", what);
}
