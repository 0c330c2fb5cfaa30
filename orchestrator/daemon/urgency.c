/* SPDX-License-Identifier: Apache-2.0 */
/* How urgent a build is by what the engine knows, for where policy does not say it. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/plan/priority.h"
#include "rebake/store/queue.h"
#include "vulnerabilities.h"

/* Where there is no score, the middle of the band that goes by the word. */
static double severity_of(const json_t *advisory)
{
    static const struct {
        const char *word;
        double score;
    } BANDS[] = {{"critical", 9.5}, {"high", 8.0}, {"medium", 5.5}, {"low", 2.5}};
    double score = json_number_value(json_object_get(advisory, "score"));
    const char *word = rb_json_get_string(advisory, "severity", "none");
    for (size_t i = 0; score == 0.0 && i < RB_COUNT_OF(BANDS); i++) {
        if (strcmp(BANDS[i].word, word) == 0)
            score = BANDS[i].score;
    }
    return score;
}

static void add_closed(struct rb_engine *engine, struct engine_image *image,
                       struct rb_plan_urgency *urgency)
{
    RB_CLEANUP_JSON json_t *closed = engine_closed_advisories(engine, image);
    size_t i;
    const json_t *advisory;
    json_array_foreach(closed, i, advisory)
    {
        double severity = severity_of(advisory);
        double epss = json_number_value(json_object_get(advisory, "epss"));
        urgency->closes = true;
        urgency->severity = severity > urgency->severity ? severity : urgency->severity;
        urgency->epss = epss > urgency->epss ? epss : urgency->epss;
        urgency->kev = urgency->kev || rb_json_get_bool(advisory, "kev", false);
    }
}

static void add_places(const struct rb_engine *engine, const struct engine_image *image,
                       struct rb_plan_urgency *urgency)
{
    for (size_t i = 0; i < engine->deployment_count; i++) {
        const struct engine_deployment *deployment = &engine->deployments[i];
        if (!engine_stands_on(engine, deployment->image, image))
            continue;
        urgency->runs = true;
        urgency->exposed = urgency->exposed || engine_is_published(deployment);
    }
}

/* The base's build may be of a time before builds had priorities: then it counts as any. */
static int add_base(struct rb_engine *engine, const struct engine_image *image,
                    struct rb_arena *arena, struct rb_plan_urgency *urgency, struct rb_err *err)
{
    struct rb_build_row build;
    struct rb_queue_row queued;
    const struct engine_image *base = &engine->images[image->base];
    int status = rb_store_good_build(engine->store, base->id, arena, &build, err);
    if (status == 0)
        status = rb_store_queued(engine->store, build.id, arena, &queued, err);
    if (status == 0)
        urgency->base = queued.terms.priority;
    return status == RB_ENOTFOUND ? 0 : status;
}

int engine_priority(struct rb_engine *engine, struct engine_image *image,
                    const struct rb_plan_decision *decision, struct rb_arena *arena,
                    int *ret_priority, struct rb_err *err)
{
    struct rb_plan_urgency urgency = {0};
    int status = 0;
    add_closed(engine, image, &urgency);
    add_places(engine, image, &urgency);
    for (size_t i = 0; status == 0 && i < decision->reason_count; i++) {
        enum rb_plan_reason_kind kind = decision->reasons[i].kind;
        urgency.requested = urgency.requested || kind == RB_REASON_MANUAL;
        if (kind == RB_REASON_BASE && image->base != RB_PLAN_NO_BASE)
            status = add_base(engine, image, arena, &urgency, err);
    }
    *ret_priority = rb_plan_priority(&urgency);
    return status;
}
