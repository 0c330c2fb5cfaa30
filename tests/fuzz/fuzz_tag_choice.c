/* SPDX-License-Identifier: Apache-2.0 */
/* Glob, expression, range and order, a line each ("-" for none), then names: the best one counts,
   and none is newer. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/tag_choice.h"

enum { NAMES_MAXIMUM = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *take_line(char **rest, char *begin)
{
    const char *line = strtok_r(begin, "\n", rest);
    return line == NULL || rb_text_equal(line, "-") ? NULL : line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *text = rb_strndup((const char *)data, size);
    struct rb_tag_choice *choice = NULL;
    const char *names[NAMES_MAXIMUM];
    size_t count = 0;
    char *rest = NULL;
    struct rb_tag_policy policy = {.glob = take_line(&rest, text)};
    policy.match = take_line(&rest, NULL);
    policy.semver = take_line(&rest, NULL);
    policy.order = take_line(&rest, NULL);
    for (const char *line; count < NAMES_MAXIMUM && (line = take_line(&rest, NULL)) != NULL;)
        names[count++] = line;
    if (rb_tag_choice_new(&policy, &choice, NULL) != 0)
        return 0;
    const char *best = rb_tag_choice_best(choice, names, count);
    for (size_t i = 0; i < count; i++) {
        if (rb_tag_choice_counts(choice, names[i]))
            RB_ASSERT(best != NULL && rb_tag_choice_compare(choice, best, names[i]) >= 0);
    }
    RB_ASSERT(best == NULL || rb_tag_choice_counts(choice, best));
    rb_tag_choice_free(choice);
    return 0;
}
