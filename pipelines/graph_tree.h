/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as a tree of what builds on what, drawn in text. */
#ifndef PIPELINES_GRAPH_TREE_H
#define PIPELINES_GRAPH_TREE_H

#include "rebake/base/strbuf.h"
#include "rebake/pipelines/pipeline.h"

void rb_graph_tree(const struct rb_pipeline *pipeline, struct rb_strbuf *out);

#endif
