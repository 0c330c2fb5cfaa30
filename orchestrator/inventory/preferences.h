/* SPDX-License-Identifier: Apache-2.0 */
/* The questions that the candidate rule (upgrade.c) asks of the preferences. */
#ifndef ORCHESTRATOR_INVENTORY_PREFERENCES_H
#define ORCHESTRATOR_INVENTORY_PREFERENCES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "rebake/inventory/upgrade.h"

enum { RB_PRIORITY_NEVER = INT_MIN };

/* A version of a package and those who hold it, for a pin to match. */
struct rb_pin_subject {
    const char *name;
    const char *architecture; /* as apt sees it: the native one for packages of "all" */
    bool is_native;
    const char *source_name;
    const char *version;
    const struct rb_repository *const *holders;
    size_t holder_count;
};

/* What a pin for all packages says of a repository; false where none does. */
bool rb_preferences_of_repository(const struct rb_preferences *preferences,
                                  const struct rb_repository *repository, const char *architecture,
                                  int *ret_priority);
/* What the first pin for this package that matches the version says; false where none does. */
bool rb_preferences_of_version(const struct rb_preferences *preferences,
                               const struct rb_pin_subject *subject, int *ret_priority);

#endif
