/* SPDX-License-Identifier: Apache-2.0 */
/* Three texts and a range, a line each: the texts have one order, and the range one answer. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int order(const char *a, const char *b)
{
    int difference = rb_semver_compare_texts(a, b);
    return (difference > 0) - (difference < 0);
}

static void hold(const char *text, const char *range_text)
{
    struct rb_semver version;
    struct rb_semver_range *range = NULL;
    if (!rb_semver_parse(text, &version))
        return;
    bool answers[2] = {false, false};
    for (int prereleases = 0; prereleases < 2; prereleases++) {
        if (rb_semver_range_parse(range_text, prereleases == 1, &range, NULL) != 0)
            return;
        answers[prereleases] = rb_semver_range_holds(range, &version);
        rb_semver_range_free(range);
    }
    RB_ASSERT(version.prerelease != NULL || answers[0] == answers[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *text = rb_strndup((const char *)data, size);
    const char *texts[4] = {"", "", "", ""};
    char *rest = NULL;
    for (int i = 0; i < 4; i++) {
        const char *line = strtok_r(i == 0 ? text : NULL, "\n", &rest);
        if (line == NULL)
            break;
        texts[i] = line;
    }
    int ab = order(texts[0], texts[1]), bc = order(texts[1], texts[2]);
    int ac = order(texts[0], texts[2]);
    RB_ASSERT(order(texts[1], texts[0]) == -ab);
    if (ab <= 0 && bc <= 0)
        RB_ASSERT(ac == (ab + bc < 0 ? -1 : 0));
    if (ab >= 0 && bc >= 0)
        RB_ASSERT(ac == (ab + bc > 0 ? 1 : 0));
    for (int i = 0; i < 3; i++)
        hold(texts[i], texts[3]);
    return 0;
}
