/* SPDX-License-Identifier: Apache-2.0 */
/* By when an exposure is to be gone: its severity's time, from when it was first seen. */
#include <string.h>

#include "policy_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/text.h"

static int64_t span_of(const struct rb_policy_sla *sla, const json_t *advisory)
{
    const struct {
        const char *severity;
        int64_t span_ms;
    } spans[] = {{"critical", sla->critical_ms},
                 {"high", sla->high_ms},
                 {"medium", sla->medium_ms},
                 {"low", sla->low_ms}};
    const char *severity = rb_json_get_string(advisory, "severity", "none");
    int64_t span_ms = 0;
    for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
        if (strcmp(spans[i].severity, severity) == 0)
            span_ms = spans[i].span_ms;
    }
    bool is_shorter = sla->exploited_ms > 0 && (span_ms == 0 || sla->exploited_ms < span_ms);
    return rb_json_get_bool(advisory, "kev", false) && is_shorter ? sla->exploited_ms : span_ms;
}

static int64_t since_of(const json_t *advisory, int64_t now_at)
{
    const char *since = rb_json_get_string(advisory, "since", NULL);
    int64_t at;
    return since != NULL && rb_time_parse(since, &at, NULL) == 0 ? at : now_at;
}

/* 0: it may last for ever. */
static int64_t deadline_of(const struct rb_policy *policy, const json_t *advisory, int64_t now_at)
{
    int64_t span_ms = span_of(&policy->sla, advisory);
    return span_ms == 0 ? 0 : since_of(advisory, now_at) + span_ms;
}

json_t *policy_deadlines(const struct rb_policy *policy, const json_t *input, int64_t now_at)
{
    json_t *deadlines = rb_json_object();
    size_t i;
    const json_t *advisory;
    json_array_foreach(json_object_get(json_object_get(input, "vulnerability"), "open"), i,
                       advisory)
    {
        int64_t at = deadline_of(policy, advisory, now_at);
        if (at != 0)
            rb_json_set_time(deadlines, rb_json_get_string(advisory, "id", ""), at);
    }
    return deadlines;
}

int64_t policy_deadline(const struct rb_policy *policy, const json_t *input, int64_t now_at)
{
    bool is_exposure = rb_text_equal(rb_json_get_string(input, "subject", NULL), "exposure");
    const json_t *list =
        json_object_get(json_object_get(input, "vulnerability"), is_exposure ? "open" : "closes");
    int64_t deadline_at = 0;
    size_t i;
    const json_t *advisory;
    json_array_foreach(list, i, advisory)
    {
        int64_t at = deadline_of(policy, advisory, now_at);
        if (at != 0 && (deadline_at == 0 || at < deadline_at))
            deadline_at = at;
    }
    return deadline_at;
}
