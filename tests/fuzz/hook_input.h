/* SPDX-License-Identifier: Apache-2.0 */
/* A request of a webhook from the bytes of a fuzzer: a letter for the provider ('a' is the first),
   "NAME: VALUE" headers with a tab between them, a line end, the body. */
#ifndef REBAKE_FUZZ_HOOK_INPUT_H
#define REBAKE_FUZZ_HOOK_INPUT_H

#include "rebake/hooks/hook.h"

enum { HOOK_INPUT_HEADERS = 8 };

struct hook_input {
    struct rb_hook_request request;
    struct rb_hook_settings hook;
    char *head; /* its headers, cut apart */
    char *body;
    const char *names[HOOK_INPUT_HEADERS];
    const char *values[HOOK_INPUT_HEADERS];
    size_t count;
};

/* False when there is no provider or no body. */
bool hook_input_read(struct hook_input *input, const uint8_t *data, size_t size);
void hook_input_deinit(struct hook_input *input);

#endif
