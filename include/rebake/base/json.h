/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, by jansson. These are the few things that we add: bounded parsing with a position in the
 * error, typed reads that name the member they miss, documents written whole, and objects built
 * without a check at each step (running out of memory aborts, as everywhere).
 */
#ifndef REBAKE_BASE_JSON_H
#define REBAKE_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

void rb_json_cleanup(json_t **json); /* for RB_CLEANUP: drops one reference */
#define RB_CLEANUP_JSON RB_CLEANUP(rb_json_cleanup)

/* Parses size bytes (RFC 8259; duplicate members are refused) named `what` in errors. The caller
   drops the reference. */
RB_NODISCARD int rb_json_parse(const char *data, size_t size, const char *what, json_t **ret_json,
                               struct rb_err *err);
RB_NODISCARD int rb_json_read_file(const char *path, size_t maximum, json_t **ret_json,
                                   struct rb_err *err);
RB_NODISCARD int rb_json_write_file(const char *path, const json_t *json, mode_t mode,
                                    struct rb_err *err);

/* Compact text with sorted keys (equal documents give equal text); the caller frees it. */
char *rb_json_canonical(const json_t *json);
/* Indented text in the order of insertion; the caller frees it. */
char *rb_json_pretty(const json_t *json);

/* Members of an object. The text is borrowed from the object. "want" fails with RB_EINVALID naming
   `what` and the member; "get" returns the fallback where the member is absent or of another type.
 */
RB_NODISCARD int rb_json_want_string(const json_t *object, const char *what, const char *member,
                                     const char **ret_text, struct rb_err *err);
RB_NODISCARD int rb_json_want_integer(const json_t *object, const char *what, const char *member,
                                      int64_t *ret_value, struct rb_err *err);
const char *rb_json_get_string(const json_t *object, const char *member, const char *fallback);
int64_t rb_json_get_integer(const json_t *object, const char *member, int64_t fallback);
bool rb_json_get_bool(const json_t *object, const char *member, bool fallback);

/* Building. A NULL text becomes null; text that is not UTF-8 has its bad bytes replaced by '?'. */
json_t *rb_json_object(void);
json_t *rb_json_array(void);
void rb_json_set_string(json_t *object, const char *member, const char *text);
void rb_json_set_integer(json_t *object, const char *member, int64_t value);
void rb_json_set_bool(json_t *object, const char *member, bool value);
void rb_json_set_time(json_t *object, const char *member, int64_t at); /* RFC 3339; 0 gives null */
void rb_json_set(json_t *object, const char *member, json_t *value);   /* takes the reference */
void rb_json_append(json_t *array, json_t *value);                     /* takes the reference */
void rb_json_append_string(json_t *array, const char *text);

#endif
