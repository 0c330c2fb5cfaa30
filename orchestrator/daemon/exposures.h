/* SPDX-License-Identifier: Apache-2.0 */
/* Exposures with a clock, beside planning: written down, given deadlines by policy, and watched. */
#ifndef REBAKE_DAEMON_EXPOSURES_H
#define REBAKE_DAEMON_EXPOSURES_H

struct rb_engine;
struct engine_exposures;

struct engine_exposures *engine_exposures_new(struct rb_engine *engine);
void engine_exposures_free(struct engine_exposures *exposures); /* NULL is allowed */
/* Before pipelines are loaded anew: no question is under way afterwards. */
void engine_exposures_pause(struct engine_exposures *exposures);
void engine_exposures_go_on(struct engine_exposures *exposures);

#endif
