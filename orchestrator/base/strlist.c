/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/strlist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

static void add_owned(struct rb_strlist *list, char *text)
{
    if (list->count + 2 > list->capacity) {
        list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        list->items = rb_reallocarray(list->items, list->capacity, sizeof(*list->items));
    }
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void rb_strlist_add(struct rb_strlist *list, const char *text)
{
    RB_ASSERT(text != NULL);
    add_owned(list, rb_strdup(text));
}

void rb_strlist_addf(struct rb_strlist *list, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    RB_ASSERT(size >= 0);
    add_owned(list, text);
}

void rb_strlist_add_all(struct rb_strlist *list, const char *const *texts)
{
    for (; texts != NULL && *texts != NULL; texts++)
        rb_strlist_add(list, *texts);
}

bool rb_strlist_contains(const struct rb_strlist *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void rb_strlist_sort(struct rb_strlist *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

void rb_strlist_deinit(struct rb_strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        rb_free(list->items[i]);
    rb_free(list->items);
    *list = (struct rb_strlist){0};
}
