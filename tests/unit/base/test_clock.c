/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"

#define SECONDS INT64_C(1000)
#define DAYS    (INT64_C(86400) * SECONDS)

/* 2026-11-24T14:03:07Z */
static const int64_t NOVEMBER = INT64_C(1795528987) * 1000;

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at;
    } ROWS[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T14:03:07Z", INT64_C(1795528987000)},
        {"2026-11-24t14:03:07z", INT64_C(1795528987000)},
        {"2026-11-24 14:03:07Z", INT64_C(1795528987000)},
        {"2026-11-24T14:03:07.123456789Z", INT64_C(1795528987000)},
        {"2026-11-24T16:03:07+02:00", INT64_C(1795528987000)},
        {"2026-11-24T08:33:07-05:30", INT64_C(1795528987000)},
        {"2026-11-24T14:03:07-00:00", INT64_C(1795528987000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228799000)}, /* a leap second */
        {"1969-12-31T23:59:59Z", -1000},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        int64_t at = 1;
        struct rb_err err;
        if (rb_time_parse(ROWS[i].text, &at, &err) != 0)
            fail_msg("%s: %s", ROWS[i].text, err.text);
        if (at != ROWS[i].at)
            fail_msg("%s: %lld", ROWS[i].text, (long long)at);
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "now",
        "2026-11-24",
        "2026-11-24T14:03:07", /* whose time is it? */
        "2026-11-24T14:03Z",
        "2026-11-24T14:03:07Z ",
        "2026-11-24T14:03:07ZZ",
        "2026-11-24T14:03:07.Z",
        "2026-11-24T14:03:07+2",
        "2026-11-24T14:03:07+24:00",
        "2026-11-24T14:03:07+02:60",
        "2026-11-24T14:03:07+02:0",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T14:60:00Z",
        "2026-11-24T14:03:61Z",
        "2026-11-24T14:-3:07Z",
        "2026-11-24T14: 3:07Z",
        "2026-+1-24T14:03:07Z",
        "26-11-24T14:03:07Z",
        "12026-11-24T14:03:07Z",
    };
    for (size_t i = 0; i < RB_COUNT_OF(TEXTS); i++) {
        int64_t at = 77;
        struct rb_err err;
        if (rb_time_parse(TEXTS[i], &at, &err) != RB_EINVALID)
            fail_msg("\"%s\" was taken as %lld", TEXTS[i], (long long)at);
        assert_int_equal(at, 77);
        assert_non_null(strstr(err.text, TEXTS[i]));
    }
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *text;
        const char *http;
    } ROWS[] = {
        {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_C(1795528987000), "2026-11-24T14:03:07Z", "Tue, 24 Nov 2026 14:03:07 GMT"},
        {INT64_C(1795528987999), "2026-11-24T14:03:07Z", "Tue, 24 Nov 2026 14:03:07 GMT"},
        {-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
        {-1000, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
    };
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one, it must make no difference */
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        char text[RB_TIME_TEXT_SIZE];
        assert_string_equal(rb_time_format(ROWS[i].at, text), ROWS[i].text);
        assert_string_equal(rb_time_format_http(ROWS[i].at, text), ROWS[i].http);
        int64_t at;
        assert_int_equal(rb_time_parse_http(text, &at, NULL), 0);
        assert_int_equal(at, ROWS[i].at - ((ROWS[i].at % SECONDS) + SECONDS) % SECONDS);
    }
    char text[RB_TIME_TEXT_SIZE];
    assert_true(strlen(rb_time_format(INT64_MAX, text)) < RB_TIME_TEXT_SIZE);
    assert_true(strlen(rb_time_format(INT64_MIN, text)) < RB_TIME_TEXT_SIZE);
    assert_true(strlen(rb_time_format_http(INT64_MIN, text)) < RB_TIME_TEXT_SIZE);
}

