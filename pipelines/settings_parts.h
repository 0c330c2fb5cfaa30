/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the settings file, against which its schema and manual are checked. */
#ifndef PIPELINES_SETTINGS_PARTS_H
#define PIPELINES_SETTINGS_PARTS_H

#include "decode.h"

extern const struct rb_field rb_settings_fields[];
extern const struct rb_field rb_hook_fields[];

/* value_listen.c: the halves of a rate that rb_value_rate takes. */
void rb_rate_split(const char *text, int64_t *ret_count, int64_t *ret_ms);

#endif
