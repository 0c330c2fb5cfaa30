/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request:
 *
 *    head ──▶ its body comes ──▶ asked of the worker (suspended) ──▶ answered ──▶ sent
 *      └───────────┴──▶ refused
 *
 * A connection takes its next request when this one is answered; connections are bounded, and so
 * are the questions that wait.
 */
#include "front.h"

#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/serve/listener.h"

enum {
    CONNECTIONS_MAXIMUM = 256,
    IDLE_SECONDS = 120,
    NUMBER_SIZE = 16,
    SENT_MAXIMUM = 4 * FRAME_BODY_MAXIMUM /* read and dropped, that the sender hears why */
};

struct front {
    struct worker *worker;
    const unsigned *reads;
    struct rb_listener *listener;
};

struct exchange {
    struct front *front;
    struct MHD_Connection *connection;
    struct rb_strbuf body; /* remembers when it overflowed */
    size_t sent;
    char *document;
    bool is_answered;
    struct worker_question question;
    struct opa_reply reply;
};

static enum MHD_Result send_with(struct MHD_Connection *connection, struct opa_reply *reply,
                                 const char *header, const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->size, rb_steal(&reply->text), MHD_RESPMEM_MUST_FREE);
    RB_ASSERT(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    if (header != NULL)
        (void)MHD_add_response_header(response, header, value);
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct opa_reply *reply)
{
    bool is_method = reply->status == MHD_HTTP_METHOD_NOT_ALLOWED;
    return send_with(connection, reply, is_method ? "Allow" : NULL, "GET, POST");
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *code,
                              const char *message)
{
    struct opa_reply reply;
    opa_refuse(status, code, message, NULL, NULL, &reply);
    return send_reply(connection, &reply);
}

static enum MHD_Result refuse_body(struct MHD_Connection *connection)
{
    return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "invalid_parameter",
                  "request body too large");
}

static void answered(struct worker_question *question, struct opa_reply *reply)
{
    struct exchange *exchange = rb_container_of(question, struct exchange, question);
    exchange->reply = *reply;
    exchange->is_answered = true;
    MHD_resume_connection(exchange->connection);
    rb_listener_wake(exchange->front->listener);
}

/* "pretty" and "pretty=true", as OPA has it. */
static bool has_flag(struct MHD_Connection *connection, const char *name)
{
    const char *value = NULL;
    if (MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value,
                                      NULL) != MHD_YES)
        return false;
    return rb_text_is_empty(value) || rb_text_equal(value, "true");
}

static bool is_encoded(struct MHD_Connection *connection)
{
    const char *encoding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);
    return encoding != NULL && !rb_text_equal(encoding, "identity");
}

/* A GET carries its input in the address. */
static void take_input(struct exchange *exchange, bool is_get)
{
    const char *input;
    if (!is_get)
        return;
    input = MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, "input");
    rb_strbuf_clear(&exchange->body);
    rb_strbuf_puts(&exchange->body, input == NULL ? "" : input);
    exchange->question.asked.flags |= OPA_BARE_INPUT;
}

static enum MHD_Result ask(struct front *front, struct exchange *exchange, const char *method,
                           const char *document, unsigned flags)
{
    struct MHD_Connection *connection = exchange->connection;
    bool is_get = strcmp(method, "GET") == 0;
    if (!(is_get && (flags & OPA_BARE_RESULT) == 0) && strcmp(method, "POST") != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method_not_allowed",
                      "documents are asked for with GET or POST");
    if (is_encoded(connection))
        return refuse(connection, MHD_HTTP_BAD_REQUEST, "invalid_parameter",
                      "the body of a request is taken without Content-Encoding only");
    if (strlen(document) >= FRAME_DOCUMENT_MAXIMUM)
        return refuse(connection, MHD_HTTP_URI_TOO_LONG, "invalid_parameter",
                      "the path of the document is too long");
    struct opa_question *asked = &exchange->question.asked;
    asked->flags = flags | (has_flag(connection, "pretty") ? OPA_PRETTY : 0U);
    take_input(exchange, is_get);
    exchange->document = rb_strdup(document);
    asked->document = exchange->document;
    asked->body = rb_strbuf_text(&exchange->body);
    asked->body_size = exchange->body.size;
    exchange->question.done = answered;
    MHD_suspend_connection(connection);
    worker_ask(front->worker, &exchange->question);
    return MHD_YES;
}

