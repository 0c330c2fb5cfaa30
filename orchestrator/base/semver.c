/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/semver.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* A number without leading zeros, and moves behind it. */
static bool take_number(const char **at, uint64_t *ret_number)
{
    const char *begin = *at;
    uint64_t number = 0;
    for (; is_digit(**at); ++*at) {
        if (number > (INT64_MAX - (uint64_t)(**at - '0')) / 10)
            return false;
        number = number * 10 + (uint64_t)(**at - '0');
    }
    *ret_number = number;
    return *at > begin && (*begin != '0' || *at == begin + 1);
}

static bool all_digits(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]))
            return false;
    }
    return true;
}

/* Identifiers between dots, none empty, and moves behind them. A numeric one may begin with a zero
   in build metadata alone. */
static bool take_identifiers(const char **at, bool zeros)
{
    for (;; ++*at) {
        const char *begin = *at;
        while (is_identifier_character(**at))
            ++*at;
        size_t size = (size_t)(*at - begin);
        if (size == 0 || (!zeros && size > 1 && *begin == '0' && all_digits(begin, size)))
            return false;
        if (**at != '.')
            return true;
    }
}

bool rb_semver_parse(const char *text, struct rb_semver *ret_version)
{
    struct rb_semver version = {.prerelease = NULL};
    if (strnlen(text, RB_SEMVER_MAXIMUM + 1) > RB_SEMVER_MAXIMUM)
        return false;
    const char *at = *text == 'v' ? text + 1 : text;
    for (int i = 0; i < 3; i++) {
        if ((i > 0 && *at++ != '.') || !take_number(&at, &version.numbers[i]))
            return false;
    }
    if (*at == '-') {
        version.prerelease = ++at;
        if (!take_identifiers(&at, false))
            return false;
        version.prerelease_size = (size_t)(at - version.prerelease);
    }
    if (*at == '+') {
        ++at;
        if (!take_identifiers(&at, true))
            return false;
    }
    if (*at != '\0')
        return false;
    *ret_version = version;
    return true;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* Numbers by value, of any size: they have no leading zeros. Before all others, which go by bytes.
 */
static int compare_identifiers(const char *a, size_t a_size, const char *b, size_t b_size)
{
    bool a_numeric = all_digits(a, a_size), b_numeric = all_digits(b, b_size);
    if (a_numeric != b_numeric)
        return a_numeric ? -1 : 1;
    if (a_numeric && a_size != b_size)
        return compare_sizes(a_size, b_size);
    int difference = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return difference != 0 ? difference : compare_sizes(a_size, b_size);
}

static size_t identifier_size(const char *text, size_t size)
{
    const char *dot = memchr(text, '.', size);
    return dot == NULL ? size : (size_t)(dot - text);
}

static int compare_prereleases(const char *a, size_t a_size, const char *b, size_t b_size)
{
    for (;;) {
        size_t a_first = identifier_size(a, a_size), b_first = identifier_size(b, b_size);
        int difference = compare_identifiers(a, a_first, b, b_first);
        if (difference != 0)
            return difference;
        if (a_first == a_size || b_first == b_size)
            return (b_first == b_size) - (a_first == a_size);
        a += a_first + 1;
        a_size -= a_first + 1;
        b += b_first + 1;
        b_size -= b_first + 1;
    }
}

int rb_semver_compare(const struct rb_semver *a, const struct rb_semver *b)
{
    for (int i = 0; i < 3; i++) {
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] < b->numbers[i] ? -1 : 1;
    }
    if (a->prerelease == NULL || b->prerelease == NULL)
        return (a->prerelease == NULL) - (b->prerelease == NULL);
    return compare_prereleases(a->prerelease, a->prerelease_size, b->prerelease,
                               b->prerelease_size);
}

int rb_semver_compare_texts(const char *a, const char *b)
{
    struct rb_semver left, right;
    bool a_good = rb_semver_parse(a, &left), b_good = rb_semver_parse(b, &right);
    if (a_good && b_good)
        return rb_semver_compare(&left, &right);
    return a_good || b_good ? (int)a_good - (int)b_good : strcmp(a, b);
}

bool rb_semver_is_version(const char *text)
{
    struct rb_semver version;
    return rb_semver_parse(text, &version);
}
