/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks over TCP. One request:
 *
 *    head ──▶ READING ──▶ judge ──▶ WAITING ──▶ stored ──▶ ANSWERED
 *      │         │          │          (suspended until the turn's end: all that
 *      │         │          │           wait are stored in one transaction)
 *      └─────────┴──────────┴──▶ ANSWERED: refused
 *
 * While a transaction is written other requests come in at the kernel, and the next turn takes them
 * all: the busier, the more share one.
 */
#include "rebake/api/hooks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook_connection.h"
#include "hook_state.h"
#include "rebake/base/digest.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"
#include "rebake/serve/listener.h"
#include "rebake/serve/tcp.h"
#include "tls.h"

enum {
    CONNECTIONS_MAXIMUM = 512,
    CONNECTION_BYTES = 32 * 1024, /* a request's head must fit: 431 else */
    IN_FLIGHT_MAXIMUM = 64 * 1024 * 1024,
    /* Beyond the largest body: read and dropped, since who still sends would not hear why. */
    SENT_MAXIMUM = 2 * RB_HOOK_BODY_MAXIMUM,
    REQUEST_MS = 30 * 1000,
    TICK_MS = 1000,
    TLS_TICKS = 10
};

static const char PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

enum phase { READING, WAITING, STORED };

struct request {
    struct rb_hooks *hooks;
    struct MHD_Connection *connection;
    struct hook_state *state;
    enum phase phase;
    enum rb_hook_outcome outcome;
    struct rb_strbuf body; /* remembers when it overflowed */
    size_t sent;
    struct rb_arena *arena; /* of what it names; NULL until it is read */
    struct rb_accepted_hook accepted;
    char key[RB_HOOK_KEY_SIZE];
};

struct rb_hooks {
    struct rb_hooks_options options;
    char *address;
    struct hook_states states;
    struct hook_connections connections;
    struct api_tls *tls; /* or NULL */
    struct rb_listener *listener;
    struct rb_timer *timer;
    int ticks;
    size_t in_flight; /* bytes of bodies */
    struct request **waiting;
    size_t waiting_count;
    size_t waiting_before; /* when the last turn ended */
    size_t waiting_capacity;
};

static const struct answer {
    unsigned status;
    const char *text;
} ANSWERS[RB_HOOK_OUTCOMES] = {
    [RB_HOOK_ACCEPTED] = {MHD_HTTP_ACCEPTED, "accepted"},
    [RB_HOOK_REPLAYED] = {MHD_HTTP_OK, "it was here before"},
    [RB_HOOK_UNKNOWN] = {MHD_HTTP_UNAUTHORIZED, "the sender is not known"},
    [RB_HOOK_UNSIGNED] = {MHD_HTTP_UNAUTHORIZED, "the sender is not known"},
    [RB_HOOK_FORGED] = {MHD_HTTP_UNAUTHORIZED, "the sender is not known"},
    [RB_HOOK_STALE] = {MHD_HTTP_UNAUTHORIZED, "the sender is not known"},
    [RB_HOOK_NO_SECRET] = {MHD_HTTP_SERVICE_UNAVAILABLE, "not now: try again later"},
    [RB_HOOK_MALFORMED] = {MHD_HTTP_BAD_REQUEST, "the body is not what this provider sends"},
    [RB_HOOK_TOO_LARGE] = {MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large"},
    [RB_HOOK_TOO_MANY] = {MHD_HTTP_TOO_MANY_REQUESTS, "too many: try again later"},
    [RB_HOOK_NOT_STORED] = {MHD_HTTP_SERVICE_UNAVAILABLE, "not now: try again later"},
};

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 const char *text, const char *header, const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    RB_ASSERT(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    if (header != NULL)
        (void)MHD_add_response_header(response, header, value);
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Counts what became of a request, and tells the sender. */
static enum MHD_Result finish(struct request *request, enum rb_hook_outcome outcome)
{
    const struct answer *answer = &ANSWERS[outcome];
    const char *header = NULL, *value = NULL;
    char text[160];
    if (request->state == NULL)
        request->hooks->states.unknown++;
    else
        request->state->counts[outcome]++;
    if (outcome == RB_HOOK_ACCEPTED || outcome == RB_HOOK_REPLAYED)
        (void)snprintf(text, sizeof(text), "{\"outcome\":\"%s\",\"matched\":%lld}\n",
                       rb_hook_outcome_name(outcome), (long long)request->accepted.row.matched);
    else
        (void)snprintf(text, sizeof(text), "{\"error\":{\"message\":\"%s\"}}\n", answer->text);
    if (answer->status == MHD_HTTP_TOO_MANY_REQUESTS ||
        answer->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
        header = "Retry-After";
        value = "60";
    }
    return send_text(request->connection, answer->status, text, header, value);
}

static const char *header_of(const struct rb_hook_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->context, MHD_HEADER_KIND, name);
}

static const char *parameter_of(const struct rb_hook_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->context, MHD_GET_ARGUMENT_KIND, name);
}

