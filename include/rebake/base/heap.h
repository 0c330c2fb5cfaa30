/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes first: a binary heap of nodes that stand in the things that they order, smallest key
 * on top. Putting, moving and taking cost the logarithm of how many there are.
 */
#ifndef REBAKE_BASE_HEAP_H
#define REBAKE_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rb_heap_node {
    int64_t key;
    size_t place; /* from 1 while it is in a heap; 0 in none */
};

struct rb_heap {
    struct rb_heap_node **nodes;
    size_t count;
    size_t capacity;
};

void rb_heap_deinit(struct rb_heap *heap); /* the nodes are left as they are */
/* The node with the smallest key, or NULL. */
struct rb_heap_node *rb_heap_first(const struct rb_heap *heap);
/* Adds the node, or moves one that is in this heap already. */
void rb_heap_put(struct rb_heap *heap, struct rb_heap_node *node, int64_t key);
void rb_heap_take(struct rb_heap *heap, struct rb_heap_node *node); /* allowed for one in none */

#endif
