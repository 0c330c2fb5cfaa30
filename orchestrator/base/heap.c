/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/heap.h"

#include "rebake/base/memory.h"

enum { FIRST_CAPACITY = 16 };

static void set(struct rb_heap *heap, size_t place, struct rb_heap_node *node)
{
    heap->nodes[place - 1] = node;
    node->place = place;
}

static struct rb_heap_node *at(const struct rb_heap *heap, size_t place)
{
    return heap->nodes[place - 1];
}

static void rise(struct rb_heap *heap, struct rb_heap_node *node)
{
    size_t place = node->place;
    while (place > 1 && at(heap, place / 2)->key > node->key) {
        set(heap, place, at(heap, place / 2));
        place /= 2;
    }
    set(heap, place, node);
}

static void sink(struct rb_heap *heap, struct rb_heap_node *node)
{
    size_t place = node->place;
    while (place * 2 <= heap->count) {
        size_t child = place * 2;
        if (child < heap->count && at(heap, child + 1)->key < at(heap, child)->key)
            child++;
        if (at(heap, child)->key >= node->key)
            break;
        set(heap, place, at(heap, child));
        place = child;
    }
    set(heap, place, node);
}

void rb_heap_deinit(struct rb_heap *heap)
{
    rb_free(heap->nodes);
    *heap = (struct rb_heap){0};
}

struct rb_heap_node *rb_heap_first(const struct rb_heap *heap)
{
    return heap->count == 0 ? NULL : heap->nodes[0];
}

void rb_heap_put(struct rb_heap *heap, struct rb_heap_node *node, int64_t key)
{
    node->key = key;
    if (node->place == 0) {
        if (heap->count == heap->capacity) {
            heap->capacity = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity * 2;
            heap->nodes =
                rb_reallocarray(heap->nodes, heap->capacity, sizeof(struct rb_heap_node *));
        }
        set(heap, ++heap->count, node);
    }
    rise(heap, node);
    sink(heap, node);
}

void rb_heap_take(struct rb_heap *heap, struct rb_heap_node *node)
{
    size_t place = node->place;
    if (place == 0)
        return;
    struct rb_heap_node *last = at(heap, heap->count--);
    node->place = 0;
    if (last == node)
        return;
    set(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}