static void test_parse_http(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at; /* -1: refused */
    } ROWS[] = {
        {"Tue, 24 Nov 2026 14:03:07 GMT", INT64_C(1795528987000)},
        {"Tue, 24 Nov 2026 14:03:07 UTC", INT64_C(1795528987000)},
        {"Tue, 24 Nov 2026 14:03:07 +0000", INT64_C(1795528987000)},
        {"24 Nov 2026 14:03:07 GMT", INT64_C(1795528987000)},
        {"Tue, 24 Nov 2026 14:03:07 GMT ", INT64_C(1795528987000)},
        {"Thu, 1 Jan 1970 0:00:00 UTC", 0}, /* written so by some archives */
        {"Thu,  01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 24 Nov 2026 14:03:07", -1},
        {"Tue, 24 Nov 2026 14:03:07 CET", -1},
        {"Tue, 24 Nov 2026 14:03:07 +0100", -1},
        {"Tue, 24 Nov 2026 14:03:07 GMTX", -1},
        {"Tue, 24 Nov 2026 14:03:07 GMT and more", -1},
        {"Tue, 31 Nov 2026 14:03:07 GMT", -1},
        {"Tue, 24 Nvo 2026 14:03:07 GMT", -1},
        {"Tue, 24 nov 2026 14:03:07 GMT", -1},
        {"Tue, 24 Nov 26 14:03:07 GMT", -1},
        {"Tue, 24 Nov 2026 14:-3:07 GMT", -1},
        {"Tue, -4 Nov 2026 14:03:07 GMT", -1},
        {"Tue, 24 Nov 2026 25:03:07 GMT", -1},
        {"Tuesday", -1},
        {",", -1},
        {"", -1},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        int64_t at = -2;
        struct rb_err err;
        int status = rb_time_parse_http(ROWS[i].text, &at, &err);
        if (status != (ROWS[i].at == -1 ? RB_EINVALID : 0) ||
            at != (ROWS[i].at == -1 ? -2 : ROWS[i].at))
            fail_msg("\"%s\": %d, %lld", ROWS[i].text, status, (long long)at);
    }
}

static void test_parse_span(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        int64_t ms;
    } ROWS[] = {
        {"500ms", 0, 500},
        {"0s", 0, 0},
        {"30s", 0, 30 * SECONDS},
        {"2m", 0, 120 * SECONDS},
        {"1h30m", 0, 5400 * SECONDS},
        {"7d", 0, 7 * DAYS},
        {"2w", 0, 14 * DAYS},
        {"1d2h3m4s5ms", 0, DAYS + 7384 * SECONDS + 5},
        {"3653d", 0, 3653 * DAYS},
        {"3653d1ms", RB_ELIMIT, 0},
        {"999999999999w", RB_ELIMIT, 0},
        {"9999999999999s", RB_EINVALID, 0},
        {"", RB_EINVALID, 0},
        {"30", RB_EINVALID, 0},
        {"s", RB_EINVALID, 0},
        {"-5s", RB_EINVALID, 0},
        {"5 s", RB_EINVALID, 0},
        {"5s ", RB_EINVALID, 0},
        {"5sec", RB_EINVALID, 0},
        {"5M", RB_EINVALID, 0},
        {"1.5h", RB_EINVALID, 0},
        {"1h30", RB_EINVALID, 0},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        int64_t ms = -7;
        struct rb_err err;
        int status = rb_span_parse(ROWS[i].text, &ms, &err);
        if (status != ROWS[i].status || ms != (status == 0 ? ROWS[i].ms : -7))
            fail_msg("\"%s\": %d, %lld", ROWS[i].text, status, (long long)ms);
    }
}

static void test_format_span(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } ROWS[] = {
        {-5, "0ms"},
        {0, "0ms"},
        {999, "999ms"},
        {1000, "1.0s"},
        {4250, "4.2s"},
        {59999, "59.9s"},
        {60000, "1m00s"},
        {190000, "3m10s"},
        {3599999, "59m59s"},
        {7500000, "2h05m"},
        {DAYS - 1, "23h59m"},
        {6 * DAYS + 4 * 3600 * SECONDS, "6d4h"},
        {INT64_MAX, "106751991167d7h"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        char text[RB_TIME_TEXT_SIZE];
        assert_string_equal(rb_span_format(ROWS[i].ms, text), ROWS[i].text);
    }
}

static int64_t november(void *context)
{
    return *(const int64_t *)context;
}

static void test_clocks(void **state)
{
    (void)state;
    int64_t still = NOVEMBER;
    const struct rb_clock clock = {.now = november, .context = &still};
    assert_int_equal(rb_clock_now(&clock), NOVEMBER);
    assert_true(rb_clock_now(&rb_clock_system) > INT64_C(1700000000000));
    int64_t before = rb_clock_monotonic_ms();
    assert_true(rb_clock_monotonic_ms() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_format),     cmocka_unit_test(test_parse_http),
        cmocka_unit_test(test_parse_span), cmocka_unit_test(test_format_span),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
