/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_input.h"

#include <string.h>

#include "rebake/base/memory.h"

static const char *header_of(const struct rb_hook_request *request, const char *name)
{
    const struct hook_input *input = rb_container_of(request, const struct hook_input, request);
    for (size_t i = 0; i < input->count; i++) {
        if (strcasecmp(input->names[i], name) == 0)
            return input->values[i];
    }
    return NULL;
}

bool hook_input_read(struct hook_input *input, const uint8_t *data, size_t size)
{
    const char *end = size == 0 ? NULL : memchr(data, '\n', size);
    *input = (struct hook_input){0};
    if (end == NULL || data[0] < 'a' || data[0] - 'a' >= RB_HOOK_PROVIDERS)
        return false;
    size_t head_size = (size_t)(end - (const char *)data);
    input->head = rb_strndup((const char *)data + 1, head_size - (head_size > 0));
    input->request = (struct rb_hook_request){.header = header_of,
                                              .parameter = header_of,
                                              .body_size = size - head_size - 1,
                                              .now_at = INT64_C(1700000000000)};
    input->body = rb_alloc(input->request.body_size + 1); /* of the exact size, and a NUL */
    memcpy(input->body, end + 1, input->request.body_size);
    input->body[input->request.body_size] = '\0';
    input->request.body = input->body;
    input->hook = (struct rb_hook_settings){.name = "fuzz",
                                            .provider = (enum rb_hook_provider)(data[0] - 'a'),
                                            .secret = "fuzz",
                                            .header = "X-Hub-Signature-256"};
    char *rest = NULL;
    for (char *pair = strtok_r(input->head, "\t", &rest);
         pair != NULL && input->count < HOOK_INPUT_HEADERS; pair = strtok_r(NULL, "\t", &rest)) {
        char *colon = strstr(pair, ": ");
        if (colon == NULL)
            continue;
        *colon = '\0';
        input->names[input->count] = pair;
        input->values[input->count++] = colon + 2;
    }
    return true;
}

void hook_input_deinit(struct hook_input *input)
{
    rb_free(input->head);
    rb_free(input->body);
}
