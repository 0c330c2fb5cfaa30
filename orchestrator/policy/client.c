/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question:
 *
 *     ask ──▶ ASKING an endpoint ──an answer──▶ READY ──the loop's next turn──▶ done, freed
 *               ▲     │                           ▲
 *               └─────┴─ none ──▶ the next one that may be asked, or no more ─┘
 *
 * When an endpoint's breaker opens, all that it was asked goes on to the next one at once: what
 * waits for a server that hangs must not wait for its time one after the other.
 */
#include "rebake/policy/client.h"

#include <string.h>
#include <sys/queue.h>

#include "breaker.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"
#include "refusal.h"

enum {
    ANSWER_MAXIMUM = 1 << 20, /* bytes of an answer */
    TIMEOUT_MS = 2000,
    FAILURES = 3,
    REST_MS = 5000
};

#define DECISION_PATH "/v1/data/rebake/decision"

struct endpoint {
    const char *text; /* as it was given */
    struct breaker breaker;
    char error[RB_ERR_TEXT_SIZE]; /* the last failure; "" after a success */
};

struct rb_policy_question {
    struct rb_policy_client *client;
    TAILQ_ENTRY(rb_policy_question) link; /* in asking or ready */
    char *body;
    size_t body_size;
    struct rb_http_transfer *transfer; /* NULL: ready */
    struct endpoint *endpoint;         /* that is asked */
    bool is_probe;
    struct rb_arena *arena;         /* of the answer; NULL: none */
    json_t *response;               /* likewise */
    struct rb_policy_answer answer; /* likewise */
    struct rb_err first, last;      /* code 0: nobody failed yet */
    rb_policy_cb *done;
    void *context;
};

TAILQ_HEAD(questions, rb_policy_question);

struct rb_policy_client {
    struct rb_http *http;
    struct rb_timer *timer; /* hands out what is ready */
    struct questions asking, ready;
    size_t ready_count;
    struct endpoint endpoints[RB_POLICY_ENDPOINTS_MAXIMUM];
    size_t endpoint_count;
    int64_t timeout_ms;
    char *bearer;
    void (*changed)(void *context, const char *endpoint, const struct rb_err *error);
    void *context;
    struct rb_arena *arena; /* of the endpoints' texts */
};

static void answered(void *context, const struct rb_http_response *response,
                     const struct rb_err *error);

static bool is_socket(const char *endpoint)
{
    return endpoint[0] == '/';
}

int rb_policy_endpoint_check(const char *endpoint, struct rb_err *err)
{
    const char *host = strstr(endpoint, "://");
    if (is_socket(endpoint))
        return 0;
    if (host != NULL && memchr(host + 3, '@', strcspn(host + 3, "/?#")) != NULL)
        return rb_err_set(err, RB_EINVALID,
                          "the URL of a policy server holds a user or a password, which would be "
                          "shown: give it a token instead");
    if (rb_text_starts_with(endpoint, "http://") || rb_text_starts_with(endpoint, "https://"))
        return 0;
    return rb_err_set(err, RB_EINVALID,
                      "%s is neither the URL of a policy server's decision "
                      "(https://HOST" DECISION_PATH ") nor the path of a socket",
                      endpoint);
}

static void free_question(struct rb_policy_question *question)
{
    rb_arena_free(question->arena);
    json_decref(question->response);
    rb_free(question->body);
    rb_free(question);
}

static void make_ready(struct rb_policy_question *question)
{
    struct rb_policy_client *client = question->client;
    TAILQ_REMOVE(&client->asking, question, link);
    TAILQ_INSERT_TAIL(&client->ready, question, link);
    client->ready_count++;
    question->transfer = NULL;
    rb_timer_start(client->timer, 0, 0);
}

static void send_question(struct rb_policy_question *question, struct endpoint *endpoint)
{
    static const char *const HEADERS[] = {"Content-Type: application/json", NULL};
    struct rb_policy_client *client = question->client;
    bool by_socket = is_socket(endpoint->text);
    const struct rb_http_request request = {.method = "POST",
                                            .url = by_socket ? "http://localhost" DECISION_PATH
                                                             : endpoint->text,
                                            .unix_socket = by_socket ? endpoint->text : NULL,
                                            .headers = HEADERS,
                                            .bearer = client->bearer,
                                            .body = question->body,
                                            .body_size = question->body_size,
                                            .body_maximum = ANSWER_MAXIMUM,
                                            .timeout_ms = client->timeout_ms,
                                            .stall_ms = client->timeout_ms};
    question->endpoint = endpoint;
    question->is_probe = endpoint->breaker.state == BREAKER_PROBING;
    rb_http_send(client->http, &request, answered, question, &question->transfer);
}

