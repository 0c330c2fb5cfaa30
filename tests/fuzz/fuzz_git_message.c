/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that is accepted holds object ids alone and survives being written and read again; a
   request that is accepted has all that a look needs. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/git_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_answer(const char *data, size_t size)
{
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer first = {0};
    RB_CLEANUP(rb_git_answer_deinit) struct rb_git_answer second = {0};
    enum rb_trouble trouble;
    struct rb_err err;
    if (rb_git_answer_parse(data, size, &first, &trouble, &err) != 0) {
        RB_ASSERT(err.code < 0 && first.json == NULL);
        return;
    }
    RB_ASSERT(rb_git_is_object_id(first.commit));
    RB_CLEANUP_FREE char *text = rb_git_answer_format(&first, NULL, RB_TROUBLE_NONE);
    RB_ASSERT(rb_git_answer_parse(text, strlen(text), &second, &trouble, &err) == 0);
    RB_ASSERT(strcmp(first.commit, second.commit) == 0 && json_equal(first.trees, second.trees));
    RB_ASSERT(first.committed_at == second.committed_at && first.rewritten == second.rewritten);
}

static void try_request(const char *data, size_t size)
{
    RB_CLEANUP(rb_git_request_deinit) struct rb_git_request request = {0};
    struct rb_err err;
    if (rb_git_request_parse(data, size, &request, &err) != 0)
        return;
    RB_ASSERT(request.url != NULL && request.mirror != NULL);
    RB_ASSERT(request.silence_s > 0 && json_is_array(request.paths));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_answer((const char *)data, size);
    try_request((const char *)data, size);
    return 0;
}
