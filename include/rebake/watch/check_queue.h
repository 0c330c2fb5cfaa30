/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is to be checked. Sources wait by the time when they are due, each at its host;
 * hosts wait by the time when the first of theirs may begin. So neither ten thousand sources that
 * are not due nor those of a host that is down cost anything. Pure: times are milliseconds of one
 * steady clock, which the caller reads.
 */
#ifndef REBAKE_WATCH_CHECK_QUEUE_H
#define REBAKE_WATCH_CHECK_QUEUE_H

#include "rebake/base/heap.h"
#include "rebake/watch/host.h"

struct rb_check_limits {
    int at_once; /* checks under way, of all hosts together */
    struct rb_host_limits host;
};

struct rb_check_queue;
struct rb_check_host;

/* One source's place; stands in what it orders, zeroed but for its host. */
struct rb_check_turn {
    struct rb_check_host *host;
    struct rb_heap_node due;
    bool asked;
    bool under_way;
    bool probe;
};

struct rb_check_queue *rb_check_queue_new(const struct rb_check_limits *limits);
/* All turns must be dropped before. NULL is allowed. */
void rb_check_queue_free(struct rb_check_queue *queue);

/* The host with this name, made when it is new. It lives as long as the queue. */
struct rb_check_host *rb_check_queue_host(struct rb_check_queue *queue, const char *name);
const char *rb_check_host_name(const struct rb_check_host *host);
const struct rb_host *rb_check_host_state(const struct rb_check_host *host);

/* Puts a turn that is not under way, or moves it. asked: now, whatever the breaker says. */
void rb_check_queue_put(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t due_at,
                        bool asked);
/* Takes a turn out, also one that is under way: its check was given up. */
void rb_check_queue_drop(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t now);

/* The next turn that may begin, which is then under way; NULL: none. */
struct rb_check_turn *rb_check_queue_begin(struct rb_check_queue *queue, int64_t now);
/* The check has ended; the turn is then out of the queue. answer->probe is filled in here. */
void rb_check_queue_end(struct rb_check_queue *queue, struct rb_check_turn *turn, int64_t now,
                        struct rb_host_answer answer, struct rb_random *random);

/* When rb_check_queue_begin may have something; INT64_MAX: not before another call. */
int64_t rb_check_queue_ready_at(const struct rb_check_queue *queue);

#endif
