/* SPDX-License-Identifier: Apache-2.0 */
/* The trees that the last check read, for the next one: what is known need not be fetched. */
#ifndef REBAKE_WATCH_GIT_TREES_H
#define REBAKE_WATCH_GIT_TREES_H

#include <stdbool.h>

#include "rebake/base/json.h"

/* Adds what known (an object, path to object id or null) says of all paths (an array of text) to
   trees. False, and trees as it was, when it does not say it of one of them. */
bool rb_git_trees_take(const json_t *known, const json_t *paths, json_t *trees);

#endif
