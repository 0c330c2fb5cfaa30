/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/check_queue.h"

#include <string.h>

#include "rebake/base/memory.h"

static const int64_t AT_ONCE = INT64_MIN; /* the key of a turn that was asked for */

struct rb_check_host {
    char *name;
    struct rb_host host;
    struct rb_heap turns;      /* by when they are due */
    struct rb_heap_node ready; /* by when the first of them may begin */
};

struct rb_check_queue {
    struct rb_check_limits limits;
    int under_way;
    struct rb_heap ready;
    struct rb_check_host **hosts; /* by name */
    size_t host_count;
};

struct rb_check_queue *rb_check_queue_new(const struct rb_check_limits *limits)
{
    struct rb_check_queue *queue = rb_zalloc(sizeof(*queue));
    queue->limits = *limits;
    return queue;
}

void rb_check_queue_free(struct rb_check_queue *queue)
{
    if (queue == NULL)
        return;
    RB_ASSERT(queue->under_way == 0);
    for (size_t i = 0; i < queue->host_count; i++) {
        RB_ASSERT(queue->hosts[i]->turns.count == 0);
        rb_heap_deinit(&queue->hosts[i]->turns);
        rb_free(queue->hosts[i]->name);
        rb_free(queue->hosts[i]);
    }
    rb_heap_deinit(&queue->ready);
    rb_free(queue->hosts);
    rb_free(queue);
}

/* Where the name stands, or would. */
static size_t place_of(const struct rb_check_queue *queue, const char *name)
{
    size_t low = 0, high = queue->host_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(queue->hosts[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct rb_check_host *rb_check_queue_host(struct rb_check_queue *queue, const char *name)
{
    size_t place = place_of(queue, name);
    if (place < queue->host_count && strcmp(queue->hosts[place]->name, name) == 0)
        return queue->hosts[place];
    queue->hosts =
        rb_reallocarray(queue->hosts, queue->host_count + 1, sizeof(struct rb_check_host *));
    struct rb_check_host **at = queue->hosts + place;
    memmove(at + 1, at, (queue->host_count - place) * sizeof(struct rb_check_host *));
    queue->host_count++;
    *at = rb_zalloc(sizeof(**at));
    (*at)->name = rb_strdup(name);
    return *at;
}

const char *rb_check_host_name(const struct rb_check_host *host)
{
    return host->name;
}

const struct rb_host *rb_check_host_state(const struct rb_check_host *host)
{
    return &host->host;
}

static struct rb_check_turn *first_turn(const struct rb_check_host *host)
{
    struct rb_heap_node *first = rb_heap_first(&host->turns);
    return first == NULL ? NULL : rb_container_of(first, struct rb_check_turn, due);
}

/* After anything has happened to the host or its turns. */
static void place_host(struct rb_check_queue *queue, struct rb_check_host *host)
{
    const struct rb_check_turn *first = first_turn(host);
    int64_t at = first == NULL ? INT64_MAX
                               : rb_host_ready_at(&host->host, &queue->limits.host, first->asked);
    if (at == INT64_MAX)
        rb_heap_take(&queue->ready, &host->ready);
    else
        rb_heap_put(&queue->ready, &host->ready, first->due.key > at ? first->due.key : at);
}

void rb_check_queue_put(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t due_at,
                        bool asked)
{
    RB_ASSERT(!turn->under_way);
    turn->asked = asked;
    rb_heap_put(&turn->host->turns, &turn->due, asked ? AT_ONCE : due_at);
    place_host(queue, turn->host);
}

void rb_check_queue_drop(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t now)
{
    rb_heap_take(&turn->host->turns, &turn->due);
    if (turn->under_way) {
        queue->under_way--;
        rb_host_cancel(&turn->host->host, now, turn->probe);
    }
    turn->under_way = false;
    place_host(queue, turn->host);
}

struct rb_check_turn *rb_check_queue_begin(struct rb_check_queue *queue, int64_t now)
{
    struct rb_heap_node *ready = rb_heap_first(&queue->ready);
    if (ready == NULL || ready->key > now || queue->under_way >= queue->limits.at_once)
        return NULL;
    struct rb_check_host *host = rb_container_of(ready, struct rb_check_host, ready);
    struct rb_check_turn *turn = first_turn(host);
    rb_heap_take(&host->turns, &turn->due);
    queue->under_way++;
    turn->under_way = true;
    turn->probe = rb_host_begin(&host->host, &queue->limits.host, now, turn->asked);
    turn->asked = false;
    place_host(queue, host);
    return turn;
}

void rb_check_queue_end(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t now,
                        struct rb_host_answer answer, struct rb_random *random)
{
    RB_ASSERT(turn->under_way);
    answer.probe = turn->probe;
    queue->under_way--;
    turn->under_way = turn->probe = false;
    rb_host_end(&turn->host->host, &queue->limits.host, now, &answer, random);
    place_host(queue, turn->host);
}

int64_t rb_check_queue_ready_at(const struct rb_check_queue *queue)
{
    const struct rb_heap_node *ready = rb_heap_first(&queue->ready);
    return ready == NULL || queue->under_way >= queue->limits.at_once ? INT64_MAX : ready->key;
}
