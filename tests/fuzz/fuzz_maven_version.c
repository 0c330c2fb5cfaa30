/* SPDX-License-Identifier: Apache-2.0 */
#include "version_order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_version_order(&rb_version_maven, data, size);
    return 0;
}
