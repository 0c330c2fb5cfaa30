/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of webhooks from files, signed as their providers sign them. */
#ifndef REBAKE_TEST_HOOKS_REQUEST_H
#define REBAKE_TEST_HOOKS_REQUEST_H

#include "rebake/base/memory.h"
#include "rebake/hooks/hook.h"

#define SAMPLE_SECRET "it is no secret of anybody's"

enum { SAMPLE_HEADERS = 16, SAMPLE_NOW = 1700000000 };

struct sample_request {
    struct rb_hook_request request;
    char *data; /* of the file; headers and body point into it */
    char *body;
    char *names[SAMPLE_HEADERS];
    char *values[SAMPLE_HEADERS];
    size_t count;
    char *parameter_name; /* "token", or NULL */
    char *parameter_value;
    char key[RB_HOOK_KEY_SIZE]; /* of the last sample_verify */
};

/* Puts SAMPLE_SECRET where hooks of sample_hook find it; a group's setup. */
int sample_set_up(void **state);

struct sample_request sample_read(const char *file);
struct sample_request sample_of(const char *body); /* without headers */
void sample_deinit(struct sample_request *sample);
void sample_set(struct sample_request *sample, const char *name, const char *value);

struct rb_hook_settings sample_hook(enum rb_hook_provider provider);

void sample_sign(struct sample_request *sample, enum rb_hook_provider provider, const char *secret);
bool sample_signs_body(enum rb_hook_provider provider);
/* The Standard Webhooks way, with a time in seconds. */
void sample_sign_standard(struct sample_request *sample, const char *secret, long long at);

enum rb_hook_outcome sample_verify(struct sample_request *sample,
                                   const struct rb_hook_settings *hook);
void assert_outcome(enum rb_hook_outcome found, enum rb_hook_outcome expected);

#endif
