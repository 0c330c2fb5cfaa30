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

struct civil {
    int year, month, day, hour, minute, second;
};

/* False where the date does not exist (timegm would roll it over). */
static bool from_civil(const struct civil *civil, int64_t *ret_at)
{
    struct tm parts = {.tm_year = civil->year - 1900,
                       .tm_mon = civil->month - 1,
                       .tm_mday = civil->day,
                       .tm_hour = civil->hour,
                       .tm_min = civil->minute,
                       .tm_sec = civil->second == 60 ? 59 : civil->second};
    struct tm given = parts;
    if (civil->hour > 23 || civil->minute > 59 || civil->second > 60)
        return false;
    time_t seconds = timegm(&parts);
    if (parts.tm_mon != given.tm_mon || parts.tm_mday != given.tm_mday)
        return false;
    *ret_at = (int64_t)seconds * SECOND;
    return true;
}

/* Digits and nothing else: scanf(3) would take spaces and signs. */
static bool take_number(const char **text, int least, int most, int *ret_number)
{
    int number = 0, count = 0;
    for (; count < most && isdigit((unsigned char)**text); count++)
        number = number * 10 + (*(*text)++ - '0');
    *ret_number = number;
    return count >= least;
}

static bool take_one_of(const char **text, const char *characters)
{
    if (**text == '\0' || strchr(characters, **text) == NULL)
        return false;
    (*text)++;
    return true;
}

static bool take_time_of_day(const char **text, int hour_digits, struct civil *civil)
{
    return take_number(text, hour_digits, 2, &civil->hour) && take_one_of(text, ":") &&
           take_number(text, 2, 2, &civil->minute) && take_one_of(text, ":") &&
           take_number(text, 2, 2, &civil->second);
}

static bool take_fraction(const char **text)
{
    if (!take_one_of(text, "."))
        return true;
    const char *digits = *text;
    while (isdigit((unsigned char)**text))
        (*text)++;
    return *text > digits;
}

static bool take_offset(const char **text, int64_t *ret_offset_ms)
{
    int sign = **text == '-' ? -1 : 1, hours, minutes;
    *ret_offset_ms = 0;
    if (take_one_of(text, "Zz"))
        return true;
    if (!take_one_of(text, "+-") || !take_number(text, 2, 2, &hours) || !take_one_of(text, ":") ||
        !take_number(text, 2, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_offset_ms = sign * (hours * HOUR + minutes * MINUTE);
    return true;
}

int rb_time_parse(const char *text, int64_t *ret_at, struct rb_err *err)
{
    const char *at = text;
    struct civil civil;
    int64_t local_at, offset_ms;
    if (!take_number(&at, 4, 4, &civil.year) || !take_one_of(&at, "-") ||
        !take_number(&at, 2, 2, &civil.month) || !take_one_of(&at, "-") ||
        !take_number(&at, 2, 2, &civil.day) || !take_one_of(&at, "Tt ") ||
        !take_time_of_day(&at, 2, &civil) || !take_fraction(&at) || !take_offset(&at, &offset_ms) ||
        *at != '\0' || !from_civil(&civil, &local_at))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 3339 time", text);
    *ret_at = local_at - offset_ms;
    return 0;
}

static void skip_spaces(const char **text)
{
    while (**text == ' ')
        (*text)++;
}

/* The word at text, up to a space, is one of the words: its place, or the count. */
static size_t take_word(const char **text, const char *const *words, size_t count)
{
    size_t size = strcspn(*text, " ");
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == size && strncmp(*text, words[i], size) == 0) {
            *text += size;
            return i;
        }
    }
    return count;
}

/* Some archives write a day or an hour below ten with one digit. */
int rb_time_parse_http(const char *text, int64_t *ret_at, struct rb_err *err)
{
    static const char *const ZONES[] = {"UTC", "GMT", "+0000"};
    const char *comma = strchr(text, ',');
    const char *at = comma == NULL ? text : comma + 1;
    struct civil civil;
    skip_spaces(&at);
    if (!take_number(&at, 1, 2, &civil.day) || !take_one_of(&at, " "))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 5322 date", text);
    skip_spaces(&at);
    civil.month = (int)take_word(&at, MONTHS, RB_COUNT_OF(MONTHS)) + 1;
    skip_spaces(&at);
    if (!take_number(&at, 4, 4, &civil.year) || !take_one_of(&at, " ") ||
        !take_time_of_day(&at, 1, &civil))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not an RFC 5322 date", text);
    skip_spaces(&at);
    bool utc = take_word(&at, ZONES, RB_COUNT_OF(ZONES)) < RB_COUNT_OF(ZONES);
    skip_spaces(&at);
    if (!utc || *at != '\0' || civil.month > 12 || !from_civil(&civil, ret_at))
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