/* Asks the first of the endpoints from there on that may be asked; or the question is ready,
   without an answer. */
static void ask_from(struct rb_policy_question *question, struct endpoint *endpoint)
{
    struct rb_policy_client *client = question->client;
    struct endpoint *end = client->endpoints + client->endpoint_count;
    for (; endpoint < end; endpoint++) {
        if (breaker_take(&endpoint->breaker, rb_clock_monotonic_ms())) {
            send_question(question, endpoint);
            return;
        }
        (void)rb_err_set(&question->last, RB_EBUSY, "%s: is left alone after its failures: %s",
                         endpoint->text, endpoint->error);
        if (question->first.code == 0)
            (void)rb_err_copy(&question->first, &question->last);
    }
    make_ready(question);
}

static void go_on(struct rb_policy_question *question, const struct rb_err *error)
{
    (void)rb_err_copy(&question->last, error);
    (void)rb_err_wrap(&question->last, "%s", question->endpoint->text);
    if (question->first.code == 0)
        (void)rb_err_copy(&question->first, &question->last);
    ask_from(question, question->endpoint + 1);
}

/* The rest of what the endpoint was asked goes on; the one that made its breaker open has. */
static void leave_alone(struct rb_policy_client *client, const struct endpoint *endpoint,
                        const struct rb_err *error)
{
    struct rb_policy_question *question = TAILQ_FIRST(&client->asking);
    while (question != NULL) {
        struct rb_policy_question *next = TAILQ_NEXT(question, link);
        if (question->endpoint == endpoint) {
            rb_http_cancel(question->transfer);
            go_on(question, error);
        }
        question = next;
    }
    if (client->changed != NULL)
        client->changed(client->context, endpoint->text, error);
}

static void endpoint_failed(struct rb_policy_client *client, struct endpoint *endpoint,
                            const struct rb_err *error)
{
    (void)rb_text_printable(error->text, endpoint->error, sizeof(endpoint->error));
    if (breaker_failed(&endpoint->breaker, rb_clock_monotonic_ms()))
        leave_alone(client, endpoint, error);
}

static void endpoint_answered(struct rb_policy_client *client, struct endpoint *endpoint)
{
    endpoint->error[0] = '\0';
    if (breaker_succeeded(&endpoint->breaker) && client->changed != NULL)
        client->changed(client->context, endpoint->text, NULL);
}

static int read_answer(struct rb_policy_question *question, const struct rb_http_response *response,
                       bool *ret_speaks, struct rb_err *err)
{
    if (response->status != 200)
        return refusal_read(response, ret_speaks, err);
    int status = rb_json_parse(response->body, response->body_size, "the policy server's answer",
                               &question->response, err);
    *ret_speaks = status == 0 && json_is_object(question->response);
    if (status != 0)
        return status;
    question->arena = rb_arena_new();
    status = rb_policy_answer_read(question->response, question->arena, &question->answer, err);
    if (status == 0)
        return 0;
    rb_arena_free(rb_steal(&question->arena));
    json_decref(rb_steal(&question->response));
    return status;
}

static void answered(void *context, const struct rb_http_response *response,
                     const struct rb_err *error)
{
    struct rb_policy_question *question = context;
    struct rb_policy_client *client = question->client;
    struct endpoint *endpoint = question->endpoint;
    struct rb_err err;
    bool speaks = false;
    question->transfer = NULL;
    int status =
        error != NULL ? rb_err_copy(&err, error) : read_answer(question, response, &speaks, &err);
    if (status == 0)
        make_ready(question);
    else
        go_on(question, &err);
    if (speaks || status == 0)
        endpoint_answered(client, endpoint);
    else
        endpoint_failed(client, endpoint, &err);
}

static void tell(struct rb_policy_question *question)
{
    struct rb_err err;
    if (question->arena != NULL) {
        question->done(question->context, &question->answer, NULL);
        return;
    }
    (void)rb_err_copy(&err, &question->last);
    if (strcmp(question->first.text, question->last.text) != 0)
        (void)rb_err_set(&err, question->last.code, "%.480s; %.480s", question->first.text,
                         question->last.text);
    question->done(question->context, NULL, &err);
}

