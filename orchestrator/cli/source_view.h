/* SPDX-License-Identifier: Apache-2.0 */
/* How sources are shown: by what is wrong with them, the worst first. */
#ifndef ORCHESTRATOR_CLI_SOURCE_VIEW_H
#define ORCHESTRATOR_CLI_SOURCE_VIEW_H

#include <stddef.h>

#include "rebake/base/json.h"
#include "style.h"

/* What is wrong with a source, in a word: its trouble, else its state where that is not well, else
   that of its host ("down", "probing"), else "good". */
const char *rb_source_word(const json_t *source);

/* How bad that is: 0 for "good" and "new"; a signature that does not hold weighs more than silence.
 */
int rb_source_weight(const json_t *source);

/* The sources, the worst first, else in the order that they came in: borrowed, in an array that the
   caller frees. */
const json_t **rb_sources_by_weight(const json_t *sources, size_t *ret_count);

/* The names that pipelines have for it: "blog/site, shop/code". The caller frees it. */
char *rb_source_names(const json_t *source);

/* What people keep at a version, one a line: newer ones do not count. */
void rb_pins_print(const json_t *pins, const struct rb_style *style, int64_t now_at);

#endif
