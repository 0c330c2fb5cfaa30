/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a registry and its answer, whatever it takes to be let in: see exchange.c. */
#ifndef REBAKE_NET_EXCHANGE_H
#define REBAKE_NET_EXCHANGE_H

#include "registry_parts.h"

struct rb_exchange_request {
    const struct rb_reference *reference;
    const char *what;   /* names the question in errors: "manifest of registry/name:tag" */
    const char *method; /* NULL: GET */
    const char *path;   /* behind /v2/REPOSITORY/ */
    const char *accept; /* the whole header line, or NULL */
    rb_http_sink *sink;
    void *sink_context;
    size_t body_maximum; /* these three as in struct rb_http_request */
    int64_t timeout_ms;
    int64_t stall_ms;
    struct rb_http_cost *cost; /* what is spent is added here; must outlive the exchange */
};

struct rb_exchange;

/* As rb_http_send: done comes once, later, with an error or with the registry's answer. An answer
   of 401 has become RB_EAUTH with what to do about it. */
void rb_exchange_start(struct rb_registry *registry, const struct rb_exchange_request *request,
                       rb_http_cb *done, void *context, struct rb_exchange **ret_exchange);
void rb_exchange_cancel(struct rb_exchange *exchange); /* done will not come */
/* As rb_http_pause and rb_http_resume, while the body flows. */
void rb_exchange_pause(struct rb_exchange *exchange);
void rb_exchange_resume(struct rb_exchange *exchange);

#endif
