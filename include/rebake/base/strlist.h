/* SPDX-License-Identifier: Apache-2.0 */
/* A list of strings that it owns: command lines, environments, sets of names. */
#ifndef REBAKE_BASE_STRLIST_H
#define REBAKE_BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

struct rb_strlist {
    char **items; /* NULL-terminated once anything was added: usable as argv */
    size_t count;
    size_t capacity;
};

void rb_strlist_add(struct rb_strlist *list, const char *text);
void rb_strlist_addf(struct rb_strlist *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void rb_strlist_add_all(struct rb_strlist *list, const char *const *texts); /* NULL-terminated */
bool rb_strlist_contains(const struct rb_strlist *list, const char *text);
void rb_strlist_sort(struct rb_strlist *list);   /* by byte value */
void rb_strlist_deinit(struct rb_strlist *list); /* usable with RB_CLEANUP */

#endif
