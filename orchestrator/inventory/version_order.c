/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/semver.h"
#include "rebake/base/text.h"
#include "rebake/inventory/version.h"

/* Of "1.0.0-rc.1+build-7" the first dash, if it stands before the build (semver.org, 9 and 10). */
static bool is_semver_prerelease(const char *version)
{
    return version[strcspn(version, "-+")] == '-';
}

const struct rb_version_order rb_version_semver = {.name = "semver",
                                                   .compare = rb_semver_compare_texts,
                                                   .is_version = rb_semver_is_version,
                                                   .is_prerelease = is_semver_prerelease};

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
