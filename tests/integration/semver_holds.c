/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for semver_node.test.sh: reads "PRERELEASES<tab>VERSION<tab>RANGE" a line, PRERELEASES 0
   or 1, and prints 1, 0, or "invalid" for what is no range. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "rebake/base/memory.h"
#include "rebake/base/semver.h"

int main(void)
{
    RB_CLEANUP_FREE char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        struct rb_semver_range *range = NULL;
        struct rb_semver version;
        line[strcspn(line, "\n")] = '\0';
        char *prereleases = line, *text = strchr(line, '\t');
        char *range_text = text == NULL ? NULL : strchr(text + 1, '\t');
        if (range_text == NULL)
            return EXIT_FAILURE;
        *text++ = '\0';
        *range_text++ = '\0';
        if (!rb_semver_parse(text, &version))
            return EXIT_FAILURE;
        if (rb_semver_range_parse(range_text, *prereleases == '1', &range, NULL) != 0) {
            (void)puts("invalid");
            continue;
        }
        (void)puts(rb_semver_range_holds(range, &version) ? "1" : "0");
        rb_semver_range_free(range);
    }
    return EXIT_SUCCESS;
}
