/* SPDX-License-Identifier: Apache-2.0 */
/* The XML is read by the room that checks rpm repositories; here its updates become advisories. */
#include <stdlib.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/rpm_updateinfo.h"

struct reader {
    rb_advisory_cb *take;
    void *context;
};

/* As publishers write it: "2023-10-25", "2023-10-25 00:00:00", a time of RFC 3339, or seconds. */
static int64_t time_of(const char *text)
{
    static const char *const ENDINGS[] = {"", "Z", "T00:00:00Z"};
    uint64_t seconds;
    int64_t at = 0;
    if (rb_text_to_u64(text, &seconds) && seconds < UINT32_MAX)
        return (int64_t)seconds * 1000;
    for (size_t i = 0; i < RB_COUNT_OF(ENDINGS); i++) {
        RB_CLEANUP_FREE char *time = rb_asprintf("%s%s", text, ENDINGS[i]);
        if (rb_time_parse(time, &at, NULL) == 0)
            return at;
    }
    return 0;
}

static size_t find_cves(const struct rb_rpm_advisory *update, const char **cves)
{
    size_t count = 0;
    for (size_t i = 0; i < update->reference_count; i++) {
        const struct rb_rpm_reference *reference = &update->references[i];
        if (rb_text_equal(reference->type, "cve") && *reference->id != '\0')
            cves[count++] = reference->id;
    }
    return count < RB_ADVISORY_NAMES_MAXIMUM ? count : RB_ADVISORY_NAMES_MAXIMUM;
}

static int compare_fixes(const void *left, const void *right)
{
    const struct rb_rpm_fix *const *a = left, *const *b = right;
    int difference = strcmp((*a)->name, (*b)->name);
    return difference != 0 ? difference : strcmp((*a)->version, (*b)->version);
}

static void set_fix(struct rb_affected *affected, const struct rb_rpm_fix *fix,
                    struct rb_arena *arena)
{
    struct rb_range *range = rb_arena_alloc(arena, sizeof(*range));
    struct rb_range_event *events = rb_arena_array(arena, 2, sizeof(*events));
    events[0] = (struct rb_range_event){RB_EVENT_INTRODUCED, "0"};
    events[1] = (struct rb_range_event){RB_EVENT_FIXED, fix->version};
    *range = (struct rb_range){RB_RANGE_ECOSYSTEM, "", events, 2};
    *affected = (struct rb_affected){
        .ecosystem = {"rpm", "", fix->module},
        .package = fix->name,
        .ranges = range,
        .range_count = 1,
        .status = RB_STATUS_RESOLVED,
        .urgency = "",
        .postponed = "",
        .reason = "",
    };
}

/* What is built for several architectures is listed for each. */
static size_t set_fixes(const struct rb_rpm_advisory *update, struct rb_affected *affected,
                        struct rb_arena *arena)
{
    const struct rb_rpm_fix **fixes = rb_arena_array(arena, update->fix_count + 1, sizeof(*fixes));
    size_t count = 0;
    for (size_t i = 0; i < update->fix_count; i++)
        fixes[i] = &update->fixes[i];
    qsort(fixes, update->fix_count, sizeof(*fixes), compare_fixes);
    for (size_t i = 0; i < update->fix_count; i++) {
        if (i == 0 || compare_fixes(&fixes[i - 1], &fixes[i]) != 0)
            set_fix(&affected[count++], fixes[i], arena);
    }
    return count;
}

static int take_update(void *context, const struct rb_rpm_advisory *update, struct rb_err *err)
{
    const struct reader *reader = context;
    if (!rb_text_equal(update->type, "security"))
        return 0;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_severity severity = {RB_SEVERITY_OTHER, update->severity, RB_SEVERITY_NO_SCORE};
    const char **cves = rb_arena_array(arena, update->reference_count, sizeof(*cves));
    struct rb_affected *affected = rb_arena_array(arena, update->fix_count, sizeof(*affected));
    struct rb_advisory advisory = {
        .id = update->id,
        .upstream = cves,
        .upstream_count = find_cves(update, cves),
        .summary = "",
        .published_at = time_of(update->issued),
        .severities = &severity,
        .severity_count = *update->severity != '\0',
        .affected = affected,
        .affected_count = set_fixes(update, affected, arena),
    };
    return reader->take(reader->context, &advisory, err);
}

int rb_updateinfo_read(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                       void *context, struct rb_err *err)
{
    struct reader reader = {take, context};
    struct rb_rpm_updateinfo *updateinfo = rb_rpm_updateinfo_new(take_update, &reader);
    int status = rb_rpm_updateinfo_feed(updateinfo, data, size, err);
    if (status == 0)
        status = rb_rpm_updateinfo_end(updateinfo, err);
    rb_rpm_updateinfo_free(updateinfo);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", what);
}
