/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry of a language's packages tells of one; the first byte chooses the kind: 'n' npm,
   else pypi. Each version that comes out is one, and they come in order. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "watch/language_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum rb_source_kind kind = data[0] == 'n' ? RB_SOURCE_NPM : RB_SOURCE_PYPI;
    const struct rb_version_order *order = rb_language_protocol(kind)->order;
    struct rb_err err = {0};
    json_t *versions = NULL;
    int64_t newest_at;
    int status = rb_language_read(kind, (const char *)data + 1, size - 1, "document", &versions,
                                  &newest_at, &err);
    RB_ASSERT(status == (int)err.code && (status == 0) == (versions != NULL));
    for (size_t i = 0; i < json_array_size(versions); i++) {
        const char *version = json_string_value(json_array_get(versions, i));
        RB_ASSERT(order->is_version(version));
        RB_ASSERT(i == 0 ||
                  order->compare(json_string_value(json_array_get(versions, i - 1)), version) <= 0);
    }
    json_decref(versions);
    return 0;
}
