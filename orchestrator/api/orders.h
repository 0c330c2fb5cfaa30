/* SPDX-License-Identifier: Apache-2.0 */
/* What the requests of people have in common. */
#ifndef ORCHESTRATOR_API_ORDERS_H
#define ORCHESTRATOR_API_ORDERS_H

#include "rebake/store/pins.h"
#include "request.h"

/* "why" of the body: bounded, and there unless it may be empty. */
RB_NODISCARD int api_want_why(const struct api_request *request, bool may_be_empty,
                              const char **ret_why, struct rb_err *err);
/* When it is over, by "forMs" of the body; 0 where the request does not say for how long it is. */
RB_NODISCARD int api_want_until(const struct api_request *request, int64_t *ret_at,
                                struct rb_err *err);
RB_NODISCARD int api_is_pipeline(const struct api_request *request, const char *name, bool *ret_is,
                                 struct rb_err *err);

/* Pins what is called so to a version ("present": the newest), as the body says why and for how
   long. The row names the subject and the version. RB_ENOTFOUND when nothing is called so. */
RB_NODISCARD int api_pin_source(const struct api_request *request, const char *asked,
                                const char *text, struct rb_pin_row *ret_pin, struct rb_err *err);
RB_NODISCARD int api_unpin_source(const struct api_request *request, const char *asked,
                                  const char **ret_subject, struct rb_err *err);

#endif
