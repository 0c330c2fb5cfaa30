/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's databases, in the form that the first byte chooses: 's' SQLite, with its log behind the
   word "THELOG"; 'n' ndb; 'b' Berkeley DB; 'h' one header. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rpm_database.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly this size, so that a read beyond it is seen. */
static struct rpm_bytes copy(const uint8_t *data, size_t size)
{
    uint8_t *bytes = rb_alloc(size + (size == 0));
    memcpy(bytes, data, size);
    return (struct rpm_bytes){bytes, size};
}

static int read_sqlite(const uint8_t *data, size_t size, struct contents *contents)
{
    static const char MARK[] = "THELOG";
    const uint8_t *mark = memmem(data, size, MARK, sizeof(MARK) - 1);
    const uint8_t *log = mark == NULL ? data + size : mark + sizeof(MARK) - 1;
    struct rpm_bytes file = copy(data, mark == NULL ? size : (size_t)(mark - data));
    struct rpm_bytes tail = copy(log, (size_t)(data + size - log));
    struct rb_err err;
    int status = rpm_sqlite_read(file, tail, rpm_header_add, contents, &err);
    rb_free((uint8_t *)(uintptr_t)file.data);
    rb_free((uint8_t *)(uintptr_t)tail.data);
    return status;
}

static int read_other(char form, const uint8_t *data, size_t size, struct contents *contents)
{
    struct rpm_bytes file = copy(data, size);
    struct rb_err err;
    int status = form == 'n'   ? rpm_ndb_read(file, rpm_header_add, contents, &err)
                 : form == 'b' ? rpm_bdb_read(file, rpm_header_add, contents, &err)
                               : rpm_header_add(contents, file, &err);
    rb_free((uint8_t *)(uintptr_t)file.data);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    RB_CLEANUP(path_set_deinit) struct path_set owned = {0};
    struct contents contents = {&inventory, &owned};
    rb_inventory_init(&inventory);
    int status = data[0] == 's' ? read_sqlite(data + 1, size - 1, &contents)
                                : read_other((char)data[0], data + 1, size - 1, &contents);
    for (size_t i = 0; status == 0 && i < inventory.package_count; i++)
        RB_ASSERT(inventory.packages[i].name[0] != '\0' &&
                  inventory.packages[i].version[0] != '\0');
    return 0;
}
