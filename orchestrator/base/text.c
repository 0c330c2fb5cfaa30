/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/text.h"

#include <string.h>

#include "rebake/base/memory.h"

bool rb_text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool rb_text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool rb_text_ends_with(const char *text, const char *suffix)
{
    size_t text_size = strlen(text), suffix_size = strlen(suffix);
    return text_size >= suffix_size && strcmp(text + text_size - suffix_size, suffix) == 0;
}

bool rb_text_is_empty(const char *text)
{
    return text == NULL || *text == '\0';
}

bool rb_text_to_u64(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool rb_text_to_i64(const char *text, int64_t *ret_value)
{
    bool negative = *text == '-';
    uint64_t magnitude;
    if (!rb_text_to_u64(text + negative, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    bool below_zero = negative && magnitude > 0;
    *ret_value = below_zero ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return true;
}

int rb_text_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* A star that failed is taken up again one character further on; only the last star of each kind
   needs to be remembered, so the time is bounded by pattern size times text size. */
bool rb_text_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *star_text = NULL;   /* last "*": may not cross a '/' */
    const char *stars = NULL, *stars_text = NULL; /* last "**" */
    for (;;) {
        if (pattern[0] == '*' && pattern[1] == '*') {
            stars = pattern += 2;
            stars_text = text;
            star = NULL;
            continue;
        }
        if (*pattern == '*') {
            star = ++pattern;
            star_text = text;
            continue;
        }
        if (*text == '\0' && *pattern == '\0')
            return true;
        if (*text != '\0' && (*pattern == *text || (*pattern == '?' && *text != '/'))) {
            pattern++;
            text++;
            continue;
        }
        if (star != NULL && *star_text != '\0' && *star_text != '/') {
            pattern = star;
            text = ++star_text;
        } else if (stars != NULL && *stars_text != '\0') {
            star = NULL;
            pattern = stars;
            text = ++stars_text;
        } else {
            return false;
        }
    }
}

enum { NEAREST_MAX = 64 };

/* Optimal string alignment: insert, drop, replace, or swap two neighbours. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return row[b_size];
}

const char *rb_text_nearest(const char *text, const char *const *candidates)
{
    size_t size = strlen(text), limit = size < 3 ? 1 : size / 3;
    const char *best = NULL;
    if (size > NEAREST_MAX)
        return NULL;
    for (; *candidates != NULL; candidates++) {
        size_t candidate_size = strlen(*candidates);
        if (candidate_size > NEAREST_MAX)
            continue;
        size_t distance = edit_distance(text, size, *candidates, candidate_size);
        if (distance <= limit && (best == NULL || distance < limit)) {
            limit = distance;
            best = *candidates;
        }
    }
    return best;
}

bool rb_text_is_name(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        char c = text[size];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (size == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return size > 0 && size <= 63;
}

size_t rb_text_utf8_sequence(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    if (size == 0)
        return 0;
    unsigned char lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                    : lead >= 0xe0 && lead <= 0xef ? 3
                    : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                   : 0;
    if (length == 0 || length > size)
        return 0;
    unsigned char low = 0x80, high = 0xbf;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return length;
}

bool rb_text_is_utf8(const char *text, size_t size)
{
    while (size > 0) {
        size_t length = rb_text_utf8_sequence(text, size);
        if (length == 0)
            return false;
        text += length;
        size -= length;
    }
    return true;
}

/* C0 and C1: U+009B begins a terminal's commands as well as ESC [ does. */
static bool is_control(const char *sequence, size_t size)
{
    unsigned char first = (unsigned char)sequence[0];
    if (size == 1)
        return first < 0x20 || first == 0x7f;
    return size == 2 && first == 0xc2 && (unsigned char)sequence[1] < 0xa0;
}

char *rb_text_printable(const char *text, char *out, size_t out_size)
{
    size_t used = 0, left = strlen(text);
    RB_ASSERT(out_size > 0);
    while (left > 0) {
        size_t size = rb_text_utf8_sequence(text, left);
        bool shown = size > 0 && !is_control(text, size);
        size_t shown_size = shown ? size : 1;
        if (used + shown_size >= out_size)
            break;
        memcpy(out + used, shown ? text : "?", shown_size);
        used += shown_size;
        text += size > 0 ? size : 1;
        left -= size > 0 ? size : 1;
    }
    out[used] = '\0';
    return out;
}
