/* SPDX-License-Identifier: Apache-2.0 */
/* apt's configuration: each option that is told of has a value. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/outdated.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *context, const char *name, const char *value)
{
    RB_ASSERT(name != NULL && *value != '\0');
    ++*(size_t *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    int status = rb_apt_conf_read((const char *)data, size, "apt.conf", take, &count, NULL);
    RB_ASSERT(count <= size && (status == 0 || status == RB_EINVALID));
    return 0;
}
