/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on libcurl's multi handle:
 *
 *     send ──▶ running ──libcurl is done──▶ judged ──▶ done is called ──▶ freed
 *                 ▲                            │
 *                 └──────── waiting ◀── "later" (patience.c)
 *                 ├─ no byte, or no end, in time ──▶ done is called ──▶ ended early
 *                 └─ cancelled ─────────────────────────────────────▶ ended early
 *     ended early ──▶ freed, or ──a name is being looked up──▶ abandoned ──▶ freed
 *
 * libcurl looks a name up in a thread that cannot be stopped: to take a transfer away before that
 * has ended would block the loop on it. Such a transfer is abandoned: nobody hears of it any more,
 * and it is refused a socket as soon as the name is known. For the same reason the time limits are
 * ours, not libcurl's.
 */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "url.h"

enum {
    DEFAULT_BODY_MAXIMUM = 16 << 20,
    DEFAULT_TIMEOUT_MS = 60 * 1000,
    DEFAULT_STALL_MS = 20 * 1000,
    LATE_MS = 1000,
    REFUSAL_MAXIMUM = 64 << 10, /* kept of the body of an answer that is not 2xx */
    HEADERS_MAXIMUM = 256 << 10,
    REDIRECTS_MAXIMUM = 5,
    STREAM_BUFFER = 256 << 10
};

/* Why we made libcurl stop. */
enum stop { STOP_NO, STOP_REFUSED, STOP_BODY_TOO_LARGE, STOP_HEADERS_TOO_LARGE, STOP_SEEN_ENOUGH };

struct rb_http_transfer {
    struct rb_http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct rb_timer *timer;
    int64_t timeout_ms, stall_ms;
    int64_t deadline_ms; /* these two on the monotonic clock */
    int64_t active_ms;   /* when the last byte came */
    int64_t due_ms;      /* when the timer is to fire */
    rb_http_sink *sink;
    void *sink_context;
    size_t body_maximum;
    size_t body_size; /* received, sink or not */
    size_t headers_size;
    struct rb_strbuf body;
    rb_http_cb *done;
    void *context;
    char *method, *url;
    enum stop stop;
    bool paused;
    bool queued; /* for a connection: no time counts yet */
    bool moved;
    bool resolving;
    bool is_waiting; /* until the timer says to ask again; libcurl knows nothing of it */
    bool is_abandoned;
    LIST_ENTRY(rb_http_transfer) abandoned;
    char message[CURL_ERROR_SIZE];
};

#define SET(transfer, option, value)                                                               \
    RB_ASSERT(curl_easy_setopt((transfer)->easy, option, value) == CURLE_OK)

static int curl_error(const struct rb_http_transfer *transfer, CURLcode code, struct rb_err *err)
{
    const char *reason =
        transfer->message[0] != '\0' ? transfer->message : curl_easy_strerror(code);
    long request_size = 0;
    RB_ASSERT(code != CURLE_OUT_OF_MEMORY);
    RB_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &request_size) == CURLE_OK);
    enum rb_errc ours = RB_ENETWORK;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        ours = request_size == 0 ? RB_EINVALID : RB_EHTTP; /* the caller's URL, or a server's */
    else if (code == CURLE_TOO_MANY_REDIRECTS)
        ours = RB_EHTTP;
    else if (code == CURLE_OPERATION_TIMEDOUT)
        ours = RB_ETIMEOUT;
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        ours = RB_EVERIFY; /* nobody may fall back to talk without TLS */
    return rb_err_set(err, ours, "%s", reason);
}

/* 0 when the server answered. */
static int judge(const struct rb_http_transfer *transfer, CURLcode result, struct rb_err *err)
{
    switch (transfer->stop) {
    case STOP_REFUSED:
        return rb_err_set(err, RB_ECANCELED, "the rest was not wanted");
    case STOP_BODY_TOO_LARGE:
        return rb_err_set(err, RB_ELIMIT, "the answer is larger than %zu bytes",
                          transfer->body_maximum);
    case STOP_HEADERS_TOO_LARGE:
        return rb_err_set(err, RB_ELIMIT, "the headers are larger than %d bytes", HEADERS_MAXIMUM);
    case STOP_SEEN_ENOUGH:
        return 0;
    case STOP_NO:
        break;
    }
    return result == CURLE_OK ? 0 : curl_error(transfer, result, err);
}

