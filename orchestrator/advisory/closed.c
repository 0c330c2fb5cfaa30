/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/advisory/match.h"

static bool is_affected_by(const struct rb_finding *findings, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (findings[i].verdict == RB_VERDICT_AFFECTED && strcmp(findings[i].id, id) == 0)
            return true;
    }
    return false;
}

size_t rb_advisory_closed(const struct rb_judged *before, const struct rb_judged *after,
                          const struct rb_advisory_source *sources, size_t source_count,
                          struct rb_arena *arena, const char ***ret_ids)
{
    struct rb_finding *old, *new;
    size_t old_count =
        rb_advisory_match(before->inventory, before->package, sources, source_count, arena, &old);
    size_t new_count =
        rb_advisory_match(after->inventory, after->package, sources, source_count, arena, &new);
    size_t count = 0;
    const char **ids = rb_arena_array(arena, old_count + 1, sizeof(*ids));
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].verdict == RB_VERDICT_AFFECTED && !is_affected_by(new, new_count, old[i].id))
            ids[count++] = old[i].id;
    }
    *ret_ids = ids;
    return count;
}
