/* SPDX-License-Identifier: Apache-2.0 */
/* Between http.c, which ties libcurl's multi handle to the loop, transfer.c, which is one request
   on it, http_response.c, which reads an answer, and patience.c, which may wait for another. */
#ifndef REBAKE_NET_TRANSFER_H
#define REBAKE_NET_TRANSFER_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "rebake/loop/timer.h"
#include "rebake/net/http.h"

/* How long servers that say "later" may still be waited for. */
struct rb_patience {
    int64_t left_ms;
    int64_t until_ms; /* the end of the waits under way, on the monotonic clock */
    rb_http_waiting_cb *waiting;
    void *context;
};

enum { RB_HTTP_SPARE_MAXIMUM = 16 };

struct rb_http {
    struct rb_loop *loop;
    CURLM *multi;
    struct rb_timer *timer; /* libcurl's own: when it wants to be called again */
    int running;            /* transfers whose end nobody has heard of yet */
    struct rb_patience patience;
    LIST_HEAD(, rb_http_transfer) abandoned;
    /* Handles of transfers that are over: one is dear to make. */
    CURL *spare[RB_HTTP_SPARE_MAXIMUM];
    size_t spare_count;
};

/* The headers stay where libcurl keeps them. */
struct rb_http_headers {
    CURL *easy;
};

/* A handle with no option set, to be given back, off the multi handle, when its transfer is over.
 */
CURL *rb_http_take(struct rb_http *http);
void rb_http_give_back(struct rb_http *http, CURL *easy);

/* libcurl is done with the transfer: it is judged, reported and freed. */
void rb_transfer_ended(CURL *easy, CURLcode result);
/* Frees a transfer that was ended early while a name was being looked up. */
void rb_transfer_free_abandoned(struct rb_http_transfer *transfer);

/* Fills response from the last answer on easy; the body is the caller's to set. */
void rb_response_read(CURL *easy, struct rb_http_headers *headers,
                      struct rb_http_response *response);
/* How long to wait before asking again, taken from the patience; or -1: the answer stands. */
int64_t rb_patience_take(struct rb_patience *patience, const struct rb_http_response *response);
/* The value number `index` of a header that came more than once, or NULL. Borrowed. */
const char *rb_http_header_nth(const struct rb_http_response *response, const char *name,
                               size_t index);

#endif