/* "GET https://host/path". The caller frees it. Few transfers are told of: each makes its own. */
static char *describe(const struct rb_http_transfer *transfer)
{
    RB_CLEANUP_FREE char *shown = rb_url_display(transfer->url);
    return rb_asprintf("%s %s", transfer->method, shown);
}

/* error: what stopped it, or NULL when the server answered. */
static void report(struct rb_http_transfer *transfer, struct rb_err *error)
{
    if (error != NULL) {
        RB_CLEANUP_FREE char *what = describe(transfer);
        rb_err_wrap(error, "%s", what);
    }
    struct rb_http_headers headers;
    struct rb_http_response response;
    rb_response_read(transfer->easy, &headers, &response);
    response.body = rb_strbuf_text(&transfer->body);
    response.body_size = transfer->body.size;
    response.received_bytes = (int64_t)(transfer->headers_size + transfer->body_size);
    response.moved = transfer->moved;
    transfer->http->running--;
    transfer->done(transfer->context, &response, error);
}

/* May block while a name is being looked up. */
static void free_transfer(struct rb_http_transfer *transfer)
{
    if (transfer->is_abandoned)
        LIST_REMOVE(transfer, abandoned);
    RB_ASSERT(curl_multi_remove_handle(transfer->http->multi, transfer->easy) == CURLM_OK);
    rb_http_give_back(transfer->http, transfer->easy);
    curl_slist_free_all(transfer->headers);
    rb_timer_free(transfer->timer);
    rb_strbuf_deinit(&transfer->body);
    rb_free(transfer->method);
    rb_free(transfer->url);
    rb_free(transfer);
}

void rb_transfer_free_abandoned(struct rb_http_transfer *transfer)
{
    free_transfer(transfer);
}

static void end_early(struct rb_http_transfer *transfer)
{
    if (!transfer->resolving) {
        free_transfer(transfer);
        return;
    }
    rb_timer_stop(transfer->timer);
    transfer->is_abandoned = true;
    LIST_INSERT_HEAD(&transfer->http->abandoned, transfer, abandoned);
}

/* True when what was refused is to be asked for again. */
static bool wait_for_another(struct rb_http_transfer *transfer)
{
    struct rb_http_headers headers;
    struct rb_http_response response;
    struct rb_patience *patience = &transfer->http->patience;
    if (patience->left_ms == 0)
        return false;
    rb_response_read(transfer->easy, &headers, &response);
    int64_t wait_ms = rb_patience_take(patience, &response);
    if (wait_ms < 0)
        return false;
    if (patience->waiting != NULL) {
        RB_CLEANUP_FREE char *what = describe(transfer);
        patience->waiting(patience->context, what, response.status, wait_ms);
    }
    RB_ASSERT(curl_multi_remove_handle(transfer->http->multi, transfer->easy) == CURLM_OK);
    transfer->is_waiting = true;
    rb_timer_start(transfer->timer, wait_ms, 0);
    return true;
}

void rb_transfer_ended(CURL *easy, CURLcode result)
{
    struct rb_http_transfer *transfer;
    RB_ASSERT(curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer) == CURLE_OK);
    if (!transfer->is_abandoned) {
        struct rb_err err;
        int status = judge(transfer, result, &err);
        if (status == 0 && wait_for_another(transfer))
            return;
        report(transfer, status == 0 ? NULL : &err);
    }
    free_transfer(transfer);
}

