/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line a message on standard error, for people and journald. Rooms below the daemon
 * return errors and do not log above debug level; the daemon, the runner and the command line log
 * each thing once. The logger is the project's only global state.
 *
 *     rb_log(RB_LOG_INFO, "build finished", "image", name, "state", state, NULL);
 *     2026-11-24T14:03:07Z info build finished image=app state=succeeded
 */
#ifndef REBAKE_BASE_LOG_H
#define REBAKE_BASE_LOG_H

enum rb_log_level { RB_LOG_ERROR = 3, RB_LOG_WARNING = 4, RB_LOG_INFO = 6, RB_LOG_DEBUG = 7 };

/* Messages above the level are dropped. At first: RB_LOG_INFO, unless REBAKE_LOG in the environment
   says error, warning, info or debug. */
void rb_log_set_level(enum rb_log_level level);

/* message, then pairs of key and value (both text), then NULL. A NULL value is shown as "-". */
void rb_log(enum rb_log_level level, const char *message, ...) __attribute__((sentinel));

#endif
