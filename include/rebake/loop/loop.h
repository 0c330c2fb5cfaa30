/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: a thin layer over libuv. One thread runs it and owns all that hangs on it; a
 * function that runs elsewhere says so. Callbacks record a result and make one step, they do not
 * nest. A completion callback is called exactly once and never from within the call that started
 * it.
 */
#ifndef REBAKE_LOOP_LOOP_H
#define REBAKE_LOOP_LOOP_H

struct rb_loop;
struct uv_loop_s;

/* A process that has a loop ignores SIGPIPE: a peer that went away is an error of the write. */
struct rb_loop *rb_loop_new(void);
/* Everything started on the loop must have been freed or have ended; what is still closing is run
   to its end. Asserts that no handle is left. NULL is allowed. */
void rb_loop_free(struct rb_loop *loop);
void rb_loop_cleanup(struct rb_loop **loop); /* for RB_CLEANUP */

void rb_loop_run(struct rb_loop *loop); /* until rb_loop_stop, or nothing is left to wait for */
void rb_loop_run_once(struct rb_loop *loop); /* waits for and handles at least one event */
void rb_loop_stop(struct rb_loop *loop);

/* For the rooms that tie another library (libcurl, libmicrohttpd) to the loop. */
struct uv_loop_s *rb_loop_uv(struct rb_loop *loop);

#endif
