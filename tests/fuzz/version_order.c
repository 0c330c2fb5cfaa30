/* SPDX-License-Identifier: Apache-2.0 */
#include "version_order.h"

#include <string.h>

#include "rebake/base/memory.h"

static int sign(const struct rb_version_order *order, const char *a, const char *b)
{
    int difference = order->compare(a, b);
    return (difference > 0) - (difference < 0);
}

void check_version_order(const struct rb_version_order *order, const uint8_t *data, size_t size)
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
    int ab = sign(order, texts[0], texts[1]), bc = sign(order, texts[1], texts[2]);
    int ac = sign(order, texts[0], texts[2]);
    for (int i = 0; i < 3; i++) {
        RB_ASSERT(sign(order, texts[i], texts[i]) == 0);
        RB_ASSERT(!order->is_version(texts[i]) || sign(order, "", texts[i]) < 0);
    }
    RB_ASSERT(sign(order, texts[1], texts[0]) == -ab);
    RB_ASSERT(sign(order, texts[2], texts[1]) == -bc);
    RB_ASSERT(sign(order, texts[2], texts[0]) == -ac);
    if (ab <= 0 && bc <= 0)
        RB_ASSERT(ac == (ab + bc < 0 ? -1 : 0));
    if (ab >= 0 && bc >= 0)
        RB_ASSERT(ac == (ab + bc > 0 ? 1 : 0));
}