static enum MHD_Result tell_health(const struct front *front, struct MHD_Connection *connection)
{
    struct opa_reply healthy = {.status = MHD_HTTP_OK, .size = 3};
    char reads[NUMBER_SIZE];
    if (!worker_is_ready(front->worker))
        return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "internal_error",
                      "the worker that evaluates policies is not ready");
    healthy.text = rb_strdup("{}\n");
    (void)snprintf(reads, sizeof(reads), "%u", front->reads == NULL ? 1 : *front->reads);
    return send_with(connection, &healthy, FRONT_READS_HEADER, reads);
}

static enum MHD_Result answer(struct front *front, struct exchange *exchange, const char *method,
                              const char *path)
{
    const char *document;
    unsigned flags;
    if (exchange->is_answered)
        return send_reply(exchange->connection, &exchange->reply);
    if (exchange->body.overflowed)
        return refuse_body(exchange->connection);
    if (opa_path(path, &document, &flags))
        return ask(front, exchange, method, document, flags);
    if (strcmp(path, "/health") == 0)
        return tell_health(front, exchange->connection);
    return refuse(exchange->connection, MHD_HTTP_NOT_FOUND, "resource_not_found",
                  "there is nothing at this path");
}

static bool announces_too_much(struct MHD_Connection *connection)
{
    uint64_t length;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text != NULL && (!rb_text_to_u64(text, &length) || length > SENT_MAXIMUM);
}

/* Called when the head of a request is there, for each part of its body, at its end, and once more
   when it was suspended. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
    struct exchange *exchange = *state;
    (void)version;
    if (exchange == NULL) {
        exchange = rb_zalloc(sizeof(*exchange));
        exchange->front = context;
        exchange->connection = connection;
        exchange->body = RB_STRBUF_INIT(FRAME_BODY_MAXIMUM);
        *state = exchange;
        return announces_too_much(connection) ? refuse_body(connection) : MHD_YES;
    }
    if (*data_size > 0) {
        (void)rb_strbuf_append(&exchange->body, data, *data_size);
        exchange->sent += *data_size;
        *data_size = 0;
        return exchange->sent > SENT_MAXIMUM ? MHD_NO : MHD_YES;
    }
    return answer(context, exchange, method, path);
}

static void request_ended(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    rb_strbuf_deinit(&exchange->body);
    rb_free(exchange->reply.text);
    rb_free(exchange->document);
    rb_free(exchange);
    *state = NULL;
}

int front_start(const struct front_options *options, struct front **ret_front, struct rb_err *err)
{
    struct front *front = rb_zalloc(sizeof(*front));
    front->worker = options->worker;
    front->reads = options->reads;
    const struct rb_listener_options listener = {.loop = options->loop,
                                                 .fd = options->fd,
                                                 .name = options->name,
                                                 .connections_maximum = CONNECTIONS_MAXIMUM,
                                                 .idle_seconds = IDLE_SECONDS,
                                                 .flags = MHD_ALLOW_SUSPEND_RESUME,
                                                 .handle = handle,
                                                 .ended = request_ended,
                                                 .context = front};
    int status = rb_listener_start(&listener, &front->listener, err);
    if (status != 0)
        rb_free(front);
    else
        *ret_front = front;
    return status;
}

void front_stop(struct front *front)
{
    if (front == NULL)
        return;
    rb_listener_stop(front->listener);
    rb_free(front);
}
