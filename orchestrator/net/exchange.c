/* SPDX-License-Identifier: Apache-2.0 */
/*
 *                ┌── no TLS there, and loopback ──┐
 *                ▼                                │
 *     start ──▶ ASKING ───────────────────────────┴── answer ──▶ DONE
 *                │  ▲
 *               401 ├────────────── basic ────────┐
 *                ▼  │                             │
 *      the files ├──┼── a helper is named ─────▶ HELPER
 *                │  │                             │
 *                │  └─── token ──── TOKEN ◀───────┤
 *                └───── bearer ───────▲───────────┘
 *
 * What was learnt is kept with the place (registry_parts.h), so that the next question goes
 * straight through. A 401 is answered once: a second one is the registry's last word.
 */
#include "exchange.h"

#include <string.h>

#include "challenge.h"
#include "credentials.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"
#include "transfer.h"
#include "url.h"

enum { FIRST_TLS_STALL_MS = 5000 };

enum state { ASKING, HELPER, TOKEN, DONE };

static const struct rb_state_table STATES = {
    .name = "exchange",
    .count = 4,
    .states = {
        [ASKING] = {"asking", RB_STATE_BIT(ASKING) | RB_STATE_BIT(HELPER) | RB_STATE_BIT(TOKEN) |
                                  RB_STATE_BIT(DONE)},
        [HELPER] = {"helper", RB_STATE_BIT(ASKING) | RB_STATE_BIT(TOKEN) | RB_STATE_BIT(DONE)},
        [TOKEN] = {"token", RB_STATE_BIT(ASKING) | RB_STATE_BIT(DONE)},
        [DONE] = {"done", 0},
    }};

struct rb_exchange {
    struct rb_registry *registry;
    struct rb_reference reference;
    struct rb_exchange_request request; /* all that it names is ours: */
    char *what, *method, *path, *accept;
    rb_http_cb *done;
    void *context;
    unsigned state;
    struct rb_http_transfer *transfer; /* in ASKING and TOKEN */
    struct rb_helper_run *helper;      /* in HELPER */
    bool challenged;                   /* a 401 was answered already */
    bool plain;                        /* what ASKING asks over */
    bool wants_basic;
    char *realm, *service, *scope; /* of the challenge, unless it wants basic */
    struct rb_credentials credentials;
};

static void free_exchange(struct rb_exchange *exchange)
{
    rb_reference_deinit(&exchange->reference);
    rb_credentials_deinit(&exchange->credentials);
    rb_free(exchange->what);
    rb_free(exchange->method);
    rb_free(exchange->path);
    rb_free(exchange->accept);
    rb_free(exchange->realm);
    rb_free(exchange->service);
    rb_free(exchange->scope);
    rb_free(exchange);
}

static void finish(struct rb_exchange *exchange, const struct rb_http_response *response,
                   const struct rb_err *error)
{
    static const struct rb_http_response NOTHING = {.url = "", .body = "", .retry_after_ms = -1};
    rb_state_move(&STATES, &exchange->state, DONE);
    exchange->done(exchange->context, response != NULL ? response : &NOTHING, error);
    free_exchange(exchange);
}

/* Tells what to do about a refusal. */
static void add_hint(const struct rb_exchange *exchange, struct rb_err *err)
{
    const char *registry = exchange->reference.registry;
    const struct rb_err refusal = *err;
    rb_err_set(err, refusal.code, "%s (%s %s: try podman login %s)", refusal.text,
               rb_credentials_are_empty(&exchange->credentials)
                   ? "no credentials were found for"
                   : "it does not take the credentials for",
               registry, registry);
}

static void fail(struct rb_exchange *exchange, const struct rb_http_response *response,
                 struct rb_err *err)
{
    if (err->code == RB_EAUTH)
        add_hint(exchange, err);
    rb_err_wrap(err, "%s", exchange->request.what);
    finish(exchange, response, err);
}

static void count_cost(const struct rb_exchange *exchange, const struct rb_http_response *response)
{
    if (exchange->request.cost != NULL)
        rb_http_cost_count(exchange->request.cost, response);
}

static struct rb_grant grant_of(const struct rb_exchange *exchange)
{
    return (struct rb_grant){exchange->realm, exchange->service, exchange->scope};
}

static void on_answer(void *context, const struct rb_http_response *response,
                      const struct rb_err *error);

static char *question_url(const struct rb_exchange *exchange)
{
    const struct rb_reference *reference = &exchange->reference;
    const char *host = rb_text_equal(reference->registry, "docker.io") ? "registry-1.docker.io"
                                                                       : reference->registry;
    return rb_asprintf("%s://%s/v2/%s/%s", exchange->plain ? "http" : "https", host,
                       reference->repository, exchange->request.path);
}