/* Logged once until it is there again: everybody may knock. */
static void note_secret(struct hook_state *state, bool has_secret, const struct rb_err *err)
{
    if (state->has_secret && !has_secret)
        rb_log(RB_LOG_ERROR, "webhooks cannot be verified", "hook", state->settings->name, "error",
               err->text, NULL);
    state->has_secret = has_secret;
}

/* What is stored of a webhook's news: the names of its sources, which tell better than its own
   words what is to be checked should we end before that. */
static char *things_of(const struct rb_accepted_hook *accepted, const struct rb_hook_news *news)
{
    struct rb_hook_thing things[RB_HOOK_THINGS_MAXIMUM];
    struct rb_hook_news names = {.things = things, .count = accepted->source_count};
    bool by_name = names.count > 0 && names.count <= RB_HOOK_THINGS_MAXIMUM;
    for (size_t i = 0; by_name && i < names.count; i++)
        things[i] = (struct rb_hook_thing){RB_HOOK_SOURCE, accepted->source_names[i], NULL};
    RB_CLEANUP_JSON json_t *json = rb_hook_things_json(by_name ? &names : news);
    return rb_json_canonical(json);
}

static void fill_row(struct request *request, const struct rb_hook_news *news)
{
    struct rb_delivery *row = &request->accepted.row;
    const struct rb_hooks_options *options = &request->hooks->options;
    options->match(options->context, request->state->settings, news, request->arena,
                   &request->accepted);
    RB_CLEANUP_FREE char *text = things_of(&request->accepted, news);
    row->hook = request->state->settings->name;
    row->key = request->key;
    row->sender_id = news->id;
    row->received_at = rb_clock_now(options->clock);
    row->things = rb_arena_strdup(request->arena, text);
    row->matched = (int64_t)request->accepted.source_count;
}

/* From a whole body to what it names: RB_HOOK_ACCEPTED, or why not. */
static enum rb_hook_outcome judge(struct request *request)
{
    const struct rb_hooks_options *options = &request->hooks->options;
    struct hook_state *state = request->state;
    const struct rb_hook_request seen = {.header = header_of,
                                         .parameter = parameter_of,
                                         .context = request->connection,
                                         .body = rb_strbuf_text(&request->body),
                                         .body_size = request->body.size,
                                         .now_at = rb_clock_now(options->clock)};
    struct rb_hook_news news;
    struct rb_err err;
    enum rb_hook_outcome outcome = rb_hook_verify(state->settings, &seen, request->key, &err);
    note_secret(state, outcome != RB_HOOK_NO_SECRET, &err);
    if (outcome != RB_HOOK_ACCEPTED)
        return outcome;
    if (!hook_state_may(state, rb_clock_monotonic_ms()))
        return RB_HOOK_TOO_MANY;
    request->arena = rb_arena_new();
    if (rb_hook_parse(state->settings, &seen, request->arena, &news, &err) != 0) {
        rb_log(RB_LOG_WARNING, "webhook not understood", "hook", state->settings->name, "error",
               err.text, NULL);
        return RB_HOOK_MALFORMED;
    }
    if (*request->key == '\0' && news.id != NULL)
        rb_sha256_of(news.id, strlen(news.id), request->key);
    fill_row(request, &news);
    return RB_HOOK_ACCEPTED;
}

static void wait_for_store(struct request *request)
{
    struct rb_hooks *hooks = request->hooks;
    if (hooks->waiting_count == hooks->waiting_capacity) {
        hooks->waiting_capacity = hooks->waiting_capacity == 0 ? 64 : hooks->waiting_capacity * 2;
        hooks->waiting =
            rb_reallocarray(hooks->waiting, hooks->waiting_capacity, sizeof(*hooks->waiting));
    }
    hooks->waiting[hooks->waiting_count++] = request;
    request->phase = WAITING;
    MHD_suspend_connection(request->connection);
}

static int store_waiting(struct rb_hooks *hooks, struct rb_err *err)
{
    struct rb_accepted_hook **all =
        rb_calloc(hooks->waiting_count, sizeof(struct rb_accepted_hook *));
    for (size_t i = 0; i < hooks->waiting_count; i++)
        all[i] = &hooks->waiting[i]->accepted;
    int status = hooks->options.store(hooks->options.context, all, hooks->waiting_count, err);
    rb_free(all);
    return status;
}

/* The turn's end: while more come in each, they are waited for, so that they share the transaction;
   then all are stored, and their senders are told. */
