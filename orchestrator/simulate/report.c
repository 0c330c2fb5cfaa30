/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "simulation.h"

static int compare_spans(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Of those exposures that are closed and of the severity; NULL: of each. */
static json_t *times_json(const struct simulation *simulation, const char *severity)
{
    RB_CLEANUP_FREE int64_t *spans = rb_calloc(simulation->exposure_count, sizeof(*spans));
    size_t count = 0, open = 0;
    for (size_t i = 0; i < simulation->exposure_count; i++) {
        const struct exposure *exposure = &simulation->exposures[i];
        if (severity != NULL && strcmp(exposure->advisory->severity, severity) != 0)
            continue;
        if (exposure->closed_at == 0)
            open++;
        else
            spans[count++] = exposure->closed_at - exposure->opened_at;
    }
    qsort(spans, count, sizeof(*spans), compare_spans);
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "count", (int64_t)count);
    rb_json_set_integer(json, "open", (int64_t)open);
    rb_json_set(json, "p50Ms", count == 0 ? json_null() : json_integer(spans[(count - 1) / 2]));
    rb_json_set(json, "p90Ms",
                count == 0 ? json_null() : json_integer(spans[(count - 1) * 9 / 10]));
    rb_json_set(json, "maxMs", count == 0 ? json_null() : json_integer(spans[count - 1]));
    return json;
}

static json_t *sla_json(const struct simulation *simulation)
{
    int64_t met = 0, breached = 0, running = 0;
    for (size_t i = 0; i < simulation->exposure_count; i++) {
        const struct exposure *exposure = &simulation->exposures[i];
        int64_t until_at = exposure->closed_at != 0 ? exposure->closed_at : simulation->now_at;
        if (exposure->deadline_at == 0)
            continue;
        if (until_at > exposure->deadline_at)
            breached++;
        else if (exposure->closed_at != 0)
            met++;
        else
            running++;
    }
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "met", met);
    rb_json_set_integer(json, "breached", breached);
    rb_json_set_integer(json, "running", running);
    return json;
}

static json_t *patch_json(const struct simulation *simulation)
{
    static const char *const SEVERITIES[] = {"critical", "high", "medium", "low"};
    json_t *json = rb_json_object();
    rb_json_set(json, "all", times_json(simulation, NULL));
    for (size_t i = 0; i < RB_COUNT_OF(SEVERITIES); i++)
        rb_json_set(json, SEVERITIES[i], times_json(simulation, SEVERITIES[i]));
    return json;
}

static json_t *reasons_json(const struct counts *counts)
{
    json_t *json = rb_json_object();
    for (unsigned kind = 0; kind < RB_REASON_KIND_COUNT; kind++) {
        if (counts->by_reason[kind] > 0)
            rb_json_set_integer(json, rb_plan_reason_kind_name((enum rb_plan_reason_kind)kind),
                                counts->by_reason[kind]);
    }
    return json;
}

json_t *report_make(const struct simulation *simulation)
{
    const struct counts *counts = &simulation->counts;
    const struct rb_simulation *told = simulation->told;
    double minutes = (double)counts->build_ms / 60000.0;
    json_t *json = rb_json_object();
    rb_json_set_string(json, "policy",
                       told->policy == NULL ? "none" : rb_policy_name(told->policy));
    rb_json_set_integer(json, "images", (int64_t)simulation->history->image_count);
    rb_json_set_integer(json, "events", (int64_t)simulation->history->event_count);
    rb_json_set_time(json, "from", simulation->history->begins_at);
    rb_json_set_time(json, "to", simulation->history->ends_at);
    rb_json_set_integer(json, "builds", counts->builds);
    rb_json_set(json, "minutes", json_real(minutes));
    rb_json_set(json, "cost",
                told->cost_a_minute > 0 ? json_real(minutes * told->cost_a_minute) : json_null());
    rb_json_set(json, "reasons", reasons_json(counts));
    rb_json_set_integer(json, "merged", counts->replaced);
    rb_json_set_integer(json, "givenUp", counts->given_up);
    rb_json_set_integer(json, "asked", counts->asked);
    rb_json_set_integer(json, "held", counts->held);
    rb_json_set_integer(json, "refused", counts->refused);
    rb_json_set_integer(json, "approvals", counts->approvals);
    rb_json_set_integer(json, "mostRunning", (int64_t)counts->most_running);
    rb_json_set_integer(json, "mostWaiting", (int64_t)counts->most_waiting);
    rb_json_set_integer(json, "waitedMs",
                        counts->builds == 0 ? 0 : counts->waited_ms / counts->builds);
    rb_json_set(json, "timeToPatch", patch_json(simulation));
    rb_json_set(json, "sla", sla_json(simulation));
    return json;
}
