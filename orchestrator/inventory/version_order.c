/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"

const struct rb_version_order rb_version_semver = {"semver", rb_semver_compare_texts,
                                                   rb_semver_is_version};

const struct rb_version_order *rb_version_order_find(const char *name)
{
    static const struct rb_version_order *const orders[] = {
        &rb_version_deb,  &rb_version_rpm,   &rb_version_apk, &rb_version_semver,
        &rb_version_pypi, &rb_version_maven, &rb_version_gem};
    for (size_t i = 0; i < RB_COUNT_OF(orders); i++) {
        if (rb_text_equal(orders[i]->name, name))
            return orders[i];
    }
    return NULL;
}
