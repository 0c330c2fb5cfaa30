/* SPDX-License-Identifier: Apache-2.0 */
#include "version_span.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned char folded(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int compare_sizes(struct rb_span a, struct rb_span b)
{
    return (a.end - a.begin > b.end - b.begin) - (a.end - a.begin < b.end - b.begin);
}

struct rb_span rb_span_trimmed(const char *text)
{
    struct rb_span span = {text, text + strlen(text)};
    while (span.begin < span.end && is_blank(*span.begin))
        span.begin++;
    while (span.begin < span.end && is_blank(span.end[-1]))
        span.end--;
    return span;
}

struct rb_span rb_span_take(struct rb_span *span, bool (*is_of_class)(char c))
{
    struct rb_span run = {span->begin, span->begin};
    while (run.end < span->end && is_of_class(*run.end))
        run.end++;
    span->begin = run.end;
    return run;
}

int rb_span_compare_bytes(struct rb_span a, struct rb_span b)
{
    size_t a_size = (size_t)(a.end - a.begin), b_size = (size_t)(b.end - b.begin);
    int difference = memcmp(a.begin, b.begin, a_size < b_size ? a_size : b_size);
    return difference != 0 ? difference : compare_sizes(a, b);
}

int rb_span_compare_folded(struct rb_span a, struct rb_span b)
{
    int sizes = compare_sizes(a, b);
    for (; a.begin < a.end && b.begin < b.end; a.begin++, b.begin++) {
        if (folded(*a.begin) != folded(*b.begin))
            return folded(*a.begin) - folded(*b.begin);
    }
    return sizes;
}

/* Without leading zeros, the longer one is the larger. */
int rb_span_compare_numbers(struct rb_span a, struct rb_span b)
{
    while (rb_span_begins_with(a, '0'))
        a.begin++;
    while (rb_span_begins_with(b, '0'))
        b.begin++;
    int sizes = compare_sizes(a, b);
    return sizes != 0 ? sizes : rb_span_compare_bytes(a, b);
}
