/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators' API: each request is answered when the whole of its body is there, and at once,
 * since the store answers in a moment. A slow client is the business of the listener, not of the
 * loop.
 */
#include "rebake/api/api.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/serve/listener.h"
#include "rebake/serve/unix_socket.h"
#include "routes.h"
#include "shelf.h"

/* What is sent beyond the largest body is read and dropped up to a bound: a client that is still
   sending when we close would not hear why. */
enum {
    CONNECTIONS_MAXIMUM = 64,
    IDLE_SECONDS = 60,
    SENT_MAXIMUM = 1024 * 1024,
    TRIM_AFTER = 256 * 1024 /* bytes of an answer */
};

struct rb_api {
    struct rb_api_options options;
    char *socket_path;
    char *version;
    struct rb_unix_socket socket;
    struct rb_listener *listener;
    struct api_shelf *shelf;
};

/* What has come of a request so far. */
struct incoming {
    struct rb_strbuf body; /* remembers when it overflowed */
    size_t sent;
};

static const char *query_parameter(const struct api_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct MHD_Response *text_response(struct api_reply *reply)
{
    char size[32];
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->byte_count, rb_steal(&reply->bytes), MHD_RESPMEM_MUST_FREE);
    RB_ASSERT(response != NULL);
    (void)snprintf(size, sizeof(size), "%lld", (long long)reply->log_size);
    (void)MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    if (reply->log_state == NULL)
        return response;
    (void)MHD_add_response_header(response, "X-Rebake-Size", size);
    (void)MHD_add_response_header(response, "X-Rebake-State", reply->log_state);
    return response;
}

static struct MHD_Response *json_response(const struct api_reply *reply, size_t *ret_size)
{
    char *text = json_dumps(reply->json, JSON_COMPACT);
    RB_ASSERT(text != NULL);
    *ret_size = strlen(text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(*ret_size, text, MHD_RESPMEM_MUST_FREE);
    RB_ASSERT(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct api_reply *reply,
                                  const char *allow, size_t *ret_size)
{
    struct MHD_Response *response =
        reply->bytes != NULL ? text_response(reply) : json_response(reply, ret_size);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    if (allow != NULL)
        (void)MHD_add_response_header(response, "Allow", allow);
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    json_decref(reply->json);
    return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, const struct rb_err *err)
{
    struct api_reply reply = {0};
    size_t size;
    api_reply_error(&reply, err);
    return send_reply(connection, &reply, NULL, &size);
}

static int parse_body(const struct rb_strbuf *body, json_t **ret_body, struct rb_err *err)
{
    if (body->size == 0) {
        *ret_body = rb_json_object();
        return 0;
    }
    int status = rb_json_parse(body->data, body->size, "the request's body", ret_body, err);
    if (status == 0 && !json_is_object(*ret_body))
        return rb_err_set(err, RB_EINVALID, "the request's body is not a JSON object");
    return status;
}

static enum MHD_Result make_answer(const struct rb_api *api, struct MHD_Connection *connection,
                                   const char *method, const char *path,
                                   const struct rb_strbuf *sent, size_t *ret_size)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *body = NULL;
    struct rb_err err;
    if (parse_body(sent, &body, &err) != 0)
        return refuse(connection, &err);
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct api_request request = {.options = &api->options,
                                  .shelf = api->shelf,
                                  .arena = arena,
                                  .now_at = rb_clock_now(api->options.clock),
                                  .actor = api_peer_name(peer->connect_fd, arena),
                                  .body = body,
                                  .parameter = query_parameter,
                                  .connection = connection};
    struct api_reply reply = {0};
    const char *allow;
    api_answer(method, path, &request, &reply, &allow);
    return send_reply(connection, &reply, allow, ret_size);
}

static enum MHD_Result answer(const struct rb_api *api, struct MHD_Connection *connection,
                              const char *method, const char *path, const struct rb_strbuf *sent)
{
    size_t size = 0;
    enum MHD_Result result = make_answer(api, connection, method, path, sent, &size);
    if (size > TRIM_AFTER)
        rb_memory_trim(); /* making it took ten times its size */
    return result;
}

static bool announces_too_much(struct MHD_Connection *connection)
{
    uint64_t length;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text != NULL && (!rb_text_to_u64(text, &length) || length > SENT_MAXIMUM);
}

static enum MHD_Result refuse_body(struct MHD_Connection *connection)
{
    struct rb_err err;
    (void)rb_err_set(&err, RB_ELIMIT, "the request's body is larger than %d bytes",
                     API_BODY_MAXIMUM);
    return refuse(connection, &err);
}

/* Called for a request's head, then for each piece of its body, then once more at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
    struct incoming *incoming = *state;
    (void)version;
    if (incoming == NULL) {
        incoming = rb_zalloc(sizeof(*incoming));
        incoming->body = RB_STRBUF_INIT(API_BODY_MAXIMUM);
        *state = incoming;
        return announces_too_much(connection) ? refuse_body(connection) : MHD_YES;
    }
    if (*data_size > 0) {
        (void)rb_strbuf_append(&incoming->body, data, *data_size);
        incoming->sent += *data_size;
        *data_size = 0;
        return incoming->sent > SENT_MAXIMUM ? MHD_NO : MHD_YES;
    }
    if (incoming->body.overflowed)
        return refuse_body(connection);
    return answer(context, connection, method, path, &incoming->body);
}

static void request_ended(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_RequestTerminationCode code)
{
    struct incoming *incoming = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (incoming == NULL)
        return;
    rb_strbuf_deinit(&incoming->body);
    rb_free(incoming);
    *state = NULL;
}

static int start_listener(struct rb_api *api, struct rb_err *err)
{
    const struct rb_listener_options options = {.loop = api->options.loop,
                                                .fd = api->socket.fd,
                                                .name = api->socket_path,
                                                .connections_maximum = CONNECTIONS_MAXIMUM,
                                                .idle_seconds = IDLE_SECONDS,
                                                .handle = handle,
                                                .ended = request_ended,
                                                .context = api};
    return rb_listener_start(&options, &api->listener, err);
}

static void free_api(struct rb_api *api)
{
    api_shelf_free(api->shelf);
    rb_free(api->socket_path);
    rb_free(api->version);
    rb_free(api);
}

int rb_api_start(const struct rb_api_options *options, struct rb_api **ret_api, struct rb_err *err)
{
    struct rb_api *api = rb_zalloc(sizeof(*api));
    api->socket_path = rb_strdup(options->socket_path);
    api->version = rb_strdup(options->version);
    api->options = *options;
    api->options.socket_path = api->socket_path;
    api->options.version = api->version;
    api->shelf = api_shelf_new();
    int status = rb_unix_socket_listen(api->socket_path, &api->socket, err);
    if (status != 0) {
        free_api(api);
        return status;
    }
    status = start_listener(api, err);
    if (status != 0) {
        rb_unix_socket_remove(&api->socket, api->socket_path);
        (void)close(api->socket.fd);
        free_api(api);
        return status;
    }
    *ret_api = api;
    return 0;
}

void rb_api_stop(struct rb_api *api)
{
    if (api == NULL)
        return;
    rb_unix_socket_remove(&api->socket, api->socket_path);
    rb_listener_stop(api->listener);
    free_api(api);
}
