/* SPDX-License-Identifier: Apache-2.0 */
/* Files that tell of languages' packages; the first byte chooses which: 'p' Python, 'n' npm, 'g' a
   gem, 'j' an archive of Java's, 'e' a program. */
#include <stdint.h>
#include <string.h>

#include "language.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *data;
    size_t size;
};

static int lend(void *context, void *buffer, size_t room, size_t *ret_size, struct rb_err *err)
{
    struct bytes *bytes = context;
    (void)err;
    *ret_size = room < bytes->size ? room : bytes->size;
    memcpy(buffer, bytes->data, *ret_size);
    bytes->data += *ret_size;
    bytes->size -= *ret_size;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char FORMS[] = "pngje";
    const char *form = size == 0 || data[0] == '\0' ? NULL : strchr(FORMS, data[0]);
    if (form == NULL)
        return 0;
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    struct bytes bytes = {data + 1, size - 1};
    struct language_budget budget = {0};
    const struct file_bytes source = {.context = &bytes, .read = lend, .budget = &budget};
    struct rb_err err;
    rb_inventory_init(&inventory);
    RB_ASSERT(language_read((enum language_file)(LANGUAGE_PYTHON + (form - FORMS)), "a", &source,
                            &inventory, &err) == 0);
    for (size_t i = 0; i < inventory.package_count; i++)
        RB_ASSERT(*inventory.packages[i].name != '\0' && *inventory.packages[i].version != '\0');
    return 0;
}
