/* SPDX-License-Identifier: Apache-2.0 */
/* Windows at the edges of time: changed clocks, leap days, the last occurrence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/policy/calendar.h"

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (text != NULL)
        assert_int_equal(rb_time_parse(text, &ms, NULL), 0);
    return ms;
}

static int64_t span(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(rb_span_parse(text, &ms, NULL), 0);
    return ms;
}

#define NIGHTS_IN_BERLIN "FREQ=DAILY", "22:00", "6h", "Europe/Berlin"
#define HALF_PAST_TWO    "FREQ=DAILY", "02:30", "1h", "Europe/Berlin"
#define LEAP_DAYS        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "00:00", "24h", "UTC"
#define CHRISTMAS        NULL, "2026-12-23T18:00", "10d", "Europe/Berlin"
#define PATCH_TUESDAYS   "FREQ=MONTHLY;BYDAY=2TU", "18:00", "8h", "America/New_York"
#define FORTNIGHTS       "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "2026-01-04T03:00", "2h", "UTC"
#define WORKDAYS         "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "00:00", "24h", "UTC"
#define UNTIL_MAY        "FREQ=DAILY;UNTIL=20260501T000000", "12:00", "1h", "UTC"

static const struct {
    const char *name;
    struct {
        const char *recurrence, *start, *length, *timezone;
    } window;
    const char *at;
    bool open;
    const char *until; /* NULL: never */
} STATES[] = {
    {"open in winter", {NIGHTS_IN_BERLIN}, "2026-01-10T21:30:00Z", true, "2026-01-11T03:00:00Z"},
    {"open in summer", {NIGHTS_IN_BERLIN}, "2026-07-10T20:30:00Z", true, "2026-07-11T02:00:00Z"},
    {"closed at noon", {NIGHTS_IN_BERLIN}, "2026-07-10T12:00:00Z", false, "2026-07-10T20:00:00Z"},
    {"the moment it opens",
     {NIGHTS_IN_BERLIN},
     "2026-07-10T20:00:00Z",
     true,
     "2026-07-11T02:00:00Z"},
    {"the moment it closes",
     {NIGHTS_IN_BERLIN},
     "2026-07-11T02:00:00Z",
     false,
     "2026-07-11T20:00:00Z"},
    {"six hours are six hours in the shorter night",
     {NIGHTS_IN_BERLIN},
     "2026-03-28T23:00:00Z",
     true,
     "2026-03-29T03:00:00Z"},
    {"and in the longer one",
     {NIGHTS_IN_BERLIN},
     "2026-10-24T23:00:00Z",
     true,
     "2026-10-25T02:00:00Z"},
    {"a time that there is not",
     {HALF_PAST_TWO},
     "2026-03-29T01:15:00Z",
     false,
     "2026-03-29T01:30:00Z"},
    {"which is read by the offset before",
     {HALF_PAST_TWO},
     "2026-03-29T01:45:00Z",
     true,
     "2026-03-29T02:30:00Z"},
    {"a time that there is twice",
     {HALF_PAST_TWO},
     "2026-10-25T00:15:00Z",
     false,
     "2026-10-25T00:30:00Z"},
    {"is the first of the two",
     {HALF_PAST_TWO},
     "2026-10-25T00:45:00Z",
     true,
     "2026-10-25T01:30:00Z"},
    {"and not the second too",
     {HALF_PAST_TWO},
     "2026-10-25T01:45:00Z",
     false,
     "2026-10-26T01:30:00Z"},
    {"the next leap day", {LEAP_DAYS}, "2026-06-01T00:00:00Z", false, "2028-02-29T00:00:00Z"},
    {"a leap day", {LEAP_DAYS}, "2028-02-29T12:00:00Z", true, "2028-03-01T00:00:00Z"},
    {"no leap day at the century",
     {LEAP_DAYS},
     "2096-03-01T00:00:00Z",
     false,
     "2104-02-29T00:00:00Z"},
    {"before the one time", {CHRISTMAS}, "2026-11-27T00:00:00Z", false, "2026-12-23T17:00:00Z"},
    {"in the one time", {CHRISTMAS}, "2026-12-24T00:00:00Z", true, "2027-01-02T17:00:00Z"},
    {"after the one time", {CHRISTMAS}, "2027-01-02T17:00:00Z", false, NULL},
    {"the second Tuesday", {PATCH_TUESDAYS}, "2026-11-10T23:30:00Z", true, "2026-11-11T07:00:00Z"},
    {"after it, in summer time",
     {PATCH_TUESDAYS},
     "2026-03-11T22:00:00Z",
     false,
     "2026-04-14T22:00:00Z"},
    {"each second week counts from the first",
     {FORTNIGHTS},
     "2026-11-27T00:00:00Z",
     false,
     "2026-12-06T03:00:00Z"},
    {"windows that touch are one",
     {WORKDAYS},
     "2026-11-25T12:00:00Z",
     true,
     "2026-11-28T00:00:00Z"},
    {"and closed between", {WORKDAYS}, "2026-11-28T12:00:00Z", false, "2026-11-30T00:00:00Z"},
    {"the last occurrence", {UNTIL_MAY}, "2026-04-30T12:30:00Z", true, "2026-04-30T13:00:00Z"},
    {"after the last", {UNTIL_MAY}, "2026-05-01T12:30:00Z", false, NULL},
};

