/* SPDX-License-Identifier: Apache-2.0 */
/* Between http.c, which ties libcurl's multi handle to the loop, transfer.c, which is one request
   on it, and http_response.c, which reads an answer. */
#ifndef REBAKE_NET_TRANSFER_H
#define REBAKE_NET_TRANSFER_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "rebake/loop/timer.h"
#include "rebake/net/http.h"

struct rb_http {
    struct rb_loop *loop;
    CURLM *multi;
    struct rb_timer *timer; /* libcurl's own: when it wants to be called again */
    int running;            /* transfers whose end nobody has heard of yet */
    LIST_HEAD(, rb_http_transfer) abandoned;
};

/* The headers stay where libcurl keeps them. */
struct rb_http_headers {
    CURL *easy;
};

/* libcurl is done with the transfer: it is judged, reported and freed. */
void rb_transfer_ended(CURL *easy, CURLcode result);
/* Frees a transfer that was ended early while a name was being looked up. */
void rb_transfer_free_abandoned(struct rb_http_transfer *transfer);

/* Fills response from the last answer on easy; the body is the caller's to set. */
void rb_response_read(CURL *easy, struct rb_http_headers *headers,
                      struct rb_http_response *response);
/* The value number `index` of a header that came more than once, or NULL. Borrowed. */
const char *rb_http_header_nth(const struct rb_http_response *response, const char *name,
                               size_t index);

#endif
