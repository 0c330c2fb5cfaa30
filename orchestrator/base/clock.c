/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rebake/base/memory.h"

static const int64_t SECOND = 1000, MINUTE = 60 * 1000, HOUR = 3600 * 1000, DAY = 86400 * 1000;
static const int64_t LONGEST_SPAN = (int64_t)3653 * 86400 * 1000;

static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const WEEKDAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static int64_t system_now(void *context)
{
    (void)context;
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * SECOND + at.tv_nsec / 1000000;
}

const struct rb_clock rb_clock_system = {.now = system_now};

int64_t rb_clock_now(const struct rb_clock *clock)
{
    return clock->now(clock->context);
}

int64_t rb_clock_monotonic_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * SECOND + at.tv_nsec / 1000000;
}

static struct tm broken_down(int64_t at)
{
    time_t seconds = (time_t)(at / SECOND - (at % SECOND < 0));
    struct tm parts;
    RB_ASSERT(gmtime_r(&seconds, &parts) != NULL);
    return parts;
}

char *rb_time_format(int64_t at, char *out)
{
    struct tm parts = broken_down(at);
    (void)strftime(out, RB_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return out;
}

/* strftime would follow the locale. */
char *rb_time_format_http(int64_t at, char *out)
{
    struct tm parts = broken_down(at);
    (void)snprintf(out, RB_TIME_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                   WEEKDAYS[parts.tm_wday], parts.tm_mday, MONTHS[parts.tm_mon],
                   (parts.tm_year + 1900) % 10000, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return out;
}

/* Civil parts to a point in time; false where the date does not exist (timegm would roll it over).
 */
static bool from_parts(int year, int month, int day, int hour, int minute, int second,
                       int64_t *ret_at)
{
    struct tm parts = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = day,
                       .tm_hour = hour,
                       .tm_min = minute,
                       .tm_sec = second == 60 ? 59 : second};
    struct tm given = parts;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    time_t seconds = timegm(&parts);
    if (parts.tm_mon != given.tm_mon || parts.tm_mday != given.tm_mday)
        return false;
    *ret_at = (int64_t)seconds * SECOND;
    return true;
}

int rb_time_parse(const char *text, int64_t *ret_at, struct rb_err *err)
{
    int year, month, day, hour, minute, second, used = 0;
    if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
               &second, &used) != 6 ||
        used == 0)
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 3339 time", text);
    const char *rest = text + used;
    if (*rest == '.') {
        do
            rest++;
        while (isdigit((unsigned char)*rest));
    }
    int64_t offset_ms = 0;
    int offset_hours, offset_minutes;
    bool signed_offset = *rest == '+' || *rest == '-';
    if (signed_offset &&
        sscanf(rest + 1, "%2d:%2d%n", &offset_hours, &offset_minutes, &used) == 2) {
        offset_ms = (offset_hours * HOUR + offset_minutes * MINUTE) * (*rest == '-' ? -1 : 1);
        rest += 1 + used;
    } else if (*rest == 'Z' || *rest == 'z') {
        rest++;
    }
    if (*rest != '\0' || !from_parts(year, month, day, hour, minute, second, ret_at))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 3339 time", text);
    *ret_at -= offset_ms;
    return 0;
}

int rb_time_parse_http(const char *text, int64_t *ret_at, struct rb_err *err)
{
    int year, day, hour, minute, second, used = 0;
    char month_name[4], zone[8];
    const char *comma = strchr(text, ',');
    const char *date = comma == NULL ? text : comma + 1;
    if (sscanf(date, " %2d %3s %4d %2d:%2d:%2d %7s%n", &day, month_name, &year, &hour, &minute,
               &second, zone, &used) != 7 ||
        used == 0)
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 5322 date", text);
    int month = 0;
    for (size_t i = 0; i < RB_COUNT_OF(MONTHS); i++) {
        if (strcmp(MONTHS[i], month_name) == 0)
            month = (int)i + 1;
    }
    bool utc = strcmp(zone, "UTC") == 0 || strcmp(zone, "GMT") == 0 || strcmp(zone, "+0000") == 0;
    if (month == 0 || !utc || !from_parts(year, month, day, hour, minute, second, ret_at))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 5322 date in UTC", text);
    return 0;
}

static int64_t unit_of(const char *text, size_t *ret_size)
{
    static const struct {
        const char *name;
        int64_t ms;
    } UNITS[] = {{"ms", 1},          {"s", 1000},         {"m", 60 * 1000},
                 {"h", 3600 * 1000}, {"d", 86400 * 1000}, {"w", 7 * 86400 * 1000}};
    for (size_t i = 0; i < RB_COUNT_OF(UNITS); i++) {
        size_t size = strlen(UNITS[i].name);
        if (strncmp(text, UNITS[i].name, size) == 0 && !isalpha((unsigned char)text[size])) {
            *ret_size = size;
            return UNITS[i].ms;
        }
    }
    return 0;
}

int rb_span_parse(const char *text, int64_t *ret_ms, struct rb_err *err)
{
    int64_t total = 0;
    const char *at = text;
    do {
        int64_t number = 0;
        const char *digits = at;
        for (; isdigit((unsigned char)*at) && at - digits < 12; at++)
            number = number * 10 + (*at - '0');
        size_t unit_size = 0;
        int64_t unit = at == digits ? 0 : unit_of(at, &unit_size);
        if (unit == 0)
            return rb_err_set(err, RB_EINVALID,
                              "\"%.40s\" is not a span of time: write 30s, 5m, 1h30m or 7d", text);
        if (__builtin_mul_overflow(number, unit, &number) ||
            __builtin_add_overflow(total, number, &total) || total > LONGEST_SPAN)
            return rb_err_set(err, RB_ELIMIT, "\"%.40s\" is longer than ten years", text);
        at += unit_size;
    } while (*at != '\0');
    *ret_ms = total;
    return 0;
}

char *rb_span_format(int64_t ms, char *out)
{
    if (ms < 0)
        ms = 0;
    if (ms < SECOND)
        (void)snprintf(out, RB_TIME_TEXT_SIZE, "%dms", (int)ms);
    else if (ms < MINUTE)
        (void)snprintf(out, RB_TIME_TEXT_SIZE, "%d.%ds", (int)(ms / SECOND),
                       (int)(ms % SECOND / 100));
    else if (ms < HOUR)
        (void)snprintf(out, RB_TIME_TEXT_SIZE, "%dm%02ds", (int)(ms / MINUTE),
                       (int)(ms % MINUTE / SECOND));
    else if (ms < DAY)
        (void)snprintf(out, RB_TIME_TEXT_SIZE, "%dh%02dm", (int)(ms / HOUR),
                       (int)(ms % HOUR / MINUTE));
    else
        (void)snprintf(out, RB_TIME_TEXT_SIZE, "%lldd%dh", (long long)(ms / DAY),
                       (int)(ms % DAY / HOUR));
    return out;
}