static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(STATES); i++) {
        struct rb_policy_window window = {.recurrence = STATES[i].window.recurrence,
                                          .start = STATES[i].window.start,
                                          .for_ms = span(STATES[i].window.length),
                                          .timezone = STATES[i].window.timezone};
        struct rb_calendar *calendar;
        struct rb_err err;
        char until[RB_TIME_TEXT_SIZE];
        if (rb_calendar_new(&window, &calendar, &err) != 0)
            fail_msg("%s: %s", STATES[i].name, err.text);
        struct rb_calendar_state found = rb_calendar_at(calendar, at(STATES[i].at));
        if (found.open != STATES[i].open || found.until_at != at(STATES[i].until))
            fail_msg("%s: open %d until %s", STATES[i].name, found.open,
                     rb_time_format(found.until_at, until));
        rb_calendar_free(calendar);
    }
}

/* What is remembered is the same as what is asked anew, forwards and backwards. */
static void test_what_is_remembered(void **state)
{
    (void)state;
    static const int64_t HOUR_MS = 3600 * 1000;
    struct rb_policy_window window = {.recurrence = "FREQ=DAILY",
                                      .start = "02:30",
                                      .for_ms = HOUR_MS,
                                      .timezone = "Europe/Berlin"};
    struct rb_calendar *kept, *fresh;
    int64_t first = at("2026-10-20T00:00:00Z");
    assert_int_equal(rb_calendar_new(&window, &kept, NULL), 0);
    for (int64_t hour = 0; hour < 480; hour++) {
        int64_t time = first + (hour < 240 ? hour : 480 - hour) * HOUR_MS / 2;
        assert_int_equal(rb_calendar_new(&window, &fresh, NULL), 0);
        struct rb_calendar_state a = rb_calendar_at(kept, time), b = rb_calendar_at(fresh, time);
        assert_int_equal(a.open, b.open);
        assert_int_equal(a.until_at, b.until_at);
        rb_calendar_free(fresh);
    }
    rb_calendar_free(kept);
}

static void test_what_is_no_window(void **state)
{
    (void)state;
    static const struct {
        const char *recurrence, *timezone, *message;
    } bad[] = {
        {"every night", "UTC", "is no rule of RFC 5545"},
        {"FREQ=HOURLY", "UTC", "once a day at most"},
        {"FREQ=DAILY;COUNT=3", "UTC", "write UNTIL instead of COUNT"},
        {"FREQ=DAILY", "Mars/Olympus", "is not one that this machine knows"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        struct rb_policy_window window = {.recurrence = bad[i].recurrence,
                                          .start = "22:00",
                                          .for_ms = 3600 * 1000,
                                          .timezone = bad[i].timezone};
        struct rb_calendar *calendar;
        struct rb_err err;
        assert_int_equal(rb_calendar_new(&window, &calendar, &err), RB_EINVALID);
        if (strstr(err.text, bad[i].message) == NULL)
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_what_is_remembered),
        cmocka_unit_test(test_what_is_no_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
