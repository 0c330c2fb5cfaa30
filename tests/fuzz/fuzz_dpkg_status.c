/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's status: what is read can be written as JSON and read back to the same. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    if (size > 0 && rb_inventory_add_dpkg(&inventory, (const char *)data + 1, size - 1,
                                          data[0] == 'd', "status", NULL) != 0)
        return 0;
    rb_inventory_add_os_release(&inventory, (const char *)data, size);
    rb_inventory_sort(&inventory);
    RB_CLEANUP_JSON json_t *json = rb_inventory_to_json(&inventory);
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory again = {0};
    RB_ASSERT(rb_inventory_from_json(json, &again, NULL) == 0);
    RB_ASSERT(again.package_count <= inventory.package_count);
    RB_CLEANUP_JSON json_t *bill = rb_inventory_to_cyclonedx(&inventory, "image", "1");
    RB_ASSERT(bill != NULL);
    return 0;
}
