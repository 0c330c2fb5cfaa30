/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests: libcurl's multi interface driven by the loop, no thread blocked. One client is one
 * pool of connections, at most six to a host; what is asked beyond that waits its turn. https is
 * verified against the system's certificates (or those in SSL_CERT_FILE, or else SSL_CERT_DIR, of
 * the environment); credentials are never carried to another host on a redirect.
 */
#ifndef REBAKE_NET_HTTP_H
#define REBAKE_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/loop/loop.h"

struct rb_http;
struct rb_http_transfer;

/* Takes a piece of a 2xx body. Returns false to refuse the rest: the transfer ends with
   RB_ECANCELED. Other answers' bodies go to the response (for their message), not to the sink. */
typedef bool rb_http_sink(void *context, const void *data, size_t size);

struct rb_http_request {
    const char *method;         /* NULL: GET */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *user;           /* basic authentication, with password; NULL: none */
    const char *password;
    const char *bearer; /* bearer token; NULL: none */
    const void *body;   /* sent with POST, PUT, PATCH; copied */
    size_t body_size;
    rb_http_sink *sink; /* NULL: the body is kept in the response */
    void *sink_context;
    size_t body_maximum;     /* bytes accepted of the body, sink or not; 0: 16 MiB */
    int64_t timeout_ms;      /* for the whole, once it has a connection; 0: 60 s */
    int64_t stall_ms;        /* without a byte, likewise; 0: 20 s */
    bool follow;             /* follow up to five redirects */
    const char *unix_socket; /* path of a socket to talk to instead of url's host; NULL: none */
};

/* A server's word on how many requests it still takes: RateLimit headers and their like. */
struct rb_http_limit {
    int64_t remaining; /* so many */
    int64_t total;     /* of so many in a whole window; 0: not said */
    int64_t window_ms; /* within this time from now; 0: nothing is said at all */
};

struct rb_http_response {
    int status;       /* the HTTP status of the last answer */
    const char *url;  /* where the last answer came from */
    bool moved;       /* an answer on the way was 301 or 308: it lives elsewhere, for ever */
    const char *body; /* NUL-terminated, never NULL; "" with a sink */
    size_t body_size;
    int64_t sent_bytes;     /* headers and bodies, all redirects together; of the last try */
    int64_t received_bytes; /* likewise, but for the bodies of the redirects themselves */
    /* From Retry-After (seconds or date), or, where the answer says by RateLimit headers that the
       allowance is spent, until that is over; or -1. */
    int64_t retry_after_ms;
    struct rb_http_limit limit;
    const struct rb_http_headers *headers;
};

/* What asking cost, all requests together, and what the last answer said of asking again. */
struct rb_http_cost {
    int requests;
    int64_t bytes;              /* sent and received */
    int status;                 /* HTTP's, of the last answer; 0: the last request had none */
    int64_t retry_after_ms;     /* asked for by that answer; 0: nothing */
    struct rb_http_limit limit; /* the last word on it */
};
/* One request more, with this end. */
void rb_http_cost_count(struct rb_http_cost *cost, const struct rb_http_response *response);
void rb_http_cost_add(struct rb_http_cost *sum, const struct rb_http_cost *more);

/* The last value of a header of the last answer (name in any case), or NULL. Borrowed. */
const char *rb_http_header(const struct rb_http_response *response, const char *name);

/* error is NULL when the server answered, whatever the status; response is never NULL (without an
   answer its status is 0, and what was sent and received is counted). Both are borrowed for the
   call. */
typedef void rb_http_cb(void *context, const struct rb_http_response *response,
                        const struct rb_err *error);

struct rb_http *rb_http_new(struct rb_loop *loop);
void rb_http_free(struct rb_http *http); /* every transfer must have ended or been cancelled */

/* Told of each wait for a server that was asked for what ("GET https://host/path"). Starts and
   cancels nothing. */
typedef void rb_http_waiting_cb(void *context, const char *what, int status, int64_t wait_ms);

/* From now on what is refused with 429 or any 5xx and a Retry-After is asked for again by itself
   when that time is over, as long as this waiting comes to no more than patience_ms for all of the
   client's requests (what is waited for side by side counts once). Time limits begin anew with each
   try. waiting may be NULL. For whoever has no plan of its own when to ask again: until this is
   called nothing is waited for. */
void rb_http_set_patience(struct rb_http *http, int64_t patience_ms, rb_http_waiting_cb *waiting,
                          void *context);

/* Starts a request; done is called once, later. All that request names is copied, but the sink's
   context. ret_transfer may be NULL. Not from within a sink. */
void rb_http_send(struct rb_http *http, const struct rb_http_request *request, rb_http_cb *done,
                  void *context, struct rb_http_transfer **ret_transfer);
/* Ends the transfer; done will not come. Not from within the sink. */
void rb_http_cancel(struct rb_http_transfer *transfer);
/* Stops and restarts the flow of the body, for a sink whose reader is slower than the network.
   Pausing is allowed from within the sink (the piece just given counts as taken). */
void rb_http_pause(struct rb_http_transfer *transfer);
void rb_http_resume(struct rb_http_transfer *transfer);

/* What a status that is not the wanted one means: RB_EAUTH for 401 and 403, RB_ENOTFOUND for 404,
   RB_EBUSY for 429 and every 5xx (the server cannot now: it may later), RB_EHTTP otherwise. */
enum rb_errc rb_http_status_errc(int status);
/* The error for an answer that is not what was asked for, with that code and the server's own
   message where it has one and when it asks to come back. what names the request ("manifest of
   registry/name:tag"). */
int rb_http_status_error(const struct rb_http_response *response, const char *what,
                         struct rb_err *err);

#endif
