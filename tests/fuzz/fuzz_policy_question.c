/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte is for the flags; what stands before the first newline is the path. */
#include <stdint.h>
#include <string.h>

#include "opa.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input itself is the decision. */
static int decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    (void)context;
    if (json_is_string(input))
        return rb_err_set(err, RB_EINVALID, "%s", json_string_value(input));
    *ret_result = json_deep_copy(input);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct opa_question question = {0};
    struct opa_reply reply;
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    if (line == NULL)
        return 0;
    RB_CLEANUP_FREE char *path =
        rb_strndup((const char *)data + 1, (size_t)(line - data) - (line > data));
    if (!opa_path(path, &question.document, &question.flags))
        return 0;
    question.flags |= line > data ? data[0] & (OPA_BARE_INPUT | OPA_PRETTY) : 0U;
    question.body = (const char *)line + 1;
    question.body_size = (size_t)(data + size - line) - 1;
    opa_answer(&question, "id", decide, NULL, &reply);
    /* Whatever is asked, the reply is JSON. */
    RB_CLEANUP_JSON json_t *json = json_loadb(reply.text, reply.size, JSON_DECODE_ANY, NULL);
    RB_ASSERT(json != NULL);
    RB_ASSERT(reply.status == 200 || json_object_get(json, "code") != NULL);
    rb_free(reply.text);
    return 0;
}
