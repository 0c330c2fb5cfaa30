/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/policy/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_JSON json_t *response = NULL;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_policy_answer answer;
    struct rb_err err;
    if (rb_json_parse((const char *)data, size, "the answer", &response, &err) != 0 ||
        rb_policy_answer_read(response, arena, &answer, &err) != 0)
        return 0;
    /* Nothing but the word itself is a decision. */
    const char *word = rb_json_get_string(answer.json, "decision", "");
    RB_ASSERT(strcmp(word, rb_policy_word_name(answer.word)) == 0);
    RB_ASSERT(answer.priority >= 0 && answer.priority <= RB_POLICY_PRIORITY_MAXIMUM);
    RB_ASSERT(answer.budget_name == NULL || answer.budget_ms_a_day >= 0);
    RB_ASSERT(answer.concurrency_name == NULL || answer.concurrency_most >= 0);
    return 0;
}
