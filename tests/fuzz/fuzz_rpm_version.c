/* SPDX-License-Identifier: Apache-2.0 */
/* Three texts, a line each: whatever they are, they have one order. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int order(const char *a, const char *b)
{
    int difference = rb_version_compare_rpm(a, b);
    return (difference > 0) - (difference < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *text = rb_strndup((const char *)data, size);
    const char *texts[3] = {"", "", ""};
    char *rest = NULL;
    for (int i = 0; i < 3; i++) {
        const char *line = strtok_r(i == 0 ? text : NULL, "\n", &rest);
        if (line == NULL)
            break;
        texts[i] = line;
    }
    int ab = order(texts[0], texts[1]), bc = order(texts[1], texts[2]);
    int ac = order(texts[0], texts[2]);
    for (int i = 0; i < 3; i++) {
        RB_ASSERT(order(texts[i], texts[i]) == 0);
        RB_ASSERT(!rb_version_is_rpm(texts[i]) || order("", texts[i]) < 0);
    }
    RB_ASSERT(order(texts[1], texts[0]) == -ab);
    RB_ASSERT(order(texts[2], texts[1]) == -bc);
    RB_ASSERT(order(texts[2], texts[0]) == -ac);
    if (ab <= 0 && bc <= 0)
        RB_ASSERT(ac == (ab + bc < 0 ? -1 : 0));
    if (ab >= 0 && bc >= 0)
        RB_ASSERT(ac == (ab + bc > 0 ? 1 : 0));
    return 0;
}
