/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler answers what, and how an error becomes a status. */
#ifndef REBAKE_API_ROUTES_H
#define REBAKE_API_ROUTES_H

#include "request.h"

/* Answers the request: after it the reply is complete, also where it tells an error. ret_allow is
   the method that the path has, where it does not have this one; else NULL. */
void api_answer(const char *method, const char *path, struct api_request *request,
                struct api_reply *reply, const char **ret_allow);

/* Makes the reply tell the error; its status is chosen from the code unless one is set. */
void api_reply_error(struct api_reply *reply, const struct rb_err *err);

#endif