/* Sends the question with what is known of the place. */
static void ask(struct rb_exchange *exchange)
{
    const struct rb_place *place = rb_place_of(exchange->registry, &exchange->reference);
    const struct rb_grant grant = {place->realm, place->service, place->scope};
    const struct rb_exchange_request *asked = &exchange->request;
    exchange->plain = exchange->plain || place->site->plain;
    RB_CLEANUP_FREE char *url = question_url(exchange);
    bool first_tls = !exchange->plain && !place->site->scheme_known &&
                     rb_reference_is_loopback(&exchange->reference);
    struct rb_http_request request = {
        .method = asked->method,
        .url = url,
        .headers = asked->accept != NULL ? (const char *const[]){asked->accept, NULL} : NULL,
        .user = place->user,
        .password = place->password,
        .bearer =
            place->realm != NULL ? rb_token_cache_find(exchange->registry->tokens, &grant) : NULL,
        .sink = asked->sink,
        .sink_context = asked->sink_context,
        .body_maximum = asked->body_maximum,
        .timeout_ms = asked->timeout_ms,
        .stall_ms = first_tls ? FIRST_TLS_STALL_MS : asked->stall_ms,
        .follow = true,
    };
    rb_http_send(exchange->registry->http, &request, on_answer, exchange, &exchange->transfer);
}

static void ask_again(struct rb_exchange *exchange)
{
    rb_state_move(&STATES, &exchange->state, ASKING);
    ask(exchange);
}

static void on_token(void *context, const struct rb_http_response *response,
                     const struct rb_err *error)
{
    struct rb_exchange *exchange = context;
    const struct rb_grant grant = grant_of(exchange);
    RB_CLEANUP_FREE char *token = NULL;
    int64_t lifetime_ms = 0;
    struct rb_err err;
    count_cost(exchange, response);
    int status = error != NULL             ? rb_err_copy(&err, error)
                 : response->status != 200 ? rb_http_status_error(response, "token", &err)
                                           : rb_token_read(response->body, response->body_size,
                                                           &token, &lifetime_ms, &err);
    if (status != 0) {
        fail(exchange, response, &err);
        return;
    }
    rb_token_cache_keep(exchange->registry->tokens, &grant, token, lifetime_ms);
    ask_again(exchange);
}

/* The credentials are known, or that there are none. */
static int go_in(struct rb_exchange *exchange, struct rb_err *err)
{
    struct rb_place *place = rb_place_of(exchange->registry, &exchange->reference);
    const struct rb_grant grant = grant_of(exchange);
    if (exchange->wants_basic && exchange->credentials.user == NULL)
        return rb_err_set(err, RB_EAUTH, "it wants a user and a password");
    if (exchange->wants_basic) {
        rb_place_set_basic(place, &exchange->credentials);
        ask_again(exchange);
        return 0;
    }
    rb_place_set_bearer(place, &grant);
    rb_state_move(&STATES, &exchange->state, TOKEN);
    rb_token_request(exchange->registry->http, &grant, &exchange->credentials, on_token, exchange,
                     &exchange->transfer);
    return 0;
}

static void on_helper(void *context, const struct rb_credentials *credentials,
                      const struct rb_err *error)
{
    struct rb_exchange *exchange = context;
    struct rb_err err;
    exchange->helper = NULL;
    rb_credentials_deinit(&exchange->credentials);
    exchange->credentials.user = rb_strdup(credentials->user);
    exchange->credentials.password = rb_strdup(credentials->password);
    exchange->credentials.identity_token = rb_strdup(credentials->identity_token);
    int status = error != NULL ? rb_err_copy(&err, error) : go_in(exchange, &err);
    if (status != 0)
        fail(exchange, NULL, &err);
}

/* Finds the credentials for what the challenge wants, and goes on with them. */
static int find_credentials(struct rb_exchange *exchange, struct rb_err *err)
{
    const struct rb_reference *reference = &exchange->reference;
    rb_credentials_deinit(&exchange->credentials);
    int status = rb_credentials_find(reference->registry, reference->repository,
                                     &exchange->credentials, err);
    if (status != 0)
        return status;
    if (exchange->credentials.helper == NULL)
        return go_in(exchange, err);
    rb_state_move(&STATES, &exchange->state, HELPER);
    return rb_helper_start(exchange->registry->http->loop, exchange->credentials.helper,
                           reference->registry, &exchange->registry->helpers, on_helper, exchange,
                           &exchange->helper, err);
}