static void set_timer(struct rb_http_transfer *transfer)
{
    int64_t now = rb_clock_monotonic_ms();
    int64_t quiet_since = transfer->paused ? now : transfer->active_ms;
    int64_t next = quiet_since + transfer->stall_ms;
    transfer->due_ms = next < transfer->deadline_ms ? next : transfer->deadline_ms;
    rb_timer_start(transfer->timer, transfer->due_ms - now, 0);
}

static void begin_to_count(struct rb_http_transfer *transfer)
{
    transfer->active_ms = rb_clock_monotonic_ms();
    transfer->deadline_ms = transfer->active_ms + transfer->timeout_ms;
}

/* Hands the request to libcurl, for the first time or again. */
static void start(struct rb_http_transfer *transfer)
{
    transfer->is_waiting = false;
    transfer->queued = true;
    transfer->moved = false;
    transfer->stop = STOP_NO;
    transfer->message[0] = '\0';
    transfer->headers_size = transfer->body_size = 0;
    rb_strbuf_deinit(&transfer->body);
    transfer->body = RB_STRBUF_INIT(transfer->body_maximum);
    begin_to_count(transfer);
    set_timer(transfer);
    RB_ASSERT(curl_multi_add_handle(transfer->http->multi, transfer->easy) == CURLM_OK);
}

static void look_at_the_time(void *context)
{
    struct rb_http_transfer *transfer = context;
    if (transfer->is_waiting) {
        start(transfer);
        return;
    }
    if (transfer->queued)
        begin_to_count(transfer);
    int64_t now = rb_clock_monotonic_ms();
    int64_t late_ms = now - transfer->due_ms;
    struct rb_err err;
    char span[RB_TIME_TEXT_SIZE];
    if (late_ms > LATE_MS) {
        /* The loop did not turn: what the server has sent meanwhile is still to be seen. */
        transfer->active_ms += late_ms + LATE_MS;
        transfer->deadline_ms += late_ms + LATE_MS;
    }
    if (now >= transfer->deadline_ms) {
        rb_err_set(&err, RB_ETIMEOUT, "not at its end after %s",
                   rb_span_format(transfer->timeout_ms, span));
    } else if (!transfer->paused && now - transfer->active_ms >= transfer->stall_ms) {
        rb_err_set(&err, RB_ETIMEOUT, "nothing came for %s",
                   rb_span_format(transfer->stall_ms, span));
    } else {
        set_timer(transfer);
        return;
    }
    report(transfer, &err);
    end_early(transfer);
}

static bool status_is_2xx(const struct rb_http_transfer *transfer)
{
    long status = 0;
    RB_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    return status >= 200 && status < 300;
}

/* Of a refusal its beginning is kept; the rest is not worth the network. */
static enum stop take_refusal(struct rb_http_transfer *transfer, const char *data, size_t size)
{
    size_t room = REFUSAL_MAXIMUM - transfer->body.size;
    transfer->body.maximum = REFUSAL_MAXIMUM;
    rb_strbuf_append(&transfer->body, data, size < room ? size : room);
    return size <= room ? STOP_NO : STOP_SEEN_ENOUGH;
}

static enum stop take_body(struct rb_http_transfer *transfer, const char *data, size_t size)
{
    curl_off_t announced = -1;
    transfer->active_ms = rb_clock_monotonic_ms();
    transfer->body_size += size;
    if (!status_is_2xx(transfer))
        return take_refusal(transfer, data, size);
    RB_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) ==
              CURLE_OK);
    if (transfer->body_size > transfer->body_maximum ||
        (announced > 0 && (uint64_t)announced > transfer->body_maximum))
        return STOP_BODY_TOO_LARGE;
    if (transfer->sink == NULL) {
        rb_strbuf_append(&transfer->body, data, size);
        return STOP_NO;
    }
    return transfer->sink(transfer->sink_context, data, size) ? STOP_NO : STOP_REFUSED;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct rb_http_transfer *transfer = context;
    (void)one;
    if (transfer->is_abandoned)
        return 0;
    transfer->stop = take_body(transfer, data, size);
    return transfer->stop == STOP_NO ? size : 0;
}

