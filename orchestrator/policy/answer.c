/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/policy/answer.h"

#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* Of numbers that bound something: more means as good as none. */
enum { APPROVALS_MAXIMUM = 100, JOBS_MAXIMUM = 1000000, MINUTES_MAXIMUM = 525600 };

enum { MINUTE_MS = 60 * 1000 };

static const char *const WORDS[] = {
    [RB_POLICY_ALLOW] = "allow", [RB_POLICY_HOLD] = "hold", [RB_POLICY_REFUSE] = "refuse"};

const char *rb_policy_word_name(enum rb_policy_word word)
{
    return WORDS[word];
}

/* What is read from, and where its texts go. */
struct reading {
    const json_t *object;
    const char *path; /* of the object, for messages: "result" */
    struct rb_arena *arena;
};

static int is_not(const struct reading *from, const char *member, const char *what,
                  struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s.%s of the answer is not %s", from->path, member, what);
}

/* An absent member and one that is null leave what is there. */
static const json_t *member_of(const struct reading *from, const char *member)
{
    const json_t *value = json_object_get(from->object, member);
    return json_is_null(value) ? NULL : value;
}

/* Words from outside are shown to people: what could steer a terminal is taken out. */
static int read_text(const struct reading *from, const char *member, size_t maximum,
                     const char **out, struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    if (value == NULL)
        return 0;
    if (!json_is_string(value))
        return is_not(from, member, "a text", err);
    size_t size = json_string_length(value);
    if (size > maximum)
        return rb_err_set(err, RB_EINVALID, "%s.%s of the answer is longer than %zu bytes",
                          from->path, member, maximum);
    char *text = rb_arena_alloc(from->arena, size + 1);
    *out = rb_text_printable(json_string_value(value), text, size + 1);
    return 0;
}

static int read_name(const struct reading *from, const char *member, const char **out,
                     struct rb_err *err)
{
    int status = read_text(from, member, RB_POLICY_NAME_MAXIMUM, out, err);
    if (status == 0 && *out != NULL && **out == '\0')
        return is_not(from, member, "a name", err);
    return status;
}

static int read_flag(const struct reading *from, const char *member, bool *out, struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    if (value == NULL)
        return 0;
    if (!json_is_boolean(value))
        return is_not(from, member, "true or false", err);
    *out = json_is_true(value);
    return 0;
}

static int read_number(const struct reading *from, const char *member, int64_t maximum,
                       int64_t *out, struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > maximum)
        return rb_err_set(err, RB_EINVALID,
                          "%s.%s of the answer is not a whole number from 0 to %lld", from->path,
                          member, (long long)maximum);
    *out = json_integer_value(value);
    return 0;
}

static int read_small(const struct reading *from, const char *member, int maximum, int *out,
                      struct rb_err *err)
{
    int64_t value = *out;
    int status = read_number(from, member, maximum, &value, err);
    *out = (int)value;
    return status;
}

static int read_time(const struct reading *from, const char *member, int64_t *out,
                     struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    if (value == NULL)
        return 0;
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value) ||
        rb_time_parse(text, out, NULL) != 0)
        return is_not(from, member, "an RFC 3339 time", err);
    return 0;
}

/* The word's place in the list; count where the member is absent. */
static int read_word(const struct reading *from, const char *member, const char *const *words,
                     size_t count, size_t *out, struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    *out = count;
    if (value == NULL)
        return 0;
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < count; i++) {
        if (rb_text_equal(text, words[i]))
            *out = i;
    }
    if (*out < count)
        return 0;
    char shown[40];
    return rb_err_set(err, RB_EINVALID, "%s.%s of the answer is %s, not one of its words",
                      from->path, member,
                      text == NULL ? "no text" : rb_text_printable(text, shown, sizeof(shown)));
}

/* Fills *ret_inner where the member is there; its object is NULL otherwise. */
static int read_object(const struct reading *from, const char *member, struct reading *ret_inner,
                       struct rb_err *err)
{
    const json_t *value = member_of(from, member);
    *ret_inner = (struct reading){.object = value, .arena = from->arena};
    if (value == NULL)
        return 0;
    if (!json_is_object(value))
        return is_not(from, member, "an object", err);
    ret_inner->path = rb_arena_printf(from->arena, "%s.%s", from->path, member);
    return 0;
}

static int read_decision(const struct reading *from, struct rb_policy_answer *answer,
                         struct rb_err *err)
{
    size_t word;
    int status = read_word(from, "decision", WORDS, RB_COUNT_OF(WORDS), &word, err);
    if (status != 0)
        return status;
    if (word == RB_COUNT_OF(WORDS))
        return rb_err_set(err, RB_EINVALID, "%s.decision is missing from the answer", from->path);
    answer->word = (enum rb_policy_word)word;
    status = read_name(from, "rule", &answer->rule, err);
    if (status == 0)
        status = read_text(from, "reason", RB_POLICY_REASON_MAXIMUM, &answer->reason, err);
    return status;
}

