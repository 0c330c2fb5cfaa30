/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an artifact's vulnerabilities, as policy is shown it: lists of
   {"id","aliases","severity","score","package","fixed","kev","epss"}. */
#ifndef REBAKE_DAEMON_VULNERABILITIES_H
#define REBAKE_DAEMON_VULNERABILITIES_H

#include "rebake/base/json.h"

struct rb_engine;
struct engine_image;
struct rb_inventory;

enum { ENGINE_ADVISORIES_MAXIMUM = 2000 }; /* in one list; the rest is not shown */

/* Each vulnerability of the inventory once. */
json_t *engine_open_advisories(struct rb_engine *engine, const struct rb_inventory *inventory);
/* The same of the image's artifact, and those that its newer packages close: worked out once for
   what is known of both. */
json_t *engine_open_in_image(struct rb_engine *engine, struct engine_image *image);
json_t *engine_closed_advisories(struct rb_engine *engine, struct engine_image *image);
/* Another one when any advisories or lists of threats are. */
int64_t engine_known_stamp(const struct rb_engine *engine);
/* Its inventory or its updates are others. */
void engine_forget_known(struct engine_image *image);
/* Those of the first list that the second has not. */
json_t *engine_advisories_without(const json_t *advisories, const json_t *others);

#endif
