/* SPDX-License-Identifier: Apache-2.0 */
/* One line of an advisory, of databases that have none but a description. */
#ifndef ORCHESTRATOR_ADVISORY_SUMMARY_H
#define ORCHESTRATOR_ADVISORY_SUMMARY_H

#include "rebake/base/arena.h"

/* The text's start, cut between two characters where it is longer than a line should be. */
const char *rb_summary_of(const char *text, struct rb_arena *arena);

#endif
