/* SPDX-License-Identifier: Apache-2.0 */
#include "refusal.h"

#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { WORDS_SIZE = 320, CODE_SIZE = 64 };

/* The first error below says more than the message above it ("error(s) occurred while evaluating
   query"). */
static const char *first_cause(const json_t *body)
{
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    return rb_json_get_string(first, "message", NULL);
}

int refusal_read(const struct rb_http_response *response, bool *ret_speaks, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *body = NULL;
    char code[CODE_SIZE], message[WORDS_SIZE], cause[WORDS_SIZE];
    *ret_speaks = false;
    if (rb_json_parse(response->body, response->body_size, "the answer", &body, NULL) == 0)
        *ret_speaks = rb_json_get_string(body, "code", NULL) != NULL &&
                      rb_json_get_string(body, "message", NULL) != NULL;
    if (!*ret_speaks)
        return rb_http_status_error(response, "the policy server", err);
    const char *below = first_cause(body);
    rb_text_printable(rb_json_get_string(body, "code", ""), code, sizeof(code));
    rb_text_printable(rb_json_get_string(body, "message", ""), message, sizeof(message));
    if (below != NULL)
        rb_text_printable(below, cause, sizeof(cause));
    return rb_err_set(err, rb_http_status_errc(response->status),
                      "the policy server has no answer: HTTP status %d, %s: %s%s%s",
                      response->status, code, message, below != NULL ? ": " : "",
                      below != NULL ? cause : "");
}