static bool turn_ended(void *context)
{
    struct rb_hooks *hooks = context;
    struct rb_err err;
    if (hooks->waiting_count == 0)
        return false;
    if (hooks->waiting_count > hooks->waiting_before) {
        hooks->waiting_before = hooks->waiting_count;
        return true;
    }
    int status = store_waiting(hooks, &err);
    if (status != 0)
        rb_log(RB_LOG_ERROR, "webhooks could not be stored", "error", err.text, NULL);
    for (size_t i = 0; i < hooks->waiting_count; i++) {
        struct request *request = hooks->waiting[i];
        request->phase = STORED;
        request->outcome = status != 0                     ? RB_HOOK_NOT_STORED
                           : request->accepted.row.id == 0 ? RB_HOOK_REPLAYED
                                                           : RB_HOOK_ACCEPTED;
        MHD_resume_connection(request->connection);
    }
    hooks->waiting_count = 0;
    hooks->waiting_before = 0;
    return true;
}

/* The handshake of CloudEvents' HTTP 1.1 Web Hooks, section 4: may ORIGIN send here? */
static enum MHD_Result answer_handshake(struct request *request)
{
    const char *origin =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "WebHook-Request-Origin");
    if (origin == NULL)
        return send_text(request->connection, MHD_HTTP_BAD_REQUEST, "{}\n", NULL, NULL);
    return send_text(request->connection, MHD_HTTP_OK, "{}\n", "WebHook-Allowed-Origin", origin);
}

static bool announces_too_much(struct MHD_Connection *connection)
{
    uint64_t length;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text != NULL && (!rb_text_to_u64(text, &length) || length > RB_HOOK_BODY_MAXIMUM);
}

/* A request's head is there: is its body worth waiting for? */
static enum MHD_Result begin(struct rb_hooks *hooks, struct MHD_Connection *connection,
                             const char *path, const char *method, void **ret_request)
{
    struct request *request = rb_zalloc(sizeof(*request));
    *ret_request = request;
    request->hooks = hooks;
    request->connection = connection;
    request->body = RB_STRBUF_INIT(RB_HOOK_BODY_MAXIMUM);
    request->state = hook_states_find(&hooks->states, path);
    if (request->state == NULL)
        return finish(request, RB_HOOK_UNKNOWN);
    bool shakes_hands = request->state->settings->provider == RB_HOOK_CLOUDEVENTS;
    if (shakes_hands && strcmp(method, "OPTIONS") == 0)
        return answer_handshake(request);
    if (strcmp(method, "POST") != 0)
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "{}\n", "Allow",
                         shakes_hands ? "POST, OPTIONS" : "POST");
    if (announces_too_much(connection))
        return finish(request, RB_HOOK_TOO_LARGE);
    return hooks->in_flight > IN_FLIGHT_MAXIMUM ? finish(request, RB_HOOK_NOT_STORED) : MHD_YES;
}

/* Called for a request's head, then for each piece of its body, then once at its end, and once more
   where it was suspended. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
    struct request *request = *state;
    (void)version;
    if (request == NULL)
        return begin(context, connection, path, method, state);
    if (*data_size > 0) {
        size_t before = request->body.size;
        (void)rb_strbuf_append(&request->body, data, *data_size);
        request->hooks->in_flight += request->body.size - before;
        request->sent += *data_size;
        *data_size = 0;
        return request->sent > SENT_MAXIMUM ? MHD_NO : MHD_YES;
    }
    request->state = hook_states_find(&request->hooks->states, path); /* since, they may have been
                                                                         loaded again */
    if (request->phase == STORED)
        return finish(request, request->outcome);
    enum rb_hook_outcome outcome = request->state == NULL     ? RB_HOOK_UNKNOWN
                                   : request->body.overflowed ? RB_HOOK_TOO_LARGE
                                                              : judge(request);
    if (outcome != RB_HOOK_ACCEPTED)
        return finish(request, outcome);
    wait_for_store(request);
    return MHD_YES;
}

static void request_ended(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;
    struct rb_hooks *hooks = context;
    (void)code;
    hook_connection_rests(connection);
    if (request == NULL)
        return;
    RB_ASSERT(request->phase != WAITING);
    hooks->in_flight -= request->body.size;
    rb_strbuf_deinit(&request->body);
    rb_arena_free(request->arena);
    rb_free(request);
    *state = NULL;
}