static int take_bearer(struct rb_exchange *exchange, const struct rb_challenge *challenge,
                       struct rb_err *err)
{
    const char *realm = rb_challenge_get(challenge, "realm");
    const char *scope = rb_challenge_get(challenge, "scope");
    if (rb_text_is_empty(realm))
        return rb_err_set(err, RB_EAUTH, "its challenge names no token server");
    int status = rb_token_check_realm(realm, rb_reference_is_loopback(&exchange->reference), err);
    if (status != 0)
        return status;
    exchange->realm = rb_strdup(realm);
    exchange->service = rb_strdup(rb_challenge_get(challenge, "service"));
    exchange->scope = scope != NULL
                          ? rb_strdup(scope)
                          : rb_asprintf("repository:%s:pull", exchange->reference.repository);
    return 0;
}

/* Reads what the 401 wants: a token, or else a user and a password. */
static int read_challenge(struct rb_exchange *exchange, const struct rb_http_response *response,
                          struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_challenges challenges = {0};
    const char *field;
    rb_free(rb_steal(&exchange->realm));
    rb_free(rb_steal(&exchange->service));
    rb_free(rb_steal(&exchange->scope));
    for (size_t i = 0; (field = rb_http_header_nth(response, "WWW-Authenticate", i)) != NULL; i++) {
        if (rb_challenges_parse(arena, field, &challenges, err) != 0)
            return err->code;
    }
    const struct rb_challenge *bearer = rb_challenges_find(&challenges, "Bearer");
    exchange->wants_basic = bearer == NULL;
    if (bearer != NULL)
        return take_bearer(exchange, bearer, err);
    if (rb_challenges_find(&challenges, "Basic") == NULL)
        return rb_err_set(err, RB_EAUTH,
                          "it wants neither a bearer token nor basic authentication");
    return 0;
}

/* A 401. */
static int take_challenge(struct rb_exchange *exchange, const struct rb_http_response *response,
                          struct rb_err *err)
{
    if (exchange->challenged)
        return rb_http_status_error(response, "authentication", err);
    exchange->challenged = true;
    int status = read_challenge(exchange, response, err);
    if (status != 0)
        return status;
    const struct rb_grant grant = grant_of(exchange);
    if (!exchange->wants_basic)
        rb_token_cache_forget(exchange->registry->tokens, &grant);
    return find_credentials(exchange, err);
}

/* No TLS where plain HTTP may be tried instead. */
static bool may_fall_back(struct rb_exchange *exchange, const struct rb_err *error)
{
    return error->code == RB_ENETWORK && !exchange->plain &&
           !rb_place_of(exchange->registry, &exchange->reference)->site->scheme_known &&
           rb_reference_is_loopback(&exchange->reference);
}

static void on_answer(void *context, const struct rb_http_response *response,
                      const struct rb_err *error)
{
    struct rb_exchange *exchange = context;
    struct rb_err err;
    int status = error != NULL ? rb_err_copy(&err, error) : 0;
    count_cost(exchange, response);
    if (error != NULL && may_fall_back(exchange, error)) {
        exchange->plain = true;
        ask_again(exchange);
        return;
    }
    if (error == NULL)
        rb_place_set_scheme(rb_place_of(exchange->registry, &exchange->reference), exchange->plain);
    if (error == NULL && response->status == 401) {
        status = take_challenge(exchange, response, &err);
        if (status == 0)
            return;
    }
    if (status != 0)
        fail(exchange, response, &err);
    else
        finish(exchange, response, NULL);
}

static struct rb_exchange *new_exchange(struct rb_registry *registry,
                                        const struct rb_exchange_request *request, rb_http_cb *done,
                                        void *context)
{
    struct rb_exchange *exchange = rb_zalloc(sizeof(*exchange));
    exchange->registry = registry;
    exchange->request = *request;
    exchange->reference.registry = rb_strdup(request->reference->registry);
    exchange->reference.repository = rb_strdup(request->reference->repository);
    exchange->request.reference = &exchange->reference;
    exchange->request.what = exchange->what = rb_strdup(request->what);
    exchange->request.method = exchange->method = rb_strdup(request->method);
    exchange->request.path = exchange->path = rb_strdup(request->path);
    exchange->request.accept = exchange->accept = rb_strdup(request->accept);
    exchange->done = done;
    exchange->context = context;
    return exchange;
}

void rb_exchange_start(struct rb_registry *registry, const struct rb_exchange_request *request,
                       rb_http_cb *done, void *context, struct rb_exchange **ret_exchange)
{
    struct rb_exchange *exchange = new_exchange(registry, request, done, context);
    exchange->state = ASKING;
    ask(exchange);
    *ret_exchange = exchange;
}

void rb_exchange_cancel(struct rb_exchange *exchange)
{
    if (exchange->helper != NULL)
        rb_helper_cancel(exchange->helper);
    else
        rb_http_cancel(exchange->transfer);
    free_exchange(exchange);
}

void rb_exchange_pause(struct rb_exchange *exchange)
{
    rb_http_pause(exchange->transfer);
}

void rb_exchange_resume(struct rb_exchange *exchange)
{
    rb_http_resume(exchange->transfer);
}
