/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a policy file. */
#include <stdio.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/text.h"
#include "value.h"

static const char *one_of(const char *text, const char *const *words,
                          struct rb_complaint *complaint, const char *what, const char *hint)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, text) == 0)
            return text;
    }
    return rb_value_refuse(complaint, what, hint);
}

const char *rb_value_policy_subject(struct rb_arena *arena, const char *text,
                                    struct rb_complaint *complaint)
{
    static const char *const WORDS[] = {"rebuild",   "promote",  "deploy", "drift",
                                        "hot-patch", "exposure", NULL};
    (void)arena;
    return one_of(text, WORDS, complaint, "is nothing that policy is asked about",
                  "write rebuild, promote, deploy, drift, hot-patch or exposure");
}

const char *rb_value_policy_decide(struct rb_arena *arena, const char *text,
                                   struct rb_complaint *complaint)
{
    static const char *const WORDS[] = {"allow", "hold", "refuse", NULL};
    (void)arena;
    return one_of(text, WORDS, complaint, "is no decision", "write allow, hold or refuse");
}

const char *rb_value_policy_tests(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    static const char *const WORDS[] = {"passed", NULL};
    (void)arena;
    return one_of(text, WORDS, complaint, "is nothing that tests can be waited for",
                  "write tests: passed");
}

const char *rb_value_policy_supersede(struct rb_arena *arena, const char *text,
                                      struct rb_complaint *complaint)
{
    static const char *const WORDS[] = {"finish", "cancel", NULL};
    (void)arena;
    return one_of(text, WORDS, complaint, "is nothing that a running build can be done with",
                  "write finish or cancel");
}

const char *rb_value_policy_selinux(struct rb_arena *arena, const char *text,
                                    struct rb_complaint *complaint)
{
    static const char *const WORDS[] = {"enforcing", "permissive", NULL};
    (void)arena;
    return one_of(text, WORDS, complaint, "is no mode of SELinux that can be required",
                  "write enforcing or permissive");
}

static bool is_number_up_to(const char *text, uint64_t least, uint64_t most)
{
    uint64_t number;
    return rb_text_to_u64(text, &number) && number >= least && number <= most;
}

const char *rb_value_priority(struct rb_arena *arena, const char *text,
                              struct rb_complaint *complaint)
{
    (void)arena;
    return is_number_up_to(text, 0, 100)
               ? text
               : rb_value_refuse(complaint, "is not a priority", "write a number from 0 to 100");
}

const char *rb_value_count(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    (void)arena;
    return is_number_up_to(text, 1, 1000)
               ? text
               : rb_value_refuse(complaint, "is not a count", "write a number from 1 to 1000");
}

static bool is_time_of_day(const char *text)
{
    unsigned hour, minute;
    int end = 0;
    return strlen(text) == 5 && sscanf(text, "%2u:%2u%n", &hour, &minute, &end) == 2 && end == 5 &&
           hour < 24 && minute < 60;
}

/* A day of the calendar that there is, as rb_time_parse sees it. */
static bool is_day(struct rb_arena *arena, const char *text)
{
    int64_t at;
    return strlen(text) == 10 &&
           rb_time_parse(rb_arena_printf(arena, "%sT00:00:00Z", text), &at, NULL) == 0;
}

const char *rb_value_window_start(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    if (is_time_of_day(text) || is_day(arena, text))
        return text;
    if (strlen(text) == 16 && text[10] == 'T' && is_time_of_day(text + 11) &&
        is_day(arena, rb_arena_strndup(arena, text, 10)))
        return text;
    return rb_value_refuse(complaint, "is not a local time",
                           "write \"22:00\", 2026-12-23 or 2026-12-23T18:00");
}

const char *rb_value_time(struct rb_arena *arena, const char *text, struct rb_complaint *complaint)
{
    int64_t at;
    if (is_day(arena, text))
        return rb_arena_printf(arena, "%sT00:00:00Z", text);
    if (rb_time_parse(text, &at, NULL) == 0)
        return text;
    return rb_value_refuse(complaint, "is not a time", "write 2027-01-31 or 2027-01-31T12:00:00Z");
}