static void hand_out(void *context)
{
    struct rb_policy_client *client = context;
    struct rb_policy_question *question;
    /* What is asked by those that are told waits for the next turn. */
    size_t count = client->ready_count;
    for (; count > 0 && (question = TAILQ_FIRST(&client->ready)) != NULL; count--) {
        TAILQ_REMOVE(&client->ready, question, link);
        client->ready_count--;
        tell(question);
        free_question(question);
    }
}

struct rb_policy_client *rb_policy_client_new(struct rb_loop *loop, struct rb_http *http,
                                              const struct rb_policy_client_options *options)
{
    struct rb_policy_client *client = rb_zalloc(sizeof(*client));
    client->http = http;
    client->timer = rb_timer_new(loop, hand_out, client);
    TAILQ_INIT(&client->asking);
    TAILQ_INIT(&client->ready);
    client->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
    client->bearer = rb_strdup(options->bearer);
    client->changed = options->changed;
    client->context = options->context;
    client->arena = rb_arena_new();
    for (size_t i = 0; options->endpoints[i] != NULL; i++) {
        RB_ASSERT(i < RB_POLICY_ENDPOINTS_MAXIMUM);
        struct endpoint *endpoint = &client->endpoints[client->endpoint_count++];
        endpoint->text = rb_arena_strdup(client->arena, options->endpoints[i]);
        breaker_init(&endpoint->breaker, options->failures > 0 ? options->failures : FAILURES,
                     options->rest_ms > 0 ? options->rest_ms : REST_MS);
    }
    RB_ASSERT(client->endpoint_count > 0);
    return client;
}

void rb_policy_client_free(struct rb_policy_client *client)
{
    if (client == NULL)
        return;
    RB_ASSERT(TAILQ_EMPTY(&client->asking) && TAILQ_EMPTY(&client->ready));
    rb_timer_free(client->timer);
    rb_arena_free(client->arena);
    rb_free(client->bearer);
    rb_free(client);
}

void rb_policy_ask(struct rb_policy_client *client, const json_t *input, rb_policy_cb *done,
                   void *context, struct rb_policy_question **ret)
{
    struct rb_policy_question *question = rb_zalloc(sizeof(*question));
    RB_CLEANUP_JSON json_t *body = rb_json_object();
    rb_json_set(body, "input", json_incref((json_t *)(uintptr_t)input));
    question->client = client;
    question->body = json_dumps(body, JSON_COMPACT);
    RB_ASSERT(question->body != NULL);
    question->body_size = strlen(question->body);
    question->done = done;
    question->context = context;
    TAILQ_INSERT_TAIL(&client->asking, question, link);
    if (ret != NULL)
        *ret = question;
    ask_from(question, client->endpoints);
}

void rb_policy_question_cancel(struct rb_policy_question *question)
{
    struct rb_policy_client *client = question->client;
    if (question->transfer == NULL) {
        TAILQ_REMOVE(&client->ready, question, link);
        client->ready_count--;
    } else {
        TAILQ_REMOVE(&client->asking, question, link);
        rb_http_cancel(question->transfer);
        if (question->is_probe)
            breaker_given_up(&question->endpoint->breaker, rb_clock_monotonic_ms());
    }
    free_question(question);
}

void rb_policy_client_retry(struct rb_policy_client *client)
{
    for (size_t i = 0; i < client->endpoint_count; i++)
        breaker_rested(&client->endpoints[i].breaker, rb_clock_monotonic_ms());
}

json_t *rb_policy_client_json(const struct rb_policy_client *client, int64_t now_at)
{
    json_t *list = rb_json_array();
    for (size_t i = 0; i < client->endpoint_count; i++) {
        const struct endpoint *endpoint = &client->endpoints[i];
        const struct breaker *breaker = &endpoint->breaker;
        json_t *one = rb_json_object();
        rb_json_set_string(one, "endpoint", endpoint->text);
        rb_json_set_string(one, "state", breaker_state_name(breaker));
        if (breaker->state == BREAKER_OPEN)
            rb_json_set_time(one, "until", now_at + breaker->until_ms - rb_clock_monotonic_ms());
        rb_json_set_integer(one, "failures", breaker->failures);
        if (endpoint->error[0] != '\0')
            rb_json_set_string(one, "error", endpoint->error);
        rb_json_append(list, one);
    }
    return list;
}