static int read_how(const struct reading *from, struct rb_policy_answer *answer, struct rb_err *err)
{
    static const char *const ENDS[] = {"finish", "cancel"};
    static const char *const CAUSES[] = {"time", "approval", "test", "settled"};
    size_t end = 0, cause = 0;
    int status = read_time(from, "until", &answer->until_at, err);
    if (status == 0)
        status = read_time(from, "deadline", &answer->deadline_at, err);
    if (status == 0)
        status = read_small(from, "priority", RB_POLICY_PRIORITY_MAXIMUM, &answer->priority, err);
    if (status == 0)
        status = read_flag(from, "urgent", &answer->urgent, err);
    if (status == 0)
        status = read_flag(from, "bisect", &answer->bisect, err);
    if (status == 0)
        status = read_word(from, "supersede", ENDS, RB_COUNT_OF(ENDS), &end, err);
    if (status == 0)
        status = read_word(from, "waitsFor", CAUSES, RB_COUNT_OF(CAUSES), &cause, err);
    if (status != 0)
        return status;
    answer->supersede_cancel = end == 1;
    answer->waits_for = cause < RB_COUNT_OF(CAUSES) ? CAUSES[cause] : NULL;
    return 0;
}

static int read_approvals(const struct reading *from, struct rb_policy_answer *answer,
                          struct rb_err *err)
{
    struct reading inner;
    int status = read_object(from, "approvals", &inner, err);
    if (status != 0 || inner.object == NULL)
        return status;
    status = read_small(&inner, "wanted", APPROVALS_MAXIMUM, &answer->approvals_wanted, err);
    if (status == 0)
        status = read_small(&inner, "given", APPROVALS_MAXIMUM, &answer->approvals_given, err);
    return status;
}

/* A bound without its name or its size bounds nothing: that is not what was meant. */
static int want_whole(const struct reading *inner, const char *name, bool has_bound,
                      struct rb_err *err)
{
    if (name != NULL && has_bound)
        return 0;
    return rb_err_set(err, RB_EINVALID, "%s of the answer lacks its name or its bound",
                      inner->path);
}

static int read_budget(const struct reading *from, struct rb_policy_answer *answer,
                       struct rb_err *err)
{
    struct reading inner;
    int64_t minutes = -1;
    int status = read_object(from, "budget", &inner, err);
    if (status != 0 || inner.object == NULL)
        return status;
    status = read_name(&inner, "name", &answer->budget_name, err);
    if (status == 0)
        status = read_number(&inner, "minutesPerDay", MINUTES_MAXIMUM, &minutes, err);
    if (status == 0)
        status = want_whole(&inner, answer->budget_name, minutes >= 0, err);
    answer->budget_ms_a_day = minutes * MINUTE_MS;
    return status;
}

static int read_concurrency(const struct reading *from, struct rb_policy_answer *answer,
                            struct rb_err *err)
{
    struct reading inner;
    int most = -1;
    int status = read_object(from, "concurrency", &inner, err);
    if (status != 0 || inner.object == NULL)
        return status;
    status = read_name(&inner, "name", &answer->concurrency_name, err);
    if (status == 0)
        status = read_small(&inner, "most", JOBS_MAXIMUM, &most, err);
    if (status == 0)
        status = want_whole(&inner, answer->concurrency_name, most >= 0, err);
    answer->concurrency_most = most;
    return status;
}

int rb_policy_answer_read(const json_t *response, struct rb_arena *arena,
                          struct rb_policy_answer *ret, struct rb_err *err)
{
    const struct reading whole = {.object = response, .path = "body", .arena = arena};
    struct rb_policy_answer answer = {.priority = RB_POLICY_PRIORITY_DEFAULT};
    if (!json_is_object(response))
        return rb_err_set(err, RB_EINVALID, "the answer is not a JSON object");
    answer.json = json_object_get(response, "result");
    if (answer.json == NULL)
        return rb_err_set(err, RB_ENOTFOUND,
                          "the policy server has no result for this: no policy there answers it");
    if (!json_is_object(answer.json))
        return rb_err_set(err, RB_EINVALID, "the result of the answer is not an object");
    const struct reading result = {.object = answer.json, .path = "result", .arena = arena};
    int status = read_name(&whole, "decision_id", &answer.decision_id, err);
    if (status == 0)
        status = read_decision(&result, &answer, err);
    if (status == 0)
        status = read_how(&result, &answer, err);
    if (status == 0)
        status = read_approvals(&result, &answer, err);
    if (status == 0)
        status = read_budget(&result, &answer, err);
    if (status == 0)
        status = read_concurrency(&result, &answer, err);
    if (status == 0)
        *ret = answer;
    return status;
}
