/* SPDX-License-Identifier: Apache-2.0 */
/* What would be done, and what if: the daemon knows, nothing is written. */
#include "request.h"

int api_plan(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    const json_t *what_if = json_object_get(request->body, "whatIf");
    if (what_if != NULL && !json_is_array(what_if))
        return rb_err_set(err, RB_EINVALID, "\"whatIf\" is not a list");
    return options->forecast(options->context, what_if, &reply->json, err);
}
