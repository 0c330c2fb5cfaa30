/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as JSON, its plain scalars typed by the core schema (YAML 1.2.2 section 10.3.2). */
#ifndef PIPELINES_NODE_JSON_H
#define PIPELINES_NODE_JSON_H

#include "rebake/base/json.h"
#include "tree.h"

json_t *rb_node_to_json(const struct rb_node *node); /* the caller drops the reference */

#endif
