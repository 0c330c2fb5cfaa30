/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree of nodes that know where they stand. All of it lives in an arena. An
 * alias is the node that it names, so the tree may share branches; it never holds a cycle.
 */
#ifndef PIPELINES_TREE_H
#define PIPELINES_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/arena.h"
#include "report.h"

enum {
    RB_TREE_BYTES_MAXIMUM = 1 << 20,
    RB_TREE_DEPTH_MAXIMUM = 32,
    RB_TREE_NODES_MAXIMUM = 100000, /* what an alias stands for counts again each time */
    RB_TREE_ALIASES_MAXIMUM = 1000  /* and as many anchors */
};

enum rb_node_kind {
    RB_NODE_BROKEN, /* something is wrong with it, and reported: readers pass it by in silence */
    RB_NODE_SCALAR,
    RB_NODE_SEQUENCE,
    RB_NODE_MAPPING
};

struct rb_node {
    enum rb_node_kind kind;
    bool plain; /* a scalar without quotes */
    struct rb_mark mark;
    const char *text;             /* scalar: UTF-8 without a NUL inside */
    const struct rb_node **items; /* sequence */
    struct rb_pair *pairs;        /* mapping: in the order of the file, each key once */
    size_t count;                 /* of items or pairs */
    size_t weight;                /* nodes in it and below; 0 while it is still being read */
    size_t height;                /* levels below it */
};

struct rb_pair {
    const struct rb_node *key; /* a scalar */
    const struct rb_node *value;
};

/* Reads one document of size bytes. Returns its root, or NULL when there is none to look at: what
   is wrong is in the report in both cases. */
const struct rb_node *rb_tree_read(const char *data, size_t size, struct rb_arena *arena,
                                   struct rb_report *report);

/* An empty plain scalar, "~" or "null" (YAML 1.2 core schema). */
bool rb_node_is_null(const struct rb_node *node);

/* "text", "a list", "a mapping", "nothing": for messages. */
const char *rb_node_kind_text(const struct rb_node *node);

#endif
