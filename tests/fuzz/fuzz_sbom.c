/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "sbom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    struct sbom_origin origin;
    struct rb_err err;
    rb_inventory_init(&inventory);
    int status = sbom_read((const char *)data, size, "fuzz", &inventory, &origin, &err);
    RB_ASSERT((status == 0) == (origin.words != NULL));
    rb_inventory_sort(&inventory);
    for (size_t i = 0; status == 0 && i < inventory.package_count; i++) {
        RB_CLEANUP_FREE char *purl = rb_package_purl(&inventory, &inventory.packages[i]);
        RB_ASSERT(*inventory.packages[i].name != '\0' && *purl != '\0');
    }
    rb_free(origin.words);
    return 0;
}
