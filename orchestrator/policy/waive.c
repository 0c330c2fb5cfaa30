/* SPDX-License-Identifier: Apache-2.0 */
/* Waivers: advisories that do not count for a while. Rules see an input in which they do not stand.
 */
#include <string.h>

#include "policy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const LISTS[] = {"open", "opens", "closes"};

static bool is_for(const struct rb_policy_waiver *waiver, const json_t *input)
{
    if (waiver->subjects == NULL)
        return true;
    for (const char *const *at = waiver->subjects; *at != NULL; at++) {
        if (rb_text_equal(*at, rb_json_get_string(input, "name", NULL)) ||
            rb_text_equal(*at, rb_json_get_string(input, "pipeline", NULL)))
            return true;
    }
    return false;
}

static bool is_called(const json_t *advisory, const char *name)
{
    size_t i;
    const json_t *alias;
    if (rb_text_equal(rb_json_get_string(advisory, "id", NULL), name))
        return true;
    json_array_foreach(json_object_get(advisory, "aliases"), i, alias)
    {
        if (rb_text_equal(json_string_value(alias), name))
            return true;
    }
    return false;
}

static bool is_waived(const struct rb_policy *policy, const json_t *input, const json_t *advisory,
                      int64_t now_at)
{
    for (size_t i = 0; i < policy->file_count; i++) {
        for (size_t j = 0; j < policy->files[i]->waiver_count; j++) {
            const struct rb_policy_waiver *waiver = &policy->files[i]->waivers[j];
            if (waiver->until_at > now_at && is_for(waiver, input) &&
                is_called(advisory, waiver->advisory))
                return true;
        }
    }
    return false;
}

static bool has_waivers(const struct rb_policy *policy)
{
    for (size_t i = 0; i < policy->file_count; i++) {
        if (policy->files[i]->waiver_count > 0)
            return true;
    }
    return false;
}

static void note_waived(json_t *waived, const char *name)
{
    size_t i;
    const json_t *other;
    json_array_foreach(waived, i, other)
    {
        if (rb_text_equal(json_string_value(other), name))
            return;
    }
    rb_json_append_string(waived, name);
}

/* Takes what is waived out of one list of the copy. */
static void strip(const struct rb_policy *policy, const json_t *input, int64_t now_at, json_t *list,
                  json_t *waived)
{
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *advisory = json_array_get(list, i);
        if (!is_waived(policy, input, advisory, now_at))
            continue;
        note_waived(waived, rb_json_get_string(advisory, "id", ""));
        (void)json_array_remove(list, i);
    }
}

/* How bad it is, of what is left. */
struct worst {
    double score, epss;
    bool kev;
    const char *severity;
};

static int rank_of(const char *severity)
{
    static const char *const WORDS[] = {"none", "low", "medium", "high", "critical"};
    for (size_t i = 0; i < RB_COUNT_OF(WORDS); i++) {
        if (rb_text_equal(severity, WORDS[i]))
            return (int)i;
    }
    return 0;
}

static void look_at(const json_t *list, struct worst *worst)
{
    size_t i;
    const json_t *advisory;
    json_array_foreach(list, i, advisory)
    {
        double score = json_number_value(json_object_get(advisory, "score"));
        double epss = json_number_value(json_object_get(advisory, "epss"));
        const char *severity = rb_json_get_string(advisory, "severity", "none");
        worst->score = score > worst->score ? score : worst->score;
        worst->epss = epss > worst->epss ? epss : worst->epss;
        worst->kev = worst->kev || rb_json_get_bool(advisory, "kev", false);
        if (rank_of(severity) > rank_of(worst->severity))
            worst->severity = severity;
    }
}

static void judge_anew(json_t *input)
{
    struct worst worst = {.severity = "none"};
    json_t *vulnerability = json_object_get(input, "vulnerability");
    json_t *threat = json_object_get(input, "threat");
    for (size_t i = 0; i < RB_COUNT_OF(LISTS); i++)
        look_at(json_object_get(vulnerability, LISTS[i]), &worst);
    rb_json_set_string(vulnerability, "worst", worst.severity);
    rb_json_set(vulnerability, "worstScore", json_real(worst.score));
    if (threat == NULL)
        return;
    rb_json_set_bool(threat, "kev", worst.kev);
    rb_json_set(threat, "epss", json_real(worst.epss));
}

json_t *policy_waive(const struct rb_policy *policy, const json_t *input, int64_t now_at,
                     json_t *waived)
{
    if (!has_waivers(policy) || !json_is_object(json_object_get(input, "vulnerability")))
        return NULL;
    json_t *copy = json_deep_copy(input);
    RB_ASSERT(copy != NULL);
    for (size_t i = 0; i < RB_COUNT_OF(LISTS); i++)
        strip(policy, input, now_at,
              json_object_get(json_object_get(copy, "vulnerability"), LISTS[i]), waived);
    if (json_array_size(waived) == 0) {
        json_decref(copy);
        return NULL;
    }
    judge_anew(copy);
    return copy;
}