static void connection_changed(void *context, struct MHD_Connection *connection,
                               void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct rb_hooks *hooks = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        hook_connection_closed(socket_context);
        return;
    }
    hook_connection_opened(&hooks->connections, connection, socket_context);
    if (hooks->tls != NULL)
        api_tls_serve(hooks->tls, connection);
}

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t size)
{
    const struct rb_hooks *hooks = context;
    const char *const *proxies = hooks->options.settings->listen.proxies;
    (void)size;
    return proxies[0] == NULL || rb_tcp_is_in(address, proxies) ? MHD_YES : MHD_NO;
}

static int64_t request_ms(const struct rb_hooks *hooks)
{
    return hooks->options.request_ms > 0 ? hooks->options.request_ms : REQUEST_MS;
}

static void tick(void *context)
{
    struct rb_hooks *hooks = context;
    struct rb_err err;
    hook_connections_shut_slow(&hooks->connections, request_ms(hooks));
    hooks->ticks = (hooks->ticks + 1) % TLS_TICKS;
    if (hooks->ticks != 0 || hooks->tls == NULL || !api_tls_is_outdated(hooks->tls))
        return;
    if (api_tls_reload(hooks->tls, &hooks->options.settings->listen, &err) == 0)
        rb_log(RB_LOG_INFO, "TLS certificate read again", NULL);
    else
        rb_log(RB_LOG_ERROR, "TLS certificate not read; the old one stays", "error", err.text,
               NULL);
}

static int listen_and_serve(struct rb_hooks *hooks, struct rb_err *err)
{
    const struct rb_listen_settings *listen = &hooks->options.settings->listen;
    const struct MHD_OptionItem more[] = {
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, hooks},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {hooks->tls != NULL ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0, api_tls_callback},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};
    struct rb_listener_options options = {.loop = hooks->options.loop,
                                          .name = listen->address,
                                          .connections_maximum = CONNECTIONS_MAXIMUM,
                                          .idle_seconds = REQUEST_MS / 1000,
                                          .flags = MHD_ALLOW_SUSPEND_RESUME |
                                                   (hooks->tls != NULL ? MHD_USE_TLS : 0U),
                                          .more = more,
                                          .admit = admit,
                                          .handle = handle,
                                          .ended = request_ended,
                                          .turn_ended = turn_ended,
                                          .context = hooks};
    int status = rb_tcp_listen(listen->address, &options.fd, err);
    if (status != 0)
        return status;
    status = rb_listener_start(&options, &hooks->listener, err);
    if (status != 0)
        (void)close(options.fd);
    return status;
}

int rb_hooks_start(const struct rb_hooks_options *options, struct rb_hooks **ret_hooks,
                   struct rb_err *err)
{
    const struct rb_listen_settings *listen = &options->settings->listen;
    struct rb_hooks *hooks = rb_zalloc(sizeof(*hooks));
    int status = 0;
    hooks->options = *options;
    hooks->address = rb_strdup(listen->address);
    hook_states_load(&hooks->states, options->settings);
    hooks->timer = rb_timer_new(options->loop, tick, hooks);
    if (listen->certificate != NULL)
        status = api_tls_new(listen, &hooks->tls, err);
    if (status == 0)
        status = listen_and_serve(hooks, err);
    if (status != 0) {
        rb_hooks_stop(hooks);
        return status;
    }
    rb_timer_start(hooks->timer, TICK_MS, TICK_MS);
    *ret_hooks = hooks;
    return 0;
}

void rb_hooks_stop(struct rb_hooks *hooks)
{
    if (hooks == NULL)
        return;
    rb_listener_stop(hooks->listener);
    rb_timer_free(hooks->timer);
    api_tls_free(hooks->tls);
    hook_states_deinit(&hooks->states);
    rb_free(hooks->waiting);
    rb_free(hooks->address);
    rb_free(hooks);
}

int rb_hooks_reload(struct rb_hooks *hooks, const struct rb_settings *settings, struct rb_err *err)
{
    const struct rb_listen_settings *listen = &settings->listen;
    bool with_tls = listen->certificate != NULL;
    if (!rb_text_equal(listen->address, hooks->address) || with_tls != (hooks->tls != NULL))
        return rb_err_set(err, RB_EINVALID,
                          "%s: \"listen\" has changed: restart rebaked to listen elsewhere",
                          settings->file);
    int status = with_tls ? api_tls_reload(hooks->tls, listen, err) : 0;
    if (status != 0)
        return status;
    hook_states_load(&hooks->states, settings);
    hooks->options.settings = settings;
    return 0;
}

json_t *rb_hooks_json(const struct rb_hooks *hooks, const struct rb_delivery *last,
                      size_t last_count)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "address", hooks->address);
    rb_json_set_bool(json, "tls", hooks->tls != NULL);
    rb_json_set_integer(json, "unknown", hooks->states.unknown);
    rb_json_set(json, "hooks", hook_states_json(&hooks->states, last, last_count));
    return json;
}