static bool status_is_for_ever(const struct rb_http_transfer *transfer)
{
    long status = 0;
    RB_ASSERT(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    return status == 301 || status == 308;
}

static size_t on_header(char *data, size_t one, size_t size, void *context)
{
    struct rb_http_transfer *transfer = context;
    (void)data;
    (void)one;
    transfer->moved = transfer->moved || status_is_for_ever(transfer);
    transfer->active_ms = rb_clock_monotonic_ms();
    transfer->headers_size += size;
    if (transfer->headers_size <= HEADERS_MAXIMUM)
        return size;
    transfer->stop = STOP_HEADERS_TOO_LARGE;
    return 0;
}

static void leave_the_queue(struct rb_http_transfer *transfer)
{
    if (!transfer->queued)
        return;
    transfer->queued = false;
    begin_to_count(transfer);
}

static int on_lookup(void *resolver, void *reserved, void *context)
{
    struct rb_http_transfer *transfer = context;
    (void)resolver;
    (void)reserved;
    leave_the_queue(transfer);
    transfer->resolving = true;
    return 0;
}

/* The name is known. A child process must not inherit the socket. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct rb_http_transfer *transfer = context;
    (void)purpose;
    leave_the_queue(transfer);
    transfer->resolving = false;
    if (transfer->is_abandoned)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A connection that stood open already. */
static int on_connected(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct rb_http_transfer *transfer = context;
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    leave_the_queue(transfer);
    return CURL_PREREQFUNC_OK;
}

static void set_callbacks(struct rb_http_transfer *transfer)
{
    SET(transfer, CURLOPT_PRIVATE, transfer);
    SET(transfer, CURLOPT_ERRORBUFFER, transfer->message);
    SET(transfer, CURLOPT_WRITEFUNCTION, on_body);
    SET(transfer, CURLOPT_WRITEDATA, transfer);
    SET(transfer, CURLOPT_HEADERFUNCTION, on_header);
    SET(transfer, CURLOPT_HEADERDATA, transfer);
    SET(transfer, CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
    SET(transfer, CURLOPT_RESOLVER_START_DATA, transfer);
    SET(transfer, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(transfer, CURLOPT_OPENSOCKETDATA, transfer);
    SET(transfer, CURLOPT_PREREQFUNCTION, on_connected);
    SET(transfer, CURLOPT_PREREQDATA, transfer);
}

static void set_method(struct rb_http_transfer *transfer, const struct rb_http_request *request,
                       const char *method)
{
    static const char *const WITHOUT_BODY[] = {"GET", "HEAD", "DELETE", "OPTIONS"};
    bool has_body = true;
    for (size_t i = 0; i < RB_COUNT_OF(WITHOUT_BODY); i++)
        has_body = has_body && strcmp(method, WITHOUT_BODY[i]) != 0;
    if (strcmp(method, "HEAD") == 0)
        SET(transfer, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "GET") != 0)
        SET(transfer, CURLOPT_CUSTOMREQUEST, method);
    if (has_body) {
        SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(transfer, CURLOPT_COPYPOSTFIELDS, request->body_size > 0 ? request->body : "");
    }
}

static void add_header(struct rb_http_transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);
    RB_ASSERT(longer != NULL);
    transfer->headers = longer;
}

static void set_headers(struct rb_http_transfer *transfer, const struct rb_http_request *request)
{
    add_header(transfer, "Expect:"); /* a server that does not know it would cost us a second */
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        add_header(transfer, request->headers[i]);
    SET(transfer, CURLOPT_HTTPHEADER, transfer->headers);
    SET(transfer, CURLOPT_USERAGENT, "rebake");
}

static void set_credentials(struct rb_http_transfer *transfer,
                            const struct rb_http_request *request)
{
    if (request->bearer != NULL) {
        SET(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(transfer, CURLOPT_XOAUTH2_BEARER, request->bearer);
    } else if (request->user != NULL) {
        SET(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(transfer, CURLOPT_USERNAME, request->user);
        SET(transfer, CURLOPT_PASSWORD, request->password != NULL ? request->password : "");
    }
}

/* A file or a folder, never both: reading a file of authorities costs OpenSSL 3.0 more than the
   rest of a connection, and libcurl keeps what it read for all connections only if there is no
   folder beside it. A folder is looked into for what is needed. */
static void set_authorities(struct rb_http_transfer *transfer)
{
    const char *file = getenv("SSL_CERT_FILE"), *folder = getenv("SSL_CERT_DIR");
    bool by_folder = rb_text_is_empty(file) && !rb_text_is_empty(folder);
    SET(transfer, CURLOPT_CAPATH, by_folder ? folder : NULL);
    if (by_folder)
        SET(transfer, CURLOPT_CAINFO, NULL);
    else if (!rb_text_is_empty(file))
        SET(transfer, CURLOPT_CAINFO, file);
}

static void set_route(struct rb_http_transfer *transfer, const struct rb_http_request *request)
{
    SET(transfer, CURLOPT_URL, request->url);
    SET(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
    /* What began with TLS stays with TLS. */
    SET(transfer, CURLOPT_REDIR_PROTOCOLS_STR,
        rb_url_is_https(request->url) ? "https" : "http,https");
    SET(transfer, CURLOPT_FOLLOWLOCATION, request->follow ? 1L : 0L);
    SET(transfer, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAXIMUM);
    SET(transfer, CURLOPT_NOSIGNAL, 1L);
    if (request->sink != NULL)
        SET(transfer, CURLOPT_BUFFERSIZE, (long)STREAM_BUFFER);
    set_authorities(transfer);
    if (request->unix_socket != NULL)
        SET(transfer, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    /* The proxy that the environment names cannot know our loopback. */
    if (request->unix_socket != NULL || rb_url_is_loopback(request->url))
        SET(transfer, CURLOPT_PROXY, "");
}

static void set_limits(struct rb_http_transfer *transfer, const struct rb_http_request *request)
{
    transfer->body_maximum =
        request->body_maximum > 0 ? request->body_maximum : DEFAULT_BODY_MAXIMUM;
    transfer->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
    transfer->stall_ms = request->stall_ms > 0 ? request->stall_ms : DEFAULT_STALL_MS;
}

void rb_http_send(struct rb_http *http, const struct rb_http_request *request, rb_http_cb *done,
                  void *context, struct rb_http_transfer **ret_transfer)
{
    struct rb_http_transfer *transfer = rb_zalloc(sizeof(*transfer));
    const char *method = request->method != NULL ? request->method : "GET";
    transfer->http = http;
    transfer->done = done;
    transfer->context = context;
    transfer->sink = request->sink;
    transfer->sink_context = request->sink_context;
    transfer->method = rb_strdup(method);
    transfer->url = rb_strdup(request->url);
    transfer->easy = rb_http_take(http);
    set_callbacks(transfer);
    set_route(transfer, request);
    set_method(transfer, request, method);
    set_headers(transfer, request);
    set_credentials(transfer, request);
    set_limits(transfer, request);
    transfer->timer = rb_timer_new(http->loop, look_at_the_time, transfer);
    http->running++;
    start(transfer);
    if (ret_transfer != NULL)
        *ret_transfer = transfer;
}

void rb_http_cancel(struct rb_http_transfer *transfer)
{
    transfer->http->running--;
    end_early(transfer);
}

void rb_http_pause(struct rb_http_transfer *transfer)
{
    transfer->paused = true;
    RB_ASSERT(curl_easy_pause(transfer->easy, CURLPAUSE_RECV) == CURLE_OK);
}

void rb_http_resume(struct rb_http_transfer *transfer)
{
    transfer->paused = false;
    transfer->active_ms = rb_clock_monotonic_ms();
    set_timer(transfer);
    RB_ASSERT(curl_easy_pause(transfer->easy, CURLPAUSE_CONT) == CURLE_OK);
}
