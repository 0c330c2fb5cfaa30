/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "rebake/advisory/cvss.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *vector = rb_strndup((const char *)data, size);
    struct rb_cvss cvss;
    struct rb_err err;
    if (rb_cvss_read(vector, &cvss, &err) != 0)
        return 0;
    RB_ASSERT(cvss.base >= 0 && cvss.base <= 100);
    RB_ASSERT(cvss.temporal >= RB_CVSS_NOT_SCORED && cvss.temporal <= cvss.base);
    RB_ASSERT(cvss.environmental >= RB_CVSS_NOT_SCORED && cvss.environmental <= 100);
    RB_ASSERT(rb_cvss_band(cvss.version, rb_cvss_score(&cvss)) != NULL);
    return 0;
}
