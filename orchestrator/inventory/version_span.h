/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a version, compared where they stand: what the orders of versions have in common. */
#ifndef ORCHESTRATOR_INVENTORY_VERSION_SPAN_H
#define ORCHESTRATOR_INVENTORY_VERSION_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* begin up to, not including, end. */
struct rb_span {
    const char *begin;
    const char *end;
};

/* Of ASCII, whatever the locale. */
static inline bool rb_span_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool rb_span_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool rb_span_is_empty(struct rb_span span)
{
    return span.begin == span.end;
}

static inline bool rb_span_begins_with(struct rb_span span, char c)
{
    return span.begin < span.end && *span.begin == c;
}

/* The text without the white space around it. */
struct rb_span rb_span_trimmed(const char *text);

/* Cuts off the run that the span begins with, of characters of a class. */
struct rb_span rb_span_take(struct rb_span *span, bool (*is_of_class)(char c));

/* Digits alone, so a number of any size; none at all are zero. */
int rb_span_compare_numbers(struct rb_span a, struct rb_span b);
int rb_span_compare_bytes(struct rb_span a, struct rb_span b);
/* The same, letters of ASCII in either case being the same. */
int rb_span_compare_folded(struct rb_span a, struct rb_span b);

#endif
